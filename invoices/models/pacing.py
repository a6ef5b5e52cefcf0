"""What KSeF has been asked lately and what it allows: shared by all workers, kept over restarts (F8, F9)."""

from __future__ import annotations

from typing import override

from django.db import models


class RateLane(models.Model):
    """The calls of one group for one context (a NIP) in one environment, as ksef.pacing writes them.

    Global, because KSeF counts by NIP whoever asks; calls before a log-in are counted for everybody together,
    under an empty context.
    """

    environment = models.CharField(max_length=20)
    context = models.CharField(max_length=10, blank=True)
    group = models.CharField(max_length=30)
    counted = models.TextField(default="[0,[]]", db_default="[0,[]]")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "context", "group"], name="ratelane_once")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.group} of {self.context}"


class RateAllowance(models.Model):
    """The limits KSeF told for one context; stale after a 429, until they are read again (F9)."""

    environment = models.CharField(max_length=20)
    context = models.CharField(max_length=10)
    told = models.JSONField(default=dict)
    is_stale = models.BooleanField(default=False)
    # How many invoices a session may have, where KSeF was asked.
    session_invoices = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "context"], name="rateallowance_once")]

    @override
    def __str__(self) -> str:
        return f"allowance of {self.context}"
