"""Invoices in a session: sending, status, lists, and reading one by its KSeF number (sections 4.3 and 4.5)."""

import hashlib
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from ksef.simulator.errors import Refusal
from ksef.simulator.limits.effective import session_limits
from ksef.simulator.messages import Fields, Response, json_response, without_empty
from ksef.simulator.numbers import new_reference
from ksef.simulator.paging import read_cursor
from ksef.simulator.routing import Call
from ksef.simulator.sending import records
from ksef.simulator.sending.records import (
    ONLINE,
    SUCCESS,
    Arrival,
    Invoice,
    Session,
    own_session,
    readable_session,
)
from ksef.simulator.sending.sessions import require_open
from ksef.simulator.sending.upo import UpoLinks
from ksef.simulator.state import Store
from ksef.simulator.world import as_milliseconds, iso, iso_or_none, warsaw_date

_SHA256: Final = 32
_DESCRIPTIONS: Final = {
    100: "Faktura przyjęta do dalszego przetwarzania",
    150: "Trwa przetwarzanie",
    200: "Sukces",
    405: "Przetwarzanie anulowane z powodu błędu sesji",
    410: "Nieprawidłowy zakres uprawnień",
    415: "Brak możliwości wysyłania faktury z załącznikiem",
    430: "Błąd weryfikacji pliku faktury",
    435: "Błąd odszyfrowania pliku",
    440: "Duplikat faktury",
    450: "Błąd weryfikacji semantyki dokumentu faktury",
    500: "Nieznany błąd (500)",
    550: "Operacja została anulowana przez system",
}


def send_invoice(call: Call) -> Response:
    """POST /sessions/online/{referenceNumber}/invoices: sizes and hashes at once, everything else later."""
    session = own_session(call, kind=ONLINE)
    fields = Fields.of(call.request)
    encrypted = fields.base64("encryptedInvoiceContent")
    _check_file(fields, encrypted, size="encryptedInvoiceSize", digest="encryptedInvoiceHash")
    fields.base64("invoiceHash", length=_SHA256)
    fields.integer("invoiceSize", least=1)
    require_open(call, session, purpose="wysyłkę faktur")
    _require_room(call, session)
    content = _decrypt(encrypted, session=session)
    if content is not None:
        _check_file(fields, content, size="invoiceSize", digest="invoiceHash")
    offline = fields.flag("offlineMode")
    arrival = Arrival(
        session=session,
        ordinal=session.total + 1,
        reference=new_reference("EE", on=warsaw_date(call.now)),
        hash=fields.text("invoiceHash"),
        content=content,
        size=None if content is None else len(content),
        offline=offline,
        received_at=call.now,
        due_at=call.now + as_milliseconds(call.world.options.processing),
        corrected_hash=_corrected_hash(call, fields, offline=offline),
    )
    store = call.world.store
    records.add_invoice(store, arrival)
    store.update("sessions", session.id, total=session.total + 1, updated_at=call.now)
    return json_response({"referenceNumber": arrival.reference}, status=202)


def _check_file(fields: Fields, content: bytes, *, size: str, digest: str) -> None:
    if fields.integer(size, least=1) != len(content):
        raise Refusal(21402, "Długość treści nie zgadza się z rozmiarem pliku.")
    if fields.base64(digest, length=_SHA256) != hashlib.sha256(content).digest():
        raise Refusal(21403, "Skrót treści nie zgadza się ze skrótem pliku.")


def _require_room(call: Call, session: Session) -> None:
    limit = session_limits(call.world, context=session.owner, batch=False).invoices
    if session.total >= limit:
        raise Refusal(
            21155,
            f"Sesja o numerze referencyjnym {session.reference} osiągnęła dozwolony limit liczby faktur {limit}.",
        )


def _decrypt(encrypted: bytes, *, session: Session) -> bytes | None:
    """Return the plain invoice, or None where it cannot be decrypted (status 435)."""
    if session.key is None:
        return None
    decryptor = Cipher(algorithms.AES(session.key), modes.CBC(session.iv)).decryptor()
    unpadder = PKCS7(algorithms.AES.block_size).unpadder()
    try:
        padded = decryptor.update(encrypted) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return None


