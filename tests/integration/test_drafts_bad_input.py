"""Bad input in the invoice editor: a Polish message at the field, everything typed still there, nothing saved."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape, unescape
from time import process_time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from invoices.models import Invoice
from tests.builders import make_draft, today
from tests.posting import COLUMNS, WORK, Line, editor_data, invoice_url, new_url

if TYPE_CHECKING:
    from tests.people import People, Person

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def post(person: Person, data: dict[str, object]) -> str:
    answer = person.client.post(new_url(person), data)
    assert answer.status_code == 200
    return answer.content.decode()


def summary_of(page: str) -> str:
    found = re.search(r'<div class="callout callout--danger" role="alert".*?</ul>', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group())).split()) if found else ""


def line_with(**changes: str) -> Line:
    name, unit, quantity, price, discount, rate = (
        {**dict(zip(COLUMNS, WORK, strict=True)), **changes}
    ).values()
    return (name, unit, quantity, price, discount, rate)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("name", "", "Wpisz nazwę towaru lub usługi."),
        ("name", "Rura\ufffe miedziana", "KSeF nie przyjmuje znaku U+FFFE."),
        ("name", "Rura\x00", "KSeF nie przyjmuje znaku U+0000."),
        ("name", "x" * 513, "Najwyżej 512 znaków, a jest ich 513."),
        ("unit", " ", "Wpisz jednostkę, np. szt."),
        ("unit", "m\ufdd0", "KSeF nie przyjmuje znaku U+FDD0."),
        ("quantity", "", "Wpisz ilość."),
        ("quantity", "0", "Ilość musi być większa od zera."),
        ("quantity", "-3", "Ilość musi być większa od zera."),
        ("quantity", "\u22122", "Ilość musi być większa od zera."),
        ("quantity", "dwie", "Wpisz liczbę, np. 12,5."),
        ("quantity", "1e3", "Wpisz liczbę, np. 12,5."),
        ("quantity", "NaN", "Wpisz liczbę, np. 12,5."),
        ("quantity", "1,2345678", "Za dużo cyfr po przecinku: najwyżej 6."),
        ("price", "", "Wpisz cenę."),
        ("price", "-0,01", "Cena nie może być ujemna. Obniżkę wpisz jako rabat."),
        ("price", "1,234,5", "Wpisz liczbę, np. 12,5."),
        ("price", "0,123456789", "Za dużo cyfr po przecinku: najwyżej 8."),
        ("price", "123456789012345", "Ta liczba jest za duża."),
        ("discount", "100,01", "Rabat musi być od 0 do 100%."),
        ("discount", "-1", "Rabat musi być od 0 do 100%."),
        ("discount", "5,125", "Za dużo cyfr po przecinku: najwyżej 2."),
        ("rate", "22", "Wybierz stawkę VAT z listy."),
        ("rate", "", "Wybierz stawkę VAT z listy."),
    ],
)
def test_bad_line_is_said_at_its_field(people: People, field: str, text: str, message: str) -> None:
    """Issue 2, bad input: the field is marked, named in the summary, and keeps what was typed."""
    page = post(people.alicja, editor_data(WORK, line_with(**{field: text})))
    assert re.search(rf'id="line-1-{field}_error"[^>]*>{re.escape(escape(message)[:20])}', page)
    assert f'aria-describedby="line-1-{field}_error"' in page
    assert message in summary_of(page)
    assert f'href="#line-1-{field}"' in page
    if field != "rate":
        assert f'value="{escape(text)}"' in page
    assert 'value="Montaż baterii"' in page
    with people.alicja.entered():
        assert not Invoice.objects.exists()


def test_all_faults_of_a_line_are_said_at_once(people: People) -> None:
    page = post(people.alicja, editor_data(("", "", "x", "y", "z", "?")))
    assert page.count('class="field__error"') >= 6
    assert summary_of(page).count("Pozycja 1,") == 6


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("issue_date", (today() + timedelta(days=1)).isoformat(), "nie może być późniejsza niż dzisiejsza"),
        ("issue_date", "31.02.2026", "Wpisz datę, np. 31.12.2026."),
        ("issue_date", "", "To pole jest wymagane."),
        ("issue_date", "2015-12-31", "Podaj datę od 1.07.2016 do 1.01.2050."),
        ("due_date", "1999-01-01", "Podaj datę od 1.07.2016 do 1.01.2050."),
        ("due_date", "jutro", "Wpisz datę, np. 31.12.2026."),
        ("supply_date", "2150-01-01", "Podaj datę od 1.07.2016 do 1.01.2050."),
        ("note", "x" * 3501, "3500"),
        ("note", "linia\ufffe", "KSeF nie przyjmuje znaku U+FFFE."),
        ("exemption_text", "art.\x01", "KSeF nie przyjmuje znaku U+0001."),
        ("bank_account", "61109010140000071219812875", "Ten numer rachunku jest nieprawidłowy"),
        ("payment_form", "9", "9"),
        ("method", "half", "half"),
        ("nowy-tax_id", "5260250275", "Ten NIP jest nieprawidłowy"),
        ("nowy-name", "Firma\ufffe", "KSeF nie przyjmuje znaku U+FFFE."),
    ],
)
def test_bad_head_is_said_at_its_field(people: People, field: str, text: str, message: str) -> None:
    """Issue 2, bad input: NIP, dates, characters, lengths; the lines stay as they were typed."""
    page = post(people.alicja, editor_data(WORK, **{field: text}))
    error = re.search(rf'<div id="id_{field}_error">.*?</div>', page, re.DOTALL)
    assert error is not None
    assert message in unescape(error.group())
    assert message in summary_of(page)
    assert 'value="Montaż baterii"' in page
    if field not in {"payment_form", "method"}:
        assert escape(text) in page
    with people.alicja.entered():
        assert not Invoice.objects.exists()


def test_amounts_that_no_invoice_can_hold(people: People) -> None:
    """FA(3) amounts have 16 digits before the point: one line may be too much, and so may the sum."""
    huge = line_with(quantity="99999999999999", price="99999999999999")
    assert "Wartość tej pozycji jest większa, niż mieści faktura." in summary_of(
        post(people.alicja, editor_data(huge))
    )
    large = line_with(quantity="99", price="99999999999999", rate="oo")
    page = post(people.alicja, editor_data(large, large))
    assert "Suma faktury jest większa, niż mieści dokument FA(3)." in summary_of(page)


def test_one_line_too_many_is_said_once_and_nothing_is_lost(people: People) -> None:
    """10 001 lines: one message, all lines still on the page, an answer within seconds."""
    data = editor_data()
    for index, name in enumerate(COLUMNS):
        data[f"line_{name}"] = [WORK[index]] * 10_001
    data["line_name"] = [f"Towar {number}" for number in range(10_001)]
    body = urlencode(data, doseq=True)
    client = people.alicja.client
    # The processor's time, so that a busy machine does not decide.
    started = process_time()
    answer = client.post(new_url(people.alicja), body, content_type="application/x-www-form-urlencoded")
    seconds = process_time() - started
    page = answer.content.decode()
    message = "Faktura może mieć najwyżej 10\u00a0000 pozycji, a ta ma 10\u00a0001."
    assert page.count(message) == 2  # In the summary and above the lines.
    assert page.count('name="line_name"') == 10_001
    assert 'value="Towar 10000"' in page
    assert seconds < 10
    with people.alicja.entered():
        assert not Invoice.objects.exists()


def test_ten_thousand_broken_lines_make_a_short_summary(people: People) -> None:
    data = editor_data()
    for index, name in enumerate(COLUMNS):
        data[f"line_{name}"] = [line_with(quantity="-1")[index]] * 300
    assert "Błędów jest więcej: jeszcze 280." in summary_of(post(people.alicja, data))


def test_columns_of_unequal_length_are_read_row_by_row(people: People) -> None:
    """A request that no browser would make is answered like any other incomplete form."""
    page = post(people.alicja, editor_data(WORK) | {"line_price": ["1", "2", "3"]})
    assert page.count('name="line_name"') == 3


def test_form_broken_while_editing_keeps_its_version(people: People) -> None:
    invoice = make_draft(people.alicja)
    url = invoice_url(people.alicja, invoice.id, "edycja")
    data = editor_data(line_with(price="sto"), version="1")
    page = people.alicja.client.post(url, data).content.decode()
    assert '<input type="hidden" name="version" value="1">' in page
    assert 'value="sto"' in page
