"""Contractors: buyers kept for reuse."""

from __future__ import annotations

from typing import override

from django.db import models

from invoices.domain.snapshot import BuyerKind
from roles.tenancy import TenantModel


class Contractor(TenantModel):
    """A buyer. An approved invoice carries its own copy of this, so changing it changes no document."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.label) for kind in BuyerKind])
    name = models.CharField(max_length=512)
    # A NIP, an EU VAT number without its prefix, another number, or nothing: as `kind` says.
    tax_id = models.CharField(max_length=50, blank=True)
    tax_country = models.CharField(max_length=2, blank=True)
    country = models.CharField(max_length=2, default="PL")
    address_line1 = models.CharField(max_length=512, blank=True)
    address_line2 = models.CharField(max_length=512, blank=True)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["company", "id"], name="contractor_company_id")]
        indexes = [models.Index(fields=["company", "name"], name="contractor_company_name")]

    @override
    def __str__(self) -> str:
        return self.name
