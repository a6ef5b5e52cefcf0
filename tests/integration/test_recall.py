"""Second thoughts: an approved invoice waits, can be taken back, and goes by itself when its time has come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices import outbox
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import Invoice, InvoiceEvent, OutboxEntry, Submission
from invoices.services import sending
from invoices.services.approval import approve_invoice
from invoices.services.recalling import recall_invoice
from tests.builders import make_approved, reload, run_outbox, run_outbox_later

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}


@pytest.fixture
def alicja(people: People, simulator: Simulator) -> Person:
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    Company.objects.filter(id=people.alicja.company.id).update(recall_minutes=5)
    return people.alicja


def click(person: Person, what: str, invoice: Invoice) -> str:
    url = reverse(f"invoices:{what}", args=[person.company.slug, invoice.id])
    return " ".join(person.client.post(url, follow=True).content.decode().split())


def page(person: Person, invoice: Invoice) -> str:
    url = reverse("invoices:show", args=[person.company.slug, invoice.id])
    return " ".join(person.client.get(url).content.decode().split())


def test_the_window_is_a_parameter_of_the_company(people: People) -> None:
    """Half an hour at the most; nonsense is told at the field and nothing is saved."""
    url = reverse("accounts:ksef_parameters", args=[people.alicja.company.slug])
    for wrong in ("31", "-1", "x"):
        answer = people.alicja.client.post(url, {"scope": "both", "recall_minutes": wrong})
        assert 'id="id_recall_minutes_error"' in answer.content.decode()
    assert Company.objects.get(id=people.alicja.company.id).recall_minutes == 0
    people.alicja.client.post(url, {"scope": "both", "recall_minutes": "10"})
    assert Company.objects.get(id=people.alicja.company.id).recall_minutes == 10


def test_an_approved_invoice_waits_and_then_goes_by_itself(alicja: Person, simulator: Simulator) -> None:
    """S75, S80: within the window nothing is sent; afterwards the sweep sends it without anybody."""
    invoice = make_approved(alicja)
    run_outbox()
    waiting = reload(alicja, invoice)
    assert (waiting.state, simulator.ledger()) == (State.QUEUED, [])
    shown = page(alicja, invoice)
    for text in ("Pójdzie do KSeF sama", "Cofnij do szkicu", "Wyślij teraz", "data-countdown"):
        assert text in shown
    due = OutboxEntry.objects.get().not_before - timezone.now()
    assert timedelta() < due <= timedelta(minutes=5)
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(simulator.ledger()) == 1


def test_taken_back_it_is_a_draft_under_its_number(alicja: Person, simulator: Simulator) -> None:
    """Nothing goes out any more; approved anew it keeps its number and is frozen again."""
    invoice = make_approved(alicja)
    number = invoice.number
    click(alicja, "recall", invoice)
    click(alicja, "recall", invoice)
    draft = reload(alicja, invoice)
    assert (draft.state, draft.number) == (State.DRAFT, number)
    assert OutboxEntry.objects.count() == 0
    run_outbox_later()
    assert simulator.ledger() == []
    with alicja.entered() as actor:
        assert Submission.objects.filter(closed_at=None).count() == 0
        assert InvoiceEvent.objects.filter(type=Event.RECALLED).count() == 1
        approve_invoice(actor=actor, invoice_id=invoice.id)
    run_outbox_later()
    sent = reload(alicja, invoice)
    assert (sent.state, sent.number, sent.revision) == (State.ACCEPTED, number, 2)
    assert len(simulator.ledger()) == 1


def test_it_can_be_sent_before_the_time_is_over(alicja: Person, simulator: Simulator) -> None:
    """The button "Wyślij teraz" ends the waiting; a second click changes nothing (S90)."""
    invoice = make_approved(alicja)
    click(alicja, "send", invoice)
    assert "data-countdown" not in click(alicja, "send", invoice)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(simulator.ledger()) == 1


def test_renewed_access_does_not_end_the_window(alicja: Person, simulator: Simulator) -> None:
    """S37 makes due what waited for access, and only that."""
    invoice = make_approved(alicja)
    outbox.resume(company_id=alicja.company.id, user_id=alicja.actor.user_id)
    run_outbox()
    assert (reload(alicja, invoice).state, simulator.ledger()) == (State.QUEUED, [])


def test_what_a_worker_holds_cannot_be_taken_back(alicja: Person, simulator: Simulator) -> None:
    """I3: from the claim on KSeF may have it; the person is told so."""
    invoice = make_approved(alicja)
    click(alicja, "send", invoice)
    assert outbox.claim(OutboxEntry.objects.get().id) is not None
    assert "jest w drodze do KSeF" in click(alicja, "recall", invoice)
    assert reload(alicja, invoice).state == State.QUEUED


def test_what_may_have_been_posted_cannot_be_taken_back(alicja: Person, simulator: Simulator) -> None:
    """F4: after a lost answer the document may be in KSeF."""
    simulator.fail({"match": POST, "times": 1, "action": "drop_after"})
    invoice = make_approved(alicja)
    click(alicja, "send", invoice)
    sending.run_entry(OutboxEntry.objects.get().id)
    assert reload(alicja, invoice).state == State.SENDING
    assert "jest w drodze do KSeF" in click(alicja, "recall", invoice)
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED


def test_what_was_issued_offline_or_sent_cannot_be_taken_back(alicja: Person, simulator: Simulator) -> None:
    """A buyer may hold an offline document; an accepted one has legal effect."""
    offline = make_approved(alicja)
    with alicja.entered():
        Invoice.objects.filter(id=offline.id).update(mode=Mode.OFFLINE24)
    assert "nabywca może już ją mieć" in click(alicja, "recall", offline)
    with alicja.entered():
        Invoice.objects.filter(id=offline.id).update(mode=Mode.ONLINE)
    run_outbox_later()
    assert "nie została jeszcze wysłana" in click(alicja, "recall", offline)
    assert reload(alicja, offline).state == State.ACCEPTED


def test_an_approved_invoice_that_waits_for_a_sender_can_be_taken_back(people: People) -> None:
    """S82, S86: whoever may approve; a viewer may not."""
    invoice = make_approved(people.cezary)
    assert "Cofnij do szkicu" in page(people.cezary, invoice)
    with people.cezary.entered() as actor:
        recall_invoice(actor=actor, invoice_id=invoice.id)
    assert reload(people.cezary, invoice).state == State.DRAFT
