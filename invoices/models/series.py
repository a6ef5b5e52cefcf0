"""Number series and their gapless counters."""

from __future__ import annotations

from typing import override

from django.db import models

from roles.tenancy import TenantModel


class Series(TenantModel):
    """A pattern by which invoices are numbered."""

    name = models.CharField(max_length=60)
    pattern = models.CharField(max_length=100)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="series_company_id"),
            models.UniqueConstraint(fields=["company", "name"], name="series_company_name"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class NumberCounter(TenantModel):
    """The last number given in a series and period; locked in the transaction that approves."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    environment = models.CharField(max_length=20)
    period = models.CharField(max_length=7)
    last = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="numbercounter_company_id"),
            models.UniqueConstraint(
                fields=["company", "series", "environment", "period"], name="numbercounter_period"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.period}: {self.last}"
