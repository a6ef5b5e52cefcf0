"""Drafts: saving, duplicating, deleting. A draft may be incomplete; approval asks for the rest."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.models import Company
from invoices.domain.calendar import warsaw_date
from invoices.domain.lifecycle import UNSETTLED, Event, State, is_duplicate
from invoices.domain.snapshot import InvoiceKind
from invoices.domain.vat import (
    LineInput,
    PriceMethod,
    VatRate,
    compute_line,
    compute_totals,
    subtract_totals,
)
from invoices.models import Contractor, Invoice, Series
from invoices.services._drafts import replace_lines, store, stored_lines, stored_totals
from invoices.services._transition import apply_event, lock_invoice
from roles.access import Right

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from decimal import Decimal

    from invoices.domain.vat import LineAmounts, Totals
    from roles.access import Actor

_SERIES = {
    InvoiceKind.VAT: ("Sprzedaż", "FV/{numer}/{miesiac}/{rok}"),
    InvoiceKind.CORRECTION: ("Korekty", "KOR/{numer}/{miesiac}/{rok}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    name: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    rate: VatRate

    def amounts(self, method: PriceMethod) -> LineAmounts:
        return compute_line(
            LineInput(self.quantity, self.unit_price, self.discount_percent, self.rate), method
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDraft:
    """What the form holds; amounts are computed here and nowhere else."""

    issue_date: date
    supply_date: date | None
    method: PriceMethod
    contractor_id: uuid.UUID | None
    exemption_kind: str
    exemption_text: str
    payment_form: int | None
    due_date: date | None
    bank_account: str
    note: str
    lines: tuple[LineDraft, ...]
    correction_reason: str = ""
    correction_effect: int | None = None


def price_lines(lines: Iterable[LineDraft], method: PriceMethod) -> tuple[tuple[LineAmounts, ...], Totals]:
    """The amounts of each line and the sums per rate: what is shown while typing is what is stored."""
    lines = tuple(lines)
    amounts = tuple(line.amounts(method) for line in lines)
    pairs = [(line.rate, line_amounts) for line, line_amounts in zip(lines, amounts, strict=True)]
    return amounts, compute_totals(pairs, method)


def save_draft(
    *,
    actor: Actor,
    draft: InvoiceDraft,
    invoice_id: uuid.UUID | None = None,
    version: int | None = None,
    new_id: uuid.UUID | None = None,
) -> Invoice:
    """Create a draft, or change one that nobody changed since `version` (F38); saving twice changes nothing more.

    A form for a new draft names it by `new_id`, so that its second click does not make a second invoice (F37).
    A correction keeps the buyer and the method of what it corrects, and its sums are the differences.
    Raises RuleBroken: not_a_draft, stale_version, unknown_contractor, already_saved, other_buyer.
    """
    actor.require(Right.ISSUE)
    invoice = _new_invoice(actor, new_id) if invoice_id is None else _editable(invoice_id, version)
    return _write(invoice, draft)


def _write(invoice: Invoice, draft: InvoiceDraft) -> Invoice:
    contractor = _contractor(draft.contractor_id)
    before = invoice.state_before
    if before is not None:
        if contractor is None or contractor.id != before.contractor_id:
            raise RuleBroken("other_buyer", field="contractor")
        draft = replace(draft, method=PriceMethod(before.method))
    amounts, totals = price_lines(draft.lines, draft.method)
    if before is not None:
        totals = subtract_totals(totals, stored_totals(before))
    invoice.issue_date = draft.issue_date
    invoice.supply_date = draft.supply_date
    invoice.method = draft.method
    invoice.contractor = contractor
    invoice.buyer_name = contractor.name if contractor else ""
    invoice.exemption_kind = draft.exemption_kind
    invoice.exemption_text = draft.exemption_text
    invoice.payment_form = draft.payment_form
    invoice.due_date = draft.due_date
    invoice.bank_account = draft.bank_account
    invoice.note = draft.note
    invoice.correction_reason = draft.correction_reason
    invoice.correction_effect = draft.correction_effect
    invoice.net, invoice.vat, invoice.gross = totals.net, totals.vat, totals.gross
    store(invoice)
    replace_lines(invoice, draft.lines, amounts)
    return invoice


def duplicate_invoice(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """A new draft with the same buyer and lines, dated today; number, KSeF number and history stay behind."""
    actor.require(Right.ISSUE)
    return save_draft(actor=actor, draft=_like(Invoice.objects.get(id=invoice_id)))


def start_correction(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """A draft that corrects this invoice, or what an earlier correction made of it (S7, S11, art. 106j).

    It begins with the lines as they stand now. While an earlier correction is not settled, that one is returned:
    so is a second click. Raises RuleBroken: not_correctable.
    """
    actor.require(Right.ISSUE)
    asked = Invoice.objects.get(id=invoice_id)
    original = lock_invoice(asked.original_id or asked.id)
    # What was never in KSeF for want of a duty can be corrected too; the correction says so (NrKSeFN).
    if asked.state not in {State.ACCEPTED, State.EXEMPT} or original.state not in {
        State.ACCEPTED,
        State.EXEMPT,
    }:
        raise RuleBroken("not_correctable")
    open_one = original.corrections.filter(state__in=UNSETTLED).first()
    if open_one is not None:
        return open_one
    settled = original.corrections.filter(state__in=(State.ACCEPTED, State.EXEMPT))
    before = settled.order_by("created_at").last() or original
    correction = _new_invoice(actor, None)
    correction.kind = InvoiceKind.CORRECTION
    correction.environment = original.environment
    correction.original, correction.state_before = original, before
    correction.series = default_series(actor.company_id, kind=InvoiceKind.CORRECTION)
    supplied_on = original.supply_date or original.issue_date
    draft = replace(
        _like(before), supply_date=supplied_on, payment_form=None, due_date=None, bank_account="", note=""
    )
    return _write(correction, draft)


def _like(original: Invoice) -> InvoiceDraft:
    """The same buyer and lines, dated today; number, KSeF number and history stay behind."""
    today = warsaw_date(timezone.now())
    due_date = today + (original.due_date - original.issue_date) if original.due_date else None
    return InvoiceDraft(
        issue_date=today,
        supply_date=None,
        method=PriceMethod(original.method),
        contractor_id=original.contractor_id,
        exemption_kind=original.exemption_kind,
        exemption_text=original.exemption_text,
        payment_form=original.payment_form,
        due_date=due_date,
        bank_account=original.bank_account,
        note=original.note,
        lines=tuple(
            LineDraft(
                name=line.name,
                unit=line.unit,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount_percent=line.discount_percent,
                rate=line.rate,
            )
            for line in stored_lines(original)
        ),
    )


def delete_draft(*, actor: Actor, invoice_id: uuid.UUID, version: int) -> None:
    """Remove a draft for good. One that already bears a number stays, or the series would have a gap.

    Raises RuleBroken: not_a_draft, stale_version, numbered_draft, approved_before.
    """
    actor.require(Right.ISSUE)
    invoice = _editable(invoice_id, version)
    if invoice.number:
        raise RuleBroken("numbered_draft")
    if invoice.revision:
        # It gave its number up (440); its history and its frozen documents stay for good.
        raise RuleBroken("approved_before")
    invoice.delete()


def reopen_invoice(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Make a rejected invoice a draft again under its number: a rejected document was never issued.

    Raises RuleBroken: not_rejected.
    """
    actor.require(Right.ISSUE)
    invoice = lock_invoice(invoice_id)
    if invoice.state != State.REJECTED:
        raise RuleBroken("not_rejected")
    apply_event(invoice, Event.REOPENED, actor_id=actor.user_id)
    return invoice


