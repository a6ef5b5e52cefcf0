"""What a visitor does to read invoices: let others have sent some, ask for metadata, set options."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.ministry import Visitor

EVER = {"dateType": "Invoicing", "from": "2026-09-01T00:00:00Z"}
"""Less than a hundred days before the visits, and to now."""


def preload(visitor: Visitor, xml: bytes | None = None, **fields: object) -> list[str]:
    """Let another system have sent a document, or some by simple fields, and return the KSeF numbers."""
    body = fields if xml is None else {"xml": base64.b64encode(xml).decode(), **fields}
    answer = visitor.ask("POST", "/_control/invoices", json=body)
    assert answer.status_code == 201, answer.text
    numbers: list[str] = answer.json()["ksefNumbers"]
    return numbers


def set_options(visitor: Visitor, **options: float) -> None:
    visitor.ask("POST", "/_control/options", json=options).raise_for_status()


def filters_for(subject: str = "Subject1", /, **changes: object) -> dict[str, object]:
    return {"subjectType": subject, "dateRange": EVER, **changes}


def metadata_page(visitor: Visitor, filters: dict[str, object], query: str = "") -> dict[str, Any]:
    answer = visitor.ask("POST", f"/v2/invoices/query/metadata{query}", json=filters)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def found_numbers(page: dict[str, Any]) -> list[str]:
    return [invoice["invoiceNumber"] for invoice in page["invoices"]]


def find(visitor: Visitor, subject: str = "Subject1", /, **changes: object) -> list[str]:
    """Return the invoice numbers that fit, on one page."""
    page = metadata_page(visitor, filters_for(subject, **changes), "?pageSize=250")
    assert not page["hasMore"]
    return found_numbers(page)
