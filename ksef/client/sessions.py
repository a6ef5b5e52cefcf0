"""Requests of online sessions and their invoices (section 4)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from ksef.client.encryption import Encryption
from ksef.client.parts import continued, read_continued
from ksef.client.reading import Fields, Unreadable
from ksef.client.transport import Answer, Call, Transport
from ksef.crypto import encrypt_document, sha256, to_base64
from ksef.exchange import InvoiceStatus, OnlineSession
from ksef.exchange.paging import Page
from ksef.number import KSeFNumber, NotKSeFNumber

PAGE_SIZE = 1000
FORM_CODE = {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"}  # With the space (trap 4).


@dataclass(frozen=True, slots=True)
class OpenedSession:
    reference: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """One page of a session's invoices; the rows are read only when their hash is ours."""

    rows: tuple[Fields, ...]
    next_token: str | None


def open_online_session(transport: Transport, access_token: str, *, encryption: Encryption) -> OpenedSession:
    """Repeatable: a session whose answer was lost stays empty and ends by itself."""
    body = {
        "formCode": FORM_CODE,
        "encryption": encryption,
    }
    return transport.run(Call("POST", "/sessions/online", bearer=access_token, json=body), _read_opened)


def send_invoice(  # noqa: PLR0913 -- the members of one request
    transport: Transport,
    access_token: str,
    *,
    session: OnlineSession,
    xml: bytes,
    offline: bool,
    corrects: bytes | None = None,
) -> str:
    """The one write that must never be repeated blindly: KSeF has no idempotency key."""
    encrypted_xml = encrypt_document(xml, key=session.key, iv=session.iv)
    body = {
        "invoiceHash": to_base64(sha256(xml)),
        "invoiceSize": len(xml),
        "encryptedInvoiceHash": to_base64(sha256(encrypted_xml)),
        "encryptedInvoiceSize": len(encrypted_xml),
        "encryptedInvoiceContent": to_base64(encrypted_xml),
        "offlineMode": offline,
    }
    if corrects is not None:
        body["hashOfCorrectedInvoice"] = to_base64(corrects)
    path = f"/sessions/online/{_quote(session.reference)}/invoices"
    call = Call("POST", path, bearer=access_token, json=body, is_repeatable=False)
    return transport.run(call, lambda answer: Fields.parse(answer.body).text("referenceNumber"))


def close_online_session(transport: Transport, access_token: str, session_reference: str) -> None:
    path = f"/sessions/online/{_quote(session_reference)}/close"
    transport.run(Call("POST", path, bearer=access_token), lambda _: None)


def get_invoice_status(
    transport: Transport, access_token: str, *, session_reference: str, invoice_reference: str
) -> InvoiceStatus:
    path = f"/sessions/{_quote(session_reference)}/invoices/{_quote(invoice_reference)}"
    return transport.run(
        Call("GET", path, bearer=access_token), lambda answer: read_invoice_status(Fields.parse(answer.body))
    )


def list_session_invoices(
    transport: Transport, access_token: str, *, session_reference: str, continuation_token: str | None
) -> InvoicePage:
    call = Call(
        "GET",
        f"/sessions/{_quote(session_reference)}/invoices",
        bearer=access_token,
        params={"pageSize": PAGE_SIZE},
        headers={"x-continuation-token": continuation_token} if continuation_token else {},
    )
    return transport.run(call, _read_page)


def list_invoices(
    transport: Transport, access_token: str, *, session_reference: str, only_failed: bool, cursor: str | None
) -> Page[InvoiceStatus]:
    """A row that cannot be read breaks the page: passed over, its invoice would wait for ever (F26)."""
    call = Call(
        "GET",
        f"/sessions/{_quote(session_reference)}/invoices{'/failed' if only_failed else ''}",
        bearer=access_token,
        params={"pageSize": PAGE_SIZE},
        headers=continued(cursor),
    )
    return transport.run(
        call,
        lambda answer: read_continued(Fields.parse(answer.body), "invoices", read=read_invoice_status),
    )


def read_invoice_status(fields: Fields) -> InvoiceStatus:
    """A KSeF number with a wrong checksum breaks the contract: it must not become proof (F52)."""
    status = fields.object("status")
    extensions = status.find_object("extensions")
    return InvoiceStatus(
        reference=fields.text("referenceNumber"),
        code=status.integer("code"),
        description=status.find_text("description") or "",
        details=status.texts("details"),
        ksef_number=_read_ksef_number(fields),
        invoice_hash=fields.binary("invoiceHash"),
        invoicing_mode=fields.find_text("invoicingMode"),
        acquisition_date=fields.find_moment("acquisitionDate"),
        original_ksef_number=extensions.find_text("originalKsefNumber"),
        original_session_reference=extensions.find_text("originalSessionReferenceNumber"),
        file_name=fields.find_text("invoiceFileName"),
        ordinal=fields.find_integer("ordinalNumber"),
        invoice_number=fields.find_text("invoiceNumber"),
        invoicing_date=fields.find_moment("invoicingDate"),
        permanent_storage_date=fields.find_moment("permanentStorageDate"),
    )


def _read_ksef_number(fields: Fields) -> str | None:
    text = fields.find_text("ksefNumber")
    try:
        return KSeFNumber.parse(text) if text else None
    except NotKSeFNumber as error:
        raise Unreadable(str(error)) from None


def _read_opened(answer: Answer) -> OpenedSession:
    fields = Fields.parse(answer.body)
    return OpenedSession(reference=fields.text("referenceNumber"), valid_until=fields.moment("validUntil"))


def _read_page(answer: Answer) -> InvoicePage:
    fields = Fields.parse(answer.body)
    return InvoicePage(rows=fields.objects("invoices"), next_token=fields.find_text("continuationToken"))


def _quote(reference: str) -> str:
    return quote(reference, safe="")
