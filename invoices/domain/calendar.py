"""Polish business days and the legal day in Warsaw, on which the deadlines of KSeF depend."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

WARSAW: Final = ZoneInfo("Europe/Warsaw")

_DAY = timedelta(days=1)
_SATURDAY = 5
_CHRISTMAS_EVE_OFF_SINCE = 2025

_FIXED = ((1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26))


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    lunar = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * lunar + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Return the days off by the Act of 18 January 1951: 14 since 24 December joined them in 2025."""
    sunday = easter(year)
    movable = (sunday + timedelta(days=after) for after in (0, 1, 49, 60))
    fixed = _FIXED + (((12, 24),) if year >= _CHRISTMAS_EVE_OFF_SINCE else ())
    return frozenset([*movable, *(date(year, month, day) for month, day in fixed)])


def is_business_day(day: date) -> bool:
    """Tell whether the day is neither Saturday nor Sunday nor a statutory holiday (polish-vat-facts 3.4)."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


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


def offline24_deadline(p_1: date) -> date:
    """Return the last day to send an offline24 invoice: the next business day after P_1 (art. 106nda)."""
    return next_business_day(p_1)


def midnight_after(day: date) -> datetime:
    """Return the moment at which the legal day ends."""
    return datetime.combine(day + _DAY, time(), tzinfo=WARSAW)


def warsaw_date(moment: datetime) -> date:
    """Return the legal day of a moment; ValueError when it has no time zone."""
    if moment.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(WARSAW).date()
