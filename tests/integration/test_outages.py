"""Outages as they are published: what they make of documents and deadlines, and that nothing else does (F49)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from invoices.domain.calendar import add_business_days, next_business_day
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import (
    InvoiceDocument,
    InvoiceEvent,
    LighthouseWatch,
    OutageMessage,
    OutboxEntry,
    Submission,
)
from invoices.services import lighthouses
from invoices.services.approval import approve_invoice
from invoices.services.issuing_offline import issue_invoice_offline
from tests.builders import make_approved, make_draft, reload, run_outbox, run_outbox_later, today
from tests.waiting import until

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def always_asked(settings: Settings) -> None:
    settings.LIGHTHOUSE_SECONDS = 0


def announce(simulator: Simulator, category: str = "FAILURE", **members: Any) -> int:
    """An outage that began now, and that the portal has read."""
    planned = simulator.control("POST", "outages", {"outages": [{"category": category, **members}]})
    lighthouses.watch_lighthouses()
    event: int = planned["outages"][-1]["event"]
    return event


def end(simulator: Simulator, event: int) -> None:
    simulator.control("POST", f"outages/{event}", {"end": 0})
    lighthouses.watch_lighthouses()


def run_refused(simulator: Simulator) -> None:
    """KSeF refuses what comes now, since it takes the day of issue for one in the future (code 450)."""
    simulator.control("POST", "clock", {"offset": -2 * 86_400})
    run_outbox()
    simulator.control("POST", "clock", {"offset": 0})


def click(person: Person, what: str, invoice: Invoice) -> str:
    url = reverse(f"invoices:{what}", args=[person.company.slug, invoice.id])
    return " ".join(person.client.post(url, follow=True).content.decode().split())


def page(person: Person, invoice: Invoice) -> str:
    url = reverse("invoices:show", args=[person.company.slug, invoice.id])
    return " ".join(person.client.get(url).content.decode().split())


def dashboard(person: Person) -> str:
    return " ".join(person.client.get(f"/{person.company.slug}/").content.decode().split())


def events(person: Person, kind: Event) -> list[dict[str, Any]]:
    with person.entered():
        return list(InvoiceEvent.objects.filter(type=kind).order_by("seq").values_list("data", flat=True))


def problem(person: Person) -> str:
    with person.entered():
        return Submission.objects.get(closed_at=None).problem


def deadline(person: Person, invoice: Invoice) -> tuple[str, Any, str]:
    now = reload(person, invoice)
    return now.mode, now.send_by, now.deadline_basis


def test_a_failure_makes_documents_offline_and_its_end_sends_them(
    connected: People, simulator: Simulator
) -> None:
    """R1, R2, F46: approved in the failure mode, kept back, then sent by itself within seven business days."""
    alicja = connected.alicja
    outage = announce(simulator)
    invoice = make_approved(alicja)
    assert reload(alicja, invoice).state == State.OFFLINE
    assert deadline(alicja, invoice) == (Mode.FAILURE, None, "106nf")
    run_outbox()
    assert (problem(alicja), simulator.control("GET", "ledger")["received"]) == (Submission.OUTAGE, [])
    end(simulator, outage)
    last_day = add_business_days(today(), 7)
    assert deadline(alicja, invoice) == (Mode.FAILURE, last_day, "106nf")
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    (moved,) = events(alicja, Event.DEADLINE_MOVED)
    assert (moved["former"], moved["send_by"], len(moved["messages"])) == ("", last_day.isoformat(), 2)


def test_a_maintenance_gives_the_next_business_day_after_its_end(
    connected: People, simulator: Simulator
) -> None:
    """polish-vat-facts 3.3: announced with its end, so the day is known at once."""
    alicja = connected.alicja
    announce(simulator, "MAINTENANCE", end=2 * 3600)
    invoice = make_approved(alicja)
    last_day = next_business_day(timezone.localdate(timezone.now() + timedelta(hours=2)))
    assert deadline(alicja, invoice) == (Mode.UNAVAILABILITY, last_day, "106nh")
    run_outbox()
    assert problem(alicja) == Submission.OUTAGE


def test_a_failure_moves_the_deadline_of_what_waits_already(connected: People, simulator: Simulator) -> None:
    """Art. 106nda: an offline24 document that a failure found waiting has until seven business days after it."""
    invoice = make_approved(connected.cezary)
    click(connected.cezary, "issue_offline", invoice)
    assert deadline(connected.cezary, invoice) == (Mode.OFFLINE24, next_business_day(today()), "106nda")
    outage = announce(simulator)
    assert deadline(connected.cezary, invoice) == (Mode.OFFLINE24, None, "106nf")
    end(simulator, outage)
    assert deadline(connected.cezary, invoice) == (Mode.OFFLINE24, add_business_days(today(), 7), "106nf")
    assert [moved["former"] for moved in events(connected.cezary, Event.DEADLINE_MOVED)] == [
        next_business_day(today()).isoformat(),
        "",
    ]
    lighthouses.watch_lighthouses()
    assert len(events(connected.cezary, Event.DEADLINE_MOVED)) == 2


def test_a_total_failure_takes_the_duty_away_for_good(connected: People, simulator: Simulator) -> None:
    """Art. 106ng: what waits and what is approved meanwhile never goes to KSeF, also not when it is back."""
    alicja = connected.alicja
    waiting = make_approved(alicja)
    outage = announce(simulator, "TOTAL_FAILURE")
    later = make_approved(alicja)
    end(simulator, outage)
    run_outbox_later()
    for invoice in (waiting, later):
        assert reload(alicja, invoice).state == State.EXEMPT
    assert OutboxEntry.objects.count() == 0
    assert simulator.ledger() == []
    assert len(events(alicja, Event.RELEASED)) == 2


@pytest.mark.parametrize("mode", ["gateway", "nonsense"])
def test_a_dark_lighthouse_changes_nothing(connected: People, simulator: Simulator, mode: str) -> None:
    """F49: it has failures of its own, and nothing follows from them."""
    simulator.control("POST", "lighthouse", {"mode": mode})
    lighthouses.watch_lighthouses()
    invoice = make_approved(connected.alicja)
    run_outbox()
    assert reload(connected.alicja, invoice).mode == Mode.ONLINE
    assert reload(connected.alicja, invoice).state == State.ACCEPTED
    assert OutageMessage.objects.count() == 0


def test_the_lighthouse_that_is_red_for_ever_is_not_asked(settings: Settings) -> None:
    """F49: TEST's tells nothing."""
    assert not {"test"} & settings.KSEF_LIGHTHOUSES.keys()