def renumber_invoice(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Make a draft of an invoice whose number somebody else used in KSeF (440); approval gives it the next number.

    The former number leaves no gap: the other document bears it. A draft is returned unchanged.
    Raises RuleBroken: number_not_taken.
    """
    actor.require(Right.ISSUE)
    invoice = lock_invoice(invoice_id)
    if invoice.state == State.DRAFT:
        return invoice
    refusal = invoice.events.filter(type=Event.REJECTED).order_by("seq").last()
    if invoice.state != State.REJECTED or refusal is None or not is_duplicate(refusal.data):
        raise RuleBroken("number_not_taken")
    former, invoice.number = invoice.number, ""
    invoice.save(update_fields=["number"])
    apply_event(invoice, Event.REOPENED, actor_id=actor.user_id, data={"former_number": former})
    return invoice


def default_series(company_id: uuid.UUID, *, kind: InvoiceKind = InvoiceKind.VAT) -> Series:
    """The company's series for this kind, made on first use; two first uses at once make one."""
    name, pattern = _SERIES[kind]
    Series.objects.bulk_create(
        [Series(company_id=company_id, name=name, pattern=pattern)], ignore_conflicts=True
    )
    return Series.objects.get(name=name)


def _new_invoice(actor: Actor, new_id: uuid.UUID | None) -> Invoice:
    company = Company.objects.get(id=actor.company_id)
    return Invoice(
        id=new_id or uuid.uuid4(),
        company_id=actor.company_id,
        created_by_id=actor.user_id,
        environment=company.environment,
        series=default_series(actor.company_id),
    )


def _editable(invoice_id: uuid.UUID, version: int | None) -> Invoice:
    invoice = lock_invoice(invoice_id)
    if invoice.state != State.DRAFT:
        raise RuleBroken("not_a_draft")
    if invoice.version != version:
        raise RuleBroken("stale_version")
    invoice.version += 1
    return invoice


def _contractor(contractor_id: uuid.UUID | None) -> Contractor | None:
    if contractor_id is None:
        return None
    contractor = Contractor.objects.filter(id=contractor_id).first()
    if contractor is None:
        raise RuleBroken("unknown_contractor", field="contractor")
    return contractor
