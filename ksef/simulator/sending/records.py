"""Sessions and invoices as they are remembered, and the queries over them."""

import json
from dataclasses import dataclass, fields
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.routing import Call
from ksef.simulator.state import Store

SUCCESS: Final = 200


@dataclass(frozen=True, slots=True)
class Session:
    """An online session; without a key the sent one could not be decrypted (status 415)."""

    id: int
    reference: str
    authentication: str
    context_type: str
    context: str
    created_at: int
    updated_at: int
    valid_until: int
    closed_at: int | None
    key: bytes | None
    iv: bytes
    checks_nip: int

    def end_at(self, now: int) -> int | None:
        """Return when the session ended: closed, or by itself at validUntil (4.4)."""
        if self.closed_at is not None:
            return self.closed_at
        return self.valid_until if now >= self.valid_until else None


@dataclass(frozen=True, slots=True)
class Invoice:
    """One sent document; `code` stays None until it is judged at `due_at`."""

    id: int
    reference: str
    session: str
    ordinal: int
    hash: str
    content: bytes | None
    offline: int
    corrected_hash: str | None
    received_at: int
    due_at: int
    code: int | None
    details: str
    original_session: str | None
    original_number: str | None
    seller: str | None
    seller_name: str | None
    buyer: str | None
    kind: str | None
    number: str | None
    issue_date: str | None
    gross: str | None
    currency: str | None
    mode: str | None
    ksef_number: str | None
    acquired_at: int | None
    stored_at: int | None

    @property
    def messages(self) -> list[str]:
        return list(json.loads(self.details))


_LISTED: Final = ", ".join(
    "NULL AS content" if column.name == "content" else column.name for column in fields(Invoice)
)


@dataclass(frozen=True, slots=True)
class Counts:
    total: int
    accepted: int
    rejected: int


def find_session(store: Store, reference: str) -> Session | None:
    row = store.row("SELECT * FROM sessions WHERE reference = ?", reference)
    return None if row is None else Session(**row)


def own_session(call: Call) -> Session:
    """Return the session of the path if it belongs to the caller's context, else Refusal 21173."""
    reference = call.parts["session"]
    session = find_session(call.world.store, reference)
    mine = call.caller.authentication
    if session is None or (session.context_type, session.context) != (mine.context_type, mine.context):
        raise Refusal(21173, f"Sesja o numerze referencyjnym {reference} nie została znaleziona.")
    return session


def list_sessions(store: Store, *, context_type: str, context: str) -> list[Session]:
    rows = store.rows(
        "SELECT * FROM sessions WHERE context_type = ? AND context = ? ORDER BY id DESC",
        context_type,
        context,
    )
    return [Session(**row) for row in rows]


def count_invoices(store: Store, session: str) -> Counts:
    row = store.row(
        "SELECT count(*) AS total, coalesce(sum(code = 200), 0) AS accepted,"
        " coalesce(sum(code <> 200), 0) AS rejected FROM invoices WHERE session = ?",
        session,
    )
    return Counts(**row) if row else Counts(0, 0, 0)


def list_invoices(store: Store, session: str) -> list[Invoice]:
    """Return a session's invoices without their documents, which could be ten thousand."""
    rows = store.rows(f"SELECT {_LISTED} FROM invoices WHERE session = ? ORDER BY ordinal", session)  # noqa: S608 - our columns.
    return [Invoice(**row) for row in rows]


def list_all_invoices(store: Store) -> list[Invoice]:
    """Return everything that was ever received, without the documents."""
    return [Invoice(**row) for row in store.rows(f"SELECT {_LISTED} FROM invoices ORDER BY id")]  # noqa: S608 - our columns.


def find_invoice(store: Store, *, session: str, reference: str) -> Invoice | None:
    row = store.row("SELECT * FROM invoices WHERE session = ? AND reference = ?", session, reference)
    return None if row is None else Invoice(**row)


def find_by_ksef_number(store: Store, ksef_number: str) -> Invoice | None:
    row = store.row("SELECT * FROM invoices WHERE ksef_number = ?", ksef_number)
    return None if row is None else Invoice(**row)


def list_by_hash(store: Store, digest: str) -> list[Invoice]:
    return [Invoice(**row) for row in store.rows("SELECT * FROM invoices WHERE hash = ? ORDER BY id", digest)]
