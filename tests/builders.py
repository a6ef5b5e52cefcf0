"""Typed builders that go through services, so that no test starts from a state the portal cannot reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Company
from invoices import outbox
from invoices.domain.calendar import warsaw_date
from invoices.domain.snapshot import BuyerKind
from invoices.domain.vat import PriceMethod, VatRate
from invoices.models import Contractor, Invoice, OutboxEntry, RateLane
from invoices.services import sending
from invoices.services.approval import approve_invoice
from invoices.services.contractors import ContractorDetails, save_contractor
from invoices.services.drafting import InvoiceDraft, LineDraft, save_draft

if TYPE_CHECKING:
    import uuid

    from tests.people import Person

BUYER_NIP = "7010416384"

CONTRACTOR = ContractorDetails(
    kind=BuyerKind.DOMESTIC,
    name="Hurtownia Próbna sp. z o.o.",
    tax_id=BUYER_NIP,
    tax_country="",
    country="PL",
    address_line1="ul. Zakupowa 2",
    address_line2="00-002 Warszawa",
    email="",
)


def today() -> date:
    return warsaw_date(timezone.now())


def line(
    *,
    name: str = "Usługa",
    price: str = "100",
    quantity: str = "1",
    rate: VatRate = VatRate.R23,
    discount: str = "0",
) -> LineDraft:
    return LineDraft(
        name=name,
        unit="szt.",
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        discount_percent=Decimal(discount),
        rate=rate,
    )


def draft(*lines: LineDraft, contractor_id: uuid.UUID | None = None) -> InvoiceDraft:
    return InvoiceDraft(
        issue_date=today(),
        supply_date=None,
        method=PriceMethod.NET,
        contractor_id=contractor_id,
        exemption_kind="",
        exemption_text="",
        payment_form=6,
        due_date=today() + timedelta(days=14),
        bank_account="",
        note="",
        lines=lines or (line(),),
    )


def make_contractor(person: Person, **changes: str) -> Contractor:
    with person.entered() as actor:
        return save_contractor(actor=actor, details=replace(CONTRACTOR, **changes))


def make_draft(person: Person, *lines: LineDraft) -> Invoice:
    """A complete draft, ready for approval."""
    contractor = make_contractor(person)
    with person.entered() as actor:
        return save_draft(actor=actor, draft=draft(*lines, contractor_id=contractor.id))


def make_approved(person: Person, *lines: LineDraft) -> Invoice:
    """An approved invoice; queued as well when the person's sending is automatic and connected."""
    invoice = make_draft(person, *lines)
    with person.entered() as actor:
        return approve_invoice(actor=actor, invoice_id=invoice.id)


def make_exempt(person: Person, *lines: LineDraft) -> Invoice:
    """An approved invoice for a natural person of a company that does not send such ones (S97)."""
    Company.objects.filter(id=person.company.id).update(sends_consumer_invoices=False)
    consumer = make_contractor(person, kind=BuyerKind.CONSUMER, tax_id="")
    with person.entered() as actor:
        invoice = save_draft(actor=actor, draft=draft(*lines, contractor_id=consumer.id))
        return approve_invoice(actor=actor, invoice_id=invoice.id)


def run_outbox() -> None:
    """Do what is due now, as a worker would, until nothing is."""
    while due := outbox.list_due():
        for entry in due:
            sending.run_entry(entry.id)


def run_outbox_later() -> None:
    """The same once every wait is over, those that KSeF asked for too."""
    RateLane.objects.all().delete()
    OutboxEntry.objects.update(not_before=Now(), lease_until=None)
    run_outbox()


def reload(person: Person, invoice: Invoice) -> Invoice:
    with person.entered():
        return Invoice.objects.get(id=invoice.id)
