"""Pages can be used by keyboard and by people who do not see them as drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.builders import make_approved, make_contractor, make_draft
from tests.people import make_people

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser


def test_no_page_breaks_an_accessibility_rule(portal: Portal) -> None:
    """WCAG 2 A and AA as far as axe can tell, on every page a person works with."""
    alicja = make_people().alicja
    make_contractor(alicja)
    draft, approved = make_draft(alicja), make_approved(alicja)
    company = f"/{alicja.company.slug}"
    paths = [
        f"{company}/",
        f"{company}/faktury/",
        f"{company}/faktury/nowa/",
        f"{company}/faktury/{approved.id}/",
    ]
    paths += [
        f"{company}/faktury/{draft.id}/edycja/",
        f"{company}/kontrahenci/",
        f"{company}/kontrahenci/nowy/",
    ]
    paths += [f"{company}/konfiguracja/", f"{company}/faktury/{approved.id}/pdf/offline/", "/firmy/nowa/"]
    paths += [
        f"{company}/konfiguracja/ksef/{tab}"
        for tab in (
            *("", "srodowisko/", "certyfikat/", "token/", "odnow/", "parametry/", "offline/", "pomoc/"),
            "nowy-certyfikat/offline/",
        )
    ]
    page = portal.open(alicja)
    for path in paths:
        page.goto(portal.url + path)
        results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert results.violations_count == 0, f"{path}: {results.generate_report()}"
    page = portal.open()
    for path in ("/", "/konto/login/", "/konto/signup/", "/konto/password/reset/", "/nie-ma-takiej-strony/"):
        page.goto(portal.url + path)
        results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert results.violations_count == 0, f"{path}: {results.generate_report()}"


def test_an_invoice_is_written_by_keyboard_alone(portal: Portal) -> None:
    """From the first Tab, the skip link, to a saved draft, without a mouse."""
    alicja = make_people().alicja
    buyer = make_contractor(alicja)
    page = portal.open(alicja)
    page.goto(f"{portal.url}/{alicja.company.slug}/faktury/nowa/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    for name, keys in (("contractor", buyer.name[:6]), ("line_name", "Usługa"), ("line_price", "100")):
        for _ in range(40):
            if page.evaluate("document.activeElement.name") == name:
                break
            page.keyboard.press("Tab")
        page.keyboard.type(keys)
    page.keyboard.press("Enter")
    expect(page.locator("[name=line_name]").first).to_have_value("Usługa")
    expect(page.get_by_text("123,00").first).to_be_visible()
