"""The simulator's pages in a real browser: files really come down, forms are not taken for foreign, narrow fits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.servers import Simulator

pytestmark = pytest.mark.browser

PASSWORD = "Bardzo-Tajne-Haslo1"
NIP = "5265877635"


def open_page(browser: Browser, url: str, *, width: int = 1280, has_javascript: bool = False) -> Page:
    page = browser.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=has_javascript,
        bypass_csp=has_javascript,
    ).new_page()
    page.set_default_timeout(20_000)
    page.goto(url)
    return page


def save(page: Page, link: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    assert download.value.suggested_filename == link.removeprefix("Pobierz ")
    return Path(download.value.path()).read_bytes()


def test_a_person_gets_a_certificate_and_a_token(browser: Browser, simulator: Simulator) -> None:
    """3: without JavaScript, in an environment that takes no self-signed certificate."""
    page = open_page(browser, f"{simulator.url}/demo/web/", width=390)
    page.locator("#nip").fill(NIP)
    page.get_by_label("Nazwa firmy albo imię i nazwisko").fill("Próba sp. z o.o.")
    page.get_by_label("Nazwa certyfikatu").fill("Biuro")
    page.get_by_label("Hasło do klucza prywatnego").fill("zbyt krótkie")
    page.get_by_role("button", name="Generuj", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("od 15 do 32 znaków")
    expect(page.get_by_label("Nazwa certyfikatu")).to_have_value("Biuro")
    page.get_by_label("Hasło do klucza prywatnego").fill(PASSWORD)
    page.get_by_role("button", name="Generuj", exact=True).click()
    certificate = x509.load_pem_x509_certificate(save(page, "Pobierz Biuro.crt"))
    key = load_pem_private_key(save(page, "Pobierz Biuro.key"), PASSWORD.encode())
    assert certificate.public_key() == key.public_key()
    page.get_by_role("link", name="Wróć do aplikacji").click()
    page.get_by_role("button", name=f"Unieważnij: {certificate.serial_number:016X}").click()
    expect(page.locator("#certyfikaty")).to_contain_text(re.compile("zablokowany|unieważniony"))
    page.locator("#token_nip").fill(NIP)
    page.get_by_label("Opis tokena").fill("Token biura")
    page.get_by_role("button", name="Generuj token").click()
    expect(page.locator("#token")).to_contain_text(f"|nip-{NIP}|")


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_break_no_accessibility_rule(
    browser: Browser, simulator: Simulator, width: int
) -> None:
    """WCAG 2 A and AA as far as axe can tell; nothing is wider than the screen."""
    wish = {"nip": NIP, "name": "Certyfikat o dłuższej nazwie", "type": "Offline"}
    pair = simulator.control("POST", "certificates", wish)
    simulator.control("POST", "tokens", {"nip": NIP})
    simulator.control("POST", "invoices", {"seller": NIP, "number": "FV/2026/11/0001", "count": 3})
    digest = "A" * 43
    for path in (
        "/",
        "/web/",
        f"/invoice/{NIP}/20-11-2026/{digest}",
        f"/certificate/Nip/{NIP}/{NIP}/{pair['serial']}/{digest}/{'A' * 86}",
    ):
        page = open_page(browser, simulator.url + path, width=width, has_javascript=True)
        results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert results.violations_count == 0, f"{path}: {results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
