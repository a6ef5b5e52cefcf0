"""The invoice as a person edits it, with the projection of its history."""

from __future__ import annotations

from typing import override

from django.conf import settings
from django.db import models

from invoices.domain.deadlines import Basis
from invoices.domain.lifecycle import UNSETTLED, Mode, State
from invoices.domain.snapshot import CorrectionEffect, ExemptionKind, InvoiceKind, PaymentForm
from invoices.domain.vat import PriceMethod, VatRate
from invoices.models.contractor import Contractor
from invoices.models.series import Series
from roles.tenancy import TenantModel


class Invoice(TenantModel):
    """A sales invoice. `state` is the fold of its events; only invoices.services._transition writes it."""

    environment = models.CharField(max_length=20)
    state = models.CharField(
        max_length=20, choices=[(s.value, s.value) for s in State], default=State.DRAFT.value
    )
    mode = models.CharField(
        max_length=20, choices=[(m.value, m.value) for m in Mode], default=Mode.ONLINE.value
    )
    # Raised by every save of the draft; a form sends back the one it was made from (F38).
    version = models.PositiveIntegerField(default=1)
    # How many documents were frozen for it: a rejected invoice is approved anew under the same number.
    revision = models.PositiveIntegerField(default=0)

    kind = models.CharField(
        max_length=10,
        choices=[(k.value, k.label) for k in InvoiceKind],
        default=InvoiceKind.VAT.value,
        db_default=InvoiceKind.VAT.value,
    )
    # Of a correction: the document it is about, and the one whose lines stood until now (an earlier correction, or
    # the same). Its own lines are those that shall stand, its sums the differences.
    original = models.ForeignKey(
        "self", on_delete=models.PROTECT, db_constraint=False, related_name="corrections", null=True
    )
    state_before = models.ForeignKey(
        "self", on_delete=models.PROTECT, db_constraint=False, related_name="+", null=True
    )
    correction_reason = models.CharField(max_length=256, blank=True, db_default="")
    correction_effect = models.PositiveSmallIntegerField(
        choices=[(effect.value, effect.label) for effect in CorrectionEffect], null=True
    )

    number = models.CharField(max_length=256, blank=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    issue_date = models.DateField()
    supply_date = models.DateField(null=True)
    method = models.CharField(
        max_length=10, choices=[(m.value, m.label) for m in PriceMethod], default=PriceMethod.NET.value
    )
    contractor = models.ForeignKey(
        Contractor, on_delete=models.PROTECT, db_constraint=False, related_name="+", null=True
    )
    buyer_name = models.CharField(max_length=512, blank=True)
    exemption_kind = models.CharField(
        max_length=10, choices=[(kind.value, kind.label) for kind in ExemptionKind], blank=True
    )
    exemption_text = models.CharField(max_length=256, blank=True)
    payment_form = models.PositiveSmallIntegerField(
        choices=[(form.value, form.label) for form in PaymentForm], null=True
    )
    due_date = models.DateField(null=True)
    bank_account = models.CharField(max_length=34, blank=True)
    note = models.TextField(blank=True)

    # Sums in PLN, computed by invoices.domain.vat whenever the draft is saved.
    net = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    vat = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    gross = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    ksef_number = models.CharField(max_length=35, blank=True)
    # When it was approved, or when an outage or a choice made it an offline one.
    issued_at = models.DateTimeField(null=True)
    # Until when an offline document must reach KSeF (art. 106nda and following).
    send_by = models.DateField(null=True)
    # The article behind it; with an article and no day, the outage that will set the day still goes on.
    deadline_basis = models.CharField(
        max_length=10, choices=[(b.value, b.value) for b in Basis], blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="invoice_company_id"),
            models.UniqueConstraint(
                fields=["company", "environment", "number"],
                condition=~models.Q(number=""),
                name="invoice_number_once",
            ),
            # A second correction starts from where the first one ends, so the first must be in KSeF before.
            models.UniqueConstraint(
                fields=["company", "original"],
                condition=models.Q(state__in=[state.value for state in UNSETTLED]),
                name="invoice_one_open_correction",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-issue_date", "-id"], name="invoice_by_date"),
            models.Index(fields=["company", "state"], name="invoice_by_state"),
        ]

    @override
    def __str__(self) -> str:
        return self.number or f"draft {self.id}"


class InvoiceLine(TenantModel):
    """One line as typed, with its amounts."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, db_constraint=False, related_name="lines")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=512)
    unit = models.CharField(max_length=256)
    quantity = models.DecimalField(max_digits=22, decimal_places=6)
    unit_price = models.DecimalField(max_digits=22, decimal_places=8)
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    rate = models.CharField(max_length=10, choices=[(rate.value, rate.label) for rate in VatRate])
    discount = models.DecimalField(max_digits=18, decimal_places=2)
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2)
    gross = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="invoiceline_company_id"),
            models.UniqueConstraint(fields=["company", "invoice", "position"], name="invoiceline_position"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.position}. {self.name}"
