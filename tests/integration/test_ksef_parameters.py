"""Scope, natural persons and fetching: what the company has decided about KSeF (S91-S101)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.domain.errors import RuleBroken
from accounts.models import Company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import Event, State
from invoices.domain.snapshot import BuyerKind
from invoices.models import InvoiceEvent, OutboxEntry, Submission
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft
from invoices.services.submission import submit_invoice
from tests.builders import draft, line, make_approved, make_contractor, make_exempt, reload, run_outbox

if TYPE_CHECKING:
    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def decide(person: Person, **choices: str) -> str:
    """Send the form of parameters; a box that is not named stays empty."""
    url = reverse("accounts:ksef_parameters", args=[person.company.slug])
    return person.client.post(url, {"scope": "both", **choices}, follow=True).content.decode()


def consumer_invoice(person: Person, **changes: str) -> Invoice:
    buyer = make_contractor(person, **{"kind": BuyerKind.CONSUMER, "tax_id": "", **changes})
    with person.entered() as actor:
        invoice = save_draft(actor=actor, draft=draft(line(), contractor_id=buyer.id))
        return approve_invoice(actor=actor, invoice_id=invoice.id)


def test_the_form_names_the_parameters(people: People) -> None:
    """S91, S92, S93, S95, S101: two values, two boxes, and what each means."""
    page = people.alicja.client.get(
        reverse("accounts:ksef_parameters", args=[people.alicja.company.slug])
    ).content.decode()
    assert page.count('name="scope"') == 2
    for text in (
        "Zakres współpracy z KSeF",
        "Tylko odbiór",
        "Odbiór i wysyłka",
        "Wysyłka faktur dla osób fizycznych",
        "jest dobrowolne",
        "Automatyczne pobieranie faktur z KSeF",
        "Przy każdym logowaniu",
    ):
        assert text in page
    assert "Parametry zapisane." in decide(people.alicja, fetches_at_login="on")
    company = Company.objects.get(id=people.alicja.company.id)
    assert (company.ksef_scope, company.sends_consumer_invoices, company.fetches_at_login) == (
        "both",
        False,
        True,
    )


def test_receiving_only_sends_nothing_by_any_route(connected: People, simulator: Simulator) -> None:
    """S92: neither approval nor a click nor a forged request sends, whatever the role."""
    alicja = connected.alicja
    decide(alicja, scope="receive")
    invoice = make_approved(alicja)
    assert invoice.state == State.APPROVED
    show = reverse("invoices:show", args=[alicja.company.slug, invoice.id])
    page = alicja.client.get(show).content.decode()
    assert "Wyślij do KSeF" not in page
    assert "„Tylko odbiór”" in page
    answer = alicja.client.post(
        reverse("invoices:send", args=[alicja.company.slug, invoice.id]), follow=True
    ).content.decode()
    assert "Tylko odbiór" in answer
    with alicja.entered() as actor, pytest.raises(RuleBroken, match="receive_only"):
        submit_invoice(actor=actor, invoice_id=invoice.id)
    run_outbox()
    assert simulator.ledger() == []


def test_narrowing_the_scope_stops_what_is_queued(connected: People, simulator: Simulator) -> None:
    """S94: what waits is taken back with the reason, what was sent stays sent."""
    alicja = connected.alicja
    arrived = make_approved(alicja)
    run_outbox()
    queued = make_approved(alicja)
    decide(alicja, scope="receive")
    run_outbox()
    assert (reload(alicja, arrived).state, reload(alicja, queued).state) == (State.ACCEPTED, State.APPROVED)
    with alicja.entered():
        last = InvoiceEvent.objects.filter(invoice_id=queued.id).order_by("-seq")[0]
        assert (last.type, last.data) == (Event.WITHDRAWN, {"reason": "receive_only"})
    assert len(simulator.ledger()) == 1
    assert not OutboxEntry.objects.exists()
    decide(alicja, scope="both")
    with alicja.entered() as actor:
        submit_invoice(actor=actor, invoice_id=queued.id)
    run_outbox()
    assert reload(alicja, queued).state == State.ACCEPTED


def test_checked_natural_persons_are_ordinary(connected: People, simulator: Simulator) -> None:
    """S96: sent by the same rules as every invoice."""
    decide(connected.alicja, sends_consumer_invoices="on")
    invoice = consumer_invoice(connected.alicja)
    run_outbox()
    assert reload(connected.alicja, invoice).state == State.ACCEPTED


def test_unchecked_natural_persons_are_not_subject(connected: People, simulator: Simulator) -> None:
    """S97, S98: the status is set by itself, and no route sends such a document."""
    alicja = connected.alicja
    invoice = make_exempt(alicja)
    assert invoice.state == State.EXEMPT
    show = reverse("invoices:show", args=[alicja.company.slug, invoice.id])
    page = alicja.client.get(show).content.decode()
    assert "KSeF: nie podlega" in page
    assert "Wyślij do KSeF" not in page
    answer = alicja.client.post(
        reverse("invoices:send", args=[alicja.company.slug, invoice.id]), follow=True
    ).content.decode()
    assert "nie jest wysyłana do KSeF" in answer
    with alicja.entered() as actor, pytest.raises(RuleBroken, match="not_subject"):
        submit_invoice(actor=actor, invoice_id=invoice.id)
    run_outbox()
    assert simulator.ledger() == []
    with alicja.entered():
        assert not Submission.objects.exists()


def test_the_status_is_decided_once(connected: People, simulator: Simulator) -> None:
    """S99: later changes of the box touch no old document, in either direction."""
    alicja = connected.alicja
    exempt = make_exempt(alicja)
    decide(alicja, sends_consumer_invoices="on")
    assert reload(alicja, exempt).state == State.EXEMPT
    ordinary = consumer_invoice(alicja)
    decide(alicja)
    run_outbox()
    assert reload(alicja, ordinary).state == State.ACCEPTED
    assert reload(alicja, exempt).state == State.EXEMPT


def test_a_buyer_with_a_nip_is_no_natural_person(connected: People, simulator: Simulator) -> None:
    """S100: whoever gives a NIP buys as a business; the rule is the kind of the contractor and no number."""
    decide(connected.alicja)
    invoice = make_approved(connected.alicja)
    assert invoice.state == State.QUEUED


def test_an_exempt_invoice_may_bear_an_earlier_date(people: People) -> None:
    """S97: the rule of today's date is KSeF's; what it never sees is bound by the act alone (art. 106i)."""
    assert make_exempt(people.alicja).number.startswith("FV/1/")


def test_only_who_holds_the_right_decides(people: People) -> None:
    """S78: an accountant may send, and not change what the company sends."""
    url = reverse("accounts:ksef_parameters", args=[people.beata.company.slug])
    assert people.beata.client.post(url, {"scope": "receive"}).status_code == 403
    assert Company.objects.get(id=people.beata.company.id).ksef_scope == "both"


def test_practice_may_connect_and_still_receive_only(people: People, simulator: Simulator) -> None:
    """S92: being connected is no leave to send."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    decide(people.alicja, scope="receive")
    assert make_approved(people.alicja).state == State.APPROVED
