"""Limits that /testdata has changed, for one context or one subject (section 14)."""

import json
from enum import StrEnum

from ksef.simulator.state import Store


class Kind(StrEnum):
    SESSION = "session"  # By context: sizes and numbers of invoices.
    CERTIFICATE = "certificate"  # By subject: enrolments and certificates.
    RATES = "rates"  # By context: requests in time.


type Numbers = dict[str, dict[str, int]]
"""What an override is made of: the contract's names, one level deep."""


def find_override(store: Store, kind: Kind, *, owner: tuple[str, str]) -> Numbers | None:
    row = store.row(
        "SELECT value FROM limit_overrides WHERE kind = ? AND owner_type = ? AND owner = ?",
        kind.value,
        *owner,
    )
    if row is None:
        return None
    numbers: Numbers = json.loads(row["value"])
    return numbers


def set_override(store: Store, kind: Kind, *, owner: tuple[str, str], numbers: Numbers) -> None:
    store.run(
        "INSERT OR REPLACE INTO limit_overrides (kind, owner_type, owner, value) VALUES (?, ?, ?, ?)",
        kind.value,
        *owner,
        json.dumps(numbers),
    )


def drop_override(store: Store, kind: Kind, *, owner: tuple[str, str]) -> None:
    """Return to the default; without an override nothing happens."""
    store.run(
        "DELETE FROM limit_overrides WHERE kind = ? AND owner_type = ? AND owner = ?", kind.value, *owner
    )
