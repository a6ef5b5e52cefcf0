"""Many documents sent as one package: how far it has got, and what only its sender may open."""

from __future__ import annotations

from typing import override

from django.conf import settings
from django.db import models

from roles.tenancy import TenantModel


class Batch(TenantModel):
    """One package of one user. Nothing of it is in KSeF before its session was closed: until then it may begin anew."""

    class Step(models.TextChoices):
        # Members are claimed; a session may have been asked for whose answer was lost.
        GATHERED = "gathered"
        # The session is known; parts are on their way.
        OPENED = "opened"
        # KSeF may have been told that all is there: from here on only its status tells what it has.
        CLOSING = "closing"
        CLOSED = "closed"
        # Each member has its outcome; the UPO of the session is still to come.
        JUDGED = "judged"
        DONE = "done"
        # Proved to have brought nothing to KSeF; all members wait in the queue again.
        GIVEN_UP = "given_up"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=20)
    is_offline = models.BooleanField()
    step = models.CharField(
        max_length=20, choices=[(s.value, s.value) for s in Step], default=Step.GATHERED.value
    )
    reference = models.CharField(max_length=36, blank=True)
    # When KSeF was asked for a session; set without a reference, the answer was lost (F23).
    asked_at = models.DateTimeField(null=True)
    # References of sessions that were opened for this package and given no document that counts.
    abandoned = models.JSONField(default=list)
    # Tokens of the pages of outcomes read so far; the last one leads to the next page.
    cursors = models.JSONField(default=list)
    # When KSeF's list was first complete and yet did not show every member.
    missing_since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=40, blank=True)
    next_attempt_at = models.DateTimeField(null=True)
    # Tries in a row that brought nothing new.
    tries = models.PositiveIntegerField(default=0)
    invoice_count = models.PositiveIntegerField()
    accepted_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["company", "id"], name="batch_company_id")]
        indexes = [models.Index(fields=["company", "-created_at"], name="batch_by_date")]

    @override
    def __str__(self) -> str:
        return self.reference or f"batch {self.id}"


class BatchJournal(TenantModel):
    """The AES key of a package and its upload addresses, sealed; the same key packs the same bytes again (F22)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    key = models.BinaryField()
    progress = models.BinaryField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="batchjournal_company_id"),
            models.UniqueConstraint(fields=["company", "batch"], name="batchjournal_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"journal of {self.batch_id}"


class UPOPage(TenantModel):
    """A page of a session's UPO as KSeF signed it, byte for byte; each invoice has its own cut of it."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_constraint=False, related_name="pages")
    reference = models.CharField(max_length=36)
    xml = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    fetched_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="upopage_company_id"),
            models.UniqueConstraint(fields=["company", "batch", "reference"], name="upopage_once"),
        ]

    @override
    def __str__(self) -> str:
        return self.reference
