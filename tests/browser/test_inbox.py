"""Purchases as people work with them, from the log-in that brings them to their place, on both plans."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.models import Company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from tests.factors import PASSWORD, give_password
from tests.integration.test_receiving import bring
from tests.people import make_people

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Portal
    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.browser


@pytest.fixture
def alicja(portal: Portal, simulator: Simulator) -> Person:
    """Connected, with three costs that wait in KSeF."""
    alicja = make_people().alicja
    give_password(alicja.user)
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    for number in ("FV/1", "FV/2", "FV/3"):
        bring(simulator, alicja, number=number, sellerName="Hurtownia Rur sp. z o.o.")
    return alicja


def log_in(page: Page, portal: Portal, person: Person) -> None:
    page.goto(f"{portal.url}/konto/login/")
    page.get_by_label("E-mail").fill(person.user.email)
    page.get_by_label("Hasło").fill(PASSWORD)
    page.get_by_role("button", name="Zaloguj się", exact=True).click()


def open_list(page: Page, title: str) -> None:
    page.get_by_role("navigation", name="Główne menu").get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    # The list renews itself while KSeF is asked; the worker may only just be starting.
    expect(page.get_by_role("link", name="FV/3")).to_be_visible(timeout=30_000)


def test_costs_come_by_logging_in_and_go_to_the_office(portal: Portal, alicja: Person) -> None:
    """S101-S104, C6: nobody pressed "Pobierz"; verified, passed, deleted, brought back."""
    Company.objects.filter(id=alicja.company.id).update(plan="efaktury")
    page = portal.open()
    log_in(page, portal, alicja)
    open_list(page, "Faktury kosztowe")
    page.get_by_label("Zaznacz FV/1").check()
    page.get_by_role("button", name="Oznacz jako sprawdzone").click()
    expect(page.get_by_text("Sprawdzona").first).to_be_visible()
    page.get_by_role("button", name="Przekaż do Biura Rachunkowego").click()
    expect(page.get_by_text("W Biurze Rachunkowym").first).to_be_visible()
    page.get_by_role("link", name="Faktury kosztowe").first.click()
    page.get_by_label("Zaznacz FV/2").check()
    page.get_by_role("button", name="Usuń z listy").click()
    expect(page.get_by_role("heading", name="Usunąć z listy?")).to_be_visible()
    page.get_by_role("button", name="Usuń z listy").click()
    expect(page.get_by_role("link", name="FV/2")).to_have_count(0)
    page.get_by_role("button", name="Cofnij usunięcie").click()
    expect(page.get_by_text("Do sprawdzenia").first).to_be_visible()


def test_documents_are_moved_registered_and_archived(portal: Portal, alicja: Person) -> None:
    """S105-S109: each ends in one place; the register adds up."""
    page = portal.open()
    log_in(page, portal, alicja)
    open_list(page, "Faktury z KSeF")
    page.get_by_role("link", name="FV/1").click()
    page.get_by_label("Odliczenie VAT").select_option("part")
    page.get_by_role("button", name="Przenieś do Rejestru VAT").click()
    expect(page.get_by_text("W Rejestrze VAT").first).to_be_visible()
    page.get_by_role("link", name="Pokaż wpis").click()
    expect(page.get_by_role("heading", name="Rejestr VAT zakupów")).to_be_visible()
    expect(page.get_by_text("11,50").first).to_be_visible()
    page.get_by_role("link", name="Faktury z KSeF").first.click()
    page.get_by_label("Zaznacz FV/2").check()
    page.get_by_role("button", name="Przenieś do faktury zakupu").click()
    page.get_by_role("link", name="Pokaż wpis").click()
    expect(page.get_by_role("rowheader", name="Towar")).to_be_visible()
    page.get_by_role("navigation", name="Główne menu").get_by_role("link", name="Faktury z KSeF").click()
    page.get_by_label("Zaznacz FV/3").check()
    page.get_by_role("button", name="Archiwizuj").click()
    expect(page.get_by_text("Zarchiwizowana").first).to_be_visible()
    page.get_by_role("link", name="Faktury z KSeF").first.click()
    expect(page.get_by_text("Nic nie czeka")).to_be_visible()


def test_fetching_by_hand_without_javascript(portal: Portal, alicja: Person) -> None:
    """R6, R7: the parameter is off, so only the button asks."""
    Company.objects.filter(id=alicja.company.id).update(fetches_at_login=False)
    page = portal.open(has_javascript=False)
    log_in(page, portal, alicja)
    page.get_by_role("link", name="Faktury z KSeF").first.click()
    expect(page.get_by_text("KSeF nie był jeszcze pytany")).to_be_visible()
    page.get_by_role("link", name="Pobierz z KSeF").click()
    page.get_by_role("button", name="Pobierz", exact=True).click()
    # The page renews itself by a plain refresh.
    expect(page.get_by_text(re.compile("Ostatnio sprawdzone"))).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="FV/3")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_break_no_accessibility_rule(portal: Portal, alicja: Person, width: int) -> None:
    """WCAG 2 A and AA as far as axe can tell; nothing scrolls sideways."""
    page = portal.open(width=width)
    log_in(page, portal, alicja)
    company = f"{portal.url}/{alicja.company.slug}"
    open_list(page, "Faktury z KSeF")
    document = page.get_by_role("link", name="FV/1").get_attribute("href")
    page.goto(f"{portal.url}{document}")
    page.get_by_role("button", name="Przenieś do Rejestru VAT").click()
    paths = [
        f"{company}/koszty/",
        f"{company}/koszty/pobierz/",
        f"{company}/rejestr-vat/",
        f"{company}/zakupy/",
    ]
    for address in [*paths, f"{portal.url}{document}"]:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert results.violations_count == 0, f"{address}: {results.generate_report()}"
