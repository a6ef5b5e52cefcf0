"""Plans: on "eFaktury" approval sends, on "eFaktury Plus" the role decides, and a change reaches what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.models import Company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import Event, State
from invoices.models import InvoiceEvent
from invoices.services.submission import submit_invoice
from roles.access import MissingRight, Right
from roles.models import AuditEntry, Role
from tests.builders import make_approved, make_draft, reload, run_outbox

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def take_plan(person: Person, plan: str) -> None:
    """As the administrator does it on the page."""
    url = reverse("accounts:plan", args=[person.company.slug])
    seen = Company.objects.get(id=person.company.id).plan
    assert person.client.post(url, {"plan": plan, "seen": seen}).status_code == 302
    assert Company.objects.get(id=person.company.id).plan == plan


def page_of(person: Person, invoice_id: object) -> str:
    url = reverse("invoices:show", args=[person.company.slug, invoice_id])
    return person.client.get(url).content.decode()


def test_on_efaktury_whoever_approves_sends_whatever_the_role(people: People, simulator: Simulator) -> None:
    """S62: the issuer's role holds neither right of KSeF; on this plan the approved invoice goes by itself."""
    cezary = people.cezary
    assert not cezary.actor.may(Right.SEND)
    take_plan(people.alicja, "efaktury")
    connect_with_self_signed_certificate(actor=cezary.actor, company=cezary.company)
    invoice = make_approved(cezary)
    assert reload(cezary, invoice).state == State.QUEUED
    run_outbox()
    assert reload(cezary, invoice).state == State.ACCEPTED


def test_on_efaktury_sending_is_automatic_even_for_a_role_that_sends_on_demand(
    people: People, simulator: Simulator
) -> None:
    """S62: "zawsze automatyczna": also where the role holds the first right only; whoever cannot approve has none."""
    alicja, beata = people.alicja, people.beata
    with alicja.entered():
        Role.objects.filter(name="Księgowy").update(rights=["view", "issue", "approve", "send"])
        Role.objects.filter(name="Wystawca").update(rights=["view", "issue", "send", "send_automatically"])
    assert not beata.actor.may(Right.SEND_AUTOMATICALLY)
    take_plan(alicja, "efaktury")
    assert beata.actor.may(Right.SEND_AUTOMATICALLY)
    assert not people.cezary.actor.may(Right.SEND)


@pytest.mark.parametrize(
    ("scope", "is_connected", "said", "unsaid"),
    [
        ("both", False, "Nie masz połączenia z KSeF", "Tylko odbiór"),
        ("receive", True, "Zakres współpracy z KSeF to „Tylko odbiór”", "Nie masz połączenia"),
        ("receive", False, "Zakres współpracy z KSeF to „Tylko odbiór”", ""),
    ],
)
def test_the_document_says_which_condition_failed(
    people: People, simulator: Simulator, scope: str, is_connected: bool, said: str, unsaid: str
) -> None:
    """S63, S92: nothing is sent, and the page names the condition and what to do; both if both fail."""
    cezary = people.cezary
    take_plan(people.alicja, "efaktury")
    if is_connected:
        connect_with_self_signed_certificate(actor=cezary.actor, company=cezary.company)
    Company.objects.filter(id=cezary.company.id).update(ksef_scope=scope)
    invoice = make_approved(cezary)
    assert reload(cezary, invoice).state == State.APPROVED
    run_outbox()
    assert simulator.control("GET", "ledger")["received"] == []
    page = page_of(cezary, invoice.id)
    assert said in page
    assert "Na planie eFaktury faktury idą do KSeF same przy zatwierdzeniu" in page
    assert not unsaid or unsaid not in page
    assert ("Nie masz połączenia z KSeF" in page) is not is_connected


def test_what_did_not_go_goes_by_the_button_once_the_condition_holds(
    people: People, simulator: Simulator
) -> None:
    """S63: the page leads on to the button; nothing goes unasked when the connection is made later."""
    cezary = people.cezary
    take_plan(people.alicja, "efaktury")
    invoice = make_approved(cezary)
    connect_with_self_signed_certificate(actor=cezary.actor, company=cezary.company)
    run_outbox()
    assert reload(cezary, invoice).state == State.APPROVED
    assert "Teraz może iść" in page_of(cezary, invoice.id)
    url = reverse("invoices:send", args=[cezary.company.slug, invoice.id])
    cezary.client.post(url)
    run_outbox()
    assert reload(cezary, invoice).state == State.ACCEPTED


