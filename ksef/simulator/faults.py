"""Faults as data: what goes wrong, for which requests and how often, taken in the order they were planned."""

import re
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ksef.simulator.messages import Fields


class ConnectionDropped(ConnectionError):
    """The connection ends without a (whole) answer.

    Over HTTP the server closes the socket. Mounted in httpx.WSGITransport this error comes out of the call;
    `served` says whether the request was carried out before.
    """

    def __init__(self, *, served: bool) -> None:
        super().__init__("the simulator dropped the connection")
        self.served = served


class Action(StrEnum):
    STATUS = "status"  # Answer with this HTTP status and do nothing.
    ERROR = "error"  # Answer 400 with this KSeF code and do nothing.
    LIMITED = "limited"  # Answer 429 with Retry-After and do nothing.
    DROP_BEFORE = "drop_before"  # Close without effect (F5).
    DROP_AFTER = "drop_after"  # Carry out, then close without an answer (F4).
    DELAY = "delay"  # Wait, then carry out and answer.
    DELAY_AFTER = "delay_after"  # Carry out, then wait before the answer.
    GARBLED = "garbled"  # Carry out, then answer with a body that nobody can read.
    TRUNCATE = "truncate"  # Carry out, then close in the middle of the body.


_NEEDS: Final = {
    Action.STATUS: "status",
    Action.ERROR: "code",
    Action.LIMITED: "retry_after",
    Action.DELAY: "seconds",
    Action.DELAY_AFTER: "seconds",
}


@dataclass(slots=True)
class Fault:
    """One line of the script: skips `after` matching requests, then hits `times` of them (0: all)."""

    action: Action
    method: str
    path: re.Pattern[str]
    times: int = 1
    after: int = 0
    number: float = 0.0
    seen: int = 0
    hits: int = field(default=0)

    @property
    def is_spent(self) -> bool:
        return bool(self.times) and self.hits >= self.times

    def takes(self, *, method: str, path: str) -> bool:
        """Count a matching request and return whether this fault hits it."""
        if self.is_spent or self.method not in {"", method} or self.path.search(path) is None:
            return False
        self.seen += 1
        if self.seen <= self.after:
            return False
        self.hits += 1
        return True

    def as_json(self) -> dict[str, object]:
        return {
            "match": {"method": self.method, "path_regex": self.path.pattern},
            "action": self.action.value,
            "times": self.times,
            "after": self.after,
            _NEEDS.get(self.action, "number"): self.number,
            "seen": self.seen,
            "hits": self.hits,
        }


def read_fault(fields: Fields) -> Fault:
    """Read one fault of the control API; ValueError or re.error says what is wrong with it."""
    match = fields.child("match")
    action = Action(fields.text("action"))
    needed = _NEEDS.get(action)
    return Fault(
        action=action,
        method=match.text("method").upper() if match.has("method") else "",
        path=re.compile(match.text("path_regex") if match.has("path_regex") else ""),
        times=fields.integer("times", least=0) if fields.has("times") else 1,
        after=fields.integer("after", least=0) if fields.has("after") else 0,
        number=fields.number(needed) if needed else 0.0,
    )


class FaultBook:
    """The script; it is not kept across restarts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, faults: list[Fault]) -> None:
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, *, method: str, path: str) -> Fault | None:
        """Return the first fault that hits this request."""
        with self._lock:
            return next((fault for fault in self._faults if fault.takes(method=method, path=path)), None)

    def as_json(self) -> list[dict[str, object]]:
        with self._lock:
            return [fault.as_json() for fault in self._faults]
