"""Sliding windows over calls: what still fits, how long to wait, and how a block grows (section 12)."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

_LONGEST_BLOCK: Final = 2 * HOUR
_MOST_ENTRIES: Final = 2048
_MOST_COUNTERS: Final = 10_000
_MOST_REMEMBERED: Final = 200_000
_MOST_DOUBLINGS: Final = 20


class Rates(NamedTuple):
    """How many calls fit into each window; all three hold together."""

    per_second: int
    per_minute: int
    per_hour: int


@lru_cache(maxsize=1024)
def binding_windows(rates: Rates) -> tuple[tuple[int, int], ...]:
    """Return (span, limit) of the windows that can refuse: 60 a second make 3600 a minute by themselves."""
    chosen: list[tuple[int, int]] = []
    for span, limit in zip((SECOND, MINUTE, HOUR), rates, strict=True):
        if all(limit < narrow * (span // narrow_span) for narrow_span, narrow in chosen):
            chosen.append((span, limit))
    return tuple(chosen)


@dataclass(frozen=True, slots=True)
class Excess:
    """A refused call: the limit it would have broken and when to come back."""

    limit: int
    span: int
    retry_after: int


class Window:
    """The calls of the last `span` milliseconds, exact to the millisecond up to `most` different moments.

    Beyond that two neighbours become one at the later moment, so that memory is bounded and the window is never
    more generous than its limit.
    """

    __slots__ = ("_calls", "_most", "_span", "_total")

    def __init__(self, span: int, *, most: int = _MOST_ENTRIES) -> None:
        self._span = span
        self._most = most
        self._calls: deque[tuple[int, int]] = deque()
        self._total = 0

    def __len__(self) -> int:
        return len(self._calls)

    def wait(self, *, limit: int, now: int) -> int:
        """Return the milliseconds until a call fits: 0 when it does now."""
        self._forget(now)
        leaving = self._total - limit
        if leaving < 0:
            return 0
        for moment, count in self._calls:
            leaving -= count
            if leaving < 0:
                return moment + self._span - now
        return self._span

    def add(self, now: int) -> None:
        self._total += 1
        if self._calls and self._calls[-1][0] == now:
            self._calls[-1] = (now, self._calls[-1][1] + 1)
            return
        self._calls.append((now, 1))
        if len(self._calls) > self._most:
            self._thin_out()

    def _forget(self, now: int) -> None:
        while self._calls and self._calls[0][0] <= now - self._span:
            self._total -= self._calls.popleft()[1]
        # A clock that was turned back: these calls have not happened yet.
        while self._calls and self._calls[-1][0] > now:
            self._total -= self._calls.pop()[1]

    def _thin_out(self) -> None:
        calls = list(self._calls)
        pairs = zip(calls[::2], calls[1::2], strict=False)
        merged = [(later, first + second) for (_, first), (later, second) in pairs]
        self._calls = deque([*merged, calls[-1]] if len(calls) % 2 else merged)


class Counter:
    """One counted thing: its windows, and the block that a violation brings.

    The first violation blocks until a call fits again. Every further one, and a call during a block is one, doubles
    the block, up to two hours. An hour without a violation after the end of a block forgives all.
    """

    __slots__ = ("_blocked_until", "_broken", "_violated_at", "_violations", "_windows")

    def __init__(self) -> None:
        self._windows = {span: Window(span) for span in (SECOND, MINUTE, HOUR)}
        self._blocked_until = 0
        self._violations = 0
        self._violated_at = 0
        self._broken = (0, SECOND)

    def __len__(self) -> int:
        return sum(len(window) for window in self._windows.values())

    def admit(self, rates: Rates, *, now: int) -> Excess | None:
        """Count a call that fits; otherwise count a violation and return it."""
        if not self._violated_at <= now < max(self._violated_at, self._blocked_until) + HOUR:
            self._violations = self._violated_at = self._blocked_until = 0
        binding = binding_windows(rates)
        wait, span, limit = max(
            (self._windows[span].wait(limit=limit, now=now), span, limit) for span, limit in binding
        )
        if wait:
            self._broken = (limit, span)
        if wait or now < self._blocked_until:
            return self._refuse(wait, now=now)
        for span, _ in binding:
            self._windows[span].add(now)
        return None

    def _refuse(self, wait: int, *, now: int) -> Excess:
        repeated = min(self._violations, _MOST_DOUBLINGS)
        block = max(wait, SECOND) << repeated if repeated else wait
        self._violations += 1
        self._violated_at = now
        self._blocked_until = max(self._blocked_until, now + min(block, _LONGEST_BLOCK))
        limit, span = self._broken
        return Excess(limit, span, retry_after=-(-(self._blocked_until - now) // SECOND))


class RateBook:
    """All counters, the least recently used forgotten first; not kept across restarts."""

    def __init__(self, *, most: int = _MOST_COUNTERS, remembered: int = _MOST_REMEMBERED) -> None:
        self._lock = threading.Lock()
        self._counters: OrderedDict[tuple[str, ...], Counter] = OrderedDict()
        self._most = most
        self._most_remembered = remembered
        self._remembered = 0

    def __len__(self) -> int:
        return len(self._counters)

    @property
    def remembered(self) -> int:
        """How many moments are held in all; what the book's memory grows with."""
        return self._remembered

    def admit(self, key: tuple[str, ...], rates: Rates, *, now: int) -> Excess | None:
        with self._lock:
            counter = self._counters.setdefault(key, Counter())
            self._counters.move_to_end(key)
            before = len(counter)
            excess = counter.admit(rates, now=now)
            self._remembered += len(counter) - before
            self._make_room()
            return excess

    def clear(self) -> None:
        with self._lock:
            self._counters.clear()
            self._remembered = 0

    def _make_room(self) -> None:
        while len(self._counters) > self._most or (
            self._remembered > self._most_remembered and len(self._counters) > 1
        ):
            _, oldest = self._counters.popitem(last=False)
            self._remembered -= len(oldest)
