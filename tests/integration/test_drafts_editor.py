"""Writing an invoice in the browser: saving, approving, copying, deleting; who may and who may not."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services.companies import add_member
from invoices.domain.lifecycle import State
from invoices.models import Contractor, Invoice, InvoiceLine
from roles.models import Role
from roles.tenancy import tenant_transaction
from tests.builders import BUYER_NIP, line, make_approved, make_contractor, make_draft, reload, today
from tests.people import Person
from tests.posting import WORK, editor_data, invoice_url, new_url

if TYPE_CHECKING:
    from accounts.models import Company
    from tests.people import People

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

NEW_BUYER = {
    "nowy-tax_id": "701-041-63-84",
    "nowy-name": "Zakład  Próbny",
    "nowy-address_line1": "ul. Nowa 3",
    "nowy-address_line2": "00-003 Warszawa",
}


def only_invoice(person: Person) -> Invoice:
    with person.entered():
        return Invoice.objects.get()


def count_invoices(person: Person) -> int:
    with person.entered():
        return Invoice.objects.count()


def lines_of(person: Person, invoice: Invoice) -> list[InvoiceLine]:
    with person.entered():
        return list(InvoiceLine.objects.filter(invoice_id=invoice.id).order_by("position"))


def test_new_form_asks_for_buyer_name_and_price_only(people: People) -> None:
    """An issuer on a phone: date, term, account, unit, quantity and rate are there already."""
    page = people.cezary.client.get(new_url(people.cezary)).content.decode()
    assert f'value="{today().isoformat()}"' in page
    assert 'value="szt."' in page
    assert '<option value="23" selected>23%</option>' in page
    assert "61 1090 1014 0000 0712 1981 2874" in page
    assert people.zofia.client.get(new_url(people.cezary)).status_code == 404


def test_saving_stores_what_was_typed(people: People) -> None:
    """Three rates and a discount, in the order of the page; a blank row is no line."""
    buyer = make_contractor(people.alicja)
    data = editor_data(
        ("Usługa", "godz.", "2,5", "1 000,00", "10", "23"),
        ("", "szt.", "1", "", "", "23"),
        ("Pieczywo", "kg", "3", "4.99", "", "5"),
        ("Szkolenie", "szt.", "1", "0,00000001", "", "zw"),
        contractor=str(buyer.id),
        note="Pierwsza linia\r\nDruga linia",
        exemption_text="art. 43 ust. 1 pkt 29",
    )
    answer = people.alicja.client.post(new_url(people.alicja), data)
    invoice = only_invoice(people.alicja)
    assert answer.headers["Location"] == invoice_url(people.alicja, invoice.id, "edycja")
    assert (invoice.state, invoice.buyer_name) == (State.DRAFT, "Hurtownia Próbna sp. z o.o.")
    assert invoice.note == "Pierwsza linia\nDruga linia"
    assert invoice.gross == Decimal("2783.22")
    stored = [
        (row.position, row.name, row.quantity, row.unit_price, row.rate)
        for row in lines_of(people.alicja, invoice)
    ]
    assert stored == [
        (1, "Usługa", Decimal("2.5"), Decimal(1000), "23"),
        (2, "Pieczywo", Decimal(3), Decimal("4.99"), "5"),
        (3, "Szkolenie", Decimal(1), Decimal("0.00000001"), "zw"),
    ]


def test_a_stored_draft_comes_back_as_typed_and_can_be_saved_again(people: People) -> None:
    """The texts that the form shows are texts that the form reads."""
    invoice = make_draft(people.alicja, line(price="1234.5", quantity="2.125", discount="12.5"))
    url = invoice_url(people.alicja, invoice.id, "edycja")
    page = people.alicja.client.get(url).content.decode()
    for value in ("1\u00a0234,50", "2,125", "12,5"):
        assert f'value="{value}"' in page
    data = editor_data(("Usługa", "szt.", "2,125", "1\u00a0234,50", "12,5", "23"), version="1")
    assert people.alicja.client.post(url, data).status_code == 302
    assert reload(people.alicja, invoice).gross == invoice.gross
    assert reload(people.alicja, invoice).version == 2


def test_buyer_typed_with_the_invoice_is_kept_for_reuse(people: People) -> None:
    answer = people.cezary.client.post(new_url(people.cezary), editor_data(WORK, **NEW_BUYER))
    assert answer.status_code == 302
    with people.cezary.entered():
        buyer = Contractor.objects.get()
    assert (buyer.name, buyer.tax_id, buyer.country) == ("Zakład Próbny", BUYER_NIP, "PL")
    assert only_invoice(people.cezary).contractor_id == buyer.id


def test_buyer_is_either_chosen_or_new(people: People) -> None:
    buyer = make_contractor(people.alicja)
    data = editor_data(WORK, **NEW_BUYER, contractor=str(buyer.id))
    page = people.alicja.client.post(new_url(people.alicja), data).content.decode()
    assert "Wybrano nabywcę z listy i wpisano nowego" in page
    assert count_invoices(people.alicja) == 0


def test_approving_saves_and_gives_a_number(people: People) -> None:
    """One click from the form to the approved invoice (S90 for the second click)."""
    buyer = make_contractor(people.alicja)
    data = editor_data(WORK, contractor=str(buyer.id), action="approve")
    answer = people.cezary.client.post(new_url(people.cezary), data)
    invoice = only_invoice(people.cezary)
    assert invoice.state == State.APPROVED
    assert invoice.number == f"FV/1/{today():%m/%Y}"
    assert answer.headers["Location"] == f"/{people.cezary.company.slug}/faktury/{invoice.id}/"


def test_second_click_on_approve_finds_the_result(people: People) -> None:
    """S90, F37: the other browser sees the approved invoice, not an error."""
    invoice = make_draft(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "edycja")
    data = editor_data(WORK, version="1", contractor=str(invoice.contractor_id), action="approve")
    first = people.alicja.client.post(url, data)
    second = people.beata.client.post(url, data)
    assert first.headers["Location"] == second.headers["Location"]
    assert reload(people.alicja, invoice).number == f"FV/1/{today():%m/%Y}"
    assert count_invoices(people.alicja) == 1


def test_second_click_on_a_new_form_finds_the_first_invoice(people: People) -> None:
    """F37, reliability 37: one form makes one invoice and uses up one number."""
    buyer = make_contractor(people.alicja)
    page = people.alicja.client.get(new_url(people.alicja))
    data = editor_data(WORK, contractor=str(buyer.id), action="approve", new_id=str(page.context["new_id"]))
    first = people.alicja.client.post(new_url(people.alicja), data)
    second = people.alicja.client.post(new_url(people.alicja), data)
    assert first.headers["Location"] == second.headers["Location"]
    assert only_invoice(people.alicja).number == f"FV/1/{today():%m/%Y}"


def test_id_of_a_foreign_invoice_makes_nothing(people: People) -> None:
    """Check 1: a form that names another company's invoice neither changes nor shows it."""
    foreign = make_draft(people.zofia)
    data = editor_data(WORK, new_id=str(foreign.id))
    answer = people.alicja.client.post(new_url(people.alicja), data, follow=True)
    assert answer.status_code == 404
    assert count_invoices(people.alicja) == 0
    assert reload(people.zofia, foreign).version == 1


