"""The lists of received documents as people use them, on both plans (S102-S109, R6-R9)."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company
from invoices.domain.inbox import Move, Place, fold_moves
from invoices.models import (
    OutboxEntry,
    PurchaseInvoice,
    PurchaseLine,
    ReceivedDocument,
    ReceivedEvent,
    ReceivedFile,
    VatEntry,
    VatEntryRate,
)
from invoices.services.sorting import move_document
from roles.access import MissingRight
from tests.builders import make_draft, run_outbox, today
from tests.integration.test_receiving import OTHER, ask, bring

if TYPE_CHECKING:
    from uuid import UUID

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "ksef" / "fa3-samples"


@pytest.fixture
def received(connected: People, simulator: Simulator) -> People:
    """Alicja's company with three costs on its list."""
    simulator.control("POST", "options", {"storage": 0, "hwm_lag": 0, "export": 0.02})
    for number in ("FV/1", "FV/2", "FV/3"):
        bring(simulator, connected.alicja, number=number, sellerName="Hurtownia Rur sp. z o.o.")
    ask(connected.alicja)
    run_outbox()
    return connected


def on_plan(person: Person, plan: str) -> None:
    Company.objects.filter(id=person.company.id).update(plan=plan)


def url(person: Person, name: str = "inbox:index", *arguments: Any) -> str:
    return reverse(name, args=[person.company.slug, *arguments])


def documents(person: Person) -> dict[str, ReceivedDocument]:
    with person.entered():
        return {document.number: document for document in ReceivedDocument.objects.all()}


def act(person: Person, move: str, *ids: UUID, **more: Any) -> Any:
    data = {"move": move, "document": [str(each) for each in ids], **more}
    return person.client.post(url(person, "inbox:move"), data)


def place(person: Person, number: str) -> str:
    return documents(person)[number].place


def shown(person: Person, **query: str) -> set[str]:
    text = person.client.get(url(person), query).content.decode()
    return {number for number in documents(person) if f">{number}</a>" in text}


def moves(person: Person, number: str) -> list[str]:
    with person.entered():
        events = ReceivedEvent.objects.filter(document__number=number).order_by("seq")
        return list(events.values_list("type", flat=True))


def test_costs_are_verified_before_the_office_gets_them(received: People) -> None:
    """S102, S103: an unverified one is never passed on, whatever a client sends."""
    alicja = received.alicja
    on_plan(alicja, "efaktury")
    assert "Faktury kosztowe" in alicja.client.get(url(alicja)).content.decode()
    rows = documents(alicja)
    act(alicja, "passed", rows["FV/1"].id)
    assert place(alicja, "FV/1") == Place.CURRENT
    act(alicja, "verified", rows["FV/1"].id)
    act(alicja, "passed", rows["FV/1"].id)
    assert place(alicja, "FV/1") == Place.OFFICE
    assert moves(alicja, "FV/1") == [Move.RECEIVED, Move.VERIFIED, Move.PASSED]
    page = alicja.client.get(url(alicja, "inbox:show", rows["FV/1"].id)).content.decode()
    assert "Przekazana do Biura Rachunkowego" in page
    assert "Alicja Testowa" in page


def test_a_deleted_cost_stays_deleted_and_can_be_brought_back(received: People, simulator: Simulator) -> None:
    """S104: deleting asks first; the next fetch does not bring it back; undo is offered."""
    alicja = received.alicja
    on_plan(alicja, "efaktury")
    document = documents(alicja)["FV/2"]
    asked = act(alicja, "deleted", document.id)
    assert "Usunąć z listy?" in asked.content.decode()
    assert place(alicja, "FV/2") == Place.CURRENT
    answer = act(alicja, "deleted", document.id, is_confirmed="on")
    assert place(alicja, "FV/2") == Place.DELETED
    assert "Cofnij usunięcie" in alicja.client.get(answer.url).content.decode()
    assert shown(alicja) == {"FV/1", "FV/3"}
    ask(alicja, days_back=60)
    run_outbox()
    assert place(alicja, "FV/2") == Place.DELETED
    assert shown(alicja) == {"FV/1", "FV/3"}
    assert shown(alicja, miejsce="deleted") == {"FV/2"}
    act(alicja, "restored", document.id)
    assert shown(alicja) == {"FV/1", "FV/2", "FV/3"}


