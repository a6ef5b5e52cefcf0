"""How the next operations of one kind will end, whatever is in them: KSeF's own trouble, planned by tests."""

from ksef.simulator.state import Store


def plan_outcome(store: Store, *, subject_matter: str, outcome: str) -> None:
    store.insert("planned_outcomes", subject_matter=subject_matter, outcome=outcome)


def take_outcome(store: Store, *, subject_matter: str) -> str | None:
    """Return the oldest planned outcome of this kind, and forget it."""
    row = store.row(
        "SELECT * FROM planned_outcomes WHERE subject_matter = ? ORDER BY id LIMIT 1", subject_matter
    )
    if row is None:
        return None
    store.run("DELETE FROM planned_outcomes WHERE id = ?", row["id"])
    return str(row["outcome"])
