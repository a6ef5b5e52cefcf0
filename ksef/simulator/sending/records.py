"""Sessions and invoices as they are remembered, and the queries over them."""

import json
from dataclasses import dataclass
from typing import Any, Final

from ksef.simulator.errors import Forbidden, Refusal
from ksef.simulator.flavours import Form
from ksef.simulator.routing import Call
from ksef.simulator.state import Store
from ksef.simulator.testdata.registry import identifiers_of

SUCCESS: Final = 200
ONLINE: Final = "Online"
BATCH: Final = "Batch"
_SEES_ALL: Final = frozenset({"Introspection"})


@dataclass(frozen=True, slots=True)
class Session:
    """A session; without a key the sent one could not be decrypted (status 415).

    `code` stays None until the outcome is known; the three counts follow the invoices.
    """

    id: int
    reference: str
    kind: str
    authentication: str
    context_type: str
    context: str
    subject_type: str
    subject: str
    system_code: str
    schema_version: str
    form_value: str
    offline: int
    created_at: int
    updated_at: int
    valid_until: int
    ends_at: int
    closed_at: int | None
    due_at: int | None
    unpacked: int
    key: bytes | None
    iv: bytes
    checks_nip: int
    total: int
    accepted: int
    rejected: int
    code: int | None
    details: str

    @property
    def form(self) -> Form:
        return (self.system_code, self.schema_version, self.form_value)

    @property
    def is_batch(self) -> bool:
        return self.kind == BATCH

    @property
    def owner(self) -> tuple[str, str]:
        return (self.context_type, self.context)

    @property
    def party(self) -> str:
        """The owner as one text, which the invoices name as their context."""
        return ":".join(self.owner)

    @property
    def messages(self) -> list[str]:
        return list(json.loads(self.details))

    def code_at(self, now: int) -> int:
        """Return the status code of table 4.5; before the outcome it follows from the time alone."""
        if self.code is not None:
            return self.code
        if self.closed_at is None and now < self.ends_at:
            return 100
        if not self.is_batch:
            return 170
        return 440 if self.closed_at is None else 150


@dataclass(frozen=True, slots=True)
class Invoice:
    """One sent document; `code` stays None until it is judged at `due_at`. Lists leave the content out."""

    id: int
    reference: str
    session: str
    context: str
    ordinal: int
    hash: str
    size: int | None
    file_name: str | None
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
    content: bytes | None = None

    @property
    def messages(self) -> list[str]:
        return [] if self.details == "[]" else list(json.loads(self.details))


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of an invoice when it comes in; without content it could not be decrypted or is far too long."""

    session: Session
    ordinal: int
    reference: str
    hash: str
    content: bytes | None
    size: int | None
    offline: bool
    received_at: int
    due_at: int
    file_name: str | None = None
    corrected_hash: str | None = None


def find_session(store: Store, reference: str) -> Session | None:
    row = store.row("SELECT * FROM sessions WHERE reference = ?", reference)
    return None if row is None else Session(**row)


def find_newest_session(store: Store) -> Session | None:
    row = store.row("SELECT * FROM sessions ORDER BY id DESC LIMIT 1")
    return None if row is None else Session(**row)


def own_session(call: Call, *, kind: str | None = None) -> Session:
    """Return the session of the path if it belongs to the caller's context, else Refusal 21173."""
    reference = call.parts["session"]
    session = find_session(call.world.store, reference)
    mine = call.caller.authentication
    is_mine = session is not None and session.owner == (mine.context_type, mine.context)
    if session is None or not is_mine or kind not in {None, session.kind}:
        raise Refusal(21173, f"Sesja o numerze referencyjnym {reference} nie została znaleziona.")
    return session


def readable_session(call: Call) -> Session:
    """Return the session of the path for whoever may look into it.

    That is the subject that opened it, the owner of the context, and whoever has Introspection there (issue 841 of
    the official repository); Forbidden for anybody else, who may send in the context all the same.
    """
    session = own_session(call)
    kind, value = call.caller.subject
    opener = (session.subject_type, session.subject)
    if opener in identifiers_of(call.world, kind=kind, value=value) or call.caller.has_any(_SEES_ALL):
        return session
    raise Forbidden("insufficient-resource-access", "Brak dostępu do wskazanego zasobu.")


