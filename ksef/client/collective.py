"""Requests about collective identifiers (section 7.5)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ksef.client.metadata import read_ksef_number
from ksef.client.parts import continued, read_continued, without_none, write_moment
from ksef.client.reading import Fields, Unreadable
from ksef.client.transport import Answer, Call, Transport
from ksef.exchange.collective import (
    CollectiveFilters,
    CollectiveInvoice,
    ListedCollective,
    PaidInvoice,
    Payment,
)
from ksef.exchange.paging import Page
from ksef.number import CollectiveIdentifier, NotCollectiveIdentifier

PAGE_SIZE = 200
INVOICES_PAGE_SIZE = 500


def create(transport: Transport, access_token: str, invoices: Sequence[PaidInvoice]) -> CollectiveIdentifier:
    """Each request makes another one, so doubt is `Ambiguous`."""
    body = {"invoices": [_write_invoice(invoice) for invoice in invoices]}
    call = Call("POST", "/collective-identifiers", bearer=access_token, json=body, is_repeatable=False)
    return transport.run(call, lambda answer: _read_number(Fields.parse(answer.body)))


def query(
    transport: Transport, access_token: str, *, filters: CollectiveFilters, cursor: str | None
) -> Page[ListedCollective]:
    body = without_none(
        {
            "dateCreatedFrom": write_moment(filters.created_from),
            "dateCreatedTo": write_moment(filters.created_to),
            "collectiveIdentifierNumber": filters.number,
            "invoiceCountFrom": filters.least_invoices,
            "invoiceCountTo": filters.most_invoices,
            "createdInCurrentContext": filters.is_own,
        }
    )
    call = Call(
        "POST",
        "/collective-identifiers/query",
        bearer=access_token,
        json=body,
        params={"pageSize": PAGE_SIZE},
        headers=continued(cursor),
    )
    return transport.run(call, _read_listed_page)


def list_by_ksef_number(
    transport: Transport, access_token: str, *, ksef_number: str, cursor: str | None
) -> Page[ListedCollective]:
    call = Call(
        "GET",
        f"/collective-identifiers/ksef/{quote(ksef_number, safe='')}",
        bearer=access_token,
        params={"pageSize": PAGE_SIZE},
        headers=continued(cursor),
    )
    return transport.run(call, _read_listed_page)


def list_invoices(
    transport: Transport, access_token: str, *, numbers: Sequence[str], cursor: str | None
) -> Page[CollectiveInvoice]:
    call = Call(
        "POST",
        "/collective-identifiers/invoices",
        bearer=access_token,
        json={"collectiveIdentifierNumbers": list(numbers)},
        params={"pageSize": INVOICES_PAGE_SIZE},
        headers=continued(cursor),
    )
    return transport.run(
        call, lambda answer: read_continued(Fields.parse(answer.body), "invoices", read=_read_invoice)
    )


def _write_invoice(invoice: PaidInvoice) -> dict[str, Any]:
    payment = invoice.payment
    return without_none(
        {
            "ksefNumber": invoice.ksef_number,
            # JSON has no other numbers, and KSeF reads doubles.
            "payment": {"amount": float(payment.amount), "currency": payment.currency} if payment else None,
            "description": invoice.description,
        }
    )


def _read_listed_page(answer: Answer) -> Page[ListedCollective]:
    return read_continued(Fields.parse(answer.body), "collectiveIdentifiers", read=_read_listed)


def _read_listed(fields: Fields) -> ListedCollective:
    return ListedCollective(
        number=_read_number(fields),
        created_at=fields.moment("dateCreated"),
        is_own=fields.boolean("createdInCurrentContext"),
        invoice_count=fields.find_integer("invoiceCount"),
    )


def _read_invoice(fields: Fields) -> CollectiveInvoice:
    payment = fields.object("payment") if fields.has("payment") else None
    return CollectiveInvoice(
        number=_read_number(fields),
        ksef_number=read_ksef_number(fields.text("ksefNumber")),
        payment=Payment(payment.decimal("amount"), payment.text("currency")) if payment else None,
        description=fields.find_text("description"),
        are_details_hidden=fields.boolean("detailsHidden"),
    )


def _read_number(fields: Fields) -> CollectiveIdentifier:
    """Money goes out under it, so a damaged one is an error (section 8)."""
    try:
        return CollectiveIdentifier.parse(fields.text("collectiveIdentifierNumber"))
    except NotCollectiveIdentifier as error:
        raise Unreadable(str(error)) from None
