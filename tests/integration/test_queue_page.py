"""The page of the queue: what waits, at which place, why, and how much KSeF still allows."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from invoices.models import UPOPage
from invoices.services.gathering import choose_way
from invoices.services.pacing import Pace
from ksef.exchange.limits import RateGroup
from tests.builders import make_approved
from tests.queue import age_queue, run_queue

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

# Those of the frame and the log-in included.
QUERIES = 27
OPEN = {"method": "POST", "path_regex": r"/v2/sessions/(online|batch)$"}


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(strip_tags(html)))


def look(person: Person, name: str = "queue", query: str = "") -> str:
    response = person.client.get(reverse(f"invoices:{name}", args=[person.company.slug]) + query)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_queue_says_so(connected: People) -> None:
    """With all that KSeF allows still to come."""
    page = text_of(look(connected.alicja))
    assert "Nic nie czeka" in page
    assert "Pojedyncze faktury 180 z 180" in page
    assert "Paczki 60 z 60" in page


def test_waiting_invoices_show_their_place_and_when_they_go(connected: People) -> None:
    """The nearest deadline first, then the longest waiting."""
    alicja = connected.alicja
    first, second = make_approved(alicja), make_approved(alicja)
    page = text_of(look(alicja, "queue_state"))
    assert "2 faktury" in page
    assert re.search(rf"1 {first.number} Hurtownia Próbna sp. z o.o. za chwilę Na swoją kolej", page)
    assert re.search(rf"2 {second.number} ", page)


def test_a_problem_is_told_in_words(connected: People, simulator: Simulator) -> None:
    """Why it waits, what to do, and when it is tried again."""
    alicja = connected.alicja
    simulator.fail({"match": OPEN, "action": "limited", "retry_after": 900})
    make_approved(alicja)
    run_queue()
    page = text_of(look(alicja))
    assert "KSeF prosi o przerwę" in page
    assert "Nie trzeba nic robić" in page
    assert re.search(r"o \d\d:\d\d:\d\d", page)


def test_a_package_shows_how_far_it_has_got(
    connected: People, simulator: Simulator, settings: Settings
) -> None:
    """On its way with its counts, then finished with the UPO that KSeF signed for all of it."""
    settings.BATCH_FROM = 2
    alicja = connected.alicja
    for _ in range(4):
        make_approved(alicja)
    assert "z najbliższą paczką" in text_of(look(alicja))
    age_queue()
    choose_way(alicja.company.id, alicja.user.id)
    page = text_of(look(alicja))
    assert "Przygotowywana 4 faktury, jeszcze w drodze: 4" in page
    assert "w paczce: przygotowywana" in page
    run_queue()
    html = look(alicja)
    page = text_of(html)
    assert "Zakończona 4 faktury, przyjęte: 4" in page
    assert "Paczki 59 z 60" in page
    with alicja.entered():
        receipt = UPOPage.objects.get()
    url = reverse("invoices:session_upo", args=[alicja.company.slug, receipt.id])
    assert url in html
    assert alicja.client.get(url).content == bytes(receipt.xml)
    assert (
        connected.zofia.client.get(url.replace(alicja.company.slug, connected.zofia.company.slug)).status_code
        == 404
    )


def test_a_used_up_limit_says_when_it_goes_on(connected: People) -> None:
    """What KSeF still allows is counted as the workers count it."""
    alicja = connected.alicja
    pace = Pace(environment=alicja.company.environment, nip=alicja.company.nip)
    pace.limited(RateGroup.INVOICE_SEND, retry_after=600)
    make_approved(alicja)
    page = text_of(look(alicja))
    assert "następna możliwa o" in page
    assert re.search(r"około \d\d:\d\d", page)


def test_a_waiting_invoice_leads_to_the_queue(connected: People) -> None:
    """From the invoice and from the list."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    queue = reverse("invoices:queue", args=[alicja.company.slug])
    for url in (
        reverse("invoices:show", args=[alicja.company.slug, invoice.id]),
        reverse("invoices:index", args=[alicja.company.slug]),
    ):
        assert f'href="{queue}"' in alicja.client.get(url).content.decode()


def test_a_long_queue_has_pages_and_few_queries(
    connected: People, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Fifty rows at a time by key; the positions go on; as many queries for one row as for fifty."""
    settings.BATCH_FROM = 100
    alicja = connected.alicja
    client, url = alicja.client, reverse("invoices:queue_state", args=[alicja.company.slug])
    make_approved(alicja)
    client.get(url)
    with django_assert_num_queries(QUERIES):
        client.get(url)
    invoices = [make_approved(alicja) for _ in range(51)]
    with django_assert_num_queries(QUERIES):
        page = client.get(url).content.decode()
    [following] = re.findall(r'href="([^"]+)" rel="next"', page)
    last = text_of(client.get(unescape(following)).content.decode())
    assert f"52 {invoices[-1].number}" in last
    assert f"51 {invoices[-2].number}" in last
    assert f"50 {invoices[-3].number}" not in last
    assert "Od początku" in last
