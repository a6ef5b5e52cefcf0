"""The simulator's sliding windows against a naive model, and the bounds of their memory (section 12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksef.simulator.limits.windows import HOUR, MINUTE, SECOND, Counter, RateBook, Rates, Window

pytestmark = pytest.mark.unit

QUIET = 4 * HOUR
STEPS = st.lists(
    st.one_of(
        st.just(0),
        st.integers(1, 2 * SECOND),
        st.sampled_from([SECOND - 1, SECOND, SECOND + 1, MINUTE - 1, MINUTE, HOUR - 1, HOUR]),
    ),
    max_size=60,
)


def _naive_wait(calls: list[int], *, span: int, limit: int, now: int) -> int:
    """Say how long by trying every millisecond at which a call leaves the window."""
    for moment in sorted({now, *(call + span for call in calls if call + span > now)}):
        if sum(moment - span < call for call in calls) < limit:
            return moment - now
    raise AssertionError(calls)


@given(STEPS, st.integers(1, 12), st.sampled_from([SECOND, MINUTE, HOUR]))
def test_window_waits_as_the_naive_model_does(steps: list[int], limit: int, span: int) -> None:
    """To the millisecond, whether or not callers keep to it."""
    window, calls, now = Window(span), list[int](), QUIET
    for step in steps:
        now += step
        wait = window.wait(limit=limit, now=now)
        assert wait == _naive_wait(calls, span=span, limit=limit, now=now)
        if not wait:
            window.add(now)
            calls.append(now)


@given(STEPS, st.integers(1, 9), st.integers(1, 15), st.integers(1, 20))
def test_counter_admits_what_fits_into_all_three(
    steps: list[int], per_second: int, per_minute: int, per_hour: int
) -> None:
    """For a caller who comes back when told to: admitted exactly when no window is full, and never told too early."""
    limits = {SECOND: per_second, MINUTE: per_minute, HOUR: per_hour}
    counter, calls, now = Counter(), list[int](), QUIET
    for step in steps:
        now += step
        wait = max(_naive_wait(calls, span=span, limit=limit, now=now) for span, limit in limits.items())
        excess = counter.admit(Rates(*limits.values()), now=now)
        assert (excess is None) == (wait == 0)
        if excess is None:
            calls.append(now)
        else:
            assert excess.retry_after * SECOND >= wait
            # A quiet time, so that the next violation is a first one again.
            now += QUIET


@given(STEPS, st.integers(2, 40), st.integers(1, 30))
def test_thinned_out_window_is_never_more_generous(steps: list[int], most: int, limit: int) -> None:
    """Its memory is bounded; what it admits, the naive model admits too."""
    window, calls, now = Window(HOUR, most=most), list[int](), QUIET
    for step in steps:
        now += step
        if not window.wait(limit=limit, now=now):
            assert _naive_wait(calls, span=HOUR, limit=limit, now=now) == 0
            window.add(now)
            calls.append(now)
        assert len(window) <= most


@given(st.lists(st.integers(-2 * MINUTE, 2 * MINUTE), max_size=40))
def test_clock_may_be_turned_back(steps: list[int]) -> None:
    """The demo lives through a year and comes back: calls that have not happened yet, or left already, are gone."""
    window, calls, now = Window(MINUTE), list[int](), QUIET
    for step in steps:
        now += step
        calls = [call for call in calls if now - MINUTE < call <= now]
        wait = window.wait(limit=3, now=now)
        assert wait == _naive_wait(calls, span=MINUTE, limit=3, now=now)
        if not wait:
            window.add(now)
            calls.append(now)


def test_block_of_the_future_is_forgotten_when_the_clock_is_turned_back() -> None:
    """Else a test that moves the clock would have to wait a year."""
    counter, rates, year = Counter(), Rates(1, 1, 1), 365 * 24 * HOUR
    assert counter.admit(rates, now=year) is None
    assert counter.admit(rates, now=year) is not None
    assert counter.admit(rates, now=QUIET) is None


def test_hundred_thousand_calls_hold_no_more_than_the_longest_window() -> None:
    """Each call is a constant amount of work: at any time only the calls that still count are held."""
    book, rates = RateBook(), Rates(30, 120, 1200)
    for turn in range(100_000):
        assert book.admit(("Nip", "1", "127.0.0.1", "invoiceStatus"), rates, now=QUIET + turn * 3000) is None
    assert book.remembered <= 1200 + 20 + 1


def test_violations_take_no_memory() -> None:
    """A caller who hammers during a block leaves nothing behind but a number."""
    book, rates = RateBook(), Rates(10, 30, 120)
    key = ("Nip", "1", "127.0.0.1", "other")
    refused = [book.admit(key, rates, now=QUIET) is not None for _ in range(5000)]
    assert refused.count(False) == 10
    assert book.remembered == 3


def test_generous_limits_take_bounded_memory() -> None:
    """A limit of a million an hour, as /testdata allows, does not mean a million of moments."""
    book, rates = RateBook(), Rates(1000, 100_000, 2_000_000)
    for turn in range(50_000):
        assert book.admit(("x",), rates, now=QUIET + turn * 2) is None
    assert book.remembered <= 2 * 2048 + 1000


def test_forgotten_counters() -> None:
    """Many contexts and addresses: the least recently used counter goes, by number and by what it holds."""
    book, rates = RateBook(most=3), Rates(1, 1, 1)
    for name in ("a", "b", "c"):
        book.admit((name,), rates, now=QUIET)
    assert book.admit(("a",), rates, now=QUIET) is not None
    book.admit(("d",), rates, now=QUIET)
    assert len(book) == 3
    assert book.admit(("a",), rates, now=QUIET) is not None
    assert book.admit(("b",), rates, now=QUIET) is None
    small = RateBook(remembered=30)
    for turn in range(100):
        small.admit((str(turn % 7),), Rates(10, 100, 120), now=QUIET + turn)
    assert small.remembered <= 30
    small.clear()
    assert (len(small), small.remembered) == (0, 0)
