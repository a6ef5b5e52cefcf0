"""Finding invoices by filters, for the caller's context only."""

from dataclasses import dataclass

from ksef.simulator.reading.facts import SUBJECTS
from ksef.simulator.reading.filters import Filters
from ksef.simulator.state import Store, Value


@dataclass(frozen=True, slots=True)
class Slice:
    """Which of the invoices found, in the order of the filter's date."""

    start: int
    count: int
    descending: bool = False


def find_documents(store: Store, filters: Filters, *, owner: tuple[str, str], part: Slice) -> list[str]:
    """Return the metadata, in JSON, of the invoices found."""
    where, values = _where(filters, owner)
    found = f"SELECT invoice, {filters.column} FROM invoice_roles WHERE {where}"  # noqa: S608 - our own names.
    order = _order(filters, part)
    # The inner query walks one index; documents are looked up for what is shown only.
    shown = f"SELECT document FROM ({found} ORDER BY {order} LIMIT ? OFFSET ?)"  # noqa: S608 - our own names.
    rows = store.rows(
        f"{shown} JOIN metadata USING (invoice) ORDER BY {order}", *values, part.count, part.start
    )
    return [row["document"] for row in rows]


def find_invoices(store: Store, filters: Filters, *, owner: tuple[str, str], part: Slice) -> list[int]:
    """Return the ids of the invoices found."""
    where, values = _where(filters, owner)
    rows = store.rows(
        f"SELECT invoice FROM invoice_roles WHERE {where} ORDER BY {_order(filters, part)} LIMIT ? OFFSET ?",  # noqa: S608 - our own names.
        *values,
        part.count,
        part.start,
    )
    return [row["invoice"] for row in rows]


def _where(filters: Filters, owner: tuple[str, str]) -> tuple[str, tuple[Value, ...]]:
    texts = ["subject = ?", "context_type = ?", "context = ?", *(text for text, _ in filters.conditions)]
    values = [value for _, some in filters.conditions for value in some]
    return " AND ".join(texts), (filters.subject, *owner, *values)


def _order(filters: Filters, part: Slice) -> str:
    direction = "DESC" if part.descending else "ASC"
    return f"{filters.column} {direction}, invoice {direction}"


def has_role(store: Store, *, invoice: int, stored_at: int | None, owner: tuple[str, str]) -> bool:
    """Return whether the invoice names this context, in whatever role."""
    marks = ", ".join("?" for _ in SUBJECTS)
    row = store.row(
        f"SELECT 1 FROM invoice_roles WHERE subject IN ({marks}) AND context_type = ? AND context = ?"  # noqa: S608 - question marks.
        " AND stored_at = ? AND invoice = ?",
        *SUBJECTS,
        *owner,
        stored_at,
        invoice,
    )
    return row is not None
