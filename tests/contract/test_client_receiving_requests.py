"""Every request of receiving, and every shape of its answers, against the official contract (section 7)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from ksef.exchange.archives import Compression
from ksef.exchange.invoices import (
    AmountRange,
    AmountType,
    BuyerIdentifier,
    BuyerIdentifierType,
    DateRange,
    DateType,
    ExportRequest,
    FormType,
    InvoiceFilters,
    InvoiceType,
    InvoicingMode,
    Party,
    SortOrder,
    SubjectType,
)
from ksef.gateway import Gateway
from ksef.walk import MetadataRequest
from tests.contract.openapi import find_contract
from tests.contract.understudy import Shape, Understudy
from tests.public_keys import public_keys

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]

REFERENCE = "20250925-EH-2D2C11B000-E9C9ED8340-EE"
NUMBER = "5265877635-20250826-0100001AF629-AF"
SINCE = datetime(2026, 11, 20, 1, tzinfo=timezone(timedelta(hours=1)))
FILTERS = InvoiceFilters(
    subject=SubjectType.BUYER, dates=DateRange(kind=DateType.PERMANENT_STORAGE, since=SINCE)
)
ALL_FILTERS = InvoiceFilters(
    subject=SubjectType.SELLER,
    dates=DateRange(
        kind=DateType.PERMANENT_STORAGE,
        since=SINCE,
        until=SINCE + timedelta(days=100),
        is_restricted_to_hwm=True,
    ),
    ksef_number=NUMBER,
    invoice_number="FV/1",
    amount=AmountRange(AmountType.NET, least=Decimal("-10.55"), most=Decimal(20)),
    seller_nip="5265877635",
    buyer=BuyerIdentifier(BuyerIdentifierType.VAT_UE, "DE123"),
    currencies=("PLN", "EUR"),
    invoicing_mode=InvoicingMode.OFFLINE,
    is_self_invoicing=False,
    form_type=FormType.FA,
    invoice_types=(InvoiceType.VAT, InvoiceType.KOR),
    has_attachment=True,
)
HASH = "A" * 43 + "="
FIXED = {
    "ksefNumber": NUMBER,
    "invoiceHash": HASH,
    "partHash": HASH,
    "encryptedPartHash": HASH,
    "ordinalNumber": 1,
    "invoiceCount": 1,
}
KEYS = "GET /security/public-key-certificates"

CALLS: dict[str, Callable[[Gateway], object]] = {
    "POST /invoices/query/metadata": lambda gateway: gateway.invoices.query_metadata(
        "t", MetadataRequest(ALL_FILTERS)
    ),
    "POST /invoices/exports": lambda gateway: gateway.invoices.start_export("t", ExportRequest(ALL_FILTERS)),
    "GET /invoices/exports/{referenceNumber}": lambda gateway: gateway.invoices.get_export("t", REFERENCE),
}


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("operation", CALLS)
def test_every_call_keeps_the_contract_and_reads_every_shape_of_answer(operation: str, shape: Shape) -> None:
    """Unknown members and enumeration values never break anything (F26, F52)."""
    ksef = Understudy(shape, fixed=FIXED, whole={KEYS: public_keys("A" * 43 + "=")})
    with ksef.gateway() as gateway:
        CALLS[operation](gateway)
    assert ksef.asked[-1] == operation


def test_every_filter_goes_out_in_the_words_of_ksef() -> None:
    ksef = Understudy(fixed=FIXED)
    with ksef.gateway() as gateway:
        gateway.invoices.query_metadata("t", MetadataRequest(ALL_FILTERS, SortOrder.DESCENDING, page=3))
    assert ksef.body() == {
        "subjectType": "Subject1",
        "dateRange": {
            "dateType": "PermanentStorage",
            "from": "2026-11-20T00:00:00Z",
            "to": "2027-02-28T00:00:00Z",
            "restrictToPermanentStorageHwmDate": True,
        },
        "ksefNumber": NUMBER,
        "invoiceNumber": "FV/1",
        "amount": {"type": "Netto", "from": -10.55, "to": 20.0},
        "sellerNip": "5265877635",
        "buyerIdentifier": {"type": "VatUe", "value": "DE123"},
        "currencyCodes": ["PLN", "EUR"],
        "invoicingMode": "Offline",
        "isSelfInvoicing": False,
        "formType": "FA",
        "invoiceTypes": ["Vat", "Kor"],
        "hasAttachment": True,
    }
    assert dict(ksef.requests[0].url.params) == {"sortOrder": "Desc", "pageOffset": "3", "pageSize": "250"}


def test_absent_filters_are_not_mentioned() -> None:
    ksef = Understudy(fixed=FIXED)
    with ksef.gateway() as gateway:
        gateway.invoices.query_metadata("t", MetadataRequest(FILTERS))
    dates = {"dateType": "PermanentStorage", "from": "2026-11-20T00:00:00Z"}
    assert ksef.body() == {"subjectType": "Subject2", "dateRange": dates}


@pytest.mark.parametrize("compression", Compression)
def test_export_says_how_it_wants_its_package(compression: Compression) -> None:
    ksef = Understudy(fixed={"referenceNumber": REFERENCE}, whole={KEYS: public_keys("A" * 43 + "=")})
    with ksef.gateway() as gateway:
        export = gateway.invoices.start_export(
            "t", ExportRequest(FILTERS, compression=compression, only_metadata=True)
        )
    assert export.reference == REFERENCE
    assert (ksef.body()["compressionType"], ksef.body()["onlyMetadata"]) == (compression.value, True)


def test_metadata_are_read_with_all_their_parts() -> None:
    ksef = Understudy(
        Shape.FULL,
        fixed=FIXED
        | {
            "nip": "5265877635",
            "name": "Próba",
            "value": "DE123",
            "role": 4,
            "issueDate": "2026-11-19",
            "grossAmount": 1234567890123.45,
        },
    )
    with ksef.gateway() as gateway:
        page = gateway.invoices.query_metadata("t", MetadataRequest(FILTERS))
    (invoice,) = page.invoices
    moment = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
    assert (page.has_more, page.is_truncated, page.hwm) == (False, True, moment)
    assert (invoice.ksef_number, invoice.issue_date) == (NUMBER, date(2026, 11, 19))
    assert invoice.invoicing_date == invoice.acquisition_date == invoice.permanent_storage_date == moment
    assert invoice.gross_amount == Decimal("1234567890123.45")
    assert (invoice.net_amount, invoice.vat_amount) == (Decimal("12.5"), Decimal("12.5"))
    assert invoice.seller == Party("Nip", "5265877635", "Próba")
    assert invoice.buyer == Party("Nip", "DE123", "Próba")
    assert invoice.third_parties == (Party("Nip", "DE123", "Próba", 4),)
    assert invoice.authorized_party == Party("Nip", "5265877635", "Próba", 4)
    assert (invoice.invoice_type, invoice.invoicing_mode) == ("Vat", "Online")
    assert invoice.invoice_hash == bytes(32)


def test_export_tells_its_package() -> None:
    """The addresses of its parts stay out of what may be logged."""
    ksef = Understudy(Shape.FULL, fixed=FIXED | {"code": 200, "isTruncated": True})
    with ksef.gateway() as gateway:
        status = gateway.invoices.get_export("t", REFERENCE)
    package = status.package
    assert package is not None
    moment = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
    assert (status.code, status.expires_at, package.hwm) == (200, moment, moment)
    assert package.last_permanent_storage_date == package.last_invoicing_date == moment
    assert package.last_issue_date == date(1990, 2, 3)
    assert (package.is_truncated, package.invoice_count, package.compression) == (True, 1, "Zip")
    assert [(part.ordinal, part.url) for part in package.parts] == [(1, "https://ksef.example/x")]
    assert "ksef.example/x" not in repr(status)
    with Understudy(Shape.SPARSE, fixed={"code": 100}).gateway() as gateway:
        assert gateway.invoices.get_export("t", REFERENCE).package is None
