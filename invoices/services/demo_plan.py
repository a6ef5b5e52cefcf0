"""A plausible year of sales, drawn with a fixed seed: the same day always gives the same year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Final

from invoices.domain.calendar import WARSAW, is_business_day
from invoices.services.drafting import LineDraft

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from invoices.services.demo_world import Customer, Work

_SEED: Final = 20260201  # The day KSeF 2.0 began.
_MONTHS: Final = 12
_LINES: Final = (1, 1, 2, 2, 3)
_DISCOUNTS: Final = (0, 0, 0, 0, 5, 10)


@dataclass(frozen=True, slots=True)
class Sale:
    """One invoice to come: when it is issued, to whom, and what stands on it."""

    moment: datetime
    customer: Customer
    lines: tuple[LineDraft, ...]


def plan_year(*, today: date, customers: Sequence[Customer], by_month: Sequence[int]) -> tuple[Sale, ...]:
    """The sales of the last twelve months up to yesterday, in time order; `by_month` counts them, January first."""
    random = Random(_SEED + len(customers))  # noqa: S311 -- plausible sums, nothing secret
    return tuple(
        Sale(moment=moment, customer=customer, lines=tuple(_lines(random, customer)))
        for moment in sorted(_moments(random, today=today, by_month=by_month))
        for customer in random.choices(customers, [customer.weight for customer in customers])
    )


def _moments(random: Random, *, today: date, by_month: Sequence[int]) -> Iterator[datetime]:
    """Business days spread over each month; the present month has had only its part."""
    ordinal = today.year * 12 + today.month - 1
    for month in range(ordinal - _MONTHS + 1, ordinal + 1):
        days = _business_days(date(month // 12, month % 12 + 1, 1))
        # Few days with several invoices each: every new day costs a new log-in and a new session.
        chosen = random.choices(random.sample(days, min(6, len(days))), k=by_month[month % 12])
        yield from (_moment(random, day) for day in chosen if day < today)


def _business_days(first: date) -> list[date]:
    days = (first + timedelta(days=count) for count in range(31))
    return [day for day in days if day.month == first.month and is_business_day(day)]


def _moment(random: Random, day: date) -> datetime:
    hour = time(random.randint(8, 16), random.randint(0, 59), random.randint(0, 59), tzinfo=WARSAW)
    return datetime.combine(day, hour).astimezone(UTC)


def _lines(random: Random, customer: Customer) -> Iterator[LineDraft]:
    count = min(random.choice(_LINES), len(customer.works))
    for work in random.sample(customer.works, count):
        yield _line(random, work)


def _line(random: Random, work: Work) -> LineDraft:
    return LineDraft(
        name=work.name,
        unit=work.unit,
        quantity=Decimal(random.randint(1, work.most_units)),
        unit_price=Decimal(random.randint(work.least * 20, work.most * 20)) / 20,
        discount_percent=Decimal(random.choice(_DISCOUNTS)),
        rate=work.rate,
    )
