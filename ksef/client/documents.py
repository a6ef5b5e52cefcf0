"""Downloads of single documents: UPOs and invoices, as the exact bytes (sections 6 and 7.4)."""

import logging
from http import HTTPStatus
from urllib.parse import quote

from ksef.client.links import Errand, Links
from ksef.client.reading import Unreadable
from ksef.client.transport import MAX_ANSWER_BYTES, Answer, Call, Transport
from ksef.crypto import sha256, to_base64
from ksef.errors import ContractBroken

logger = logging.getLogger(__name__)


def get_invoice_upo(
    transport: Transport, access_token: str, *, session_reference: str, invoice_reference: str
) -> bytes:
    session, invoice = quote(session_reference, safe=""), quote(invoice_reference, safe="")
    path = f"/sessions/{session}/invoices/{invoice}/upo"
    return transport.run(Call("GET", path, bearer=access_token), _read_document)


def get_invoice_upo_by_ksef_number(
    transport: Transport, access_token: str, *, session_reference: str, ksef_number: str
) -> bytes:
    session, number = quote(session_reference, safe=""), quote(ksef_number, safe="")
    path = f"/sessions/{session}/invoices/ksef/{number}/upo"
    return transport.run(Call("GET", path, bearer=access_token), _read_document)


def get_upo_page(
    transport: Transport, access_token: str, *, session_reference: str, upo_reference: str
) -> bytes:
    session, page = quote(session_reference, safe=""), quote(upo_reference, safe="")
    path = f"/sessions/{session}/upo/{page}"
    return transport.run(Call("GET", path, bearer=access_token), _read_document)


def download_upo(links: Links, url: str) -> bytes:
    """Without a token and outside the limits of the API, for as long as the address lives (section 6)."""
    with links.run(Errand(method="GET", url=url, size=MAX_ANSWER_BYTES)) as delivery:
        body = b"".join(delivery.pieces)
    try:
        return _read_document(Answer(status=HTTPStatus.OK, headers=delivery.headers, body=body))
    except Unreadable as failure:
        error = ContractBroken(f"a UPO from its link: {failure}")
    raise error


def get_invoice(transport: Transport, access_token: str, ksef_number: str) -> bytes:
    path = f"/invoices/ksef/{quote(ksef_number, safe='')}"
    return transport.run(Call("GET", path, bearer=access_token), _read_document)


def _read_document(answer: Answer) -> bytes:
    """The header carries the SHA-256 of the body; without it the caller's own checks must do."""
    if not answer.body:
        raise Unreadable("the document is empty")
    expected = answer.headers.get("x-ms-meta-hash")
    if expected is None:
        logger.warning("KSeF sent a document without x-ms-meta-hash")
    elif expected != to_base64(sha256(answer.body)):
        raise Unreadable("the document differs from its x-ms-meta-hash")
    return answer.body