def _corrected_hash(call: Call, fields: Fields, *, offline: bool) -> str | None:
    """Return the hash of the rejected invoice that this one corrects technically (section 10)."""
    if not fields.has("hashOfCorrectedInvoice"):
        return None
    fields.base64("hashOfCorrectedInvoice", length=_SHA256)
    digest = fields.text("hashOfCorrectedInvoice")
    if not offline:
        raise Refusal(21405, "hashOfCorrectedInvoice: korekta techniczna wymaga offlineMode.")
    corrected = records.list_by_hash(call.world.store, digest)
    if not corrected:
        raise Refusal(21405, "hashOfCorrectedInvoice: nie znaleziono korygowanej faktury.")
    if call.world.store.row("SELECT id FROM invoices WHERE corrected_hash = ? AND code = ?", digest, SUCCESS):
        raise Refusal(21166, "Faktura posiada już przetworzoną prawidłowo korektę techniczną.")
    # A sending without the right to issue is not a technical fault (410).
    if any(invoice.code in {None, SUCCESS, 410} for invoice in corrected):
        raise Refusal(21167, "Nie można wysłać korekty technicznej do prawidłowo przetworzonej faktury.")
    return digest


def show_invoice_status(call: Call) -> Response:
    """GET /sessions/{referenceNumber}/invoices/{invoiceReferenceNumber}."""
    session = readable_session(call)
    reference = call.parts["invoice"]
    invoice = records.find_invoice(call.world.store, session=session.reference, reference=reference)
    if invoice is None:
        raise Refusal(21405, f"Faktura o numerze referencyjnym {reference} nie została znaleziona.")
    return json_response(_as_json(invoice, links=UpoLinks.of(call), now=call.now))


def list_session_invoices(call: Call) -> Response:
    """GET /sessions/{referenceNumber}/invoices."""
    return _list(call, records.list_invoices)


def list_failed_invoices(call: Call) -> Response:
    """GET /sessions/{referenceNumber}/invoices/failed."""
    return _list(call, records.list_failed_invoices)


class _Listing(Protocol):
    def __call__(self, store: Store, session: str, *, after: int, most: int) -> list[Invoice]: ...


def _list(call: Call, listing: _Listing) -> Response:
    session = readable_session(call)
    cursor = read_cursor(call, low=10, high=1000, numbers=1)
    after = 0 if cursor.after is None else cursor.after[0]
    found = listing(call.world.store, session.reference, after=after, most=cursor.size + 1)
    shown = found[: cursor.size]
    token = cursor.token_after((shown[-1].ordinal,)) if len(found) > len(shown) else None
    links = UpoLinks.of(call)
    items = [_as_json(invoice, links=links, now=call.now) for invoice in shown]
    return json_response(without_empty({"continuationToken": token, "invoices": items}))


def _as_json(invoice: Invoice, *, links: UpoLinks, now: int) -> dict[str, object]:
    stored = invoice.stored_at if invoice.stored_at is not None and invoice.stored_at <= now else None
    url, expires = (
        links.to(session=invoice.session, document=invoice.reference)
        if invoice.code == SUCCESS
        else (None, None)
    )
    return without_empty(
        {
            "ordinalNumber": invoice.ordinal,
            "invoiceNumber": invoice.number,
            "ksefNumber": invoice.ksef_number,
            "referenceNumber": invoice.reference,
            "invoiceHash": invoice.hash,
            "invoiceFileName": invoice.file_name,
            "acquisitionDate": iso_or_none(invoice.acquired_at),
            "invoicingDate": iso(invoice.received_at),
            "permanentStorageDate": iso_or_none(stored),
            "upoDownloadUrl": url,
            "upoDownloadUrlExpirationDate": expires,
            "invoicingMode": invoice.mode,
            "status": _status(invoice, now=now),
        }
    )


def _status(invoice: Invoice, *, now: int) -> dict[str, object]:
    code = invoice.code
    if code is None:
        code = 100 if now < (invoice.received_at + invoice.due_at) // 2 else 150
    extensions = None
    if invoice.original_number is not None:
        extensions = {
            "originalSessionReferenceNumber": invoice.original_session,
            "originalKsefNumber": invoice.original_number,
        }
    return without_empty(
        {
            "code": code,
            "description": _DESCRIPTIONS[code],
            "details": invoice.messages or None,
            "extensions": extensions,
        }
    )
