"""The two environments a person chooses between, and what each means (S3-S14)."""

from __future__ import annotations

from ksef.exchange import Environment


def has_legal_effect(environment: str) -> bool:
    """Whether invoices sent there enter legal circulation (S9); everything else is practice (S5)."""
    return environment == Environment.PRODUCTION