def test_obstacles_stand_at_their_fields_and_the_draft_is_saved(people: People) -> None:
    """No buyer and an exempt line without its legal basis: both are said, nothing typed is lost."""
    data = editor_data(("Szkolenie", "szt.", "1", "100", "", "zw"), action="approve")
    answer = people.alicja.client.post(new_url(people.alicja), data)
    page = answer.content.decode()
    invoice = only_invoice(people.alicja)
    assert (invoice.state, invoice.number) == (State.DRAFT, "")
    assert 'id="id_contractor_error"' in page
    assert "Wybierz nabywcę albo wpisz nowego." in page
    assert 'id="id_exemption_text_error"' in page
    assert 'value="Szkolenie"' in page
    assert f'action="{invoice_url(people.alicja, invoice.id, "edycja")}"' in page
    assert '<input type="hidden" name="version" value="1">' in page


def test_new_buyer_is_chosen_when_the_form_comes_back(people: People) -> None:
    """Saved with the draft, the buyer is not asked for, nor kept, twice."""
    data = editor_data(("Szkolenie", "szt.", "1", "100", "", "zw"), **NEW_BUYER, action="approve")
    page = people.alicja.client.post(new_url(people.alicja), data).content.decode()
    invoice = only_invoice(people.alicja)
    assert f'<option value="{invoice.contractor_id}" selected>' in page
    assert "ul. Nowa 3" not in page


