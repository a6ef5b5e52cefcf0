"""Sending: sessions with KSeF, submissions and every attempt at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, override

from django.conf import settings
from django.db import models

from invoices.models.batch import Batch
from invoices.models.document import InvoiceDocument
from invoices.models.invoice import Invoice
from roles.tenancy import TenantModel

if TYPE_CHECKING:
    from datetime import datetime


class KSeFSession(TenantModel):
    """An open online session of one user; its AES key is sealed, so that a restart can go on with it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    reference = models.CharField(max_length=36)
    key = models.BinaryField()
    iv = models.BinaryField()
    valid_until = models.DateTimeField()
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="ksefsession_company_id"),
            models.UniqueConstraint(
                fields=["company", "environment", "reference"], name="ksefsession_reference"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.reference


class Submission(TenantModel):
    """The duty to bring one frozen document to KSeF in one environment, in the name of one user."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, db_constraint=False, related_name="submissions"
    )
    document = models.ForeignKey(
        InvoiceDocument, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)
    # The package that carries or carried it; none for one that goes by itself.
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, db_constraint=False, related_name="members", null=True
    )

    # Stored before anything is posted. While it is set and `reference` is not, the outcome is in doubt.
    session_reference = models.CharField(max_length=36, blank=True)
    reference = models.CharField(max_length=36, blank=True)
    # When the session was first read after a doubt and did not show our document.
    missing_since = models.DateTimeField(null=True)
    # Why it waits, as a code of ours; and until when. RECALL_WINDOW: nothing is wrong, somebody may think again.
    RECALL_WINDOW: Final = "recall_window"
    # OUTAGE: KSeF announced that it is down.
    OUTAGE: Final = "outage"
    problem = models.CharField(max_length=40, blank=True)
    next_attempt_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="submission_company_id"),
            models.UniqueConstraint(
                fields=["company", "invoice"],
                condition=models.Q(closed_at=None),
                name="submission_one_open",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"submission of {self.invoice_id}"

    @property
    def reason_to_wait(self) -> str:
        """Its own, or that of the package it travels in; empty while nothing is wrong."""
        return self.problem or (self.batch.problem if self.batch else "")

    @property
    def waits_until(self) -> datetime | None:
        return self.next_attempt_at or (self.batch.next_attempt_at if self.batch else None)


class SubmissionAttempt(TenantModel):
    """One claim of a submission by a worker: its number is the fencing number of the outbox entry."""

    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, db_constraint=False, related_name="attempts"
    )
    number = models.PositiveIntegerField()
    session_reference = models.CharField(max_length=36, blank=True)
    started_at = models.DateTimeField()
    result = models.CharField(max_length=40, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="submissionattempt_company_id"),
            models.UniqueConstraint(
                fields=["company", "submission", "number"], name="submissionattempt_number"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"attempt {self.number}"
