"""What must be true before the demo starts anything: its places are valid, free, and nobody else's."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE_DIR: Final = Path(__file__).resolve().parent.parent
_PDF_LIBRARIES: Final = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
_HIGHEST_PORT: Final = 65_535


class CannotStart(Exception):
    """Why the demo does not start, in one sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Places:
    """What PORT, SIM_PORT and VAR_DIR change."""

    port: int
    simulator_port: int
    var_dir: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    def log(self, name: str) -> Path:
        return self.var_dir / "log" / f"{name}.log"


def read_places(environment: Mapping[str, str]) -> Places:
    return Places(
        port=_read_port(environment, name="PORT", default=8000),
        simulator_port=_read_port(environment, name="SIM_PORT", default=8180),
        var_dir=Path(environment.get("VAR_DIR") or BASE_DIR / "var").expanduser().resolve(),
    )


def _read_port(environment: Mapping[str, str], *, name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST_PORT:
        raise CannotStart(f"{name} is {text!r}, but must be a number from 1 to {_HIGHEST_PORT}.")
    return int(text)


@contextmanager
def only_one(var_dir: Path) -> Iterator[bool]:
    """Hold the directory against a second demo; yield whether the last one was killed."""
    lock = var_dir / "demo.lock"
    with lock.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"another demo is using {var_dir}; end it, or give another VAR_DIR.") from None
        handle.seek(0)
        followed_a_kill = bool(handle.read())
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield followed_a_kill
        finally:
            handle.truncate(0)


def require_port(port: int, *, name: str, patience: float) -> None:
    """Raise unless the port can be had; programs of a killed demo get a moment to leave it."""
    deadline = time.monotonic() + patience
    while not _is_free(port):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"port {port} is taken; choose another one, such as `{name}={port + 1} make demo`."
            )
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_missing_libraries() -> list[str]:
    """Name the libraries without which everything but PDFs works."""
    return [name for name in _PDF_LIBRARIES if not _can_load(name)]


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
