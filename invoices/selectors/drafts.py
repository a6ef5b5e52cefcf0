"""A draft as the editor shows it: every value already the text that a person would type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404

from invoices.domain.lifecycle import State
from invoices.domain.money import format_money, format_quantity
from invoices.domain.vat import PriceMethod, VatRate
from invoices.models import Contractor, Invoice, InvoiceLine
from invoices.selectors.rendering import format_date, format_price
from invoices.selectors.state_wording import StateLabel, state_label

if TYPE_CHECKING:
    import uuid
    from datetime import date


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line of the form as text. The defaults make a line that asks for a name and a price only."""

    name: str = ""
    unit: str = "szt."
    quantity: str = "1"
    price: str = ""
    discount: str = ""
    rate: str = VatRate.R23.value

    @property
    def is_blank(self) -> bool:
        """A line that says nothing yet: it is kept on the page and left out of the invoice."""
        return not (self.name.strip() or self.price.strip() or self.discount.strip()) and (
            self.quantity.strip() in {"", "1"}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDraft:
    """The draft as it was last saved; `version` goes back with the form (F38)."""

    id: uuid.UUID
    version: int
    is_editable: bool
    number: str
    issue_date: date
    supply_date: date | None
    method: str
    contractor: str
    exemption_kind: str
    exemption_text: str
    payment_form: int | None
    due_date: date | None
    bank_account: str
    note: str
    correction_reason: str
    correction_effect: int | None
    lines: tuple[TypedLine, ...]


@dataclass(frozen=True, slots=True)
class LineBefore:
    name: str
    quantity: str
    unit: str
    price: str
    rate: str
    value: str


@dataclass(frozen=True, slots=True)
class CorrectionLabel:
    """What a correction is about, and the lines as they stand before it."""

    number: str
    ksef_number: str
    url_id: uuid.UUID
    contractor: str
    buyer: str
    method: str
    lines: tuple[LineBefore, ...]


@dataclass(frozen=True, slots=True)
class DraftLabel:
    """Enough of an invoice to name it on a page that asks whether to delete it."""

    id: uuid.UUID
    version: int
    is_editable: bool
    state: StateLabel
    number: str
    buyer: str
    issue_date: str
    gross: str
    correction: CorrectionLabel | None


def get_draft(invoice_id: uuid.UUID) -> StoredDraft:
    """The invoice with its lines; 404 for whatever this company does not have."""
    invoice = get_object_or_404(Invoice.objects.all(), id=invoice_id)
    lines = InvoiceLine.objects.filter(invoice_id=invoice_id).order_by("position")
    return StoredDraft(
        id=invoice.id,
        version=invoice.version,
        is_editable=invoice.state == State.DRAFT,
        number=invoice.number,
        issue_date=invoice.issue_date,
        supply_date=invoice.supply_date,
        method=invoice.method,
        contractor=str(invoice.contractor_id or ""),
        exemption_kind=invoice.exemption_kind,
        exemption_text=invoice.exemption_text,
        payment_form=invoice.payment_form,
        due_date=invoice.due_date,
        bank_account=invoice.bank_account,
        note=invoice.note,
        correction_reason=invoice.correction_reason,
        correction_effect=invoice.correction_effect,
        lines=tuple(_typed(line) for line in lines),
    )


def get_draft_label(invoice_id: uuid.UUID) -> DraftLabel:
    """The invoice by name, without its lines; 404 for whatever this company does not have."""
    invoice = get_object_or_404(Invoice.objects.all(), id=invoice_id)
    return DraftLabel(
        id=invoice.id,
        version=invoice.version,
        is_editable=invoice.state == State.DRAFT,
        state=state_label(invoice.state),
        number=invoice.number,
        buyer=invoice.buyer_name,
        issue_date=format_date(invoice.issue_date),
        gross=format_money(invoice.gross),
        correction=_correction(invoice),
    )


def _correction(invoice: Invoice) -> CorrectionLabel | None:
    original, before = invoice.original, invoice.state_before
    if original is None or before is None:
        return None
    is_net = before.method == PriceMethod.NET
    return CorrectionLabel(
        number=original.number,
        ksef_number=original.ksef_number,
        url_id=original.id,
        contractor=str(before.contractor_id or ""),
        buyer=before.buyer_name,
        method=before.method,
        lines=tuple(
            LineBefore(
                name=line.name,
                quantity=format_quantity(line.quantity),
                unit=line.unit,
                price=format_price(line.unit_price),
                rate=VatRate(line.rate).label,
                value=format_money(line.net if is_net else line.gross),
            )
            for line in before.lines.order_by("position")
        ),
    )


def list_buyer_choices() -> list[tuple[str, str]]:
    """Contractors to choose from, by name; the number tells namesakes apart."""
    rows = Contractor.objects.order_by("name", "tax_id").values_list("id", "name", "tax_country", "tax_id")
    return [
        (str(key), f"{name} ({country}{number})" if number else name) for key, name, country, number in rows
    ]


def _typed(line: InvoiceLine) -> TypedLine:
    return TypedLine(
        name=line.name,
        unit=line.unit,
        quantity=format_quantity(line.quantity),
        price=format_price(line.unit_price),
        discount=format_quantity(line.discount_percent) if line.discount_percent else "",
        rate=line.rate,
    )