def test_moving_to_the_register_makes_one_entry(received: People) -> None:
    """S106, S109: posted once, whatever is clicked again; the sums are those of the document."""
    alicja = received.alicja
    document = documents(alicja)["FV/1"]
    form = {"deduction": "part", "period": f"{today():%Y-%m}"}
    for _ in range(3):
        alicja.client.post(url(alicja, "inbox:post", document.id), form)
        act(alicja, "registered", document.id)
    assert moves(alicja, "FV/1") == [Move.RECEIVED, Move.REGISTERED]
    with alicja.entered():
        entry = VatEntry.objects.get()
        assert (entry.deduction, str(entry.deducted_vat)) == ("part", "11.50")
        [rate] = VatEntryRate.objects.values_list("rate", "net", "vat")
    assert [str(part) for part in rate] == ["23%", "100.00", "23.00"]
    page = alicja.client.get(url(alicja, "register:index")).content.decode()
    assert document.ksef_number in page
    assert "11,50" in page
    table = alicja.client.get(url(alicja, "register:export"), {"miesiac": f"{today():%Y-%m}"})
    lines = table.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].endswith(f";{document.ksef_number};NrKSeF;23%;100,00;23,00;50")


def test_a_deduction_before_the_receipt_is_refused_at_its_field(received: People) -> None:
    """S106: not before the month of the KSeF number; what was chosen is not lost."""
    alicja = received.alicja
    document = documents(alicja)["FV/1"]
    answer = alicja.client.post(
        url(alicja, "inbox:post", document.id), {"deduction": "none", "period": "2026-02"}
    )
    text = answer.content.decode()
    assert "najwcześniej za miesiąc" in text
    assert 'value="2026-02"' in text
    assert place(alicja, "FV/1") == Place.CURRENT
    with alicja.entered():
        assert not VatEntry.objects.exists()


def test_moving_to_a_purchase_makes_a_full_document(received: People) -> None:
    """S107, S109: with lines; its category and payment can be said; repeated it stays one."""
    alicja = received.alicja
    document = documents(alicja)["FV/1"]
    for _ in range(2):
        act(alicja, "purchased", document.id)
    with alicja.entered():
        purchase = PurchaseInvoice.objects.get()
        assert list(PurchaseLine.objects.values_list("name", "rate")) == [("Towar", "23%")]
    page_url = url(alicja, "purchases:show", purchase.id)
    assert "Towar" in alicja.client.get(page_url).content.decode()
    alicja.client.post(page_url, {"category": "materials", "paid_on": today().isoformat()})
    with alicja.entered():
        purchase = PurchaseInvoice.objects.get()
    assert (purchase.category, purchase.paid_on) == ("materials", today())
    bad = alicja.client.post(page_url, {"category": "materials", "paid_on": "jutro"}).content.decode()
    assert 'value="jutro"' in bad
    assert "zapłacona" in alicja.client.get(url(alicja, "purchases:index")).content.decode()


def test_archived_documents_leave_the_list_and_can_be_restored(received: People) -> None:
    """S108: found and restored."""
    alicja = received.alicja
    document = documents(alicja)["FV/3"]
    act(alicja, "archived", document.id)
    assert shown(alicja) == {"FV/1", "FV/2"}
    assert shown(alicja, miejsce="archived") == {"FV/3"}
    act(alicja, "restored", document.id)
    assert shown(alicja) == {"FV/1", "FV/2", "FV/3"}


def test_many_at_once_get_a_result_each(received: People) -> None:
    """S105, S109: what cannot be done is said of that document and stops no other."""
    alicja = received.alicja
    rows = documents(alicja)
    act(alicja, "archived", rows["FV/2"].id)
    answer = act(alicja, "registered", *(row.id for row in rows.values()))
    text = answer.content.decode()
    assert "Zrobione: 2 z 3" in text
    assert "nie da się tego zrobić" in text
    assert {number: row.place for number, row in documents(alicja).items()} == {
        "FV/1": Place.REGISTER,
        "FV/2": Place.ARCHIVED,
        "FV/3": Place.REGISTER,
    }
    with alicja.entered():
        assert VatEntry.objects.count() == 2


