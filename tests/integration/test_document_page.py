"""The page of one invoice: its state moves by itself, its reasons are plain, its files are the exact bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.domain.vat import VatRate
from invoices.models import UPO, Invoice, InvoiceDocument, OutboxEntry
from invoices.services import sending
from invoices.services.drafting import save_draft
from roles.models import Role
from tests.builders import draft, line, make_approved, make_contractor, make_draft, reload, run_outbox

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

STATUS = {"method": "GET", "path_regex": r"/v2/sessions/[^/]+/invoices/[^/]+"}
POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}


@pytest.fixture
def connected(people: People, simulator: Simulator) -> People:
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    return people


def address(person: Person, name: str, invoice: Invoice) -> str:
    return reverse(f"invoices:{name}", args=[person.company.slug, invoice.id])


def page(person: Person, invoice: Invoice) -> str:
    response = person.client.get(address(person, "show", invoice))
    assert response.status_code == 200
    return response.content.decode()


def take_away_issuing(person: Person) -> None:
    with person.entered() as actor:
        Role.objects.filter(name=actor.role).update(rights=["view"])


def test_a_signed_out_page_leaves_for_the_log_in_as_a_whole(connected: People, client: Client) -> None:
    """The log-in page never appears inside an invoice, and leads back to it; typed sums take nobody away."""
    invoice = make_approved(connected.alicja)
    shown = address(connected.alicja, "show", invoice)
    asks = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{shown}"}
    answer = client.get(address(connected.alicja, "status", invoice), headers=asks)
    assert answer.headers["HX-Redirect"] == f"{reverse('account_login')}?next={shown}"
    assert answer.content == b""
    sums = reverse("invoices:totals", args=[connected.alicja.company.slug])
    assert client.post(sums, headers=asks).status_code == 401


def test_the_state_moves_without_a_reload(connected: People) -> None:
    """S81: the page asks each second while it moves, and no more when all has arrived."""
    invoice = make_approved(connected.alicja)
    waiting = page(connected.alicja, invoice)
    assert "W kolejce" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert '<meta http-equiv="refresh" content="3">' in waiting
    run_outbox()
    response = connected.alicja.client.get(address(connected.alicja, "status", invoice))
    answer = " ".join(response.content.decode().split())
    number = reload(connected.alicja, invoice).ksef_number
    assert "Przyjęta" in answer
    assert f">{number}</figcaption>" in answer
    assert 'id="invoice-history" hx-swap-oob="true"' in answer
    assert "hx-trigger" not in answer
    assert "http-equiv" not in page(connected.alicja, invoice)


def test_nothing_new_answers_nothing(connected: People) -> None:
    """A poll that knows the present state gets 204, so focus and reader are left in peace."""
    invoice = make_approved(connected.alicja)
    known = page(connected.alicja, invoice).partition("?znane=")[2].partition('"')[0]
    client, url = connected.alicja.client, address(connected.alicja, "status", invoice)
    assert client.get(url, {"znane": known}).status_code == 204
    run_outbox()
    assert client.get(url, {"znane": known}).status_code == 200


def test_accepted_keeps_asking_until_the_upo_is_there(connected: People) -> None:
    """S73: the receipt comes a moment after the number; then asking ends."""
    invoice = make_approved(connected.alicja)
    sending.run_entry(OutboxEntry.objects.get().id)
    before = page(connected.alicja, invoice)
    assert "UPO jest w drodze" in before
    assert 'hx-trigger="every 1s"' in before
    missing = connected.alicja.client.get(address(connected.alicja, "upo", invoice))
    assert missing.status_code == 404
    assert "Nie ma jeszcze UPO" in missing.content.decode()
    run_outbox()
    after = page(connected.alicja, invoice)
    assert address(connected.alicja, "upo", invoice) in after
    assert "hx-trigger" not in after


def test_files_are_the_exact_bytes(connected: People) -> None:
    """I4, V24: XML as frozen, UPO as received, as attachments with a name a file system holds."""
    invoice = make_approved(connected.alicja)
    run_outbox()
    with connected.alicja.entered():
        xml = bytes(InvoiceDocument.objects.get().xml)
        upo = bytes(UPO.objects.get().xml)
    stem = invoice.number.replace("/", "-")
    for name, content, file in (("xml", xml, f"{stem}.xml"), ("upo_xml", upo, f"UPO-{stem}.xml")):
        response = connected.alicja.client.get(address(connected.alicja, name, invoice))
        assert response.content == content
        assert response.headers["Content-Type"] == "application/xml"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{file}"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(xml).hexdigest() in page(connected.alicja, invoice)


def test_the_paper_is_read_from_the_frozen_document(people: People) -> None:
    """What is shown is what was approved, whatever happens to the contractor and the lines later."""
    invoice = make_approved(
        people.cezary, line(name="<b>Rura</b>", price="1234.5", quantity="2", discount="10")
    )
    with people.cezary.entered():
        Invoice.objects.filter(id=invoice.id).update(note="zmieniona po cichu")
        invoice.lines.update(name="podmieniona")
    shown = page(people.cezary, invoice)
    assert "&lt;b&gt;Rura&lt;/b&gt;" in shown
    assert "podmieniona" not in shown
    for amount in ("1\u00a0234,50", "246,90", "2\u00a0222,10", "2\u00a0733,18"):
        assert amount in shown
    assert "Hurtownia Próbna sp. z o.o." in shown
    assert "NIP 7010416384" in shown


def test_a_practice_document_says_so(people: People) -> None:
    """S13, S14: beside the document itself, not only in the frame."""
    shown = page(people.cezary, make_approved(people.cezary))
    assert "Dokument ćwiczebny bez skutków prawnych – symulator KSeF" in shown


def test_kod_i_leads_to_the_frozen_bytes(people: People, simulator: Simulator) -> None:
    """ksef-protocol 9: NIP, P_1 and the Base64URL hash; OFFLINE under it while there is no number."""
    from base64 import urlsafe_b64encode

    invoice = make_approved(people.cezary)
    with people.cezary.entered():
        document = InvoiceDocument.objects.get()
    digest = urlsafe_b64encode(bytes(document.sha256)).decode().rstrip("=")
    url = f"{simulator.url}/invoice/{people.cezary.company.nip}/{invoice.issue_date:%d-%m-%Y}/{digest}"
    shown = page(people.cezary, invoice)
    assert f'href="{url}"' in shown
    assert ">OFFLINE</figcaption>" in shown


def test_a_rejection_is_told_in_plain_polish(connected: People, simulator: Simulator) -> None:
    """The reason, the place in the document, KSeF's own words and the way on; the code I is gone."""
    invoice = make_approved(connected.alicja)
    simulator.control("POST", "clock", {"offset": -86_400 * 2})
    run_outbox()
    simulator.control("POST", "clock", {"offset": 0})
    assert reload(connected.alicja, invoice).state == State.REJECTED
    shown = page(connected.alicja, invoice)
    assert "KSeF odrzucił tę fakturę (kod 450)" in shown
    assert "data wystawienia (P_1)" in shown
    assert "nie może być późniejsza" in shown
    assert "Popraw" in shown
    assert "hx-trigger" not in shown
    assert "KOD I" not in shown.replace("Ten sam jest w KOD I", "")