def test_approval_needs_its_right_and_saves_nothing_without_it(people: People) -> None:
    """S78: a colleague who may only issue gets no button, and 403 for the request."""
    writer = make_writer(people)
    page = writer.client.get(new_url(writer)).content.decode()
    assert 'value="save"' in page
    assert 'value="approve"' not in page
    data = editor_data(WORK, action="approve")
    assert writer.client.post(new_url(writer), data).status_code == 403
    assert count_invoices(writer) == 0


def make_writer(people: People) -> Person:
    company: Company = people.zofia.company
    with tenant_transaction(company.id):
        Role.objects.create(company_id=company.id, name="Pisarz", rights=["view", "issue"])
    add_member(company_id=company.id, user_id=people.cezary.user.id, role_name="Pisarz")
    return Person(people.cezary.user, company)


def test_looking_is_not_editing(people: People) -> None:
    """S78: without the right to issue every page of writing answers 403 and changes nothing."""
    invoice = make_draft(people.zofia)
    company = people.zofia.company
    with tenant_transaction(company.id):
        Role.objects.create(company_id=company.id, name="Widz", rights=["view"])
    add_member(company_id=company.id, user_id=people.beata.user.id, role_name="Widz")
    viewer = Person(people.beata.user, company)
    assert viewer.client.get(new_url(viewer)).status_code == 403
    for page in ("edycja", "kopia", "usun"):
        assert viewer.client.post(invoice_url(viewer, invoice.id, page), {"version": "1"}).status_code == 403
    assert viewer.client.post(f"/{company.slug}/faktury/sumy/").status_code == 403
    assert count_invoices(viewer) == 1


def test_strangers_find_nothing(people: People) -> None:
    """Check 1: another company's user gets 404, and 404 for this invoice under the own company as well."""
    invoice = make_draft(people.alicja)
    for page in ("edycja", "kopia", "usun"):
        assert people.zofia.client.post(invoice_url(people.alicja, invoice.id, page)).status_code == 404
        assert people.zofia.client.post(invoice_url(people.zofia, invoice.id, page)).status_code == 404
    assert count_invoices(people.alicja) == 1


def test_stale_form_keeps_what_was_typed_and_says_why(people: People) -> None:
    """F38: the later of two saves is told, shown its own text, and may then replace knowingly."""
    invoice = make_draft(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "edycja")
    assert people.alicja.client.post(url, editor_data(WORK, version="1")).status_code == 302
    mine = ("Moja wersja", "szt.", "7", "70", "", "23")
    page = people.beata.client.post(url, editor_data(mine, version="1")).content.decode()
    assert "Ktoś zmienił ten szkic" in page
    assert 'value="Moja wersja"' in page
    assert '<input type="hidden" name="version" value="2">' in page
    assert [row.name for row in lines_of(people.alicja, invoice)] == ["Montaż baterii"]
    assert people.beata.client.post(url, editor_data(mine, version="2")).status_code == 302
    assert [row.name for row in lines_of(people.alicja, invoice)] == ["Moja wersja"]


def test_stale_form_keeps_no_second_buyer(people: People) -> None:
    """Buyer and draft are saved together or not at all."""
    invoice = make_draft(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "edycja")
    page = people.alicja.client.post(url, editor_data(WORK, **NEW_BUYER, version="9")).content.decode()
    assert "Ktoś zmienił ten szkic" in page
    assert "ul. Nowa 3" in page
    with people.alicja.entered():
        assert Contractor.objects.count() == 1


