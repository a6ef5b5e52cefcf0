"""Real processes for the tests: the KSeF simulator, and whatever else must be killable."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator and its control API."""

    url: str

    def reset(self) -> None:
        self.control("POST", "reset")

    def ledger(self) -> list[dict[str, Any]]:
        """What KSeF really accepted: the oracle."""
        accepted: list[dict[str, Any]] = self.control("GET", "ledger")["accepted"]
        return accepted

    def fail(self, *faults: dict[str, Any]) -> None:
        """Script faults, each met once by the next request that matches it."""
        self.control("POST", "faults", {"faults": list(faults)})

    def control(self, method: str, what: str, body: Any = None) -> Any:
        response = httpx.request(method, f"{self.url}/_control/{what}", json=body, timeout=10)
        response.raise_for_status()
        return response.json() if response.content else None


@contextmanager
def start_simulator(*, log: Path, processing: float = 0.05) -> Iterator[Simulator]:
    """Start `python -m ksef.simulator` on a free port and wait for the line that says it is ready."""
    command = [sys.executable, "-m", "ksef.simulator", "--port", "0", "--processing", str(processing)]
    with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        try:
            assert process.stdout is not None
            ready = re.search(r"http://[\d.:]+", process.stdout.readline())
            assert ready is not None, log.read_text()
            yield Simulator(ready[0])
        finally:
            process.kill()
