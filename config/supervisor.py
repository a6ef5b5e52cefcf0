"""Keeps a handful of programs running in the foreground and ends all of them together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from config.processes import Program

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
# Who lived this long is well again; its next death is a new story.
_WELL_AFTER = 60.0


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started_at: float
    delay: float = _FIRST_DELAY
    restart_at: float | None = None


class Supervisor:
    """Children start in the order given, are restarted with growing delays, and end in the reverse order."""

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[_Child] = []

    def start(self, program: Program) -> subprocess.Popen[bytes]:
        process = program.start()
        self._children.append(_Child(program, process, started_at=time.monotonic()))
        return process

    def look_after(self) -> None:
        """Look at each child once: note who died, restart whose time has come."""
        for child in self._children:
            now = time.monotonic()
            if child.restart_at is None and child.process.poll() is not None:
                self._note_death(child, now=now)
            elif child.restart_at is not None and now >= child.restart_at:
                child.process = child.program.start()
                child.started_at, child.restart_at = now, None

    def stop(self) -> None:
        while self._children:
            child = self._children[-1]
            child.program.stop(child.process)
            self._children.pop()

    def _note_death(self, child: _Child, *, now: float) -> None:
        child.program.kill_group(child.process)
        if now - child.started_at > _WELL_AFTER:
            child.delay = _FIRST_DELAY
        child.restart_at = now + child.delay
        self._say(
            f"The {child.program.name} ended ({_manner(child.process.returncode)});"
            f" restarting it in {child.delay:g} s, its log is {child.program.log}"
        )
        child.delay = min(child.delay * 2, _LONGEST_DELAY)


def _manner(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
