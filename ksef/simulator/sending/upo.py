"""Where official confirmations of receipt are fetched, and the pages of a session's (section 6)."""

import base64
import hashlib
from dataclasses import dataclass

from ksef.simulator import bearer
from ksef.simulator.access.authentications import find_authentication
from ksef.simulator.errors import Forbidden, Refusal
from ksef.simulator.messages import Response
from ksef.simulator.numbers import new_reference
from ksef.simulator.routing import Call
from ksef.simulator.sending.confirmation import Confirmation, Part, Seal
from ksef.simulator.sending.records import (
    SUCCESS,
    Invoice,
    Session,
    find_by_ksef_number,
    find_invoice,
    find_session,
    list_accepted_invoices,
    readable_session,
)
from ksef.simulator.state import Store
from ksef.simulator.world import World, as_milliseconds, iso, warsaw_date


def show_upo_by_reference(call: Call) -> Response:
    """GET /sessions/{ref}/invoices/{invoiceRef}/upo: as soon as the invoice has its number."""
    session = readable_session(call)
    invoice = find_invoice(call.world.store, session=session.reference, reference=call.parts["invoice"])
    return _answer(_invoice_upo(call, session, invoice, asked=call.parts["invoice"]))


def show_upo_by_ksef_number(call: Call) -> Response:
    """GET /sessions/{ref}/invoices/ksef/{ksefNumber}/upo."""
    session = readable_session(call)
    invoice = find_by_ksef_number(call.world.store, call.parts["number"])
    return _answer(_invoice_upo(call, session, invoice, asked=call.parts["number"]))


def show_session_upo(call: Call) -> Response:
    """GET /sessions/{ref}/upo/{upoRef}: a page of the session's UPO, there after the close."""
    session = readable_session(call)
    content = _stored(call.world.store, session=session.reference, reference=call.parts["upo"])
    if content is None:
        raise _not_found(call.parts["upo"], session)
    return _answer(content)


def download_upo(call: Call) -> Response:
    """GET of a pre-signed link: no bearer token, no limit, until it expires."""
    valid = bearer.is_valid_link(
        call.world.store,
        path=call.request.path,
        expires=call.request.query_value("se") or "",
        signature=call.request.query_value("sig") or "",
        now=call.now,
    )
    session = find_session(call.world.store, call.parts["session"])
    if not valid or session is None:
        raise Forbidden("insufficient-resource-access", "Adres wygasł albo jest nieprawidłowy.")
    asked = call.parts["document"]
    content = _stored(call.world.store, session=session.reference, reference=asked)
    if content is None:
        invoice = find_invoice(call.world.store, session=session.reference, reference=asked)
        content = _invoice_upo(call, session, invoice, asked=asked)
    return _answer(content)


@dataclass(frozen=True, slots=True)
class UpoLinks:
    """Fresh pre-signed addresses of one answer, which expire all at once."""

    signer: bearer.LinkSigner
    root_url: str
    expires: int

    @classmethod
    def of(cls, call: Call) -> "UpoLinks":
        lifetime = as_milliseconds(call.world.options.link_lifetime)
        return cls(bearer.LinkSigner.of(call.world.store), call.request.root_url, call.now + lifetime)

    def to(self, *, session: str, document: str) -> tuple[str, str]:
        """Return the address and when it expires."""
        path = f"/download/upo/{session}/{document}"
        return f"{self.root_url}{path}?{self.signer.sign(path, expires=self.expires)}", iso(self.expires)


def session_upo_pages(call: Call, session: Session) -> list[dict[str, object]]:
    """Return the pages of a processed session's UPO, each with a fresh address."""
    links = UpoLinks.of(call)
    pages: list[dict[str, object]] = []
    for reference in _page_references(call.world.store, session):
        url, expires = links.to(session=session.reference, document=reference)
        pages.append({"referenceNumber": reference, "downloadUrl": url, "downloadUrlExpirationDate": expires})
    return pages


def _page_references(store: Store, session: Session) -> list[str]:
    rows = store.rows(
        "SELECT reference FROM upos WHERE session = ? AND page IS NOT NULL ORDER BY page", session.reference
    )
    return [str(row["reference"]) for row in rows]


def prepare_next_page(world: World, session: Session) -> Confirmation | None:
    """Return the first page of a processed session's UPO that is not made yet, None after the last."""
    size = max(1, world.options.upo_documents)
    made = len(_page_references(world.store, session))
    if made * size >= session.accepted:
        return None
    invoices = list_accepted_invoices(world.store, session.reference, skip=made * size, most=size)
    part = Part(
        page=made + 1,
        pages=-(-session.accepted // size),
        first=made * size + 1,
        last=made * size + len(invoices),
        documents=session.accepted,
    )
    return _confirmation(world, session, invoices, part=part)


def keep_page(world: World, confirmation: Confirmation, content: bytes, *, now: int) -> None:
    world.store.insert(
        "upos",
        reference=new_reference("EU", on=warsaw_date(now)),
        session=confirmation.session.reference,
        page=None if confirmation.part is None else confirmation.part.page,
        content=content,
    )


def read_seal(store: Store) -> Seal:
    return Seal(key=str(store.setting("seal_key")), certificate=str(store.setting("seal_certificate")))


def _answer(content: bytes) -> Response:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")
    return Response(200, "application/xml", content, (("x-ms-meta-hash", digest),))


def _not_found(asked: str, session: Session) -> Refusal:
    return Refusal(
        21178,
        f"UPO o numerze {asked} dla sesji o numerze referencyjnym {session.reference} nie zostało znalezione.",
    )


def _stored(store: Store, *, session: str, reference: str) -> bytes | None:
    row = store.row("SELECT content FROM upos WHERE session = ? AND reference = ?", session, reference)
    return None if row is None else bytes(row["content"])


def _invoice_upo(call: Call, session: Session, invoice: Invoice | None, *, asked: str) -> bytes:
    """Return the UPO of one invoice: the same bytes every time, since a signature differs with each making."""
    if invoice is None or invoice.session != session.reference or invoice.code != SUCCESS:
        raise _not_found(asked, session)
    store = call.world.store
    row = store.row("SELECT content FROM upos WHERE invoice = ?", invoice.reference)
    if row is not None:
        return bytes(row["content"])
    content = _confirmation(call.world, session, [invoice]).sealed(read_seal(store))
    reference = new_reference("EU", on=warsaw_date(call.now))
    store.insert(
        "upos", reference=reference, session=session.reference, invoice=invoice.reference, content=content
    )
    return content


def _confirmation(
    world: World, session: Session, invoices: list[Invoice], *, part: Part | None = None
) -> Confirmation:
    authentication = find_authentication(world.store, session.authentication)
    if authentication is None:
        raise LookupError(session.authentication)
    return Confirmation(world.flavour.receiver, session, authentication, invoices, part)
