"""`make demo` as a newcomer meets it: one process to start, one to end, and the data is still there."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest

from config.embedded import free_port
from tests.waiting import descendants, directory_for_programs, living_processes, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


class Demo:
    """A running `python -m config.demo`, with an environment as empty as `env -i` leaves it."""

    def __init__(self, var_dir: Path) -> None:
        self.port, self.simulator_port, self.output = free_port(), free_port(), var_dir.with_suffix(".out")
        self.begun = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.demo"],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "PORT": str(self.port),
                    "SIM_PORT": str(self.simulator_port),
                    "VAR_DIR": str(var_dir),
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def await_line(self, text: str, *, seconds: float) -> None:
        def is_there() -> bool:
            assert text in self.said() or self.process.poll() is None, self.said()
            return text in self.said()

        until(is_there, seconds=seconds, why=self.said)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)


def _named(pids: set[int], *words: str) -> set[int]:
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0") for pid in pids}
    return {pid for pid, command in commands.items() if set(words) <= set(command)}


def _invoices(var_dir: Path) -> int:
    """Count the invoices of all companies, as the superuser whom row-level security does not bind."""
    port = (var_dir / "postgres" / "postmaster.pid").read_text().splitlines()[3]
    password = (var_dir / "secrets" / "database_postgres").read_text()
    with psycopg.connect(f"postgresql://postgres:{password}@127.0.0.1:{port}/kwit") as connection:
        row = connection.execute("SELECT count(*) FROM invoices_invoice").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with directory_for_programs() as directory:
        yield directory


def _ask_for_a_new_password(demo: Demo) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{demo.port}", timeout=10) as browser:
        token = re.search(
            r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/konto/password/reset/").text
        )
        assert token is not None
        form = {"email": "beata@demo.kwit", "csrfmiddlewaretoken": token[1]}
        assert browser.post("/konto/password/reset/", data=form).status_code == 302


def test_a_killed_demo_leaves_nothing_and_loses_nothing(var_dir: Path) -> None:
    """First start, a killed worker, a killed supervisor, a second start on the same data, Ctrl-C."""
    first = Demo(var_dir)
    try:
        first.await_line(f"Kwit ready: http://127.0.0.1:{first.port}", seconds=240)
        assert f"KSeF simulator: http://127.0.0.1:{first.simulator_port}/v2" in first.said()
        assert first.get("/healthz").text == "ok\n"
        until(
            lambda: first.get("/readyz").status_code == 200, seconds=60, why=lambda: first.get("/readyz").text
        )
        parts = first.get("/readyz").json()
        assert parts == {"ready": True, "database": True, "redis": True, "worker": True}

        (worker,) = {
            child
            for child, parent in living_processes().items()
            if parent == first.process.pid and _named({child}, "celery")
        }
        os.kill(worker, signal.SIGKILL)
        first.await_line("The worker ended (signal 9); restarting it in 0.5 s", seconds=10)
        until(lambda: bool(_named(descendants(first.process.pid), "celery")), seconds=10)

        _ask_for_a_new_password(first)
        first.await_line("/konto/password/reset/key/", seconds=30)
        assert "Mail to beata@demo.kwit: Kwit: " in first.said()

        invoices = _invoices(var_dir)
        assert invoices > 0
        family = descendants(first.process.pid)
        assert len(family) >= 6
        first.process.kill()
        first.process.wait()
        until(lambda: not family & set(living_processes()), seconds=30)
    finally:
        first.process.kill()
        first.process.wait()

    second = Demo(var_dir)
    try:
        second.await_line("Kwit ready", seconds=60)
        assert _invoices(var_dir) == invoices
        family = descendants(second.process.pid)
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(40) == 0
        assert second.said().endswith("Kwit has ended.\n")
        assert not family & set(living_processes())
    finally:
        second.process.kill()
        second.process.wait()


def test_a_busy_port_stops_it_before_anything_starts(var_dir: Path) -> None:
    """One clear sentence, exit code 1, and no database was made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "config.demo"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PORT": str(port), "VAR_DIR": str(var_dir)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Kwit cannot start: port {port} is taken; choose another one, such as `PORT={port + 1} make demo`.\n"
    )
    assert not (var_dir / "postgres").exists()