def test_a_wrong_click_is_taken_back_with_its_entry(received: People) -> None:
    """S109: back on the list means no longer in the register; the history keeps both."""
    alicja = received.alicja
    document = documents(alicja)["FV/1"]
    for move, model in (("registered", VatEntry), ("purchased", PurchaseInvoice)):
        act(alicja, move, document.id)
        act(alicja, "restored", document.id)
        with alicja.entered():
            assert not model.objects.exists()
    history = moves(alicja, "FV/1")
    assert len(history) == 5
    assert fold_moves(Move(move) for move in history) == place(alicja, "FV/1") == Place.CURRENT


def test_acts_of_the_other_plan_are_refused(received: People) -> None:
    """S102, S105: a forged request does nothing that the plan does not have."""
    alicja = received.alicja
    document = documents(alicja)["FV/1"]
    act(alicja, "deleted", document.id, is_confirmed="on")
    assert place(alicja, "FV/1") == Place.CURRENT
    on_plan(alicja, "efaktury")
    act(alicja, "registered", document.id)
    assert place(alicja, "FV/1") == Place.CURRENT


def test_without_the_right_nothing_is_moved_and_strangers_find_nothing(received: People) -> None:
    """S78, C1: by the services too; zofia cannot even name alicja's document."""
    document = documents(received.alicja)["FV/1"]
    with received.cezary.entered() as actor, pytest.raises(MissingRight):
        move_document(actor=actor, document_id=document.id, move=Move.ARCHIVED)
    assert act(received.cezary, "archived", document.id).status_code == 403
    assert act(received.zofia, "archived", document.id).status_code == 302
    assert received.zofia.client.get(url(received.zofia, "inbox:show", document.id)).status_code == 404
    assert moves(received.alicja, "FV/1") == [Move.RECEIVED]
    # The accountant may (C8).
    assert act(received.beata, "archived", document.id).status_code == 302
    assert place(received.alicja, "FV/1") == Place.ARCHIVED


def test_sales_issued_elsewhere_are_shown_apart_and_are_no_costs(
    received: People, simulator: Simulator
) -> None:
    """S105: found, shown under their own kind, and never posted as a purchase."""
    alicja = received.alicja
    body = {"seller": alicja.company.nip, "buyer": OTHER, "number": "OBCA/1"}
    simulator.control("POST", "invoices", body)
    ask(alicja)
    run_outbox()
    assert "OBCA/1" not in shown(alicja)
    assert shown(alicja, rodzaj="sprzedaz") == {"OBCA/1"}
    act(alicja, "registered", documents(alicja)["OBCA/1"].id)
    assert place(alicja, "OBCA/1") == Place.CURRENT


def test_the_list_is_filtered(received: People) -> None:
    """S105: by seller, number, KSeF number, month and place."""
    alicja = received.alicja
    rows = documents(alicja)
    assert shown(alicja, szukaj="hurtownia FV/2") == {"FV/2"}
    assert shown(alicja, szukaj=rows["FV/3"].ksef_number) == {"FV/3"}
    assert shown(alicja, szukaj=OTHER[:6]) == {"FV/1", "FV/2", "FV/3"}
    assert shown(alicja, szukaj="nie-ma") == set()
    assert shown(alicja, miesiac=f"{today():%Y-%m}") == {"FV/1", "FV/2", "FV/3"}
    assert shown(alicja, miejsce="wymyślone") == {"FV/1", "FV/2", "FV/3"}


def test_the_list_asks_as_many_queries_for_many_rows_as_for_few(
    received: People, simulator: Simulator
) -> None:
    """House rule 3: exactly so many, however long the list."""
    few = _count_queries(received.alicja)
    bring(simulator, received.alicja, 60, number="DUŻO")
    ask(received.alicja)
    run_outbox()
    assert len(shown(received.alicja)) == 50
    assert _count_queries(received.alicja) == few


def _count_queries(person: Person) -> int:
    client = person.client
    client.get(url(person))
    with CaptureQueriesContext(connection) as captured:
        client.get(url(person))
    return len(captured)


def test_pages_follow_each_other_without_gap_or_repetition(connected: People, simulator: Simulator) -> None:
    """S105: by key, the latest receipt first."""
    simulator.control("POST", "options", {"storage": 0, "hwm_lag": 0, "export": 0.02})
    bring(simulator, connected.alicja, 120, number="SERIA")
    ask(connected.alicja)
    run_outbox()
    seen: list[str] = []
    address: str | None = url(connected.alicja)
    while address:
        page = connected.alicja.client.get(address).context["page"]
        seen += [row.number for row in page.rows]
        address = page.next_url
    assert len(seen) == len(set(seen)) == 120


