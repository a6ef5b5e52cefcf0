"""Until when KSeF must have a document, by which article, and which announced outage moved that day.

Only what the lighthouse published counts (F49). While a failure goes on nobody knows the day: it is None, and later
than every day. The rules are those of polish-vat-facts 3.3 and 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from invoices.domain.calendar import add_business_days, midnight_after, next_business_day, warsaw_date
from invoices.domain.lifecycle import Mode
from ksef.exchange.outages import Outage, OutageCategory, gravest_at

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

_AFTER_A_FAILURE: Final = 7
_MODES: Final = {
    OutageCategory.MAINTENANCE: Mode.UNAVAILABILITY,
    OutageCategory.FAILURE: Mode.FAILURE,
}


class Basis(StrEnum):
    """The article of the VAT Act that sets the day."""

    OFFLINE24 = "106nda"
    UNAVAILABILITY = "106nh"
    FAILURE = "106nf"
    TOTAL_FAILURE = "106ng"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that KSeF does not have yet: issued when, dated when, and how."""

    mode: Mode
    issue_date: date
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day to send; None while its outage goes on, or for good when a total failure took the duty away."""

    day: date | None
    basis: Basis
    # The messages of the outage that set the day; none when only P_1 did.
    message_ids: tuple[str, ...] = ()

    @property
    def is_lifted(self) -> bool:
        """A total failure: nothing is sent, not even later (art. 106ng)."""
        return self.basis is Basis.TOTAL_FAILURE


def find_deadline(waiting: Waiting, outages: Iterable[Outage]) -> Deadline:
    """The deadline by all outages that were announced.

    One still counted as online is judged as the offline24 document that the next day makes of it.
    """
    known = sorted(outages, key=lambda outage: (outage.starts_at, outage.event))
    deadline = _begin(waiting, known)
    for outage in known:
        if not _meets(outage, waiting, deadline):
            continue
        if outage.category is OutageCategory.TOTAL_FAILURE:
            return Deadline(None, Basis.TOTAL_FAILURE, outage.message_ids)
        if outage.category is OutageCategory.FAILURE:
            deadline = _later(deadline, _after_failure(outage))
    return deadline


def mode_during(outage: Outage | None) -> Mode:
    """How a document is issued while this outage lasts."""
    return Mode.ONLINE if outage is None else _MODES.get(outage.category, Mode.ONLINE)


def offline_mode_of(issued_at: datetime, outages: Iterable[Outage]) -> Mode:
    """The offline mode that a document issued then takes when it can no longer go as online."""
    mode = mode_during(gravest_at(outages, issued_at))
    return Mode.OFFLINE24 if mode is Mode.ONLINE else mode


def percent_used(issued_at: datetime, day: date, *, now: datetime) -> int:
    """How much of the time to send is over: 0 at the issue, 100 when the last day is (F46)."""
    return max(0, 100 * (now - issued_at) // (midnight_after(day) - issued_at))


def _begin(waiting: Waiting, outages: list[Outage]) -> Deadline:
    """Without a failure: the business day after P_1, or after the maintenance in which it was issued."""
    deadline = Deadline(next_business_day(waiting.issue_date), Basis.OFFLINE24)
    if waiting.mode is not Mode.UNAVAILABILITY:
        return deadline
    for outage in outages:
        if outage.category is OutageCategory.MAINTENANCE and outage.lasts_at(waiting.issued_at):
            day = next_business_day(warsaw_date(outage.ends_at)) if outage.ends_at else None
            deadline = _later(deadline, Deadline(day, Basis.UNAVAILABILITY, outage.message_ids))
    return deadline


def _meets(outage: Outage, waiting: Waiting, deadline: Deadline) -> bool:
    """Whether the outage found the document waiting: not over at its issue, not begun after the last day."""
    if outage.ends_at is not None and outage.ends_at <= waiting.issued_at:
        return False
    return deadline.day is None or warsaw_date(outage.starts_at) <= deadline.day


def _after_failure(outage: Outage) -> Deadline:
    day = add_business_days(warsaw_date(outage.ends_at), _AFTER_A_FAILURE) if outage.ends_at else None
    return Deadline(day, Basis.FAILURE, outage.message_ids)


def _later(one: Deadline, other: Deadline) -> Deadline:
    if one.day is None:
        return one
    # Of two equal days the outage's is told: its article says more, as the OFF marker of JPK.
    return other if other.day is None or other.day >= one.day else one
