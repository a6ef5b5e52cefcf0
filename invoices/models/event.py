"""What happened to an invoice: the truth that its state projects."""

from __future__ import annotations

from typing import override

from django.conf import settings
from django.db import models

from invoices.domain.lifecycle import Event
from invoices.models.invoice import Invoice
from roles.tenancy import TenantModel


class InvoiceEvent(TenantModel):
    """One step. The database grants no change and no removal; two racers cannot both write the same `seq`."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, db_constraint=False, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=30, choices=[(event.value, event.value) for event in Event])
    # Nobody when KSeF or the clock acted.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="invoiceevent_company_id"),
            models.UniqueConstraint(fields=["company", "invoice", "seq"], name="invoiceevent_seq"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.seq} {self.type}"
