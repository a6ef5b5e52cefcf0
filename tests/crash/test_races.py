"""Two people, two browsers, one invoice."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.urls import reverse

from accounts.domain.errors import RuleBroken
from accounts.models import KSeFCredential
from accounts.services.ksef_access import gateway_for, obtain_access
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import Event, State
from invoices.models import InvoiceDocument, InvoiceEvent, NumberCounter, OutboxEntry
from invoices.services import sending
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft
from tests.builders import draft, line, make_approved, make_contractor, make_draft, reload
from tests.truth import breaches
from tests.waiting import until

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from pytest_django.fixtures import Settings

    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.crash


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all acts in threads of their own, released together; what each returned, in order."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_approval_from_two_browsers_makes_one_number(committed_people: People, simulator: Simulator) -> None:
    """S90, F37: twenty clicks of two people make one approval, document, number and entry; nobody sees an error."""
    people = committed_people
    for person in (people.alicja, people.beata):
        connect_with_self_signed_certificate(actor=person.actor, company=person.company)
    invoice = make_draft(people.alicja)
    url = reverse("invoices:approve", args=[people.alicja.company.slug, invoice.id])
    clients = [person.client for person in (people.alicja, people.beata) for _ in range(10)]
    answers = at_once([partial(client.post, url) for client in clients])
    assert [answer.status_code for answer in answers] == [302] * 20
    with people.alicja.entered():
        assert InvoiceEvent.objects.filter(type=Event.APPROVED).count() == 1
        assert InvoiceDocument.objects.count() == 1
        assert NumberCounter.objects.get().last == 1
    assert OutboxEntry.objects.count() == 1


def test_two_workers_race_for_one_entry(committed_people: People, simulator: Simulator) -> None:
    """F39: SKIP LOCKED and the lease let one of them work."""
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    invoice = make_approved(alicja)
    entry = OutboxEntry.objects.get()
    at_once([lambda: sending.run_entry(entry.id)] * 4)
    assert reload(alicja, invoice).ksef_number
    assert len(simulator.control("GET", "ledger")["received"]) == 1


def test_connecting_by_many_clicks_leaves_one_credential(
    committed_people: People, simulator: Simulator
) -> None:
    """S90: all log in at KSeF, one credential stays, and nobody sees an error."""
    alicja = committed_people.alicja
    url = reverse("accounts:connect_certificate", args=[alicja.company.slug])
    answers = at_once([partial(client.post, url) for client in [alicja.client for _ in range(8)]])
    assert [answer.status_code for answer in answers] == [302] * 8
    with alicja.entered():
        assert KSeFCredential.objects.count() == 1


def test_numbers_of_ten_invoices_approved_at_once_have_no_gap(committed_people: People) -> None:
    """I5: the counter is locked in the approving transaction."""
    alicja = committed_people.alicja
    invoices = [make_draft(alicja) for _ in range(10)]
    urls = [reverse("invoices:approve", args=[alicja.company.slug, invoice.id]) for invoice in invoices]
    clients = [alicja.client for _ in urls]
    at_once([partial(client.post, url) for client, url in zip(clients, urls, strict=True)])
    numbers = sorted(int(reload(alicja, invoice).number.split("/")[1]) for invoice in invoices)
    assert numbers == list(range(1, 11))


def test_a_slow_ksef_keeps_one_worker_of_a_company_busy_and_not_all(
    committed_people: People, simulator: Simulator, settings: Settings
) -> None:
    """F11, I9: answers of 25 s: the other worker takes no second piece of that company, and serves another one."""
    settings.KSEF_TIMEOUT = 15.0
    alicja, zofia = committed_people.alicja, committed_people.zofia
    for person in (alicja, zofia):
        connect_with_self_signed_certificate(actor=person.actor, company=person.company)
    slow = {"path_regex": "/v2/sessions", "context": alicja.company.nip}
    simulator.fail({"match": slow, "times": 0, "action": "delay", "seconds": 25})
    first, second = make_approved(alicja), make_approved(alicja)

    def work() -> None:
        try:
            sending.run_next()
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    until(lambda: OutboxEntry.objects.exclude(lease_until=None).exists())
    hers = make_approved(zofia)
    assert sending.run_next()
    assert reload(zofia, hers).ksef_number
    while sending.run_next():
        pass
    assert worker.is_alive()
    assert OutboxEntry.objects.filter(lease_until=None, attempt=0).count() == 1
    worker.join(timeout=60)
    assert [reload(alicja, invoice).state for invoice in (first, second)] == [State.QUEUED] * 2


def test_what_is_approved_is_what_was_saved(committed_people: People) -> None:
    """F38, I4: saved in one tab while approved in another: before it and in the document, or after it and refused."""
    alicja = committed_people.alicja
    contractor = make_contractor(alicja)
    for _round in range(10):
        invoice = make_draft(alicja)

        def approve(invoice_id: uuid.UUID = invoice.id) -> bool:
            with alicja.entered() as actor:
                approve_invoice(actor=actor, invoice_id=invoice_id)
            return True

        def save(invoice_id: uuid.UUID = invoice.id) -> bool:
            changed = draft(line(name="Zmieniona"), contractor_id=contractor.id)
            try:
                with alicja.entered() as actor:
                    save_draft(actor=actor, draft=changed, invoice_id=invoice_id, version=1)
            except RuleBroken:
                return False  # not_a_draft
            return True

        approved, saved = at_once([approve, save])
        assert approved
        with alicja.entered():
            xml = bytes(InvoiceDocument.objects.get(invoice_id=invoice.id).xml)
            assert [row.name for row in invoice.lines.all()] == ["Zmieniona" if saved else "Usługa"]
        assert (b"Zmieniona" in xml) == saved
    assert breaches(alicja.company.id) == []


def test_a_token_that_ended_is_renewed_once_for_all(committed_people: People, simulator: Simulator) -> None:
    """F12: of eight workers that need it at once one renews, and each gets what that brought."""
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    with alicja.entered():
        KSeFCredential.objects.update(access_valid_until=None)
    match = {"path_regex": "/v2/auth/"}
    simulator.fail({"match": match, "times": 0, "action": "delay", "seconds": 0.5})

    def ask() -> str:
        environment = alicja.company.environment
        with gateway_for(environment) as gateway:
            return obtain_access(
                gateway=gateway, company=alicja.company, environment=environment, user_id=alicja.user.id
            )

    tokens = at_once([ask] * 8)
    assert len(set(tokens)) == 1
    assert tokens[0]
    assert simulator.control("GET", "faults")["faults"][0]["hits"] == 1
