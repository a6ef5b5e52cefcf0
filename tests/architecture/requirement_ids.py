"""Which requirement is proved by which tests: `python -m tests.architecture.requirement_ids` prints it.

A test names in its docstring what it proves: S of the product, C of its promises, F a fault, I an invariant of
sending, V a check of security.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from tests.architecture.source import modules

# The highest number of each kind.
PROOFS = {"S": 110, "C": 10, "F": 60, "I": 9, "V": 54}
_ID = re.compile(r"\b([SCFIV])([1-9]\d{0,2})(?:-[SCFIV]?([1-9]\d{0,2}))?\b")


def find_proofs() -> dict[str, list[str]]:
    """For each id the tests whose docstring names it; a docstring of a module speaks for no single test."""
    proofs: dict[str, list[str]] = defaultdict(list)
    for module in modules("tests"):
        for name, node in module.functions():
            if node.name.startswith("test_"):
                for found in sorted(_ids(ast.get_docstring(node) or "")):
                    proofs[found].append(name.removeprefix("tests."))
    return dict(proofs)


def _ids(text: str) -> set[str]:
    found = set()
    for kind, first, last in _ID.findall(text):
        found |= {f"{kind}{number}" for number in range(int(first), int(last or first) + 1)}
    return found


def report() -> str:
    proofs = find_proofs()
    lines: list[str] = []
    for kind, highest in PROOFS.items():
        names = [f"{kind}{number}" for number in range(1, highest + 1)]
        lines.extend(f"{name}: {', '.join(proofs[name])}" for name in names if name in proofs)
        missing = [name for name in names if name not in proofs]
        lines.append(f"{kind} without a test: {' '.join(missing) or 'none'}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())  # noqa: T201 -- a program with a terminal