def test_waiting_says_why_and_until_when(connected: People, simulator: Simulator) -> None:
    """A queue that does not move explains itself and asks more rarely."""
    simulator.fail({"match": POST, "times": 1, "action": "limited", "retry_after": 600})
    invoice = make_approved(connected.alicja)
    run_outbox()
    shown = page(connected.alicja, invoice)
    assert "KSeF prosi o przerwę" in shown
    assert "Następna próba:" in shown
    assert 'hx-trigger="every 5s"' in shown


def test_who_may_not_send_reads_who_may(people: People) -> None:
    """S87, S88: no button, but the names of those who have it."""
    invoice = make_approved(people.cezary)
    shown = page(people.cezary, invoice)
    assert address(people.cezary, "send", invoice) not in shown
    assert "Alicja Testowa (Administrator), Beata Testowa (Księgowy)" in shown
    for_beata = page(people.beata, invoice)
    assert "Aby wysłać fakturę, połącz się z KSeF" in for_beata


def test_a_draft_leads_to_its_form(people: People) -> None:
    """Whoever may issue edits; whoever may only look sees it, even when it is incomplete."""
    invoice = make_draft(people.cezary, line(name="Zawór", rate=VatRate.REVERSE))
    with people.cezary.entered() as actor:
        empty = save_draft(actor=actor, draft=draft())
    response = people.cezary.client.get(address(people.cezary, "show", invoice))
    assert response.headers["Location"] == address(people.cezary, "edit", invoice)
    take_away_issuing(people.cezary)
    assert "Zawór" in page(people.cezary, invoice)
    assert "Szkic faktury" in page(people.cezary, empty)


def test_strangers_find_nothing(people: People) -> None:
    """V1: the other company's person gets 404 on every page and file of this invoice."""
    invoice = make_approved(people.alicja)
    for name in ("show", "status", "pdf", "xml", "upo", "upo_pdf", "upo_xml"):
        for slug in (people.alicja.company.slug, people.zofia.company.slug):
            url = reverse(f"invoices:{name}", args=[slug, invoice.id])
            assert people.zofia.client.get(url).status_code == 404


@pytest.mark.parametrize("count", [1, 50])
def test_queries_do_not_grow_with_the_lines(
    people: People, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    invoice = make_approved(people.cezary, *(line() for _ in range(count)))
    client: Client = people.cezary.client
    url = address(people.cezary, "show", invoice)
    client.get(url)
    with django_assert_num_queries(24):
        client.get(url)


def test_buyers_of_every_kind_are_named(people: People) -> None:
    """ksef-protocol 15.2: NIP, EU VAT number, other number, none."""
    kinds = {
        "VAT UE DE999000017": {"kind": "eu", "tax_id": "999000017", "tax_country": "DE", "country": "DE"},
        "Nr identyfikacyjny CHE-1, Szwajcaria": {
            "kind": "foreign",
            "tax_id": "CHE-1",
            "tax_country": "CH",
            "country": "CH",
        },
        "Jan Próbny": {"kind": "consumer", "tax_id": "", "name": "Jan Próbny"},
    }
    from invoices.services.approval import approve_invoice

    for expected, changes in kinds.items():
        contractor = make_contractor(people.cezary, **changes)
        with people.cezary.entered() as actor:
            saved = save_draft(actor=actor, draft=draft(contractor_id=contractor.id))
            approve_invoice(actor=actor, invoice_id=saved.id)
        assert expected in page(people.cezary, saved)