def test_plus_takes_the_right_from_what_waits_in_the_queue(people: People, simulator: Simulator) -> None:
    """S64, S79: queued on eFaktury by somebody whose role may not send; the role decides again when it is claimed."""
    cezary = people.cezary
    take_plan(people.alicja, "efaktury")
    connect_with_self_signed_certificate(actor=cezary.actor, company=cezary.company)
    invoice = make_approved(cezary)
    take_plan(people.alicja, "plus")
    run_outbox()
    assert reload(cezary, invoice).state == State.APPROVED
    with cezary.entered() as actor:
        assert InvoiceEvent.objects.order_by("seq").last().type == Event.WITHDRAWN  # type: ignore[union-attr]
        with pytest.raises(MissingRight):
            submit_invoice(actor=actor, invoice_id=invoice.id)
    assert simulator.control("GET", "ledger")["received"] == []


@pytest.mark.parametrize(
    ("rights", "state"),
    [
        (["view", "issue", "approve"], State.APPROVED),
        (["view", "issue", "approve", "send"], State.APPROVED),
        (["view", "issue", "approve", "send_automatically"], State.APPROVED),
        (["view", "issue", "approve", "send", "send_automatically"], State.QUEUED),
    ],
)
def test_on_plus_the_role_decides(
    people: People, simulator: Simulator, rights: list[str], state: State
) -> None:
    """S64, S75, S76: only both rights together send by themselves."""
    beata = people.beata
    connect_with_self_signed_certificate(actor=beata.actor, company=beata.company)
    with beata.entered():
        Role.objects.filter(name="Księgowy").update(rights=rights)
    assert reload(beata, make_approved(beata)).state == state


def test_the_page_tells_before_saving_what_changes_for_whom(people: People) -> None:
    """S62, S64: cezary would gain sending, the others have it already; nothing is saved by looking."""
    url = reverse("accounts:plan", args=[people.alicja.company.slug])
    page = people.alicja.client.get(url).content.decode()
    main = page[page.index('id="main"') :]
    assert "Co zmieni plan eFaktury" in main
    assert "Cezary Testowa" in main
    assert "Beata Testowa" not in main
    assert "Automatyczne wysyłanie dokumentów do KSeF" in main
    assert Company.objects.get(id=people.alicja.company.id).plan == Company.Plan.PLUS


def test_a_plan_changed_meanwhile_is_not_changed_back_unseen(people: People) -> None:
    """S79: the consequences that were shown no longer hold; the same plan twice is no change and one entry."""
    alicja = people.alicja
    url = reverse("accounts:plan", args=[alicja.company.slug])
    take_plan(alicja, "efaktury")
    take_plan(alicja, "efaktury")
    answer = alicja.client.post(url, {"plan": "plus", "seen": "plus"}, follow=True)
    assert "Ktoś zmienił plan" in answer.content.decode()
    assert Company.objects.get(id=alicja.company.id).plan == Company.Plan.EFAKTURY
    with alicja.entered():
        assert AuditEntry.objects.filter(action="plan_changed").count() == 1


def test_colleagues_named_as_senders_follow_the_plan(people: People, simulator: Simulator) -> None:
    """S63, S88: on eFaktury those who may approve can send, and the page of somebody who may not names them."""
    alicja, cezary = people.alicja, people.cezary
    invoice = make_approved(cezary)
    assert "Beata Testowa (Księgowy)" in page_of(cezary, invoice.id)
    with alicja.entered():
        Role.objects.filter(name="Wystawca").update(rights=["view", "issue"])
        Role.objects.filter(name="Księgowy").update(rights=["view", "send"])
    take_plan(alicja, "efaktury")
    page = page_of(cezary, invoice.id)
    assert "Alicja Testowa (Administrator)" in page
    assert "Beata Testowa (Księgowy)" not in page


def test_the_right_to_approve_carries_the_right_to_connect(people: People, simulator: Simulator) -> None:
    """S62, S87: buttons and forms follow the plan too, at the next request."""
    cezary = people.cezary
    client = cezary.client
    url = reverse("accounts:connect_token", args=[cezary.company.slug])
    assert client.get(url).status_code == 403
    take_plan(people.alicja, "efaktury")
    assert client.get(url).status_code == 200
    take_plan(people.alicja, "plus")
    assert client.get(url).status_code == 403
    assert make_draft(cezary).state == State.DRAFT