def add_invoice(store: Store, arrival: Arrival) -> int:
    """Store one invoice and return its id; its session's counts are the caller's to move."""
    identifier = store.insert(
        "invoices",
        reference=arrival.reference,
        session=arrival.session.reference,
        context=arrival.session.party,
        ordinal=arrival.ordinal,
        hash=arrival.hash,
        size=arrival.size,
        file_name=arrival.file_name,
        offline=int(arrival.offline),
        corrected_hash=arrival.corrected_hash,
        received_at=arrival.received_at,
        due_at=arrival.due_at,
    )
    if arrival.content is not None:
        store.insert("documents", id=identifier, content=arrival.content)
    return identifier


def get_invoice(store: Store, identifier: int) -> Invoice:
    """Return an invoice without its document; LookupError when there is none."""
    row = store.row("SELECT * FROM invoices WHERE id = ?", identifier)
    if row is None:
        raise LookupError(identifier)
    return Invoice(**row)


def list_invoices(store: Store, session: str, *, after: int, most: int) -> list[Invoice]:
    """Return a session's invoices that follow an ordinal."""
    rows = store.rows(
        "SELECT * FROM invoices WHERE session = ? AND ordinal > ? ORDER BY ordinal LIMIT ?",
        session,
        after,
        most,
    )
    return [Invoice(**row) for row in rows]


def list_failed_invoices(store: Store, session: str, *, after: int, most: int) -> list[Invoice]:
    rows = store.rows(
        "SELECT * FROM invoices WHERE session = ? AND ordinal > ? AND code <> 200 ORDER BY ordinal LIMIT ?",
        session,
        after,
        most,
    )
    return [Invoice(**row) for row in rows]


def list_accepted_invoices(store: Store, session: str, *, skip: int, most: int) -> list[Invoice]:
    rows = store.rows(
        "SELECT * FROM invoices WHERE session = ? AND code = 200 ORDER BY ordinal LIMIT ? OFFSET ?",
        session,
        most,
        skip,
    )
    return [Invoice(**row) for row in rows]


def list_all_invoices(store: Store) -> list[Invoice]:
    """Return everything that was ever received, without the documents."""
    return [Invoice(**row) for row in store.rows("SELECT * FROM invoices ORDER BY id")]


def find_invoice(store: Store, *, session: str, reference: str) -> Invoice | None:
    return _with_content(
        store,
        store.row("SELECT * FROM invoices WHERE session = ? AND reference = ?", session, reference),
    )


def find_by_ksef_number(store: Store, ksef_number: str) -> Invoice | None:
    return _with_content(store, store.row("SELECT * FROM invoices WHERE ksef_number = ?", ksef_number))


def list_by_hash(store: Store, digest: str) -> list[Invoice]:
    """Return every sending of these bytes, without the documents."""
    return [Invoice(**row) for row in store.rows("SELECT * FROM invoices WHERE hash = ? ORDER BY id", digest)]


def find_technical_correction(store: Store, digest: str) -> Invoice | None:
    """Return the accepted file that stands for a rejected one, through any number of corrections (section 10)."""
    row = store.row(
        "WITH RECURSIVE attempts (hash) AS (SELECT ? UNION SELECT invoices.hash FROM invoices"
        " JOIN attempts ON invoices.corrected_hash = attempts.hash)"
        " SELECT invoices.* FROM invoices JOIN attempts ON invoices.hash = attempts.hash"
        " WHERE invoices.code = 200 AND invoices.corrected_hash IS NOT NULL ORDER BY invoices.id LIMIT 1",
        digest,
    )
    return None if row is None else Invoice(**row)


def list_latest_sessions(store: Store, *, most: int) -> list[Session]:
    return [Session(**row) for row in store.rows("SELECT * FROM sessions ORDER BY id DESC LIMIT ?", most)]


def list_latest_invoices(store: Store, *, most: int) -> list[Invoice]:
    return [Invoice(**row) for row in store.rows("SELECT * FROM invoices ORDER BY id DESC LIMIT ?", most)]


def read_content(store: Store, identifier: int) -> bytes | None:
    row = store.row("SELECT content FROM documents WHERE id = ?", identifier)
    return None if row is None else row["content"]


def _with_content(store: Store, row: dict[str, Any] | None) -> Invoice | None:
    return None if row is None else Invoice(**row, content=read_content(store, row["id"]))
