"""The queue in a real browser: it moves by itself, fits a phone, and works where no script runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from tests.builders import make_approved
from tests.queue import run_queue

if TYPE_CHECKING:
    from tests.browser.conftest import Portal
    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.browser

OPEN = {"method": "POST", "path_regex": r"/v2/sessions/(online|batch)$"}


@pytest.mark.parametrize("width", [1280, 390])
def test_the_queue_empties_before_ones_eyes(
    width: int, portal: Portal, committed_people: People, simulator: Simulator
) -> None:
    """S81: what waits is shown with its reason; once KSeF answers again the page says that nothing waits."""
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    simulator.fail({"match": OPEN, "times": 0, "action": "status", "status": 503})
    invoice = make_approved(alicja)
    run_queue()
    page = portal.open(alicja, width=width)
    page.goto(portal.url + reverse("invoices:index", args=[alicja.company.slug]))
    page.get_by_role("link", name="Kolejka wysyłki").click()
    expect(page.get_by_role("link", name=invoice.number)).to_be_visible()
    expect(page.get_by_text("KSeF teraz nie odpowiada.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    simulator.control("DELETE", "faults")
    expect(page.get_by_text("Nic nie czeka")).to_be_visible(timeout=60_000)


def test_the_queue_needs_no_script(portal: Portal, committed_people: People) -> None:
    """The page itself comes again."""
    alicja = committed_people.alicja
    invoice = make_approved(alicja)
    page = portal.open(alicja, has_javascript=False)
    page.goto(portal.url + reverse("invoices:show", args=[alicja.company.slug, invoice.id]))
    page.goto(portal.url + reverse("invoices:queue", args=[alicja.company.slug]))
    expect(page.get_by_role("heading", name="Kolejka wysyłki")).to_be_visible()