def test_fetching_warns_about_forgotten_drafts_and_knows_its_dates(
    connected: People, simulator: Simulator
) -> None:
    """R6, R7, R8: the first of the month, later the last document; unapproved sales are pointed out."""
    alicja = connected.alicja
    draft = make_draft(alicja)
    with alicja.entered():
        type(draft).objects.filter(id=draft.id).update(issue_date=today() - timedelta(days=2))
    page = alicja.client.get(url(alicja, "inbox:fetch"))
    assert page.context["defaults"].since == today().replace(day=1)
    assert "niezatwierdzony dokument sprzedaży" in page.content.decode()
    simulator.control("POST", "options", {"storage": 0, "hwm_lag": 0})
    bring(simulator, alicja, number="STARA", receivedAt=(timezone.now() - timedelta(days=1)).isoformat())
    form = {"since": (today() - timedelta(days=40)).isoformat(), "until": today().isoformat()}
    assert alicja.client.post(url(alicja, "inbox:fetch"), form).status_code == 302
    run_outbox()
    page = alicja.client.get(url(alicja, "inbox:fetch"))
    assert page.context["defaults"].since == documents(alicja)["STARA"].received_on
    bad = alicja.client.post(
        url(alicja, "inbox:fetch"), {"since": today().isoformat(), "until": "2026-02-30"}
    )
    assert 'value="2026-02-30"' in bad.content.decode()
    turned = {"since": today().isoformat(), "until": (today() - timedelta(days=1)).isoformat()}
    assert (
        "nie może być późniejsza" in alicja.client.post(url(alicja, "inbox:fetch"), turned).content.decode()
    )


def test_fetching_without_a_connection_opens_the_settings(people: People) -> None:
    """R9."""
    form = {"since": today().isoformat(), "until": today().isoformat()}
    answer = people.alicja.client.post(url(people.alicja, "inbox:fetch"), form)
    assert answer.headers["Location"] == url(people.alicja, "accounts:ksef")
    assert not OutboxEntry.objects.exists()


def test_the_page_shows_the_exact_document_and_gives_it_back(received: People) -> None:
    """S105: rendered from the XML; the download is byte for byte what KSeF has."""
    alicja = received.alicja
    document = documents(alicja)["FV/1"]
    text = alicja.client.get(url(alicja, "inbox:show", document.id)).content.decode()
    assert "Hurtownia Rur sp. z o.o." in text
    assert "Towar" in text
    xml = alicja.client.get(url(alicja, "inbox:xml", document.id))
    with alicja.entered():
        assert xml.content == bytes(ReceivedFile.objects.get(document_id=document.id).xml)
    assert xml.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the official samples are not beside this repository")
def test_official_samples_arrive_and_every_one_renders(connected: People, simulator: Simulator) -> None:
    """S105: as purchases of their buyers; whatever they hold, the page opens and the bytes are kept."""
    simulator.control("POST", "options", {"storage": 0, "hwm_lag": 0, "export": 0.02})
    nip = connected.alicja.company.nip.encode()
    count = 0
    for path in sorted(SAMPLES.glob("*.xml")):
        xml = path.read_bytes()
        head, mark, tail = xml.partition(b"<Podmiot2>")
        before, opening, rest = tail.partition(b"<NIP>")
        if not mark or not opening or b"</Podmiot2>" in before:
            continue
        xml = head + mark + before + opening + nip + rest[rest.index(b"<") :]
        xml = re.sub(rb"<P_2>[^<]*</P_2>", b"<P_2>%s</P_2>" % path.stem.encode(), xml)
        body = {"xml": base64.b64encode(xml).decode(), "receivedAt": timezone.now().isoformat()}
        simulator.control("POST", "invoices", body)
        count += 1
    assert count > 5
    ask(connected.alicja)
    run_outbox()
    found = documents(connected.alicja)
    assert len(found) == count
    for document in found.values():
        page = connected.alicja.client.get(url(connected.alicja, "inbox:show", document.id))
        assert page.status_code == 200
        act(connected.alicja, "registered", document.id)
    assert {document.place for document in documents(connected.alicja).values()} == {Place.REGISTER}
