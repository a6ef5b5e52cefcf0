"""How far a company has received its invoices: windows and cursors, as pure rules (section 7.2, F29).

One cursor for each role on the invoice. Everything stored up to it is here; it is kept together with what was
received, in one transaction, and never goes back. Windows touch each other, so rows at a seam may come twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ksef.errors import ContractBroken
from ksef.exchange.invoices import DateRange, DateType
from ksef.walk import CannotAdvance

# KSeF allows 100 days and counts an open window up to its own now: one day is left for clocks that differ.
LONGEST_WINDOW = timedelta(days=99)


@dataclass(frozen=True, slots=True)
class Window:
    """What one run asks for; without `until` up to the HWM."""

    since: datetime
    until: datetime | None

    def as_dates(self) -> DateRange:
        """Only the date of permanent storage is safe to go by, and only up to the HWM is it complete."""
        return DateRange(
            kind=DateType.PERMANENT_STORAGE, since=self.since, until=self.until, is_restricted_to_hwm=True
        )


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a run has led; `is_behind` when more can be had at once."""

    cursor: datetime
    is_behind: bool


def next_window(cursor: datetime, *, now: datetime) -> Window:
    """The window that begins at the cursor; the last one of a row of them is open."""
    since = cursor.astimezone(UTC)
    end = since + LONGEST_WINDOW
    return Window(since=since, until=end if end < now else None)


def windows(cursor: datetime, *, now: datetime) -> Iterator[Window]:
    """All windows from the cursor to now, each beginning where the one before ends."""
    while True:
        window = next_window(cursor, now=now)
        yield window
        if window.until is None:
            return
        cursor = window.until


def advance(
    window: Window,
    *,
    now: datetime,
    hwm: datetime | None,
    is_truncated: bool = False,
    last_stored: datetime | None = None,
) -> Reached:
    """The cursor after a run over the window, of whose answers `hwm` is the lowest.

    It passes neither the HWM, nor the end of the window, nor `now`, the moment of asking; without an HWM, or with
    one that has gone back, it stays where it is. A truncated run leads to the last row that it brought, which
    KSeF took from below the HWM. Raises `CannotAdvance` when such a run ends where it began: ksef.walk knows
    another way.
    """
    ends = [end for end in (now, window.until, hwm) if end is not None]
    if is_truncated:
        if last_stored is None:
            raise ContractBroken("a truncated answer does not say where it ends")
        if last_stored <= window.since:
            raise CannotAdvance("too many invoices of one moment")
        ends.append(last_stored)
    elif hwm is None:
        return Reached(cursor=window.since, is_behind=False)
    cursor = max(window.since, min(ends)).astimezone(UTC)
    return Reached(
        cursor=cursor, is_behind=cursor > window.since and (is_truncated or cursor == window.until)
    )
