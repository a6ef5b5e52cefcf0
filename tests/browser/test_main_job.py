"""The main job, as a person does it: write, approve, watch the number arrive, take the files."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from ksef.fa3.validate import validate
from ksef.number import is_valid_ksef_number
from ksef.upo import read_upo
from tests.builders import line, make_approved, make_contractor, make_draft, today
from tests.people import make_people

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Portal
    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.browser


@pytest.fixture
def people(portal: Portal) -> People:
    people = make_people()
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    return people


def fill_line(page: Page, place: int, *, name: str, quantity: str, price: str, rate: str) -> None:
    page.locator("[name=line_name]").nth(place).fill(name)
    page.locator("[name=line_quantity]").nth(place).fill(quantity)
    page.locator("[name=line_price]").nth(place).fill(price)
    page.locator("[name=line_rate]").nth(place).select_option(rate)


def write_invoice(page: Page, portal: Portal, people: People) -> None:
    """Three lines at three rates: 200.00 at 23 %, 37.02 at 8 %, 10.00 at 5 %."""
    buyer = make_contractor(people.alicja)
    page.goto(f"{portal.url}/{people.alicja.company.slug}/faktury/nowa/")
    page.locator("select[name=contractor]").select_option(str(buyer.id))
    fill_line(page, 0, name="Montaż", quantity="2", price="100", rate="23")
    page.get_by_role("button", name="Dodaj pozycję").click()
    expect(page.locator("[name=line_name]")).to_have_count(2)
    fill_line(page, 1, name="Rura miedziana", quantity="3", price="12,34", rate="8")
    page.get_by_role("button", name="Dodaj pozycję").click()
    expect(page.locator("[name=line_name]")).to_have_count(3)
    fill_line(page, 2, name="Poradnik", quantity="1", price="10", rate="5")


def download(page: Page, label: str) -> bytes:
    with page.expect_download() as download_info:
        page.get_by_role("link", name=label, exact=True).click()
    return Path(download_info.value.path()).read_bytes()


def test_approve_and_get_number_receipt_and_files(
    portal: Portal, people: People, simulator: Simulator
) -> None:
    """S80, S81, S73: the page is never reloaded; XML, UPO and KOD I agree on one hash."""
    page = portal.open(people.alicja)
    write_invoice(page, portal, people)
    expect(page.get_by_text("296,48").first).to_be_visible()  # Counted by the server while typing.
    page.get_by_role("button", name="Zatwierdź").click()
    expect(page).to_have_url(re.compile(r"/faktury/[0-9a-f-]{36}/$"))
    page.evaluate("window.isSamePage = true")
    expect(page.get_by_text("Przyjęta").first).to_be_visible()
    number = page.get_by_text(re.compile(r"^\d{10}-\d{8}-[0-9A-F]{12}-[0-9A-F]{2}$")).first.inner_text()
    assert is_valid_ksef_number(number)
    expect(page.get_by_role("link", name="UPO", exact=True)).to_be_visible()
    assert page.evaluate("window.isSamePage")

    xml = download(page, "XML")
    assert validate(xml) == ()
    (confirmed,) = read_upo(download(page, "UPO w XML")).documents
    assert (confirmed.ksef_number, confirmed.sha256) == (number, hashlib.sha256(xml).digest())
    text = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(download(page, "PDF"))).pages)
    assert number in text
    code = base64.urlsafe_b64encode(hashlib.sha256(xml).digest()).rstrip(b"=").decode()

    # What the QR code opens is true: KSeF knows the document under this hash.
    address = f"{simulator.url}/invoice/{people.alicja.company.nip}/{today():%d-%m-%Y}/{code}"
    assert address in re.sub(r"\s", "", text)
    assert number in httpx.get(address).text


def test_the_same_without_javascript(portal: Portal, people: People) -> None:
    """Lines are added, sums counted and the state shown by plain forms and a refreshing page."""
    page = portal.open(people.alicja, has_javascript=False)
    write_invoice(page, portal, people)
    page.get_by_role("button", name="Przelicz").click()
    expect(page.get_by_text("296,48").first).to_be_visible()
    expect(page.locator("[name=line_name]").nth(1)).to_have_value("Rura miedziana")
    page.get_by_role("button", name="Zatwierdź").click()
    expect(page.get_by_text("Przyjęta").first).to_be_visible()


def test_sign_up_found_a_company_and_connect(portal: Portal) -> None:
    """From nothing to a connected company; a wrong NIP is said at its field and nothing typed is lost.

    Signing up is no proof for access to KSeF: the password is asked for once more (V21).
    """
    page = portal.open()
    page.goto(f"{portal.url}/konto/signup/")
    page.get_by_label("Imię i nazwisko").fill("Hydraulik Nowy")
    page.get_by_label(re.compile("e-mail", re.IGNORECASE)).first.fill("nowy@example.test")
    for field in page.locator("input[type=password]").all():
        field.fill("dlugie-i-dziwne-haslo-7")
    page.locator("main button[type=submit]").first.click()
    expect(page).to_have_url(re.compile("/firmy/nowa/"))
    page.get_by_label("Nazwa firmy").fill("Hydraulika Nowy")
    page.get_by_label("NIP").fill("526-025-02-75")
    page.get_by_label("Ulica i numer").fill("ul. Wodna 1")
    page.locator("main button[type=submit]").first.click()
    expect(page.get_by_text("Ten NIP jest nieprawidłowy").first).to_be_visible()
    expect(page.get_by_label("Nazwa firmy")).to_have_value("Hydraulika Nowy")
    page.get_by_label("NIP").fill("526-025-02-74")
    page.locator("main button[type=submit]").first.click()
    expect(page).to_have_url(re.compile("/konfiguracja/ksef/"))
    page.get_by_role("button", name=re.compile("certyfikat", re.IGNORECASE)).first.click()
    page.get_by_label("Hasło").fill("dlugie-i-dziwne-haslo-7")
    page.get_by_role("button", name="Potwierdź").click()
    page.get_by_role("button", name=re.compile("certyfikat", re.IGNORECASE)).first.click()
    expect(page.get_by_text("Połączono z KSeF").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1600])
def test_pages_fit_the_screen(portal: Portal, people: People, width: int) -> None:
    """No page scrolls sideways, from a phone to a wide screen, not even for words without an end."""
    endless = replace(line(name="rura" * 128), unit="komplet" * 20)
    invoice, approved = make_draft(people.alicja), make_approved(people.alicja, endless)
    page = portal.open(people.alicja, width=width)
    slug = people.alicja.company.slug
    paths = [
        "",
        "faktury/",
        "faktury/nowa/",
        f"faktury/{invoice.id}/edycja/",
        f"faktury/{approved.id}/",
        "kontrahenci/",
        "kontrahenci/nowy/",
    ]
    for path in [*paths, "konfiguracja/", "konfiguracja/ksef/"]:
        page.goto(f"{portal.url}/{slug}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
