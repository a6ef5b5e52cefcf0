"""Somebody else used the number in KSeF: both documents side by side, and a way on that leaves no gap (F19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.models import ConflictingDocument, InvoiceDocument
from invoices.services.approval import approve_invoice
from tests.builders import line, make_approved, reload, run_outbox
from tests.elsewhere import send_elsewhere

if TYPE_CHECKING:
    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


@pytest.fixture
def refused(people: People, simulator: Simulator) -> Invoice:
    """An invoice whose number another program sent to KSeF first, with another line."""
    alicja = people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    invoice = make_approved(alicja, line(name="Wymiana pompy", price="100"))
    with alicja.entered():
        ours = bytes(InvoiceDocument.objects.get(invoice_id=invoice.id).xml)
    send_elsewhere(alicja, ours.replace(b"Wymiana pompy", b"Przegl\xc4\x85d kot\xc5\x82a"))
    run_outbox()
    return reload(alicja, invoice)


def address(person: Person, name: str, invoice: Invoice) -> str:
    return reverse(f"invoices:{name}", args=[person.company.slug, invoice.id])


def text_of(person: Person, url: str) -> str:
    answer = person.client.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_refused_invoice_leads_to_the_comparison(people: People, refused: Invoice) -> None:
    """F19: what differs is marked, what is the same as well; the other document can be had byte for byte."""
    alicja = people.alicja
    assert refused.state == State.REJECTED
    assert address(alicja, "conflict", refused) in text_of(alicja, address(alicja, "show", refused))
    page = text_of(alicja, address(alicja, "conflict", refused))
    assert page.count("różni się") == 1
    for text in ("Wymiana pompy: 1 szt.", "Przegląd kotła: 1 szt.", "tak samo", "Nadaj nowy numer"):
        assert text in page
    with alicja.entered():
        theirs = ConflictingDocument.objects.get()
    assert theirs.ksef_number in page
    file = alicja.client.get(address(alicja, "conflict_xml", refused))
    assert file.content == bytes(theirs.xml)
    assert people.zofia.client.get(address(alicja, "conflict", refused)).status_code == 404


def test_a_new_number_and_the_sale_is_invoiced(
    people: People, refused: Invoice, simulator: Simulator
) -> None:
    """F19, I5: the next number of the series, once, however often it is asked for; the history tells why."""
    alicja, former = people.alicja, refused.number
    for _click in range(2):
        assert alicja.client.post(address(alicja, "renumber", refused)).status_code == 302
    draft = reload(alicja, refused)
    assert (draft.state, draft.number) == (State.DRAFT, "")
    deletion = alicja.client.post(address(alicja, "delete", refused), {"version": draft.version}, follow=True)
    assert "Jej historia zostaje" in deletion.content.decode()
    with alicja.entered() as actor:
        approve_invoice(actor=actor, invoice_id=refused.id)
    run_outbox()
    sent = reload(alicja, refused)
    assert sent.state == State.ACCEPTED
    assert sent.number != former
    assert {entry["ksefNumber"] for entry in simulator.ledger()} > {sent.ksef_number}
    assert f"Numer {former} nosi w KSeF inna faktura." in text_of(alicja, address(alicja, "show", refused))


def test_only_a_taken_number_is_given_up(people: People, simulator: Simulator) -> None:
    """I5: whatever is not refused for its number keeps it, and has no such page."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    invoice = make_approved(people.alicja)
    run_outbox()
    answer = people.alicja.client.post(address(people.alicja, "renumber", invoice), follow=True)
    assert "Nowy numer dostaje tylko faktura" in answer.content.decode()
    assert reload(people.alicja, invoice).number == invoice.number
    assert people.alicja.client.get(address(people.alicja, "conflict", invoice)).status_code == 404
