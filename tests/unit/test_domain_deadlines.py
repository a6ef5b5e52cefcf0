"""Until when a document must reach KSeF: every example of the facts, and what outages do to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.calendar import WARSAW, is_business_day
from invoices.domain.deadlines import (
    Basis,
    Deadline,
    Waiting,
    find_deadline,
    mode_during,
    offline_mode_of,
    percent_used,
)
from invoices.domain.lifecycle import Mode
from ksef.exchange.outages import Outage, OutageCategory

pytestmark = pytest.mark.unit

OFFLINE_MODES = (Mode.OFFLINE24, Mode.UNAVAILABILITY, Mode.FAILURE)


def at(day: date, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=WARSAW)


def outage(
    category: OutageCategory, starts_at: datetime, ends_at: datetime | None, *, event: int = 1
) -> Outage:
    return Outage(
        event=event,
        category=category,
        starts_at=starts_at,
        ends_at=ends_at,
        title="",
        text="",
        message_ids=(f"K/{event}",),
    )


def failure(starts_at: datetime, ends_at: datetime | None, *, event: int = 1) -> Outage:
    return outage(OutageCategory.FAILURE, starts_at, ends_at, event=event)


def maintenance(starts_at: datetime, ends_at: datetime | None, *, event: int = 2) -> Outage:
    return outage(OutageCategory.MAINTENANCE, starts_at, ends_at, event=event)


def waiting(p_1: date, mode: Mode = Mode.OFFLINE24, hour: int = 10) -> Waiting:
    return Waiting(mode, p_1, at(p_1, hour))


@pytest.mark.parametrize("mode", [Mode.OFFLINE24, Mode.ONLINE])
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
def test_offline24_is_sent_by_the_next_business_day(p_1: date, deadline: date, mode: Mode) -> None:
    """Facts 3.4 (art. 106nda): not "24 hours"; the same for what midnight made of an online document (F50)."""
    assert find_deadline(waiting(p_1, mode), []) == Deadline(deadline, Basis.OFFLINE24)


@pytest.mark.parametrize(
    ("ended", "deadline"),
    [(date(2025, 7, 12), date(2025, 7, 22)), (date(2026, 12, 22), date(2027, 1, 5))],
)
def test_a_failure_gives_seven_business_days_after_its_end(ended: date, deadline: date) -> None:
    """Facts 3.4 (art. 106nf): not seven days of the calendar."""
    broken = failure(at(ended - timedelta(days=2)), at(ended, 20))
    issued = waiting(ended - timedelta(days=1), Mode.FAILURE)
    assert find_deadline(issued, [broken]) == Deadline(deadline, Basis.FAILURE, ("K/1",))


def test_a_failure_moves_what_waits_as_offline24() -> None:
    """The Ministry's own example: issued 8 July 2025, due on the 9th; failure of 9 to 12 July; due on the 22nd."""
    broken = failure(at(date(2025, 7, 9)), at(date(2025, 7, 12)))
    moved = find_deadline(waiting(date(2025, 7, 8)), [broken])
    assert moved == Deadline(date(2025, 7, 22), Basis.FAILURE, ("K/1",))


def test_a_maintenance_gives_the_next_business_day_after_its_end() -> None:
    """Facts 3.3 (art. 106nh): it ends on Saturday, the document goes by Monday."""
    works = maintenance(at(date(2026, 11, 20), 8), at(date(2026, 11, 21), 6))
    found = find_deadline(waiting(date(2026, 11, 20), Mode.UNAVAILABILITY), [works])
    assert found == Deadline(date(2026, 11, 23), Basis.UNAVAILABILITY, ("K/2",))


def test_a_maintenance_moves_nothing_issued_as_offline24() -> None:
    works = maintenance(at(date(2026, 11, 20), 8), at(date(2026, 11, 24), 6))
    assert find_deadline(waiting(date(2026, 11, 19)), [works]).day == date(2026, 11, 20)


def test_a_failure_moves_what_was_issued_in_a_maintenance() -> None:
    works = maintenance(at(date(2026, 11, 20), 8), at(date(2026, 11, 20), 18))
    broken = failure(at(date(2026, 11, 23), 9), at(date(2026, 11, 23), 10))
    found = find_deadline(waiting(date(2026, 11, 20), Mode.UNAVAILABILITY), [works, broken])
    assert found == Deadline(date(2026, 12, 2), Basis.FAILURE, ("K/1",))


def test_a_new_failure_within_the_days_restarts_the_count() -> None:
    """Facts 3.3: the second begins on the last day of the first, so its own seven days count."""
    first = failure(at(date(2026, 11, 2)), at(date(2026, 11, 3)), event=1)
    second = failure(at(date(2026, 11, 13), 9), at(date(2026, 11, 16), 9), event=2)
    issued = waiting(date(2026, 11, 2), Mode.FAILURE, hour=13)
    assert find_deadline(issued, [first]).day == date(2026, 11, 13)
    assert find_deadline(issued, [second, first]) == Deadline(date(2026, 11, 25), Basis.FAILURE, ("K/2",))


