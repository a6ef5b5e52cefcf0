"""Waiting for a condition instead of sleeping, and looking at processes from outside."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def until(holds: Callable[[], bool], *, seconds: float = 15.0, why: Callable[[], str] = str) -> None:
    """Wait until it holds; fail with what `why` tells when it does not within these seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s; {why()}"
        time.sleep(0.05)


def living_processes() -> dict[int, int]:
    """Map each living process to its parent; a zombie lives no more."""
    parents = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (directory / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(directory.name)] = int(parent)
    return parents


def descendants(root: int) -> set[int]:
    parents, found, todo = living_processes(), set[int](), [root]
    while todo:
        parent = todo.pop()
        children = {child for child, its_parent in parents.items() if its_parent == parent}
        todo.extend(children)
        found |= children
    return found


@contextmanager
def directory_for_programs() -> Iterator[Path]:
    """A directory for an embedded database, which root runs under another account.

    pytest's own directories will not do: each pytest that starts closes them to other accounts again.
    """
    with tempfile.TemporaryDirectory(prefix="kwit-") as directory:
        yield Path(directory) / "var"
