"""Keeps our calls below KSeF's rate limits, so that none is ever refused for coming too soon (section 12, F8).

KSeF counts sliding windows, and its blocks grow with every violation. Nothing here knows the time or sleeps: the
caller says when it is and is told how long to wait.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil
from typing import Protocol, Self

from ksef.errors import Limited
from ksef.exchange.limits import RateGroup, RateLimit, RateLimits

__all__ = ["Gate", "Lane", "Pacer", "RateGroup", "RateLimit", "RateLimits"]

# Milliseconds; each window is a little longer than KSeF's, for what the network adds to one call and not to another.
_SECOND, _MINUTE, _HOUR = 1_250, 61_000, 3_610_000
# What is older than a minute only counts for the hour, and there to this precision.
_COARSE = 10_000
_LONGEST_BLOCK = 86_400_000


class Gate(Protocol):
    """What a gateway asks before each request; another process may hold the state behind it."""

    def enter(self, group: RateGroup) -> None:
        """Count the call that now goes out, or raise `Limited` and none goes out."""

    def limited(self, group: RateGroup, *, retry_after: float) -> None:
        """KSeF answered 429: the whole group must wait (F8)."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One group of one context: the calls of the last hour, oldest first, and until when KSeF wants none.

    Moments are whole milliseconds since 1970; several calls of one moment stand together with their count.
    """

    calls: tuple[tuple[int, int], ...] = ()
    blocked_until: int = 0

    def wait(self, limit: RateLimit, *, now: float) -> float:
        """Seconds until a call may go; 0 when it may now."""
        moment = _milliseconds(now)
        waits = [self._block(moment)]
        waits += [self._window(span, most, moment) for span, most in _windows(limit)]
        return max(waits) / 1000

    def entered(self, limit: RateLimit, *, now: float) -> Self:
        """With one more call; what no window of the limit counts any more is forgotten."""
        moment = _milliseconds(now)
        kept = _thin((*self.calls, (moment, 1)), moment, span=max(dict(_windows(limit)), default=0))
        return replace(self, calls=tuple(_merge(kept)))

    def blocked(self, *, retry_after: float, now: float) -> Self:
        until = _milliseconds(now) + min(ceil(retry_after * 1000), _LONGEST_BLOCK)
        return replace(self, blocked_until=max(self.blocked_until, until))

    def dump(self) -> str:
        return json.dumps([self.blocked_until, self.calls], separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Self:
        """Raises ValueError for anything that `dump` did not write."""
        try:
            blocked_until, calls = json.loads(text)
            return cls(
                blocked_until=int(blocked_until),
                calls=tuple((int(moment), int(count)) for moment, count in calls),
            )
        except (TypeError, RecursionError) as error:
            raise ValueError("not a stored lane") from error

    def _block(self, moment: int) -> int:
        """A clock that was turned back must not hold the group for longer than any block lasts."""
        return min(max(self.blocked_until - moment, 0), _LONGEST_BLOCK)

    def _window(self, span: int, most: int, moment: int) -> int:
        counted = [(min(at, moment), count) for at, count in self.calls if at > moment - span]
        leaving = sum(count for _, count in counted) - most + 1
        for at, count in counted:
            if leaving <= 0:
                break
            leaving -= count
            if leaving <= 0:
                return at + span - moment
        return 0


class Pacer:
    """A gate for one context within one process; `now` tells the seconds since 1970."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        limits: RateLimits | None = None,
        lanes: Mapping[RateGroup, Lane] | None = None,
    ) -> None:
        self.limits = limits or RateLimits()
        self._now = now
        self._lanes = dict(lanes or {})

    @property
    def lanes(self) -> Mapping[RateGroup, Lane]:
        """For keeping; given back to a new pacer it goes on where this one stood."""
        return dict(self._lanes)

    def wait(self, group: RateGroup) -> float:
        """Seconds until a call of this group may go; 0 when it may now."""
        now = self._now()
        return max(self._lane(one).wait(self.limits.of(one), now=now) for one in _counted_in(group))

    def enter(self, group: RateGroup) -> None:
        wait = self.wait(group)
        if wait > 0:
            raise Limited(wait)
        for one in _counted_in(group):
            self._lanes[one] = self._lane(one).entered(self.limits.of(one), now=self._now())

    def limited(self, group: RateGroup, *, retry_after: float) -> None:
        self._lanes[group] = self._lane(group).blocked(retry_after=retry_after, now=self._now())

    def _lane(self, group: RateGroup) -> Lane:
        return self._lanes.get(group, Lane())


def _counted_in(group: RateGroup) -> tuple[RateGroup, ...]:
    """Every call is one of all calls, too."""
    return (group,) if group is RateGroup.GLOBAL else (group, RateGroup.GLOBAL)


def _windows(limit: RateLimit) -> Iterator[tuple[int, int]]:
    for span, most in ((_SECOND, limit.per_second), (_MINUTE, limit.per_minute), (_HOUR, limit.per_hour)):
        if most is not None:
            yield span, most


def _thin(calls: Iterable[tuple[int, int]], moment: int, *, span: int) -> Iterator[tuple[int, int]]:
    """Rounded up, never down: a call counts a little longer than it must, and never shorter."""
    for at, count in calls:
        if at <= moment - span:
            continue
        if at <= moment - _MINUTE - _COARSE:
            yield -(-at // _COARSE) * _COARSE, count
        else:
            yield min(at, moment), count


def _merge(calls: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for at, group in groupby(sorted(calls), key=lambda call: call[0]):
        yield at, sum(count for _, count in group)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
