"""Metadata of invented invoices, as KSeF writes it and as we read it, for tests of receiving."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ksef.client.metadata import read_metadata
from ksef.client.reading import Fields
from ksef.number import crc8

if TYPE_CHECKING:
    from ksef.exchange.invoices import InvoiceMetadata

SELLER = "5265877635"
MOMENT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def ksef_number(serial: int, *, seller: str = SELLER) -> str:
    body = f"{seller}-20261120-{serial:012X}"
    return f"{body}-{crc8(body.encode()):02X}"


def make_document(serial: int, *, size: int = 600) -> bytes:
    return f"<Faktura>{serial}</Faktura>".encode().ljust(size)


def metadata_row(
    serial: int, *, xml: bytes | None = None, stored: datetime = MOMENT, **changes: object
) -> dict[str, Any]:
    """One entry of a metadata answer or of a package's list, with everything that must be there."""
    content = make_document(serial) if xml is None else xml
    return {
        "ksefNumber": ksef_number(serial),
        "invoiceNumber": f"FV/{serial}",
        "issueDate": stored.date().isoformat(),
        "invoicingDate": stored.isoformat(),
        "acquisitionDate": stored.isoformat(),
        "permanentStorageDate": stored.isoformat(),
        "seller": {"nip": SELLER, "name": "Próba"},
        "buyer": {"identifier": {"type": "Nip", "value": "1111111111"}, "name": "Nabywca"},
        "netAmount": 100.1,
        "grossAmount": 123.12,
        "vatAmount": 23.02,
        "currency": "PLN",
        "invoicingMode": "Online",
        "invoiceType": "Vat",
        "formCode": {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"},
        "isSelfInvoicing": False,
        "hasAttachment": False,
        "invoiceHash": b64encode(sha256(content).digest()).decode(),
    } | changes


def make_metadata(serial: int, *, stored: datetime = MOMENT) -> InvoiceMetadata:
    return read_metadata(Fields.parse(json.dumps(metadata_row(serial, stored=stored)).encode()))
