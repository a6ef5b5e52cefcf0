"""Windows and cursors of receiving (section 7.2)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksef.errors import ContractBroken
from ksef.exchange.invoices import DateType
from ksef.sync import LONGEST_WINDOW, Window, advance, next_window, windows
from ksef.walk import CannotAdvance

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
HOUR = timedelta(hours=1)


@given(cursor=MOMENTS, now=MOMENTS)
def test_windows_touch_each_other_and_reach_up_to_now(cursor: datetime, now: datetime) -> None:
    """F29: nothing lies between two of them; each is shorter than the hundred days of KSeF."""
    found = list(windows(cursor, now=now))
    assert found[0].since == cursor
    assert all(before.until == after.since for before, after in pairwise(found))
    assert all(window.until is not None for window in found[:-1])
    assert found[-1].until is None
    assert all((window.until or now) - window.since <= LONGEST_WINDOW for window in found)
    assert timedelta(days=98) < LONGEST_WINDOW < timedelta(days=100)


def test_windows_are_in_utc_and_ask_for_what_is_complete() -> None:
    """Section 7.1: the hundred days are counted there; a clock change in Warsaw means nothing."""
    polish = datetime(2026, 3, 29, 1, tzinfo=timezone(HOUR))
    window = next_window(polish, now=NOW)
    assert (window.since, window.since.tzinfo) == (polish, UTC)
    dates = window.as_dates()
    assert (dates.kind, dates.is_restricted_to_hwm) == (DateType.PERMANENT_STORAGE, True)
    assert (dates.since, dates.until) == (window.since, window.until)


OPEN = Window(since=NOW - HOUR, until=None)
CLOSED = Window(since=NOW - 9 * HOUR, until=NOW - 5 * HOUR)


@pytest.mark.parametrize(
    ("window", "hwm", "cursor", "is_behind"),
    [
        (OPEN, NOW - HOUR / 2, NOW - HOUR / 2, False),
        (OPEN, NOW - HOUR, NOW - HOUR, False),
        (OPEN, NOW - 2 * HOUR, NOW - HOUR, False),
        (OPEN, NOW + HOUR, NOW, False),
        (OPEN, None, NOW - HOUR, False),
        (CLOSED, NOW, NOW - 5 * HOUR, True),
        (CLOSED, NOW - 5 * HOUR, NOW - 5 * HOUR, True),
        (CLOSED, NOW - 6 * HOUR, NOW - 6 * HOUR, False),
        (CLOSED, None, NOW - 9 * HOUR, False),
    ],
    ids=["ahead", "still", "back", "future", "absent", "past end", "end", "inside", "closed, absent"],
)
def test_cursor_follows_the_hwm(
    window: Window, hwm: datetime | None, cursor: datetime, is_behind: bool
) -> None:
    """F29: never back, never past what is complete, never past what was asked."""
    reached = advance(window, now=NOW, hwm=hwm)
    assert (reached.cursor, reached.is_behind) == (cursor, is_behind)


@pytest.mark.parametrize("hwm", [NOW, None])
def test_truncated_run_leads_to_its_last_row(hwm: datetime | None) -> None:
    last = NOW - HOUR / 3
    reached = advance(OPEN, now=NOW, hwm=hwm, is_truncated=True, last_stored=last)
    assert (reached.cursor, reached.is_behind) == (last, True)


def test_truncated_run_does_not_pass_the_hwm_either() -> None:
    reached = advance(OPEN, now=NOW, hwm=NOW - 2 * HOUR, is_truncated=True, last_stored=NOW)
    assert (reached.cursor, reached.is_behind) == (OPEN.since, False)


@pytest.mark.parametrize("last", [OPEN.since, OPEN.since - HOUR])
def test_truncated_run_that_ends_where_it_began_needs_another_way(last: datetime) -> None:
    """F28."""
    with pytest.raises(CannotAdvance):
        advance(OPEN, now=NOW, hwm=NOW, is_truncated=True, last_stored=last)


def test_truncated_run_must_say_where_it_ends() -> None:
    with pytest.raises(ContractBroken):
        advance(OPEN, now=NOW, hwm=NOW, is_truncated=True)


@dataclass
class Archive:
    """Stores invoices, some of them late, and promises completeness only up to its HWM."""

    limit: int
    stored: list[datetime] = field(default_factory=list)
    hwm: datetime = NOW - 400 * timedelta(days=1)

    def answer(self, window: Window) -> tuple[list[datetime], bool]:
        end = min(window.until or self.hwm, self.hwm)
        fitting = sorted(moment for moment in self.stored if window.since <= moment <= end)
        return fitting[: self.limit], len(fitting) > self.limit


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(1, 300_000), max_size=6),  # Minutes after the HWM at which invoices are stored.
        st.integers(-50_000, 200_000),  # Minutes by which the HWM moves; backwards, too.
        st.booleans(),  # Whether the answer forgets to tell the HWM.
    ),
    max_size=25,
)


@given(steps=STEPS, limit=st.integers(2, 5))
def test_everything_up_to_the_cursor_was_received_whatever_the_hwm_does(
    steps: list[tuple[list[int], int, bool]], limit: int
) -> None:
    """F29, I8: the cursor never goes back and nothing that was stored is skipped."""
    archive = Archive(limit=limit)
    cursor, highest, now = archive.hwm, archive.hwm, NOW
    received: set[datetime] = set()
    for offsets, movement, is_silent in steps:
        # What was once promised to be complete stays so, even when the HWM is told lower later.
        archive.stored += [highest + timedelta(minutes=offset) for offset in offsets]
        archive.hwm = min(archive.hwm + timedelta(minutes=movement), now)
        highest = max(highest, archive.hwm)
        now += timedelta(minutes=5)
        window = next_window(cursor, now=now)
        rows, is_truncated = archive.answer(window)
        received |= set(rows)
        try:
            reached = advance(
                window,
                now=now,
                hwm=None if is_silent else archive.hwm,
                is_truncated=is_truncated,
                last_stored=rows[-1] if is_truncated else None,
            )
        except CannotAdvance:
            continue
        assert reached.cursor >= cursor
        cursor = reached.cursor
        assert {
            moment for moment in archive.stored if moment <= cursor and moment >= NOW - timedelta(days=399)
        } <= received
