"""The editor while somebody types: sums by htmx, and the same by buttons where there is no script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from invoices.models import Invoice
from tests.posting import WORK, Line, editor_data, new_url, totals_url

if TYPE_CHECKING:
    from tests.people import People

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PAPER: Line = ("Papier", "szt.", "3", "0,99", "", "8")
HALF_TYPED: Line = ("Papier", "szt.", "2x", "0,99", "", "8")


def cells(html: str) -> list[str]:
    return re.findall(r"<t[dh](?: scope=\"row\")?>([^<]*)</t[dh]>", html)


def amounts(html: str) -> list[str]:
    return re.findall(r'id="line-\d+-amount"\s+hx-swap-oob="true">([^<]*)<', html)


def test_sums_are_counted_on_the_server(people: People) -> None:
    """Art. 106e: tax once per rate from the sum; what is shown while typing is what is stored."""
    html = people.cezary.client.post(totals_url(people.cezary), editor_data(WORK, PAPER)).content.decode()
    assert cells(html) == [
        *("23%", "100,00", "23,00", "123,00"),
        *("8%", "2,97", "0,24", "3,21"),
        *("Razem", "102,97", "23,24", "126,21"),
    ]
    assert amounts(html) == ["100,00", "2,97"]
    assert people.zofia.client.post(totals_url(people.cezary), editor_data(WORK)).status_code == 404


def test_gross_method_counts_from_gross(people: People) -> None:
    data = editor_data(WORK, method="gross")
    html = people.alicja.client.post(totals_url(people.alicja), data).content.decode()
    assert cells(html)[:4] == ["23%", "81,30", "18,70", "100,00"]
    assert re.search(r'id="price-kind" hx-swap-oob="true">\s*brutto', html)


def test_half_typed_number_is_left_out_and_named(people: People) -> None:
    """Nothing is refused while typing: the rest is counted, the line that cannot be is named."""
    html = people.alicja.client.post(
        totals_url(people.alicja), editor_data(WORK, HALF_TYPED)
    ).content.decode()
    assert cells(html)[-4:] == ["Razem", "100,00", "23,00", "123,00"]
    assert "Bez pozycji 2" in html
    assert amounts(html) == ["100,00", "–"]


def test_rates_without_tax_show_none(people: People) -> None:
    data = editor_data(("Leczenie", "szt.", "1", "100", "", "zw"))
    html = people.alicja.client.post(totals_url(people.alicja), data).content.decode()
    assert cells(html)[:4] == ["zw", "100,00", "–", "100,00"]


def test_sum_too_large_is_no_error_page(people: People) -> None:
    large: Line = ("Złoto", "t", "99", "99999999999999", "", "oo")
    html = people.alicja.client.post(totals_url(people.alicja), editor_data(large, large)).content.decode()
    assert cells(html) == ["Razem", "–", "–", "–"]


def test_added_line_comes_alone_with_the_focus(people: People) -> None:
    """One row is appended, so that no field loses what is being typed in it."""
    data = editor_data(WORK, HALF_TYPED, action="add_line")
    html = people.alicja.client.post(totals_url(people.alicja), data).content.decode()
    assert html.strip().startswith("<tr")
    assert html.count("<tr") == 1
    assert 'id="line-2-name"' in html
    assert "autofocus" in html
    assert 'aria-label="Usuń pozycję 3"' in html


def test_removed_line_is_gone_and_the_rest_renumbered(people: People) -> None:
    data = editor_data(WORK, HALF_TYPED, PAPER, remove="1")
    html = people.alicja.client.post(totals_url(people.alicja), data).content.decode()
    assert re.findall(r'name="line_quantity"\s+id="line-\d-quantity"\s+value="([^"]*)"', html) == ["1", "3"]
    assert "126,21 zł" in html


@pytest.mark.parametrize(
    ("button", "names"),
    [
        ({"action": "add_line"}, ["Montaż baterii", "Papier", ""]),
        ({"action": "recalculate"}, ["Montaż baterii", "Papier"]),
        ({"remove": "0"}, ["Papier"]),
        ({"remove": "7"}, ["Montaż baterii", "Papier"]),
        ({"action": "nonsense"}, ["Montaż baterii", "Papier"]),
    ],
)
def test_buttons_work_without_a_script(people: People, button: dict[str, str], names: list[str]) -> None:
    """The page comes back with everything typed, right or wrong, and nothing is saved."""
    data = editor_data(WORK, HALF_TYPED, note="Uwaga", issue_date="3000-01-01", **{"nowy-name": "Nowak"})
    page = people.alicja.client.post(new_url(people.alicja), data | button).content.decode()
    assert re.findall(r'name="line_name"\s+id="line-\d+-name"\s+value="([^"]*)"', page) == names
    for typed in ("Uwaga</textarea>", 'value="3000-01-01"', 'value="Nowak"', 'value="2x"'):
        assert typed in page
    assert 'role="alert"' not in page
    with people.alicja.entered():
        assert not Invoice.objects.exists()


def test_last_line_removed_leaves_an_empty_one(people: People) -> None:
    data = editor_data(WORK, remove="0")
    page = people.alicja.client.post(new_url(people.alicja), data).content.decode()
    assert page.count('name="line_name"') == 1
    assert "Montaż" not in page


def test_recalculating_marks_what_cannot_be_counted(people: People) -> None:
    data = editor_data(WORK, HALF_TYPED, action="recalculate")
    page = people.alicja.client.post(new_url(people.alicja), data).content.decode()
    assert 'id="line-1-quantity_error"' in page
    assert 'id="line-0-quantity_error"' not in page
