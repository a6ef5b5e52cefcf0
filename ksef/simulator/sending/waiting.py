"""What waits for its time, and how much of it: the questions of those who process it."""

from typing import Final

from ksef.simulator.sending.records import Invoice
from ksef.simulator.state import Store

_LITTLE: Final = 20
_LARGE_SESSION: Final = 500


def list_due(store: Store, *, now: int, most: int, context: str | None = None) -> list[Invoice]:
    """Return the invoices that are to be judged next, of one company or of all, in the order of arrival."""
    rows = store.rows(
        "SELECT * FROM invoices WHERE code IS NULL AND due_at <= ?1 AND (?2 IS NULL OR context = ?2)"
        " ORDER BY due_at, id LIMIT ?3",
        now,
        context,
        most,
    )
    return [Invoice(**row) for row in rows]


def find_due_context(store: Store, *, now: int, but: str, nor: str) -> str | None:
    """Return whose invoice has waited longest, two companies left out."""
    row = store.row(
        "SELECT context FROM invoices WHERE code IS NULL AND due_at <= ? AND context <> ? AND context <> ?"
        " ORDER BY due_at, id LIMIT 1",
        now,
        but,
        nor,
    )
    return None if row is None else str(row["context"])


def has_little_to_do(store: Store, *, now: int) -> bool:
    """Return whether there is work, and so little of it that a request may wait for it."""
    return not _has_much(store, now=now) and (_has_invoices(store, now=now) or _has_sessions(store, now=now))


def _has_much(store: Store, *, now: int) -> bool:
    """Packages, long receipts and long queues take longer than a request should."""
    package = store.row(
        "SELECT 1 FROM sessions JOIN packages ON packages.session = sessions.reference"
        " WHERE code IS NULL AND closed_at IS NOT NULL AND unpack_at <= ? LIMIT 1",
        now,
    )
    session = store.row(
        "SELECT 1 FROM sessions WHERE code IS NULL AND closed_at IS NOT NULL AND due_at <= ? AND total > ? LIMIT 1",
        now,
        _LARGE_SESSION,
    )
    return package is not None or session is not None or _has_invoices(store, now=now, more_than=_LITTLE)


def _has_invoices(store: Store, *, now: int, more_than: int = 0) -> bool:
    row = store.row(
        "SELECT 1 FROM invoices WHERE code IS NULL AND due_at <= ? LIMIT 1 OFFSET ?", now, more_than
    )
    return row is not None


def _has_sessions(store: Store, *, now: int) -> bool:
    ending = store.row(
        "SELECT 1 FROM sessions WHERE code IS NULL AND closed_at IS NULL AND ends_at <= ? LIMIT 1", now
    )
    finishing = store.row(
        "SELECT 1 FROM sessions WHERE code IS NULL AND closed_at IS NOT NULL AND (due_at <= ? OR total = 0)"
        " AND unpacked AND total = accepted + rejected LIMIT 1",
        now,
    )
    return ending is not None or finishing is not None