def test_a_failure_after_the_last_day_helps_nobody() -> None:
    late = failure(at(date(2026, 11, 24), 0), at(date(2026, 11, 24), 9))
    assert find_deadline(waiting(date(2026, 11, 20)), [late]) == Deadline(date(2026, 11, 23), Basis.OFFLINE24)


def test_a_failure_that_was_over_at_the_issue_moves_nothing() -> None:
    """Also on the same day: the document was issued at ten, the failure ended at nine."""
    over = failure(at(date(2026, 11, 20), 7), at(date(2026, 11, 20), 9))
    assert find_deadline(waiting(date(2026, 11, 20)), [over]).day == date(2026, 11, 23)


def test_while_a_failure_goes_on_there_is_no_day_yet() -> None:
    lasting = failure(at(date(2026, 11, 20), 9), None)
    assert find_deadline(waiting(date(2026, 11, 20)), [lasting]) == Deadline(None, Basis.FAILURE, ("K/1",))


def test_a_total_failure_takes_the_duty_away() -> None:
    """Facts 3.3 (art. 106ng): what waits in it is never sent; what was issued after it is no concern of it."""
    total = outage(OutageCategory.TOTAL_FAILURE, at(date(2026, 11, 20), 11), at(date(2026, 11, 21)), event=3)
    assert find_deadline(waiting(date(2026, 11, 20)), [total]).is_lifted
    assert not find_deadline(waiting(date(2026, 11, 21), hour=13), [total]).is_lifted


def test_the_end_of_a_failure_counts_by_the_day_in_warsaw() -> None:
    """F36: half past midnight in Warsaw is still the day before by UTC."""
    ended = at(date(2026, 11, 21), 0, 30)
    assert find_deadline(waiting(date(2026, 11, 20)), [failure(at(date(2026, 11, 20)), ended)]).day == date(
        2026, 12, 1
    )


def test_the_mode_follows_the_gravest_outage_that_was_announced() -> None:
    """R1: failure before maintenance; without any it is the person's choice."""
    day = date(2026, 11, 20)
    works, broken = maintenance(at(day, 8), at(day, 20)), failure(at(day, 10), at(day, 11))
    assert mode_during(None) is Mode.ONLINE
    assert mode_during(works) is Mode.UNAVAILABILITY
    assert offline_mode_of(at(day, 9), [works, broken]) is Mode.UNAVAILABILITY
    assert offline_mode_of(at(day, 10, 30), [works, broken]) is Mode.FAILURE
    assert offline_mode_of(at(day, 21), [works, broken]) is Mode.OFFLINE24


def test_the_time_to_send_runs_from_the_issue_to_the_end_of_the_last_day() -> None:
    """F46: from Thursday noon to Friday midnight are 36 hours."""
    issued, day = at(date(2026, 11, 19)), date(2026, 11, 20)
    assert percent_used(issued, day, now=issued) == 0
    assert percent_used(issued, day, now=issued + timedelta(hours=18)) == 50
    assert percent_used(issued, day, now=at(date(2026, 11, 21), 0)) == 100


FIRST = datetime(2026, 1, 1, tzinfo=WARSAW)
moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


@st.composite
def outages(draw: st.DrawFn) -> list[Outage]:
    found = []
    for event in range(draw(st.integers(0, 6))):
        starts_at = draw(moments)
        length = draw(st.one_of(st.none(), st.integers(1, 10 * 24 * 60)))
        ends_at = None if length is None else starts_at + timedelta(minutes=length)
        found.append(outage(draw(st.sampled_from(OutageCategory)), starts_at, ends_at, event=event))
    return found


def rank(deadline: Deadline) -> tuple[int, date]:
    """Lifted is later than a day that nobody knows yet, and that is later than every day."""
    if deadline.day is None:
        return (2 if deadline.is_lifted else 1), date.max
    return 0, deadline.day


@given(st.sampled_from(OFFLINE_MODES), moments, outages())
def test_a_deadline_is_always_a_business_day_after_the_issue(
    mode: Mode, issued_at: datetime, announced: list[Outage]
) -> None:
    found = find_deadline(Waiting(mode, issued_at.date(), issued_at), announced)
    assert found.day is None or (is_business_day(found.day) and found.day > issued_at.date())


@given(st.sampled_from(OFFLINE_MODES), moments, outages(), st.data())
def test_more_outages_never_move_a_deadline_earlier(
    mode: Mode, issued_at: datetime, announced: list[Outage], data: st.DataObject
) -> None:
    issued = Waiting(mode, issued_at.date(), issued_at)
    fewer = [outage for outage in announced if data.draw(st.booleans())]
    assert rank(find_deadline(issued, announced)) >= rank(find_deadline(issued, fewer))
    assert find_deadline(issued, announced) == find_deadline(issued, announced[::-1])
