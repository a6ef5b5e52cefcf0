"""The list of sales invoices: order, pages, search, filters, an exact number of queries."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoices.services.drafting import save_draft
from tests.builders import draft, line, make_approved, make_contractor, make_draft, today

if TYPE_CHECKING:
    from datetime import date

    from django.test import Client

    from invoices.models import Invoice
    from tests.people import People, Person

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def index_url(person: Person) -> str:
    return f"/{person.company.slug}/faktury/"


def make_dated(person: Person, day: date, *, buyer: str = "") -> Invoice:
    contractor = make_contractor(person, name=buyer) if buyer else None
    with person.entered() as actor:
        content = draft(line(), contractor_id=contractor.id if contractor else None)
        return save_draft(actor=actor, draft=replace(content, issue_date=day))


def links(page: str, slug: str) -> list[str]:
    """The invoices shown, by id, in order."""
    return re.findall(rf'<th scope="row".*?<a href="/{slug}/faktury/([0-9a-f-]{{36}})/', page, re.DOTALL)


def get(client: Client, url: str, **asked: str) -> str:
    answer = client.get(url, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_empty_list_says_what_to_do_next(people: People) -> None:
    page = get(people.cezary.client, index_url(people.cezary))
    assert "Nie ma jeszcze żadnej faktury" in page
    assert page.count(f'href="{index_url(people.cezary)}nowa/"') == 2  # In the frame and in the empty state.


def test_newest_first_with_all_that_tells_them_apart(people: People) -> None:
    older = make_dated(people.alicja, today() - timedelta(days=40), buyer="Zażółć sp. z o.o.")
    approved = make_approved(people.alicja, line(price="1000"))
    page = get(people.beata.client, index_url(people.beata))
    assert links(page, people.beata.company.slug) == [str(approved.id), str(older.id)]
    for text in (
        approved.number,
        "Zażółć sp. z o.o.",
        "1\u00a0230,00",
        f"{today():%d.%m.%Y}",
        "Zatwierdzona",
        "Szkic",
    ):
        assert text in page
    assert people.zofia.client.get(index_url(people.alicja)).status_code == 404
    assert links(get(people.zofia.client, index_url(people.zofia)), people.zofia.company.slug) == []


def test_search_finds_number_and_buyer_in_any_case(people: People) -> None:
    approved = make_approved(people.alicja)
    other = make_dated(people.alicja, today(), buyer="Wspólnota Żurawia")
    client, url, slug = people.alicja.client, index_url(people.alicja), people.alicja.company.slug
    assert links(get(client, url, szukaj=approved.number.lower()), slug) == [str(approved.id)]
    assert links(get(client, url, szukaj="żurawia WSPÓLNOTA"), slug) == [str(other.id)]
    assert links(get(client, url, szukaj="100%"), slug) == []
    assert "Nic nie pasuje" in get(client, url, szukaj="100%")


def test_filters_by_state_and_month(people: People) -> None:
    approved = make_approved(people.alicja)
    last_year = make_dated(people.alicja, today().replace(day=1) - timedelta(days=365))
    client, url, slug = people.alicja.client, index_url(people.alicja), people.alicja.company.slug
    assert links(get(client, url, stan="approved"), slug) == [str(approved.id)]
    assert links(get(client, url, miesiac=f"{last_year.issue_date:%Y-%m}"), slug) == [str(last_year.id)]
    assert links(get(client, url, miesiac=f"{today():%Y-%m}", stan="draft"), slug) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"stan": "nonsense"},
        {"miesiac": "2026-13"},
        {"miesiac": "x"},
        {"po": "x"},
        {"po": "2026-01-01_2026-01-01T00:00_00000000-0000-0000-0000-000000000000"},
        {"szukaj": "\x00"},
        {"szukaj": "x" * 101},
    ],
)
def test_nonsense_in_the_address_is_left_out(people: People, asked: dict[str, str]) -> None:
    invoice = make_draft(people.alicja)
    page = get(people.alicja.client, index_url(people.alicja), **asked)
    assert links(page, people.alicja.company.slug) == [str(invoice.id)]


def test_pages_by_key_show_each_invoice_once(people: People) -> None:
    """A new invoice between two pages neither repeats nor hides an older one."""
    days = [today() - timedelta(days=number // 3) for number in range(52)]
    made = {str(make_dated(people.alicja, day).id) for day in days}
    client, url, slug = people.alicja.client, index_url(people.alicja), people.alicja.company.slug
    first = get(client, url, stan="draft")
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    make_dated(people.alicja, today())
    second = get(client, unescape(following.group(1)))
    assert "stan=draft" in following.group(1)
    assert len(links(first, slug)) == 50
    assert sorted(links(first, slug) + links(second, slug)) == sorted(made)
    assert "Od najnowszych" in second
    assert 'rel="next"' not in second


def test_rows_cost_no_queries(people: People) -> None:
    """The same queries at 1 and at 50 rows."""
    client, url = people.alicja.client, index_url(people.alicja)
    counts = []
    for more in (1, 49):
        for _number in range(more):
            make_dated(people.alicja, today(), buyer="Nabywca")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
