"""Patterns that read what people and KSeF send must not be talked into working for ever (V44)."""

from __future__ import annotations

import importlib
import pkgutil
import re
from time import process_time

import pytest

import accounts
import config
import invoices
import ksef
import roles

pytestmark = pytest.mark.security

LENGTH = 1_000_000
HOSTILE = tuple(
    piece * (LENGTH // len(piece)) for piece in ("a", "0", " ", "A-", "1.", "a@", "=", "ż", "0a ", "//")
)


def patterns() -> dict[str, re.Pattern[str]]:
    """Every compiled pattern that a module keeps, by where it stands."""
    found = {}
    for package in (accounts, config, invoices, ksef, roles):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    found[f"{module.name}.{name}"] = value
    return found


PATTERNS = patterns()


@pytest.mark.parametrize("place", sorted(PATTERNS))
def test_a_million_characters_cost_a_moment(place: str) -> None:
    """V44: linear in the length of the text, wherever the pattern is applied and however the text ends."""
    pattern = PATTERNS[place]
    for text in HOSTILE:
        for hostile in (text, f"{text}\n", f"{text}!"):
            started = process_time()
            pattern.fullmatch(hostile)
            pattern.match(hostile)
            # A tenth of what one of them may take if it grows with the square of the length.
            assert process_time() - started < 0.5
