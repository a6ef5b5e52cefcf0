"""An outage as a person lives through it: told, worked through, printed, and sent by itself when it is over."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from accounts.services.ksef_certificates import save_offline_certificate
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.calendar import add_business_days
from invoices.domain.lifecycle import State
from invoices.models import OutageMessage
from invoices.tasks import watch_lighthouses
from tests.builders import make_draft, reload, today
from tests.certificates import PASSWORD, issue
from tests.people import make_people
from tests.waiting import until

if TYPE_CHECKING:
    from tests.browser.conftest import Portal
    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.browser


@pytest.fixture
def people(portal: Portal, simulator: Simulator) -> People:
    people = make_people()
    alicja = people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    pair = issue(simulator, kind="Offline", nip=alicja.company.nip)
    with alicja.entered() as actor:
        save_offline_certificate(actor=actor, certificate=pair.certificate, key=pair.key)
    return people


def test_a_failure_from_its_announcement_to_the_number(
    portal: Portal, people: People, simulator: Simulator
) -> None:
    """R1, R2, S41, S45, S46, F46: banner, failure mode, both codes on the print, sent by itself, the day moved."""
    alicja = people.alicja
    invoice = make_draft(alicja)
    url = f"{portal.url}/{alicja.company.slug}/faktury/{invoice.id}/"
    planned = simulator.control("POST", "outages", {"outages": [{"category": "FAILURE"}]})
    watch_lighthouses.delay()  # As the beat rings.
    until(OutageMessage.objects.exists, seconds=30)
    page = portal.open(alicja)
    page.goto(f"{url}edycja/")
    expect(page.get_by_text("Trwa awaria KSeF")).to_be_visible()
    page.get_by_role("button", name="Zatwierdź").click()
    expect(page.get_by_text("Wystawiona w trybie awarii KSeF").first).to_be_visible()
    expect(page.get_by_role("heading", name="Zegar prawny")).to_be_visible()

    page.get_by_role("link", name="PDF").click()
    page.get_by_label("Hasło do certyfikatu offline").fill(PASSWORD)
    with page.expect_download() as download:
        page.get_by_role("button", name="Pobierz PDF").click()
    sheets = PdfReader(BytesIO(Path(download.value.path()).read_bytes())).pages
    text = "".join(sheet.extract_text() for sheet in sheets)
    assert all(word in text for word in ("OFFLINE", "CERTYFIKAT"))
    assert "Potwierdzenie transakcji" not in text

    simulator.control("POST", f"outages/{planned['outages'][-1]['event']}", {"end": 0})
    watch_lighthouses.delay()
    until(lambda: reload(alicja, invoice).state == State.ACCEPTED, seconds=60)
    page.goto(url)
    expect(page.get_by_text("Przyjęta").first).to_be_visible()
    expect(page.get_by_text("Nowy termin przesłania do KSeF")).to_be_visible()
    expect(page.get_by_text(f"{add_business_days(today(), 7):%d.%m.%Y}").first).to_be_visible()
    expect(page.get_by_text("Trwa awaria KSeF")).to_have_count(0)
