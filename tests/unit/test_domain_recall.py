"""The time for second thoughts: as long as the company wishes, and never past the day of issue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.calendar import WARSAW, warsaw_date
from invoices.domain.recall import recall_delay

pytestmark = pytest.mark.unit


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 25, hour, minute, tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("now", "minutes", "waits"),
    [
        (at(12, 0), 0, 0),
        (at(12, 0), 30, 30),
        (at(23, 20), 30, 30),
        (at(23, 35), 30, 15),
        (at(23, 50), 30, 0),
        (at(23, 59), 30, 0),
    ],
)
def test_the_window_is_shortened_before_midnight(now: datetime, minutes: int, waits: int) -> None:
    """Art. 106na: an invoice of today has to reach KSeF today."""
    assert recall_delay(minutes=minutes, issue_date=date(2026, 11, 25), now=now) == timedelta(minutes=waits)


@given(since=st.timedeltas(timedelta(), timedelta(days=730)), minutes=st.integers(0, 30))
def test_the_end_of_the_window_is_on_the_day_of_issue(since: timedelta, minutes: int) -> None:
    """F36: also on the days on which clocks are changed."""
    now = datetime(2026, 1, 1, tzinfo=UTC) + since
    delay = recall_delay(minutes=minutes, issue_date=warsaw_date(now), now=now)
    assert timedelta() <= delay <= timedelta(minutes=minutes)
    assert warsaw_date(now + delay) == warsaw_date(now)
