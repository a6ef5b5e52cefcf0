"""Outages as they were published. Nothing else is an outage, whatever our own calls meet (F49)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from invoices.models import LighthouseWatch, OutageMessage
from ksef.exchange.outages import LighthouseMessage
from ksef.latarnia import outages_of

if TYPE_CHECKING:
    from datetime import datetime

    from ksef.exchange.outages import Outage

# Older news of the lighthouse is no reason to leave KSeF alone.
_NEWS_LASTS: Final = timedelta(minutes=20)


def list_outages(environment: str) -> tuple[Outage, ...]:
    """All that was ever announced for this environment, the earliest first."""
    rows = OutageMessage.objects.filter(environment=environment)
    return outages_of(
        LighthouseMessage(
            id=row.message_id,
            event=row.event,
            category=row.category,
            kind=row.kind,
            title=row.title,
            text=row.text,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            version=row.version,
            published_at=row.published_at,
        )
        for row in rows
    )


def knows_lately(environment: str, now: datetime) -> bool:
    """Whether the lighthouse was read lately; one gone dark would never tell that the outage is over (F49)."""
    return LighthouseWatch.objects.filter(environment=environment, read_at__gt=now - _NEWS_LASTS).exists()
