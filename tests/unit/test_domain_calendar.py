"""Business days and deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.calendar import (
    add_business_days,
    days_off,
    is_business_day,
    midnight_after,
    next_business_day,
    warsaw_date,
)

pytestmark = pytest.mark.unit

days = st.dates(date(2026, 1, 1), date(2049, 12, 31))


def test_year_has_fourteen_holidays() -> None:
    assert sorted(days_off(2026)) == [
        date(2026, 1, 1), date(2026, 1, 6), date(2026, 4, 5), date(2026, 4, 6), date(2026, 5, 1),
        date(2026, 5, 3), date(2026, 5, 24), date(2026, 6, 4), date(2026, 8, 15), date(2026, 11, 1),
        date(2026, 11, 11), date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 26),
    ]  # fmt: skip


def test_christmas_eve_is_off_since_2025() -> None:
    assert is_business_day(date(2024, 12, 24))
    assert not is_business_day(date(2025, 12, 24))


def test_days_off_of_offices_are_ordinary_business_days() -> None:
    """Facts 3.4: 14 August and 28 December 2026 are free only for state offices."""
    assert is_business_day(date(2026, 8, 14))
    assert is_business_day(date(2026, 12, 28))


@given(days)
def test_nothing_between_a_day_and_the_next_business_day_is_one(day: date) -> None:
    following = next_business_day(day)
    assert is_business_day(following)
    between = (day + timedelta(days=n) for n in range(1, (following - day).days))
    assert not any(map(is_business_day, between))


@given(days, st.integers(0, 15), st.integers(0, 15))
def test_business_days_add_up(day: date, first: int, second: int) -> None:
    assert add_business_days(add_business_days(day, first), second) == add_business_days(day, first + second)


def test_business_days_are_not_counted_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_business_days(date(2026, 1, 1), -1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), date(2026, 8, 1)),
        (datetime(2026, 1, 1, 3, 0, tzinfo=timezone(timedelta(hours=9))), date(2025, 12, 31)),
    ],
)
def test_legal_day_is_warsaws(moment: datetime, day: date) -> None:
    """An hour ahead of UTC in winter, two in summer."""
    assert warsaw_date(moment) == day


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 12, 31), 24)]
)
def test_a_day_ends_at_midnight_in_warsaw_whatever_its_length(day: date, hours: int) -> None:
    """F36: also on the two days a year on which the clocks are changed."""
    began = midnight_after(day - timedelta(days=1)).astimezone(UTC)
    assert midnight_after(day).astimezone(UTC) - began == timedelta(hours=hours)
    assert warsaw_date(midnight_after(day)) == day + timedelta(days=1)


def test_leap_day_is_a_day_like_others() -> None:
    """F36: 29 February 2028 is a Tuesday."""
    assert next_business_day(date(2028, 2, 28)) == date(2028, 2, 29)


def test_moment_without_a_zone_has_no_legal_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        warsaw_date(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test.
