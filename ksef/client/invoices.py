"""Requests about invoices that KSeF keeps: their metadata and exports of them (section 7)."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from ksef.client.encryption import Encryption
from ksef.client.metadata import read_metadata
from ksef.client.parts import read_status, without_none, write_moment
from ksef.client.reading import Fields, Unreadable
from ksef.client.transport import Answer, Call, Transport
from ksef.exchange.archives import Compression
from ksef.exchange.invoices import (
    AmountRange,
    BuyerIdentifier,
    DateRange,
    ExportPackage,
    ExportPart,
    ExportRequest,
    ExportStatus,
    InvoiceFilters,
    MetadataPage,
    SortOrder,
)

PAGE_SIZE = 250


def query_metadata(
    transport: Transport, access_token: str, *, filters: InvoiceFilters, order: SortOrder, page: int
) -> MetadataPage:
    """`page` counts pages from zero, not rows (trap 5)."""
    call = Call(
        "POST",
        "/invoices/query/metadata",
        bearer=access_token,
        json=_write_filters(filters),
        params={"sortOrder": order.value, "pageOffset": page, "pageSize": PAGE_SIZE},
    )
    return transport.run(call, _read_page)


def start_export(
    transport: Transport, access_token: str, *, request: ExportRequest, encryption: Encryption
) -> str:
    """The export's reference. Repeatable: one whose answer was lost runs out by itself, unread."""
    body = {
        "encryption": encryption,
        "filters": _write_filters(request.filters),
        "onlyMetadata": request.only_metadata,
        "compressionType": request.compression.value,
    }
    call = Call("POST", "/invoices/exports", bearer=access_token, json=body)
    return transport.run(call, lambda answer: Fields.parse(answer.body).text("referenceNumber"))


def get_export(transport: Transport, access_token: str, reference: str) -> ExportStatus:
    path = f"/invoices/exports/{quote(reference, safe='')}"
    return transport.run(Call("GET", path, bearer=access_token), _read_export)


def _write_filters(filters: InvoiceFilters) -> dict[str, Any]:
    return without_none(
        {
            "subjectType": filters.subject.value,
            "dateRange": _write_range(filters.dates),
            "ksefNumber": filters.ksef_number,
            "invoiceNumber": filters.invoice_number,
            "amount": _write_amount(filters.amount) if filters.amount else None,
            "sellerNip": filters.seller_nip,
            "buyerIdentifier": _write_buyer(filters.buyer) if filters.buyer else None,
            "currencyCodes": list(filters.currencies) or None,
            "invoicingMode": filters.invoicing_mode,
            "isSelfInvoicing": filters.is_self_invoicing,
            "formType": filters.form_type,
            "invoiceTypes": list(filters.invoice_types) or None,
            "hasAttachment": filters.has_attachment,
        }
    )


def _write_range(dates: DateRange) -> dict[str, Any]:
    return without_none(
        {
            "dateType": dates.kind.value,
            "from": write_moment(dates.since),
            "to": write_moment(dates.until) if dates.until else None,
            "restrictToPermanentStorageHwmDate": True if dates.is_restricted_to_hwm else None,
        }
    )


def _write_amount(amount: AmountRange) -> dict[str, Any]:
    return without_none(
        {"type": amount.kind.value, "from": _number(amount.least), "to": _number(amount.most)}
    )


def _number(amount: Decimal | None) -> float | None:
    """JSON has no other numbers, and KSeF reads doubles."""
    return None if amount is None else float(amount)


def _write_buyer(buyer: BuyerIdentifier) -> dict[str, Any]:
    return without_none({"type": buyer.kind.value, "value": buyer.value})


def _read_page(answer: Answer) -> MetadataPage:
    fields = Fields.parse(answer.body)
    return MetadataPage(
        invoices=tuple(map(read_metadata, fields.objects("invoices"))),
        has_more=fields.boolean("hasMore"),
        is_truncated=fields.boolean("isTruncated"),
        hwm=fields.find_moment("permanentStorageHwmDate"),
    )


def _read_export(answer: Answer) -> ExportStatus:
    fields = Fields.parse(answer.body)
    status = read_status(fields.object("status"))
    return ExportStatus(
        code=status.code,
        description=status.description,
        details=status.details,
        completed_at=fields.find_moment("completedDate"),
        expires_at=fields.find_moment("packageExpirationDate"),
        package=_read_package(fields.object("package")) if fields.has("package") else None,
    )


def _read_package(fields: Fields) -> ExportPackage:
    parts = sorted(map(_read_part, fields.objects("parts")), key=lambda part: part.ordinal)
    if [part.ordinal for part in parts] != list(range(1, len(parts) + 1)):
        raise Unreadable("the parts of a package do not count from one")
    return ExportPackage(
        invoice_count=fields.integer("invoiceCount"),
        size=fields.integer("size"),
        parts=tuple(parts),
        # Zip is what KSeF makes when nobody asks for anything else.
        compression=fields.find_text("compressionType") or Compression.ZIP,
        is_truncated=fields.boolean("isTruncated"),
        last_issue_date=fields.day("lastIssueDate") if fields.has("lastIssueDate") else None,
        last_invoicing_date=fields.find_moment("lastInvoicingDate"),
        last_permanent_storage_date=fields.find_moment("lastPermanentStorageDate"),
        hwm=fields.find_moment("permanentStorageHwmDate"),
    )


def _read_part(fields: Fields) -> ExportPart:
    return ExportPart(
        ordinal=fields.integer("ordinalNumber"),
        method=fields.text("method").upper(),
        url=fields.text("url"),
        size=fields.integer("partSize"),
        sha256=fields.sha256("partHash"),
        encrypted_size=fields.integer("encryptedPartSize"),
        encrypted_sha256=fields.sha256("encryptedPartHash"),
        expires_at=fields.moment("expirationDate"),
    )
