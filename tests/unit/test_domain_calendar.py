"""Business days and deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.calendar import (
    add_business_days,
    easter,
    holidays,
    is_business_day,
    next_business_day,
    offline24_deadline,
    warsaw_date,
)

pytestmark = pytest.mark.unit

days = st.dates(date(2026, 1, 1), date(2049, 12, 31))


@pytest.mark.parametrize(
    ("p_1", "deadline"),
    [
        (date(2026, 10, 30), date(2026, 11, 2)),
        (date(2026, 11, 10), date(2026, 11, 12)),
        (date(2026, 12, 23), date(2026, 12, 28)),
        (date(2026, 12, 31), date(2027, 1, 4)),
        (date(2027, 1, 5), date(2027, 1, 7)),
    ],
)
def test_offline24_is_sent_by_the_next_business_day(p_1: date, deadline: date) -> None:
    """Facts 3.4 (art. 106nda): not "24 hours"."""
    assert offline24_deadline(p_1) == deadline


@pytest.mark.parametrize(
    ("failure_ended", "deadline"),
    [(date(2025, 7, 12), date(2025, 7, 22)), (date(2026, 12, 22), date(2027, 1, 5))],
)
def test_failure_gives_seven_business_days(failure_ended: date, deadline: date) -> None:
    """Facts 3.4 (art. 106nf); the first is the Ministry's own example."""
    assert add_business_days(failure_ended, 7) == deadline


def test_year_has_fourteen_holidays() -> None:
    assert sorted(holidays(2026)) == [
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


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2028, 4, 16), (2038, 4, 25), (2285, 3, 22)],
)
def test_easter_sunday(year: int, month: int, day: int) -> None:
    """The latest possible Easter (25 April) and the earliest (22 March) included."""
    assert easter(year) == date(year, month, day)


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


def test_moment_without_a_zone_has_no_legal_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        warsaw_date(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test.
