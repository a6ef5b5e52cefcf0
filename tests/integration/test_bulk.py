"""Many invoices at one click: a result for each, and one that cannot go holds up no other (S72, S83, S88, S89)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from accounts.models import Company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.models import Invoice, OutboxEntry
from invoices.services.drafting import save_draft
from roles.models import AuditEntry
from tests.builders import (
    draft,
    line,
    make_approved,
    make_contractor,
    make_draft,
    make_exempt,
    reload,
    run_outbox,
    today,
)

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def press(person: Person, what: str, *invoices: Invoice, **more: str) -> Answer:
    """The button of the list, with these invoices ticked."""
    chosen = {"wybrane": [str(invoice.id) for invoice in invoices], **more}
    return person.client.post(f"/{person.company.slug}/faktury/{what}/", chosen)


def shown(answer: Answer) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_colleague_sends_what_others_approved(people: People, simulator: Simulator) -> None:
    """S72, S83, S86, S88: several at once, once each, by somebody whose role may; a second click sends nothing more."""
    waiting = [make_approved(people.cezary, line(price=str(price))) for price in (10, 20, 30)]
    connect_with_self_signed_certificate(actor=people.beata.actor, company=people.beata.company)
    answer = shown(press(people.beata, "wyslij", *waiting))
    assert "Gotowe, wszystkie: 3." in answer
    for invoice in waiting:
        assert invoice.number in answer
    press(people.beata, "wyslij", *waiting)
    run_outbox()
    sent = [reload(people.beata, invoice) for invoice in waiting]
    assert [invoice.state for invoice in sent] == [State.ACCEPTED] * 3
    assert {row["ksefNumber"] for row in simulator.ledger()} == {invoice.ksef_number for invoice in sent}
    assert len(simulator.ledger()) == 3


def test_each_document_has_its_own_result(people: People, simulator: Simulator) -> None:
    """S72, S98: what cannot go says why and goes nowhere; what can goes all the same."""
    connect_with_self_signed_certificate(actor=people.beata.actor, company=people.beata.company)
    good = make_approved(people.cezary)
    exempt = make_exempt(people.cezary)
    unready = make_draft(people.cezary)
    answer = shown(press(people.beata, "wyslij", unready, exempt, good))
    assert "Zaznaczono: 3, z tego nie udało się: 2." in answer
    assert "Ta faktura ma status „KSeF: nie podlega” i nie jest wysyłana do KSeF." in answer
    assert "Do KSeF można wysłać tylko zatwierdzoną fakturę." in answer
    assert answer.index("nie podlega") < answer.index(good.number)
    assert reload(people.beata, good).state == State.QUEUED
    assert OutboxEntry.objects.count() == 1


def test_without_the_right_there_is_no_button_and_a_forged_request_is_refused(people: People) -> None:
    """S78, S87: the issuer sees no way to send, and asking anyway is refused and logged."""
    invoice = make_approved(people.cezary)
    page = shown(people.cezary.client.get(f"/{people.cezary.company.slug}/faktury/"))
    assert "Zatwierdź zaznaczone" in page
    assert "do KSeF" not in page
    assert "Do wysłania" not in page
    assert press(people.cezary, "wyslij", invoice).status_code == 403
    assert press(people.cezary, "wyslij", wszystkie="1").status_code == 403
    with people.alicja.entered():
        refusals = list(AuditEntry.objects.filter(action="refused").values_list("detail__what", flat=True))
    assert refusals == ["invoices:send_many"] * 2
    assert reload(people.cezary, invoice).state == State.APPROVED


def test_what_waits_for_a_sender_is_one_click_away(people: People, simulator: Simulator) -> None:
    """S89: a part of the list with its count, and one button for all of it."""
    for price in (10, 20):
        make_approved(people.cezary, line(price=str(price)))
    make_draft(people.cezary)
    connect_with_self_signed_certificate(actor=people.beata.actor, company=people.beata.company)
    url = f"/{people.beata.company.slug}/faktury/"
    page = shown(people.beata.client.get(url))
    assert re.search(r'href="[^"]+\?stan=approved"\s*> Do wysłania <span class="badge">2</span>', page)
    assert "Wyślij wszystkie" not in page
    part = shown(people.beata.client.get(url, {"stan": "approved"}))
    assert "Wyślij wszystkie do KSeF" in part
    answer = shown(press(people.beata, "wyslij", wszystkie="1"))
    assert "Gotowe, wszystkie: 2." in answer
    with people.beata.entered():
        assert Invoice.objects.filter(state=State.QUEUED).count() == 2


def test_a_company_that_only_receives_offers_no_sending(people: People) -> None:
    """S92: no part of the list, no button, and a forged request sends nothing."""
    invoice = make_approved(people.cezary)
    Company.objects.filter(id=people.beata.company.id).update(ksef_scope=Company.Scope.RECEIVE)
    page = shown(people.beata.client.get(f"/{people.beata.company.slug}/faktury/"))
    assert "Do wysłania" not in page
    assert "Wyślij zaznaczone" not in page
    assert "Tylko odbiór" in shown(press(people.beata, "wyslij", invoice))
    assert OutboxEntry.objects.count() == 0


def test_drafts_are_approved_in_the_order_of_their_dates(people: People) -> None:
    """S86, I5: numbers follow dates whatever the order of ticking; what is not ready stays a draft and says why."""
    contractor = make_contractor(people.cezary, kind="consumer", tax_id="")
    Company.objects.filter(id=people.cezary.company.id).update(sends_consumer_invoices=False)
    first = today().replace(day=1)
    with people.cezary.entered() as actor:
        made = [
            save_draft(
                actor=actor,
                draft=replace(draft(contractor_id=contractor.id), issue_date=first + timedelta(days=day)),
            )
            for day in (2, 0, 1)
            if first + timedelta(days=day) <= today()
        ]
        unready = save_draft(actor=actor, draft=draft())
    answer = shown(press(people.cezary, "zatwierdz", unready, *made))
    assert "Wybierz nabywcę albo wpisz nowego." in answer
    assert reload(people.cezary, unready).state == State.DRAFT
    numbers = {
        reload(people.cezary, invoice).issue_date: reload(people.cezary, invoice).number for invoice in made
    }
    assert [numbers[day] for day in sorted(numbers)] == sorted(numbers.values())
    assert "" not in numbers.values()


def test_nothing_ticked_leads_back_to_the_same_part_of_the_list(people: People) -> None:
    """A click without a choice explains itself; ids of others and nonsense count as no choice (C1)."""
    foreign = make_approved(people.zofia)
    url = f"/{people.beata.company.slug}/faktury/wyslij/?stan=approved&miesiac=x"
    for chosen in ([], ["nonsense"], [str(foreign.id)]):
        answer = people.beata.client.post(url, {"wybrane": chosen}, follow=True)
        assert answer.redirect_chain == [
            (f"/{people.beata.company.slug}/faktury/?stan=approved&miesiac=x", 302)
        ]
        assert "Zaznacz na liście faktury, których to dotyczy." in answer.content.decode()
    assert reload(people.zofia, foreign).state == State.APPROVED
