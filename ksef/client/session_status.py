"""Reads about whole sessions of both kinds: where one stands, which there are, its UPO (sections 4.5 and 6)."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from ksef.client.parts import continued, read_continued, read_status, without_none, write_moment
from ksef.client.reading import Fields
from ksef.client.sessions import PAGE_SIZE
from ksef.client.transport import Call, Transport
from ksef.exchange.paging import Page
from ksef.exchange.sessions import ListedSession, SessionQuery, SessionStatus, UPOPage


def get_session_status(transport: Transport, access_token: str, session_reference: str) -> SessionStatus:
    path = f"/sessions/{quote(session_reference, safe='')}"
    return transport.run(
        Call("GET", path, bearer=access_token), lambda answer: _read_status(Fields.parse(answer.body))
    )


def list_sessions(
    transport: Transport, access_token: str, *, query: SessionQuery, cursor: str | None
) -> Page[ListedSession]:
    call = Call(
        "GET", "/sessions", bearer=access_token, params=_write_query(query), headers=continued(cursor)
    )
    return transport.run(
        call, lambda answer: read_continued(Fields.parse(answer.body), "sessions", read=_read_listed)
    )


def _write_query(query: SessionQuery) -> dict[str, str | int | Sequence[str]]:
    params: dict[str, str | int | Sequence[str]] = without_none(
        {
            "sessionType": query.session_type.value,
            "referenceNumber": query.reference,
            "dateCreatedFrom": _moment(query.created_from),
            "dateCreatedTo": _moment(query.created_to),
            "dateClosedFrom": _moment(query.closed_from),
            "dateClosedTo": _moment(query.closed_to),
            "dateModifiedFrom": _moment(query.modified_from),
            "dateModifiedTo": _moment(query.modified_to),
            "statuses": [drawer.value for drawer in query.listed_as] or None,
            "pageSize": PAGE_SIZE,
        }
    )
    return params


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else write_moment(moment)


def _read_status(fields: Fields) -> SessionStatus:
    status = read_status(fields.object("status"))
    upo = fields.find_object("upo")
    return SessionStatus(
        code=status.code,
        description=status.description,
        details=status.details,
        created_at=fields.moment("dateCreated"),
        updated_at=fields.moment("dateUpdated"),
        valid_until=fields.find_moment("validUntil"),
        invoice_count=fields.find_integer("invoiceCount"),
        successful_count=fields.find_integer("successfulInvoiceCount"),
        failed_count=fields.find_integer("failedInvoiceCount"),
        upo_pages=tuple(map(_read_upo_page, upo.objects("pages"))) if upo.has("pages") else (),
    )


def _read_upo_page(fields: Fields) -> UPOPage:
    return UPOPage(
        reference=fields.text("referenceNumber"),
        url=fields.text("downloadUrl"),
        expires_at=fields.moment("downloadUrlExpirationDate"),
    )


def _read_listed(fields: Fields) -> ListedSession:
    status = read_status(fields.object("status"))
    return ListedSession(
        reference=fields.text("referenceNumber"),
        code=status.code,
        description=status.description,
        details=status.details,
        created_at=fields.moment("dateCreated"),
        updated_at=fields.moment("dateUpdated"),
        valid_until=fields.find_moment("validUntil"),
        invoice_count=fields.integer("totalInvoiceCount"),
        successful_count=fields.integer("successfulInvoiceCount"),
        failed_count=fields.integer("failedInvoiceCount"),
    )