def test_a_lighthouse_gone_dark_in_an_outage_holds_nothing_for_ever(
    connected: People, simulator: Simulator
) -> None:
    """F49: KSeF itself is tried again when the last news is older than twenty minutes."""
    outage = announce(simulator)
    invoice = make_approved(connected.alicja)
    simulator.control("POST", "lighthouse", {"mode": "gateway"})
    end(simulator, outage)
    run_outbox_later()
    assert reload(connected.alicja, invoice).state == State.OFFLINE
    LighthouseWatch.objects.update(read_at=timezone.now() - timedelta(minutes=21))
    run_outbox_later()
    assert reload(connected.alicja, invoice).state == State.ACCEPTED


def test_the_lighthouse_is_asked_every_few_minutes_only(
    connected: People, simulator: Simulator, settings: Settings
) -> None:
    """However often the beat comes round."""
    settings.LIGHTHOUSE_SECONDS = 300
    lighthouses.watch_lighthouses()
    announce(simulator)
    assert OutageMessage.objects.count() == 0
    LighthouseWatch.objects.update(asked_at=timezone.now() - timedelta(seconds=301))
    lighthouses.watch_lighthouses()
    assert OutageMessage.objects.count() == 1


def test_what_was_published_is_never_changed(connected: People, simulator: Simulator) -> None:
    """It is the proof of a deadline that it moved."""
    announce(simulator)
    for sql in ("UPDATE invoices_outagemessage SET title = ''", "DELETE FROM invoices_outagemessage"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_offline_by_choice_waits_for_a_click_or_goes_by_itself(
    connected: People, simulator: Simulator
) -> None:
    """R1, R2, S85: who may not send leaves it to somebody who may; twice is once (S90)."""
    theirs = make_approved(connected.cezary)
    for _ in range(2):
        click(connected.cezary, "issue_offline", theirs)
    mine = make_approved(connected.alicja)
    click(connected.alicja, "issue_offline", mine)
    assert len(events(connected.alicja, Event.ISSUED_OFFLINE)) == 2
    run_outbox()
    assert reload(connected.alicja, mine).state == State.ACCEPTED
    assert reload(connected.alicja, theirs).state == State.OFFLINE
    click(connected.alicja, "send", theirs)
    run_outbox()
    assert reload(connected.alicja, theirs).state == State.ACCEPTED
    assert {entry["mode"] for entry in simulator.ledger()} == {"Offline"}


def test_what_is_in_ksef_cannot_be_made_offline(connected: People, simulator: Simulator) -> None:
    invoice = make_approved(connected.alicja)
    run_outbox()
    shown = click(connected.alicja, "issue_offline", invoice)
    assert "Offline można wystawić tylko zatwierdzoną fakturę" in shown
    assert reload(connected.alicja, invoice).mode == Mode.ONLINE


def test_a_technical_correction_replaces_the_rejected_offline_document(
    connected: People, simulator: Simulator
) -> None:
    """ksef-protocol 10: the same content again, with the hash of the document that the buyer holds; also twice."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    click(alicja, "issue_offline", invoice)
    for revision in (2, 3):
        run_refused(simulator)
        assert reload(alicja, invoice).state == State.REJECTED
        click(alicja, "correct_technically", invoice)
        assert reload(alicja, invoice).revision == revision
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    with alicja.entered():
        first, *others = InvoiceDocument.objects.filter(invoice_id=invoice.id).order_by("revision")
        assert [bytes(other.corrects or b"") for other in others] == [bytes(first.sha256)] * 2


def test_an_online_document_has_no_technical_correction(connected: People, simulator: Simulator) -> None:
    invoice = make_approved(connected.alicja)
    run_refused(simulator)
    shown = click(connected.alicja, "correct_technically", invoice)
    assert "Poprawkę techniczną przesyła się tylko do faktury wystawionej offline" in shown
    assert reload(connected.alicja, invoice).state == State.REJECTED


def test_what_is_approved_while_a_message_is_stored_is_not_missed(
    committed_people: People, simulator: Simulator
) -> None:
    """The walk cannot see an approval that has not ended; the one after it does."""
    cezary = committed_people.cezary
    invoice = make_draft(cezary)
    is_issued, may_end = threading.Event(), threading.Event()

    def issue() -> None:
        try:
            with cezary.entered() as actor:
                approve_invoice(actor=actor, invoice_id=invoice.id)
                issue_invoice_offline(actor=actor, invoice_id=invoice.id)
                is_issued.set()
                may_end.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=issue)
    thread.start()
    assert is_issued.wait(30)
    announce(simulator)
    until(lambda: LighthouseWatch.objects.filter(settled_at__isnull=False).exists(), seconds=10)
    may_end.set()
    thread.join(timeout=30)
    assert deadline(cezary, invoice) == (Mode.OFFLINE24, next_business_day(today()), "106nda")
    lighthouses.watch_lighthouses()
    assert deadline(cezary, invoice) == (Mode.OFFLINE24, None, "106nf")


def test_an_outage_is_told_on_every_page_while_it_lasts(connected: People, simulator: Simulator) -> None:
    """F49: only what was published, in the environment of the company; a maintenance some days before."""
    alicja = connected.alicja
    assert "niedostępność KSeF" not in dashboard(alicja)
    planned = announce(simulator, "MAINTENANCE", start=3600, end=7200)
    assert "Zapowiedziano niedostępność KSeF" in dashboard(alicja)
    simulator.control("POST", f"outages/{planned}", {"start": 0})
    lighthouses.watch_lighthouses()
    assert "Trwa niedostępność KSeF" in dashboard(alicja)
    outage = announce(simulator)
    shown = dashboard(alicja)
    assert "Trwa awaria KSeF" in shown
    assert "końca jeszcze nie ogłoszono" in shown
    for event in (planned, outage):
        end(simulator, event)
    assert "Trwa awaria" not in dashboard(alicja)


def test_the_legal_clock_tells_day_basis_and_moves(connected: People, simulator: Simulator) -> None:
    """F46: the day with its weekday, what is left, the article, and how the day came to be another."""
    cezary = connected.cezary
    invoice = make_approved(cezary)
    assert "Zegar prawny" not in page(cezary, invoice)
    assert "Wystaw w trybie offline24" in page(cezary, invoice)
    shown = click(cezary, "issue_offline", invoice)
    first = next_business_day(today())
    for text in (
        "Zegar prawny",
        f"{date_format(first, 'l').lower()}, {first:%d.%m.%Y}",
        "art. 106nda",
        "pozosta",
    ):
        assert text in shown
    assert "Wystaw w trybie offline24" not in shown
    assert "Nie pójdzie sama" in shown
    outage = announce(simulator)
    assert "termin będzie znany, gdy KSeF ogłosi koniec przerwy" in page(cezary, invoice)
    end(simulator, outage)
    shown = page(cezary, invoice)
    last = add_business_days(today(), 7)
    for text in (f"{last:%d.%m.%Y}", "Zmiany terminu", f"Był {first:%d.%m.%Y}", "siódmy dzień roboczy"):
        assert text in shown


def test_who_may_send_finds_the_offline_document_and_its_day(connected: People, simulator: Simulator) -> None:
    """S85, S89, F46: a click sends it; the dashboard names the day and what is left."""
    invoice = make_approved(connected.cezary)
    click(connected.cezary, "issue_offline", invoice)
    day = next_business_day(today())
    assert f"KSeF musi ją dostać do {day:%d.%m.%Y} (pozosta" in dashboard(connected.alicja)
    assert "Wyślij do KSeF" in page(connected.alicja, invoice)
    assert "Wyślij do KSeF" not in page(connected.cezary, invoice)


def test_a_technical_correction_is_offered_to_whoever_may_send(
    connected: People, simulator: Simulator
) -> None:
    """ksef-protocol 10: beside mending, and for offline documents only."""
    invoice = make_approved(connected.alicja)
    click(connected.alicja, "issue_offline", invoice)
    run_refused(simulator)
    shown = page(connected.alicja, invoice)
    assert "Prześlij poprawkę techniczną" in shown
    assert "kody na wydruku nabywcy pozostaną ważne" in shown
    assert "Prześlij poprawkę techniczną" not in page(connected.cezary, invoice)


def test_during_a_failure_the_choice_is_its_mode(connected: People, simulator: Simulator) -> None:
    """R1: what was approved before may still be handed over in the mode of the failure; the history says so."""
    invoice = make_approved(connected.cezary)
    announce(simulator)
    assert "Wystaw w trybie awarii KSeF" in page(connected.cezary, invoice)
    assert "Wystawiona w trybie awarii KSeF" in click(connected.cezary, "issue_offline", invoice)
    assert reload(connected.cezary, invoice).mode == Mode.FAILURE
