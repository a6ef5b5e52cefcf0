"""Approval: number, frozen document, hash; and what stops it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import Event, State
from invoices.domain.readiness import NotReady
from invoices.domain.snapshot import BuyerKind
from invoices.domain.vat import VatRate
from invoices.models import Invoice, InvoiceDocument, InvoiceEvent, NumberCounter, OutboxEntry
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft
from ksef.fa3.reader import read
from ksef.fa3.validate import validate
from roles.access import MissingRight
from roles.tenancy import tenant_transaction
from tests.builders import draft, line, make_approved, make_contractor, make_draft, reload, today

if TYPE_CHECKING:
    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def test_approval_numbers_freezes_and_hashes(people: People) -> None:
    """The XML is valid FA(3), kept byte for byte with its SHA-256, under the first number of the month."""
    invoice = make_approved(
        people.alicja, line(), line(name="Rura", price="12.34", quantity="3", rate=VatRate.R8)
    )
    with people.alicja.entered():
        document = InvoiceDocument.objects.get(invoice_id=invoice.id)
        events = list(InvoiceEvent.objects.values_list("type", flat=True))
    xml = bytes(document.xml)
    assert invoice.number == f"FV/1/{today():%m}/{today():%Y}"
    assert (invoice.state, events) == (State.APPROVED, [Event.APPROVED])
    assert bytes(document.sha256) == hashlib.sha256(xml).digest()
    assert validate(xml) == ()
    content = read(xml)
    assert invoice.number == content.Fa.P_2
    assert people.alicja.company.nip == content.Podmiot1.DaneIdentyfikacyjne.NIP
    assert invoice.gross == content.Fa.P_15


def test_numbers_follow_without_a_gap(people: People) -> None:
    """A refused approval uses up no number (I5)."""
    first = make_approved(people.alicja)
    with people.alicja.entered() as actor:
        empty = save_draft(actor=actor, draft=draft())
        with pytest.raises(NotReady):
            approve_invoice(actor=actor, invoice_id=empty.id)
    second = make_approved(people.alicja)
    assert [first.number[:5], second.number[:5]] == ["FV/1/", "FV/2/"]


def test_approving_twice_changes_nothing(people: People) -> None:
    """A double click finds the invoice approved (S90, F37)."""
    invoice = make_approved(people.alicja)
    with people.alicja.entered() as actor:
        again = approve_invoice(actor=actor, invoice_id=invoice.id)
        assert (again.number, InvoiceEvent.objects.count()) == (invoice.number, 1)
        assert NumberCounter.objects.get().last == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"issue_date": today() + timedelta(days=1)}, "future_date", "issue_date"),
        ({"issue_date": today() - timedelta(days=1)}, "past_date", "issue_date"),
        ({"contractor_id": None}, "no_buyer", "contractor"),
        ({"lines": ()}, "no_lines", "lines"),
        ({"lines": (line(rate=VatRate.EXEMPT),)}, "exemption_missing", "exemption_text"),
    ],
)
def test_obstacles_name_their_field(people: People, change: dict[str, object], code: str, field: str) -> None:
    """What is missing is said with its place; the draft stays a draft without a number."""
    contractor = make_contractor(people.alicja)
    with people.alicja.entered() as actor:
        wrong = replace(draft(contractor_id=contractor.id), **change)  # type: ignore[arg-type]  # each of its own type
        invoice = save_draft(actor=actor, draft=wrong)
        with pytest.raises(NotReady) as caught:
            approve_invoice(actor=actor, invoice_id=invoice.id)
    assert [(obstacle.code, obstacle.field) for obstacle in caught.value.obstacles] == [(code, field)]
    assert reload(people.alicja, invoice).state == State.DRAFT
    assert reload(people.alicja, invoice).number == ""


@pytest.mark.parametrize("rate", [VatRate.REVERSE, VatRate.OUTSIDE_EU_SERVICE])
def test_a_consumer_does_not_settle_the_tax(people: People, rate: VatRate) -> None:
    """Reverse charge is for taxable buyers alone (art. 17(1), art. 28b)."""
    consumer = make_contractor(people.alicja, kind=BuyerKind.CONSUMER, tax_id="")
    with people.alicja.entered() as actor:
        invoice = save_draft(actor=actor, draft=draft(line(rate=rate), contractor_id=consumer.id))
        with pytest.raises(NotReady, match=r"^reverse_to_consumer$"):
            approve_invoice(actor=actor, invoice_id=invoice.id)


def test_a_document_over_the_limit_is_refused_before_it_has_a_number(people: People) -> None:
    """KSeF takes 1 000 000 bytes; the size is checked on the real document (protocol 13.5)."""
    invoice = make_draft(people.alicja, *[line(name="Pozycja " + "długa nazwa " * 40)] * 2000)
    with people.alicja.entered() as actor, pytest.raises(NotReady) as caught:
        approve_invoice(actor=actor, invoice_id=invoice.id)
    assert caught.value.obstacles[0].code == "too_large"
    assert reload(people.alicja, invoice).number == ""


def test_sending_starts_by_itself_only_for_whom_it_is_automatic(people: People, simulator: Simulator) -> None:
    """S75, S82, S86: the owner's approval queues, the issuer's waits for somebody who may send."""
    for person in (people.alicja, people.beata):
        connect_with_self_signed_certificate(actor=person.actor, company=person.company)
    assert make_approved(people.alicja).state == State.QUEUED
    assert make_approved(people.beata).state == State.QUEUED
    assert make_approved(people.cezary).state == State.APPROVED
    assert OutboxEntry.objects.count() == 2


def test_without_a_connection_the_invoice_waits_approved(people: People) -> None:
    """S2: nothing is queued before KSeF is configured."""
    assert make_approved(people.alicja).state == State.APPROVED
    assert not OutboxEntry.objects.exists()


def test_approving_asks_for_the_right(people: People) -> None:
    """S78: a service asks again, whatever the view did."""
    invoice = make_draft(people.alicja)
    actor = replace(people.cezary.actor, rights=frozenset())
    with tenant_transaction(actor.company_id), pytest.raises(MissingRight):
        approve_invoice(actor=actor, invoice_id=invoice.id)
    assert reload(people.alicja, invoice).state == State.DRAFT


def test_another_company_cannot_reach_the_draft(people: People) -> None:
    """C1: inside her own company the other's invoice does not exist."""
    invoice = make_draft(people.alicja)
    with people.zofia.entered() as actor, pytest.raises(Invoice.DoesNotExist):
        approve_invoice(actor=actor, invoice_id=invoice.id)
