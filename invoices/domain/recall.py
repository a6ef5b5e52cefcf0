"""The "Okno namysłu": how long an approved invoice waits for second thoughts before it goes to KSeF."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from invoices.domain.calendar import midnight_after

# What sending may take: an invoice issued today has to reach KSeF today (art. 106na).
_BEFORE_MIDNIGHT: Final = timedelta(minutes=10)


def recall_delay(*, minutes: int, issue_date: date, now: datetime) -> timedelta:
    """The wait from `now`: so many minutes, shortened near midnight so that P_1 stays the day of sending."""
    last_moment = midnight_after(issue_date).astimezone(UTC) - _BEFORE_MIDNIGHT
    return max(timedelta(), min(timedelta(minutes=minutes), last_moment - now.astimezone(UTC)))
