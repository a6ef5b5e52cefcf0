"""Real processes for the tests: the KSeF simulator, and whatever else must be killable."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import httpx

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator and its control API."""

    url: str

    def reset(self) -> None:
        for environment in ("", "demo", "production"):
            self.control("POST", "reset", environment=environment)

    def ledger(self) -> list[dict[str, Any]]:
        """What KSeF really accepted: the oracle."""
        accepted: list[dict[str, Any]] = self.control("GET", "ledger")["accepted"]
        return accepted

    def fail(self, *faults: dict[str, Any]) -> None:
        """Script faults, each met once by the next request that matches it."""
        self.control("POST", "faults", {"faults": list(faults)})

    def grant(
        self, *, context: str, nip: str, permissions: tuple[str, ...] = ("InvoiceRead", "InvoiceWrite")
    ) -> None:
        """Let whoever bears this NIP act in the context, as form ZAW-FA at the tax office does; TEST only."""
        body = {
            "contextIdentifier": {"type": "Nip", "value": context},
            "authorizedIdentifier": {"type": "Nip", "value": nip},
            "permissions": [
                {"permissionType": name, "description": "Uprawnienie do prób"} for name in permissions
            ],
        }
        httpx.post(f"{self.url}/v2/testdata/permissions", json=body, timeout=10).raise_for_status()

    def control(self, method: str, what: str, body: Any = None, *, environment: str = "") -> Any:
        """Ask the control API of TEST, or of demo or production by name."""
        base = f"{self.url}/{environment}".rstrip("/")
        response = httpx.request(method, f"{base}/_control/{what}", json=body, timeout=10)
        response.raise_for_status()
        return response.json() if response.content else None


@contextmanager
def start_simulator(*, log: Path, processing: float = 0.05) -> Iterator[Simulator]:
    """Start `python -m ksef.simulator` on a free port and wait for the line that says it is ready."""
    command = [sys.executable, "-m", "ksef.simulator", "--port", "0", "--processing", str(processing)]
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            ready = re.search(r"http://[\d.:]+", process.stdout.readline())
            assert ready is not None, log.read_text()
            yield Simulator(ready[0])
        finally:
            process.kill()


@contextmanager
def start_web(
    simulator: Simulator, *, log: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Start gunicorn as the demo does, on a free port; the address when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
    variables = {**os.environ, "KSEF_SIMULATOR_URL": simulator.url, "PORT": str(port), "WEB_CONCURRENCY": "2"}
    variables |= environment
    url = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=variables) as process,
    ):
        try:
            _await_answer(f"{url}/healthz", process=process, log=log)
            yield url
        finally:
            process.terminate()


def _await_answer(url: str, *, process: subprocess.Popen[bytes], log: Path) -> None:
    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(url, timeout=5).is_success
        except httpx.TransportError:
            return False  # Not listening yet.

    until(answers, seconds=30, why=log.read_text)


@contextmanager
def start_worker(
    simulator: Simulator,
    *,
    log: Path,
    beat: bool = False,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a real Celery worker of one process, so that a SIGKILL at a failpoint takes all of it."""
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--pool", "solo"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    if beat:
        command += ["--beat", "--schedule", str(log.with_suffix(".schedule"))]
    variables = {**os.environ, "KSEF_SIMULATOR_URL": simulator.url, **environment}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=variables, process_group=0) as process,
    ):
        try:
            yield process
        finally:
            # Beat is a process of its own: a kill of the worker alone would leave it ringing for ever.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
