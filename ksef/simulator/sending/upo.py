"""Official confirmations of receipt, UPO v4-3, signed with the simulator's seal (section 6)."""

import base64
import hashlib
from typing import Final, cast

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSigner

from ksef.simulator import bearer
from ksef.simulator.access.authentications import find_authentication
from ksef.simulator.errors import Forbidden, Refusal
from ksef.simulator.messages import Response
from ksef.simulator.numbers import new_reference
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import (
    SUCCESS,
    Invoice,
    Session,
    find_by_ksef_number,
    find_invoice,
    find_session,
    list_invoices,
    own_session,
)
from ksef.simulator.state import Store
from ksef.simulator.world import WARSAW, World, as_milliseconds, iso, to_datetime, warsaw_date

NAMESPACE: Final = "http://upo.schematy.mf.gov.pl/KSeF/v4-3"
_STRUCTURE: Final = "Schemat_FA(3)_v1-0E.xsd"
_FORM: Final = "FA (3)"
_CONTEXTS: Final = {
    "Nip": "Nip",
    "InternalId": "IdWewnetrzny",
    "NipVatUe": "IdZlozonyVatUE",
    "PeppolId": "IdDostawcyUslugPeppol",
}


def show_upo_by_reference(call: Call) -> Response:
    """GET /sessions/{ref}/invoices/{invoiceRef}/upo: as soon as the invoice has its number."""
    session = own_session(call)
    invoice = find_invoice(call.world.store, session=session.reference, reference=call.parts["invoice"])
    return _answer(_invoice_upo(call, session, invoice, asked=call.parts["invoice"]))


def show_upo_by_ksef_number(call: Call) -> Response:
    """GET /sessions/{ref}/invoices/ksef/{ksefNumber}/upo."""
    session = own_session(call)
    invoice = find_by_ksef_number(call.world.store, call.parts["number"])
    return _answer(_invoice_upo(call, session, invoice, asked=call.parts["number"]))


def show_session_upo(call: Call) -> Response:
    """GET /sessions/{ref}/upo/{upoRef}: a page of the session's UPO, there after the close."""
    session = own_session(call)
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


def invoice_upo_link(call: Call, invoice: Invoice) -> tuple[str, str]:
    """Return a fresh pre-signed address and when it expires."""
    return _link(call, session=invoice.session, document=invoice.reference)


def session_upo_page(call: Call, session: Session) -> dict[str, object]:
    """Return the only page of a closed session's UPO (at most 10 000 documents), made on the first question."""
    store = call.world.store
    row = store.row("SELECT reference FROM upos WHERE session = ? AND invoice IS NULL", session.reference)
    reference = new_reference("EU", on=warsaw_date(call.now)) if row is None else str(row["reference"])
    if row is None:
        accepted = [item for item in list_invoices(store, session.reference) if item.code == SUCCESS]
        content = _sign(store, _confirmation(call.world, session, accepted, whole_session=True))
        store.insert("upos", reference=reference, session=session.reference, content=content)
    url, expires = _link(call, session=session.reference, document=reference)
    return {"referenceNumber": reference, "downloadUrl": url, "downloadUrlExpirationDate": expires}


def _link(call: Call, *, session: str, document: str) -> tuple[str, str]:
    expires = call.now + as_milliseconds(call.world.options.link_lifetime)
    path = f"/download/upo/{session}/{document}"
    query = bearer.sign_link(call.world.store, path=path, expires=expires)
    return f"{call.request.root_url}{path}?{query}", iso(expires)


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
    content = _sign(store, _confirmation(call.world, session, [invoice], whole_session=False))
    reference = new_reference("EU", on=warsaw_date(call.now))
    store.insert(
        "upos", reference=reference, session=session.reference, invoice=invoice.reference, content=content
    )
    return content


def _confirmation(
    world: World, session: Session, invoices: list[Invoice], *, whole_session: bool
) -> etree._Element:
    root = etree.Element(f"{{{NAMESPACE}}}Potwierdzenie", nsmap=cast("dict[str, str]", {None: NAMESPACE}))
    _add(root, "NazwaPodmiotuPrzyjmujacego", world.flavour.receiver)
    _add(root, "NumerReferencyjnySesji", session.reference)
    _add_authentication(_add(root, "Uwierzytelnienie"), world.store, session)
    if whole_session:
        described = _add(root, "OpisPotwierdzenia")
        for name, value in (("Strona", 1), ("LiczbaStron", 1), ("ZakresDokumentowOd", 1)):
            _add(described, name, str(value))
        _add(described, "ZakresDokumentowDo", str(len(invoices)))
        _add(described, "CalkowitaLiczbaDokumentow", str(len(invoices)))
    _add(root, "NazwaStrukturyLogicznej", _STRUCTURE)
    _add(root, "KodFormularza", _FORM)
    for invoice in invoices:
        _add_document(_add(root, "Dokument"), invoice)
    return root


def _add_authentication(parent: etree._Element, store: Store, session: Session) -> None:
    authentication = find_authentication(store, session.authentication)
    if authentication is None:
        raise LookupError(session.authentication)
    _add(_add(parent, "IdKontekstu"), _CONTEXTS[session.context_type], session.context)
    if authentication.token is not None:
        _add(parent, "NumerReferencyjnyTokenaKSeF", authentication.token)
    else:
        _add(parent, "SkrotDokumentuUwierzytelniajacego", authentication.document_hash or "")


def _add_document(parent: etree._Element, invoice: Invoice) -> None:
    acquired = invoice.received_at if invoice.acquired_at is None else invoice.acquired_at
    _add(parent, "NipSprzedawcy", invoice.seller or "")
    _add(parent, "NumerKSeFDokumentu", invoice.ksef_number or "")
    _add(parent, "NumerFaktury", invoice.number or "")
    _add(parent, "DataWystawieniaFaktury", invoice.issue_date or "")
    _add(parent, "DataPrzeslaniaDokumentu", _polish_time(invoice.received_at))
    _add(parent, "DataNadaniaNumeruKSeF", _polish_time(acquired))
    _add(parent, "SkrotDokumentu", invoice.hash)
    _add(parent, "TrybWysylki", invoice.mode or "")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child


def _polish_time(milliseconds: int) -> str:
    return to_datetime(milliseconds).astimezone(WARSAW).isoformat(timespec="milliseconds")


def _sign(store: Store, root: etree._Element) -> bytes:
    signer = XAdESSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        # Its reference to SignedProperties names no transform, so only inclusive canonicalization fits it.
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
        data_object_format=XAdESDataObjectFormat(Description="UPO", MimeType="text/xml"),
    )
    # signxml reads both from PEM.
    signed = signer.sign(
        root, key=str(store.setting("seal_key")), cert=str(store.setting("seal_certificate"))
    )
    return etree.tostring(signed, xml_declaration=True, encoding="utf-8")
