"""Polish business days and the legal day in Warsaw, on which the deadlines of KSeF depend."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from holidays.countries.poland import Poland

WARSAW: Final = ZoneInfo("Europe/Warsaw")

_DAY = timedelta(days=1)
_SATURDAY = 5


@lru_cache(maxsize=64)
def days_off(year: int) -> frozenset[date]:
    """Return the days off by the Act of 18 January 1951: 14 since 24 December joined them in 2025."""
    return frozenset(Poland(years=year))  # type: ignore[no-untyped-call]  # the library's constructors are untyped


def is_business_day(day: date) -> bool:
    """Tell whether the day is neither Saturday nor Sunday nor a statutory holiday (polish-vat-facts 3.4)."""
    return day.weekday() < _SATURDAY and day not in days_off(day.year)


def next_business_day(day: date) -> date:
    """Return the first business day after ``day``, never ``day`` itself."""
    following = day + _DAY
    while not is_business_day(following):
        following += _DAY
    return following


def add_business_days(day: date, count: int) -> date:
    """Return the ``count``-th business day after ``day``; after a failure it is the seventh (art. 106nf)."""
    if count < 0:
        raise ValueError("business days are only counted forward")
    for _ in range(count):
        day = next_business_day(day)
    return day


def midnight_after(day: date) -> datetime:
    """Return the moment at which the legal day ends, also of the days that have 23 or 25 hours."""
    return datetime.combine(day + _DAY, time(), tzinfo=WARSAW)


def warsaw_date(moment: datetime) -> date:
    """Return the legal day of a moment; ValueError when it has no time zone."""
    if moment.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(WARSAW).date()
