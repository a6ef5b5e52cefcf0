"""Child programs that never outlive their parent, however the parent ends."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HERE = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 5_000_000

# Linux alone has it; elsewhere a child of a killed supervisor is found by its pid file at the next start.
_prctl = getattr(ctypes.CDLL(None), "prctl", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start, where it writes, and how it is asked to end."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0

    def start(self) -> subprocess.Popen[bytes]:
        """Start in a process group of its own: the terminal's Ctrl-C reaches the supervisor alone."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        account = pwd.getpwnam(self.user) if self.user else None
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 -- our own programs with our own arguments.
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                cwd=_HERE,
                process_group=0,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=_end_with(os.getpid(), self.stop_signal),  # noqa: PLW1509 -- starters have one thread.
            )

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ask it to end, wait as long as it may take, then end its whole group. Safe to repeat."""
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            try:
                process.wait(self.patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.kill_group(process)

    @staticmethod
    def kill_group(process: subprocess.Popen[bytes]) -> None:
        """End what a dead child left behind, such as workers of a killed master."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def _end_with(parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        # The parent may have died before the call above.
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def tail(path: Path, *, lines: int = 8) -> str:
    """Return the end of a log, for the message that says why a program did not start."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def plain_environment() -> dict[str, str]:
    """Only what programs need to run: PG* variables of the shell must not reach the embedded server."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | {
        "LANG": "C.UTF-8"
    }
