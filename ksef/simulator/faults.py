"""Faults as data: what goes wrong, for which requests, how often and for how long, in the order of the script."""

import random
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ksef.simulator.messages import Request


class ConnectionDropped(ConnectionError):
    """The connection ends without a (whole) answer.

    Over HTTP the server closes the socket. Mounted in httpx.WSGITransport this error comes out of the call;
    `served` says whether the request was carried out before.
    """

    def __init__(self, *, served: bool) -> None:
        super().__init__("the simulator dropped the connection")
        self.served = served


class Action(StrEnum):
    PASS = "pass"  # Nothing: a quiet time between the steps of a sequence.  # noqa: S105 - not a password.
    # Instead of the work: nothing is done.
    STATUS = "status"  # Answer with this HTTP status.
    ERROR = "error"  # Answer 400 with this KSeF code.
    LIMITED = "limited"  # Answer 429 with Retry-After in seconds, as a date, or without.
    HTML = "html"  # Answer with a gateway's page (F7).
    DROP_BEFORE = "drop_before"  # Close the connection (F5).
    # Before the work.
    DELAY = "delay"  # Wait, then carry out and answer (F11).
    CONTROL = "control"  # Carry out an operation of the control API first: a key rotates, a session expires.
    # After the work: it has had its effect.
    STATUS_AFTER = "status_after"
    HTML_AFTER = "html_after"
    DROP_AFTER = "drop_after"  # Close without an answer (F4).
    DELAY_AFTER = "delay_after"
    CONTROL_AFTER = "control_after"
    # The answer itself is changed.
    GARBLED = "garbled"  # A body that nobody can read.
    TRUNCATE = "truncate"  # Close in the middle of the body.
    EXTRA_FIELDS = "extra_fields"  # A member that nobody knows in every object (F52).
    REWRITE = "rewrite"  # Members set or removed: unknown codes and values, missing members (F26, F52).
    SKEW = "skew"  # Every moment shifted: the server's clock is wrong (F36).
    WRONG_CRC = "wrong_crc"  # KSeF numbers with a wrong check (F52).
    REPEAT_TOKEN = "repeat_token"  # The continuation token that came in goes out again (F26).  # noqa: S105


class RetryAfter(StrEnum):
    SECONDS = "seconds"
    DATE = "date"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Change:
    """A member to set, or to remove; `at` is a path such as `invoices.*.status.code`, or a bare name found anywhere."""

    at: tuple[str, ...]
    anywhere: bool
    removes: bool
    value: object = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A call of the control API that a fault makes."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Effect:
    """An action with what it needs: `number` is a status, a code or seconds; `up_to` the far end of a random wait.

    `location` is where a status of 3xx leads.
    """

    action: Action
    number: float = 0.0
    up_to: float = 0.0
    location: str = ""
    retry_after: RetryAfter = RetryAfter.SECONDS
    changes: tuple[Change, ...] = ()
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a fault is about: method, path, and the context that their bearer token names."""

    method: str
    path: re.Pattern[str]
    context: str

    def fits(self, request: "Request", *, context: str) -> bool:
        if self.method not in {"", request.method} or self.path.search(request.path) is None:
            return False
        return self.context in {"", context}


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that hits a request, with the seconds to wait drawn already."""

    effect: Effect
    seconds: float


@dataclass(slots=True)
class Fault:
    """One line of the script.

    It skips `after` matching requests, then hits `times` of them (0: all), each with `probability`, and for `lasting`
    milliseconds from the first of them on (0: no end). The same seed draws the same chances and waits.
    """

    match: Match
    effect: Effect
    times: int = 1
    after: int = 0
    lasting: int = 0
    probability: float = 1.0
    seed: int = 0
    seen: int = 0
    hits: int = 0
    began_at: int | None = None
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - chances of a test, which must come again.

    def is_spent(self, now: int) -> bool:
        if self.times and self.hits >= self.times:
            return True
        return bool(self.lasting) and self.began_at is not None and now >= self.began_at + self.lasting

    def take(self, request: "Request", *, context: str, now: int) -> Hit | None:
        """Count a matching request and return what hits it."""
        if self.is_spent(now) or not self.match.fits(request, context=context):
            return None
        self.seen += 1
        if self.seen <= self.after:
            return None
        if self.began_at is None:
            self.began_at = now
        if self._chance.random() >= self.probability:
            return None
        self.hits += 1
        low, high = self.effect.number, max(self.effect.number, self.effect.up_to)
        return Hit(self.effect, self._chance.uniform(low, high))


@dataclass(slots=True)
class Line:
    """Faults one after another: the next step begins when the former is spent. Most lines have one step."""

    steps: Sequence[Fault]
    script: str = ""

    def take(self, request: "Request", *, context: str, now: int) -> Hit | None:
        current = next((step for step in self.steps if not step.is_spent(now)), None)
        return None if current is None else current.take(request, context=context, now=now)


class FaultBook:
    """The script that runs; it is not kept across restarts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[Line] = []

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def lines(self) -> list[Line]:
        with self._lock:
            return list(self._lines)

    def add(self, lines: list[Line]) -> None:
        with self._lock:
            self._lines.extend(lines)

    def replace(self, lines: list[Line]) -> None:
        with self._lock:
            self._lines = list(lines)

    def clear(self) -> None:
        self.replace([])

    def take(self, request: "Request", *, context: str, now: int) -> Hit | None:
        """Return what the first line that hits this request does to it."""
        with self._lock:
            for line in self._lines:
                hit = line.take(request, context=context, now=now)
                if hit is not None:
                    return hit
        return None
