"""Connecting to KSeF as people do it: two files and a password, on a desk and on a phone, also by keyboard alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.certificates import PASSWORD, Pair, issue
from tests.people import make_people

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

    from tests.browser.conftest import Portal
    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.browser


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def choose_files(page: Page, pair: Pair) -> None:
    page.set_input_files("#id_certificate", payload("alicja.cert", pair.certificate))
    page.set_input_files("#id_key", payload("alicja.key", pair.key))


def open_tab(portal: Portal, person: Person, *, width: int) -> Page:
    page = portal.open(person, width=width)
    page.goto(f"{portal.url}/{person.company.slug}/konfiguracja/ksef/")
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_a_certificate_connects_in_five_steps(portal: Portal, simulator: Simulator, width: int) -> None:
    """S15, S21-S24, S31: choose the method, two files, a wrong password, the right one; nothing overflows."""
    alicja = make_people().alicja
    pair = issue(simulator, nip=alicja.company.nip)
    page = open_tab(portal, alicja, width=width)
    page.get_by_label("Certyfikat Ministerstwa Finansów").check()
    page.get_by_role("button", name="Dalej").click()
    choose_files(page, pair)
    page.get_by_label("Hasło do certyfikatu", exact=True).fill("zle-Haslo-2026!")
    page.get_by_role("button", name="Zaloguj do KSeF i zapisz").click()
    expect(page.get_by_text("To hasło nie pasuje do klucza").first).to_be_visible()
    choose_files(page, pair)
    page.get_by_label("Hasło do certyfikatu", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Zaloguj do KSeF i zapisz").click()
    expect(page.get_by_text("Połączono z KSeF: Instalacje Alicja.")).to_be_visible()
    expect(page.get_by_text(pair.serial).first).to_be_visible()
    page.get_by_role("button", name="Sprawdź połączenie").click()
    expect(page.get_by_text("właściciel (wszystkie)")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_access_is_renewed_by_keyboard_alone(portal: Portal, simulator: Simulator) -> None:
    """S34, S35: from the tab to the renewed access without a mouse."""
    alicja = make_people().alicja
    pair = issue(simulator, nip=alicja.company.nip)
    page = open_tab(portal, alicja, width=1280)
    page.goto(f"{portal.url}/{alicja.company.slug}/konfiguracja/ksef/certyfikat/")
    choose_files(page, pair)
    page.get_by_label("Hasło do certyfikatu", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Połączono z KSeF: Instalacje Alicja.")).to_be_visible()
    _tab_to(page, "Odnów dostęp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/ksef/odnow/$"))
    _tab_to(page, "password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Połączono z KSeF: Instalacje Alicja.")).to_be_visible()


def test_production_is_entered_knowingly(portal: Portal, simulator: Simulator) -> None:
    """S3, S14: the strip names the environment; the installation of the tests offers one, which stays chosen."""
    alicja = make_people().alicja
    page = open_tab(portal, alicja, width=390)
    expect(page.locator(".environment-strip")).to_contain_text("symulator KSeF")
    page.get_by_role("link", name=re.compile("Zmień.*środowisko")).click()
    expect(page.get_by_role("radio")).to_be_checked()


def _tab_to(page: Page, what: str) -> None:
    """Press Tab until the control of this text, or this name, has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "[document.activeElement.textContent.trim(), document.activeElement.getAttribute('name')]"
        )
        if what in focused:
            return
    raise AssertionError(f"{what} cannot be reached by keyboard")
