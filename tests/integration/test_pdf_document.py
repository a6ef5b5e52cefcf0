"""The PDF: readable text, a code a camera reads, nothing fetched from anywhere."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from pypdf import PdfReader

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.vat import VatRate
from invoices.selectors.document import get_invoice_page
from invoices.selectors.pdf import render_pdf
from tests.builders import line, make_approved, make_draft, make_exempt, reload, run_outbox

if TYPE_CHECKING:
    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def read_pdf(person: Person, invoice: Invoice) -> tuple[str, int]:
    """The text with single spaces, and the number of pages."""
    response = person.client.get(reverse("invoices:pdf", args=[person.company.slug, invoice.id]))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].endswith('.pdf"')
    pages = PdfReader(io.BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split()), len(pages)


def print_of(person: Person, invoice: Invoice) -> tuple[str, int]:
    """The print itself, without the question for the issuer's password."""
    with person.entered() as actor:
        page = get_invoice_page(actor=actor, slug=person.company.slug, invoice_id=invoice.id)
        pages = PdfReader(io.BytesIO(render_pdf(page).content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split()), len(pages)


def test_the_print_says_what_the_invoice_says(people: People, simulator: Simulator) -> None:
    """Number, KSeF number, parties, three rates, sums, page count, and that it is practice (S13)."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    invoice = make_approved(
        people.alicja,
        line(name="Montaż kotła", price="1000", rate=VatRate.R8),
        line(name="Dojazd", price="2.50", quantity="40", rate=VatRate.R23),
        line(name="Poradnik", price="50", rate=VatRate.R5),
    )
    run_outbox()
    invoice = reload(people.alicja, invoice)
    text, pages = read_pdf(people.alicja, invoice)
    assert pages == 1
    for expected in (
        invoice.number,
        invoice.ksef_number,
        "Montaż kotła",
        "NIP 5260250274",
        "NIP 7010416384",
        "8% 1 000,00 80,00 1 080,00",
        "23% 100,00 23,00 123,00",
        "5% 50,00 2,50 52,50",
        "Razem 1 150,00 105,50 1 255,50",
        "1 255,50 PLN",
        "przelew",
        "Dokument ćwiczebny bez skutków prawnych",
        "strona 1 z 1",
    ):
        assert expected in text
    assert f"{simulator.url}/invoice/{invoice.ksef_number[:10]}/" in text.replace(" ", "")
    assert "OFFLINE" not in text


def test_without_a_number_the_code_says_offline(people: People) -> None:
    """ksef-protocol 9, R4: the word stands where the number will; the print admits that it is no invoice yet."""
    text, _pages = print_of(people.cezary, make_approved(people.cezary))
    assert "OFFLINE" in text
    assert "Potwierdzenie transakcji nie jest fakturą" in text


def test_a_rejected_document_is_no_invoice(people: People, simulator: Simulator) -> None:
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    simulator.control("POST", "clock", {"offset": -86_400 * 2})
    invoice = make_approved(people.alicja)
    run_outbox()
    simulator.control("POST", "clock", {"offset": 0})
    text, _pages = read_pdf(people.alicja, invoice)
    assert "KSeF odrzucił ten dokument: nie jest fakturą" in text
    assert "OFFLINE" not in text


def test_many_lines_take_many_pages(people: People) -> None:
    text, pages = print_of(
        people.cezary, make_approved(people.cezary, *(line(name=f"Poz {n}") for n in range(60)))
    )
    assert pages == 3
    assert "strona 3 z 3" in text
    assert "Poz 59" in text


def test_markup_in_a_name_stays_text(people: People) -> None:
    """V26, V43: nothing typed by a person is ever opened or run."""
    name = '<img src="file:///etc/hostname"><link rel=stylesheet href="http://127.0.0.1:9/x.css">'
    text, _pages = print_of(people.cezary, make_approved(people.cezary, line(name=name)))
    assert "file:///etc/hostname" in text.replace(" ", "")


def test_nothing_but_data_is_fetched() -> None:
    """V43: the fetcher refuses files and the network, whatever the style sheet or a picture asks for."""
    from invoices.selectors.pdf import data_only_fetcher

    fetcher = data_only_fetcher()
    for url in ("file:///etc/hostname", "http://127.0.0.1:9/", "https://127.0.0.1:9/", "ftp://127.0.0.1/"):
        with pytest.raises(ValueError, match="disallowed protocol"):
            fetcher.fetch(url)
    assert fetcher.fetch("data:text/plain,ok").read() == b"ok"


def test_a_machine_without_pango_says_what_is_missing(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F53: everything else works; the person reads why there is no PDF."""
    invoice = make_exempt(people.cezary)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    response = people.cezary.client.get(
        reverse("invoices:pdf", args=[people.cezary.company.slug, invoice.id])
    )
    assert response.status_code == 503
    assert "pango" in response.content.decode()


def test_thousands_of_lines_are_refused_in_time(people: People) -> None:
    """V43: one click may not cost the others their server; the page says where all the lines are."""
    invoice = make_exempt(people.cezary, *(line() for _ in range(1_501)))
    response = people.cezary.client.get(
        reverse("invoices:pdf", args=[people.cezary.company.slug, invoice.id])
    )
    assert response.status_code == 422
    assert "za długa na PDF" in response.content.decode()
    assert reverse("invoices:xml", args=[people.cezary.company.slug, invoice.id]) in response.content.decode()


def test_a_draft_has_no_print(people: People) -> None:
    invoice = make_draft(people.cezary)
    response = people.cezary.client.get(
        reverse("invoices:pdf", args=[people.cezary.company.slug, invoice.id])
    )
    assert response.status_code == 302
