"""What received documents become: entries of the purchase VAT register, and purchase invoices."""

from __future__ import annotations

from typing import override

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from invoices.models.inbox import ReceivedDocument
from roles.tenancy import TenantModel


class VatEntry(TenantModel):
    """One document in "Rejestr VAT zakupów"; one document has at most one entry (S106, S109)."""

    class Deduction(models.TextChoices):
        FULL = "full", _("pełne odliczenie")
        PART = "part", _("odliczenie w połowie (np. samochód)")
        NONE = "none", _("bez odliczenia")

    document = models.ForeignKey(
        ReceivedDocument, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    environment = models.CharField(max_length=20)
    # The month in which the tax is deducted: its first day.
    period = models.DateField()
    deduction = models.CharField(max_length=10, choices=Deduction.choices)
    deducted_percent = models.PositiveSmallIntegerField()
    deducted_vat = models.DecimalField(max_digits=20, decimal_places=2)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="vatentry_company_id"),
            models.UniqueConstraint(fields=["company", "document"], name="vatentry_once"),
        ]
        indexes = [models.Index(fields=["company", "environment", "period"], name="vatentry_by_period")]

    @override
    def __str__(self) -> str:
        return f"entry of {self.document_id} in {self.period:%Y-%m}"


class VatEntryRate(TenantModel):
    """The sums of one rate of an entry, in the currency of the document but for the tax."""

    entry = models.ForeignKey(VatEntry, on_delete=models.CASCADE, db_constraint=False, related_name="rates")
    position = models.PositiveSmallIntegerField()
    rate = models.CharField(max_length=20)
    net = models.DecimalField(max_digits=20, decimal_places=2)
    vat = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="vatentryrate_company_id"),
            models.UniqueConstraint(fields=["company", "entry", "position"], name="vatentryrate_position"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.rate}: {self.net}"


class PurchaseInvoice(TenantModel):
    """A full "Faktura zakupu" of the trade module, made from one received document (S107, S109)."""

    class Category(models.TextChoices):
        GOODS = "goods", _("towary handlowe")
        MATERIALS = "materials", _("materiały")
        SERVICES = "services", _("usługi obce")
        ENERGY = "energy", _("media i energia")
        CAR = "car", _("samochód i paliwo")
        EQUIPMENT = "equipment", _("wyposażenie i środki trwałe")
        OTHER = "other", _("pozostałe koszty")

    document = models.ForeignKey(
        ReceivedDocument, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    environment = models.CharField(max_length=20)
    category = models.CharField(max_length=20, choices=Category.choices, default=Category.OTHER.value)
    due_date = models.DateField(null=True)
    bank_account = models.CharField(max_length=34, blank=True)
    paid_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="purchaseinvoice_company_id"),
            models.UniqueConstraint(fields=["company", "document"], name="purchaseinvoice_once"),
        ]
        indexes = [
            models.Index(
                fields=["company", "environment", "-created_at", "-id"], name="purchaseinvoice_by_time"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"purchase of {self.document_id}"


class PurchaseLine(TenantModel):
    """One line as it stands on the document; what it does not say stays empty."""

    purchase = models.ForeignKey(
        PurchaseInvoice, on_delete=models.CASCADE, db_constraint=False, related_name="lines"
    )
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=512, blank=True)
    unit = models.CharField(max_length=256, blank=True)
    quantity = models.DecimalField(max_digits=22, decimal_places=6, null=True)
    price = models.DecimalField(max_digits=22, decimal_places=8, null=True)
    value = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    rate = models.CharField(max_length=20, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="purchaseline_company_id"),
            models.UniqueConstraint(fields=["company", "purchase", "position"], name="purchaseline_position"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.position}. {self.name}"
