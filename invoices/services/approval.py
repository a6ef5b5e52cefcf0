"""Approval: a number, a frozen document and its hash, in one transaction; sending follows where it may."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Company
from invoices.domain.calendar import warsaw_date
from invoices.domain.deadlines import mode_during
from invoices.domain.ksef_duty import is_exempt
from invoices.domain.lifecycle import Event, Mode, State
from invoices.domain.numbering import NumberPattern
from invoices.domain.readiness import CorrectionCheck, IssueDay, NotReady, Obstacle, find_obstacles
from invoices.domain.recall import recall_delay
from invoices.domain.snapshot import (
    Address,
    Buyer,
    BuyerKind,
    Correction,
    CorrectionEffect,
    Exemption,
    ExemptionKind,
    InvoiceSnapshot,
    Line,
    PaymentForm,
    Seller,
)
from invoices.domain.vat import PriceMethod, compute_totals, subtract_totals
from invoices.fa3_mapping import identity, to_fa3
from invoices.models import Contractor, Invoice, InvoiceDocument, NumberCounter
from invoices.selectors.outages import list_outages
from invoices.services._drafts import stored_lines, stored_totals
from invoices.services._transition import apply_event, lock_invoice
from invoices.services.legal_clock import issue_offline, reckon, release
from invoices.services.submission import goes_by_itself, queue_submission
from ksef.exchange.outages import gravest_at
from ksef.fa3.check import LARGEST_INVOICE, check
from ksef.fa3.reader import read
from ksef.fa3.validate import validate
from ksef.fa3.writer import write
from roles.access import Right

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from roles.access import Actor

_MOST_FAULTS_SHOWN = 20


def approve_invoice(*, actor: Actor, invoice_id: uuid.UUID, now: datetime | None = None) -> Invoice:
    """Give the draft its number, freeze its FA(3) bytes, and queue it where the actor's sending is automatic.

    Whether KSeF is to have the document is decided here and stored (S97-S99).
    Approving what is approved returns it unchanged, so a second click or a second browser changes nothing
    (S90, F37). While an announced outage lasts it is issued offline (R1, R2). Raises NotReady with every obstacle;
    then nothing is written and no number is used up.
    """
    actor.require(Right.APPROVE)
    now = now or timezone.now()
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if invoice.state != State.DRAFT:
            return invoice
        lines = stored_lines(invoice)
        buyer = buyer_of(invoice.contractor)
        company = Company.objects.get(id=invoice.company_id)
        exempt = is_exempt(buyer, sends_consumer_invoices=company.sends_consumer_invoices)
        _require_readiness(invoice, lines=lines, buyer=buyer, now=now, goes_to_ksef=not exempt)
        if not invoice.number:
            invoice.number = _next_number(invoice)
        document = freeze(invoice, lines=lines, buyer=buyer, now=now)
        document.save(force_insert=True)
        invoice.revision = document.revision
        # Issued today, online: what became of a rejected revision does not count any more.
        invoice.mode, invoice.issued_at = Mode.ONLINE, now
        invoice.send_by, invoice.deadline_basis = None, ""
        invoice.save(update_fields=["number", "revision", "mode", "issued_at", "send_by", "deadline_basis"])
        facts = {
            "number": invoice.number,
            "sha256": bytes(document.sha256).hex(),
            "revision": document.revision,
        }
        event = Event.EXEMPTED if exempt else Event.APPROVED
        apply_event(invoice, event, actor_id=actor.user_id, data=facts)
        if not exempt:
            _set_out(invoice, actor=actor, company=company, now=now)
    return invoice


def _set_out(invoice: Invoice, *, actor: Actor, company: Company, now: datetime) -> None:
    """The way to KSeF begins: online, or in the mode of an outage that was announced (R1), or not at all then."""
    outages = list_outages(invoice.environment)
    mode = mode_during(gravest_at(outages, now))
    deadline = reckon(invoice, outages)
    if deadline.is_lifted:
        release(invoice, deadline)
        return
    delay = recall_delay(minutes=company.recall_minutes, issue_date=invoice.issue_date, now=now)
    if mode is not Mode.ONLINE:
        # Its buyer may have it at once, so there is nothing to take back.
        delay = timedelta()
        issue_offline(invoice, mode=mode, issued_at=now, outages=outages, actor_id=actor.user_id)
    if goes_by_itself(invoice, actor=actor, company=company):
        queue_submission(invoice, actor=actor, delay=delay)


def _require_readiness(
    invoice: Invoice,
    *,
    lines: tuple[Line, ...],
    buyer: Buyer | None,
    now: datetime,
    goes_to_ksef: bool,
) -> None:
    obstacles = tuple(
        find_obstacles(
            day=IssueDay(invoice.issue_date, warsaw_date(now), goes_to_ksef),
            buyer=buyer,
            rates=[line.rate for line in lines],
            has_exemption=bool(invoice.exemption_kind and invoice.exemption_text),
            correction=_check_correction(invoice, lines=lines, buyer=buyer),
        )
    )
    if obstacles:
        raise NotReady(obstacles)


def _check_correction(
    invoice: Invoice, *, lines: tuple[Line, ...], buyer: Buyer | None
) -> CorrectionCheck | None:
    if invoice.original is None or invoice.state_before is None:
        return None
    return CorrectionCheck(
        has_reason=bool(invoice.correction_reason and invoice.correction_effect),
        changes_something=lines != stored_lines(invoice.state_before),
        has_same_buyer=buyer is None or _is_buyer_of(invoice.original, buyer),
    )


def _is_buyer_of(original: Invoice, buyer: Buyer) -> bool:
    """Whether the contractor still bears the number under which the original was issued."""
    document = InvoiceDocument.objects.get(invoice_id=original.id, revision=original.revision)
    issued_to = read(bytes(document.xml)).Podmiot2.DaneIdentyfikacyjne
    return replace(issued_to, Nazwa=None) == replace(identity(buyer), Nazwa=None)


def _next_number(invoice: Invoice) -> str:
    """The next number of the series and period; the counter stays locked until the approval commits (I5).

    Each environment counts for itself: what was practised in demo leaves no gap among legal numbers (S13).
    """
    pattern = NumberPattern.parse(invoice.series.pattern)
    period = pattern.period(invoice.issue_date)
    NumberCounter.objects.bulk_create(
        [
            NumberCounter(
                company_id=invoice.company_id,
                series=invoice.series,
                environment=invoice.environment,
                period=period,
            )
        ],
        ignore_conflicts=True,
    )
    counter = NumberCounter.objects.select_for_update().get(
        series_id=invoice.series_id, environment=invoice.environment, period=period
    )
    NumberCounter.objects.filter(id=counter.id).update(last=F("last") + 1)
    return pattern.format(counter.last + 1, invoice.issue_date)


def freeze(
    invoice: Invoice, *, lines: tuple[Line, ...], buyer: Buyer | None, now: datetime
) -> InvoiceDocument:
    """The next revision of the document, not stored yet; raises NotReady for what KSeF would not take."""
    xml = write(to_fa3(_snapshot(invoice, lines=lines, buyer=buyer, now=now)))
    if len(xml) > LARGEST_INVOICE:
        raise NotReady([Obstacle("too_large", "lines", {"size": len(xml), "most": LARGEST_INVOICE})])
    violations = (*check(xml), *validate(xml))
    if violations:
        raise NotReady(
            [
                Obstacle("schema", "", {"path": fault.path, "message": fault.message})
                for fault in violations[:_MOST_FAULTS_SHOWN]
            ]
        )
    return InvoiceDocument(
        company_id=invoice.company_id,
        invoice=invoice,
        revision=invoice.revision + 1,
        xml=xml,
        sha256=hashlib.sha256(xml).digest(),
        created_at=now,
    )


def _snapshot(
    invoice: Invoice, *, lines: tuple[Line, ...], buyer: Buyer | None, now: datetime
) -> InvoiceSnapshot:
    assert buyer is not None  # noqa: S101 -- _require_readiness refused a draft without one
    method = PriceMethod(invoice.method)
    correction = _correction(invoice)
    totals = compute_totals([(line.rate, line.amounts) for line in lines], method)
    named = lines
    if correction and invoice.state_before:
        totals = subtract_totals(totals, stored_totals(invoice.state_before))
        named = (*correction.lines_before, *lines)
    has_exempt_line = any(line.rate.needs_exemption_basis for line in named)
    return InvoiceSnapshot(
        number=invoice.number,
        issue_date=invoice.issue_date,
        supply_date=invoice.supply_date,
        created_at=now,
        seller=_seller(invoice.company_id),
        buyer=buyer,
        method=method,
        lines=lines,
        totals=totals,
        exemption=Exemption(ExemptionKind(invoice.exemption_kind), invoice.exemption_text)
        if has_exempt_line
        else None,
        payment_form=PaymentForm(invoice.payment_form) if invoice.payment_form else None,
        due_date=invoice.due_date,
        bank_account=invoice.bank_account,
        note=invoice.note,
        correction=correction,
    )


def _correction(invoice: Invoice) -> Correction | None:
    if invoice.original is None or invoice.state_before is None:
        return None
    assert invoice.correction_effect is not None  # noqa: S101 -- _require_readiness refused a draft without it
    return Correction(
        number=invoice.original.number,
        issue_date=invoice.original.issue_date,
        ksef_number=invoice.original.ksef_number,
        reason=invoice.correction_reason,
        effect=CorrectionEffect(invoice.correction_effect),
        lines_before=stored_lines(invoice.state_before),
    )


def _seller(company_id: uuid.UUID) -> Seller:
    company = Company.objects.get(id=company_id)
    return Seller(
        nip=company.nip,
        name=company.name,
        address=Address(country="PL", line1=company.address_line1, line2=company.address_line2),
    )


def buyer_of(contractor: Contractor | None) -> Buyer | None:
    if contractor is None:
        return None
    address = None
    if contractor.address_line1:
        address = Address(
            country=contractor.country, line1=contractor.address_line1, line2=contractor.address_line2
        )
    return Buyer(
        kind=BuyerKind(contractor.kind),
        name=contractor.name,
        address=address,
        tax_id=contractor.tax_id,
        tax_country=contractor.tax_country,
        email=contractor.email,
    )