@pytest.mark.parametrize("version", ["", "x", "-1", "²", "9" * 5000])
def test_version_that_is_no_number_matches_none(people: People, version: str) -> None:
    invoice = make_draft(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "edycja")
    page = people.alicja.client.post(url, editor_data(WORK, version=version)).content.decode()
    assert "Ktoś zmienił ten szkic" in page


def test_only_drafts_are_edited(people: People) -> None:
    invoice = make_approved(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "edycja")
    shown = f"/{people.alicja.company.slug}/faktury/{invoice.id}/"
    assert people.alicja.client.get(url).headers["Location"] == shown
    assert people.alicja.client.post(url, editor_data(WORK, version="1")).headers["Location"] == shown
    assert (
        people.alicja.client.get(invoice_url(people.alicja, invoice.id, "usun")).headers["Location"] == shown
    )
    assert [row.name for row in lines_of(people.alicja, invoice)] == ["Usługa"]


def test_copy_is_a_draft_of_today(people: People) -> None:
    original = make_approved(people.alicja)
    answer = people.cezary.client.post(invoice_url(people.cezary, original.id, "kopia"))
    with people.cezary.entered():
        copy = Invoice.objects.exclude(id=original.id).get()
    assert answer.headers["Location"] == invoice_url(people.cezary, copy.id, "edycja")
    assert (copy.state, copy.number, copy.issue_date, copy.gross) == (
        State.DRAFT,
        "",
        today(),
        original.gross,
    )


def test_deleting_asks_first_and_needs_the_version_shown(people: People) -> None:
    """F38: what another person changed meanwhile is not deleted unseen."""
    invoice = make_draft(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "usun")
    assert "Usunąć szkic?" in people.alicja.client.get(url).content.decode()
    people.beata.client.post(invoice_url(people.beata, invoice.id, "edycja"), editor_data(WORK, version="1"))
    refused = people.alicja.client.post(url, {"version": "1"}, follow=True).content.decode()
    assert "Ktoś zmienił ten szkic" in refused
    assert count_invoices(people.alicja) == 1
    answer = people.alicja.client.post(url, {"version": "2"})
    assert answer.headers["Location"] == f"/{people.alicja.company.slug}/faktury/"
    assert count_invoices(people.alicja) == 0


def test_unknown_buyer_of_another_company_cannot_be_chosen(people: People) -> None:
    """Check 2: the id of a foreign contractor is no choice."""
    foreign = make_contractor(people.zofia)
    data = editor_data(WORK, contractor=str(foreign.id))
    page = people.alicja.client.post(new_url(people.alicja), data).content.decode()
    assert 'id="id_contractor_error"' in page
    assert "Hurtownia" not in page
    assert count_invoices(people.alicja) == 0


def test_editor_asks_the_same_queries_for_any_number_of_lines(people: People) -> None:
    counts = [count_queries(people.alicja, make_draft(people.alicja, *[line()] * size)) for size in (1, 50)]
    assert counts[0] == counts[1]


def count_queries(person: Person, invoice: Invoice) -> int:
    client = person.client
    with CaptureQueriesContext(connection) as queries:
        assert client.get(invoice_url(person, invoice.id, "edycja")).status_code == 200
    return len(queries)


def test_draft_without_lines_may_be_kept(people: People) -> None:
    """A draft may be incomplete; approval asks for the rest, at the lines."""
    buyer = make_contractor(people.alicja)
    client = people.alicja.client
    assert client.post(new_url(people.alicja), editor_data(contractor=str(buyer.id))).status_code == 302
    invoice = only_invoice(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "edycja")
    data = editor_data(contractor=str(buyer.id), version="1", action="approve")
    page = client.post(url, data).content.decode()
    assert '<a href="#lines">Pozycje</a>: Dodaj co najmniej jedną pozycję.' in page
