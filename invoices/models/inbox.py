"""What KSeF has brought: documents, their exact bytes, what people did with them, and how far we have come."""

from __future__ import annotations

from typing import override

from django.conf import settings
from django.db import models

from invoices.domain.inbox import Move, Place
from ksef.exchange.invoices import SubjectType
from roles.tenancy import TenantModel


class ReceivedDocument(TenantModel):
    """A document of somebody else's that names the company. `place` is the fold of its events.

    The columns for the list are KSeF's own metadata; only invoices.services._placing writes `place`.
    """

    environment = models.CharField(max_length=20)
    ksef_number = models.CharField(max_length=40)
    # As what the company was found on it first.
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in SubjectType])
    place = models.CharField(
        max_length=20, choices=[(place.value, place.value) for place in Place], default=Place.CURRENT.value
    )
    # The day of the KSeF number, whenever it was fetched (polish-vat-facts 3.2).
    received_on = models.DateField()
    fetched_at = models.DateTimeField()

    number = models.CharField(max_length=256, blank=True)
    issue_date = models.DateField()
    seller_nip = models.CharField(max_length=10)
    seller_name = models.CharField(max_length=512, blank=True)
    buyer_id = models.CharField(max_length=50, blank=True)
    buyer_name = models.CharField(max_length=512, blank=True)
    net = models.DecimalField(max_digits=20, decimal_places=2)
    # In PLN, whatever the currency.
    vat = models.DecimalField(max_digits=20, decimal_places=2)
    gross = models.DecimalField(max_digits=20, decimal_places=2)
    currency = models.CharField(max_length=3)
    form_code = models.CharField(max_length=40)
    schema_version = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    invoicing_mode = models.CharField(max_length=20, blank=True)
    is_self_invoicing = models.BooleanField()
    has_attachment = models.BooleanField()
    acquired_at = models.DateTimeField()
    stored_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="receiveddocument_company_id"),
            models.UniqueConstraint(
                fields=["company", "environment", "ksef_number"], name="receiveddocument_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "environment", "-received_on", "-id"], name="receiveddocument_by_day"
            ),
            models.Index(
                fields=["company", "environment", "place", "-received_on", "-id"],
                name="receiveddocument_by_place",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.ksef_number


class ReceivedFile(TenantModel):
    """The exact bytes as KSeF has them; never re-serialised, never changed (I4)."""

    document = models.ForeignKey(
        ReceivedDocument, on_delete=models.PROTECT, db_constraint=False, related_name="files"
    )
    xml = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="receivedfile_company_id"),
            models.UniqueConstraint(fields=["company", "document"], name="receivedfile_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"file of {self.document_id}"


class ReceivedEvent(TenantModel):
    """One step of a document. The database grants no change and no removal; two racers cannot both write `seq`."""

    document = models.ForeignKey(
        ReceivedDocument, on_delete=models.PROTECT, db_constraint=False, related_name="events"
    )
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=20, choices=[(move.value, move.value) for move in Move])
    # Nobody when it came by itself.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="receivedevent_company_id"),
            models.UniqueConstraint(fields=["company", "document", "seq"], name="receivedevent_seq"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.seq} {self.type}"


class Receiving(TenantModel):
    """How receiving goes in one environment: what was asked for, when it was last done, what stands in its way."""

    environment = models.CharField(max_length=20)
    # How often somebody asked, and how many of these askings a finished check has answered; without one that is
    # open only the parameter "automatic" lets a check run.
    requested = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    # All four roles at once, however lately they were looked at.
    is_thorough = models.BooleanField(default=False)
    # When the check that is under way began; it may take several claims.
    began_at = models.DateTimeField(null=True)
    # Where the very first check begins, and, when a person chose, where a check ends.
    begin_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # Documents that the last check has brought, or the present one so far.
    found = models.PositiveIntegerField(default=0)
    # Why it does not go on, as a code of ours.
    problem = models.CharField(max_length=40, blank=True)
    problem_at = models.DateTimeField(null=True)
    # Claims in a row that came to nothing; they make the next try later.
    setbacks = models.PositiveSmallIntegerField(default=0)
    # Our calls of the last hour by group, so that no limit of KSeF is met (ksef.pacing).
    lanes = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="receiving_company_id"),
            models.UniqueConstraint(fields=["company", "environment"], name="receiving_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"receiving in {self.environment}"


class ReceivingCursor(TenantModel):
    """All that KSeF stored from `since` to `reached` is here, for one role on the invoice (I8, ksef.sync).

    It is saved in the transaction that keeps the documents, and never goes back. An earlier beginning that somebody
    asked for is caught up by `gap_from` running to `gap_until`.
    """

    receiving = models.ForeignKey(
        Receiving, on_delete=models.PROTECT, db_constraint=False, related_name="cursors"
    )
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in SubjectType])
    since = models.DateTimeField()
    reached = models.DateTimeField()
    gap_from = models.DateTimeField(null=True)
    gap_until = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    # The export that is under way, with its sealed key and the window it was asked for.
    export_reference = models.CharField(max_length=36, blank=True)
    export_secret = models.BinaryField(null=True)
    export_user_id = models.UUIDField(null=True)
    export_since = models.DateTimeField(null=True)
    export_until = models.DateTimeField(null=True)
    export_asked_at = models.DateTimeField(null=True)
    # Packages of this window that came without some of their invoices (F30).
    flaws = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="receivingcursor_company_id"),
            models.UniqueConstraint(fields=["company", "receiving", "role"], name="receivingcursor_role"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.role} up to {self.reached}"
