"""One's own account in a real browser: passkeys, codes, sessions, and text that survives them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.identity.models import BrowserSession
from invoices.models import InvoiceLine
from tests.builders import make_contractor
from tests.factors import PASSWORD, Phone, give_password, set_up_phone
from tests.people import make_people
from tests.servers import start_web
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import CDPSession, Page
    from pytest_django.plugin import DjangoDbBlocker

    from accounts.models import User
    from tests.browser.conftest import Portal
    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def processes(
    simulator_process: Simulator,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The web alone, and as strict as where invoices are real."""
    log = tmp_path_factory.mktemp("logs") / "web.log"
    with start_web(simulator_process, log=log, environment={"MFA_REQUIRED": "true"}) as url:
        # Browsers give passkeys to names, not to bare addresses.
        yield url.replace("127.0.0.1", "localhost")


@pytest.fixture
def alicja(portal: Portal) -> Person:
    alicja = make_people().alicja
    give_password(alicja.user)
    return alicja


def log_in(page: Page, portal: Portal, user: User) -> None:
    page.goto(f"{portal.url}/konto/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Hasło").fill(PASSWORD)
    page.get_by_role("button", name="Zaloguj się", exact=True).click()


def log_out(page: Page, name: str) -> None:
    page.locator("summary").filter(has_text=name).click()
    page.get_by_role("button", name="Wyloguj się").click()
    expect(page.get_by_text("Wylogowano.")).to_be_visible()


def give_key(page: Page) -> tuple[CDPSession, str]:
    """A security key in the machine, which knows its owner: Chromium plays it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    key = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(key["authenticatorId"])


def test_a_passkey_from_its_first_day_to_its_last(portal: Portal, alicja: Person) -> None:
    """V17, V21: set-up by passkey, second step, log-in by it alone, confirmation, another name, removal."""
    page = portal.open()
    session, key = give_key(page)
    log_in(page, portal, alicja.user)
    expect(page.get_by_role("heading", name="Zabezpiecz swoje konto")).to_be_visible()
    page.get_by_role("link", name="Dodaj klucz").click()
    page.get_by_label("Nazwa klucza").fill("Laptop w biurze")
    page.get_by_role("button", name="Dodaj klucz").click()
    page.get_by_role("button", name="Pokaż kody").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("button", name="Pobierz jako plik").click()
    assert all(code in download.value.path().read_text() for code in codes)
    page.get_by_role("link", name="Zapisane, dalej").click()
    expect(page).to_have_url(f"{portal.url}/{alicja.company.slug}/")

    log_out(page, str(alicja.user))
    log_in(page, portal, alicja.user)
    page.get_by_role("button", name="Użyj klucza dostępu").click()
    expect(page).to_have_url(f"{portal.url}/{alicja.company.slug}/")

    log_out(page, str(alicja.user))
    page.goto(f"{portal.url}/konto/login/?next=/{alicja.company.slug}/faktury/")
    page.get_by_role("button", name="Zaloguj się kluczem dostępu").click()
    expect(page).to_have_url(f"{portal.url}/{alicja.company.slug}/faktury/")

    # A key that does not ask who holds it is no log-in by itself.
    log_out(page, str(alicja.user))
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.goto(f"{portal.url}/konto/login/")
    page.get_by_role("button", name="Zaloguj się kluczem dostępu").click()
    expect(page.get_by_text("Przeglądarka nie dostała odpowiedzi od klucza")).to_be_visible()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})

    page.get_by_role("button", name="Zaloguj się kluczem dostępu").click()
    expect(page).to_have_url(f"{portal.url}/{alicja.company.slug}/")
    page.goto(f"{portal.url}/konto/reauthenticate/?next=/konto/")
    page.get_by_role("button", name="Potwierdź kluczem dostępu").click()
    expect(page).to_have_url(f"{portal.url}/konto/")
    page.get_by_role("link", name="Zmień klucz Laptop w biurze").click()
    page.get_by_label("Nazwa klucza").fill("Stary laptop")
    page.get_by_role("button", name="Zapisz nazwę").click()
    page.get_by_role("link", name="Zmień klucz Stary laptop").click()
    page.get_by_role("button", name="Usuń klucz").click()
    expect(page.get_by_text("Wyłączony")).to_be_visible()
    page.goto(f"{portal.url}/{alicja.company.slug}/")
    expect(page.get_by_role("heading", name="Zabezpiecz swoje konto")).to_be_visible()


def test_an_app_is_set_up_and_used_by_keyboard_alone(portal: Portal, alicja: Person) -> None:
    """From the log-in to the dashboard, without a mouse: the key is read off the page and typed."""
    page = portal.open()
    page.goto(f"{portal.url}/konto/login/")
    press_to(page, "[name=login]")
    page.keyboard.type(alicja.user.email)
    press_to(page, "[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    press_to(page, "a[href^='/konto/drugi-skladnik/aplikacja/']")
    page.keyboard.press("Enter")
    press_to(page, "main summary")
    page.keyboard.press("Enter")
    phone = Phone(page.locator(".codebox code").inner_text().replace(" ", ""))
    press_to(page, "[name=code]")
    page.keyboard.type(phone.code())
    page.keyboard.press("Enter")
    press_to(page, "[name=action][value=show]")
    page.keyboard.press("Enter")
    code = page.locator(".codes code").first.inner_text()
    press_to(page, "main a.button--primary")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{portal.url}/{alicja.company.slug}/")
    page.context.clear_cookies()
    log_in(page, portal, alicja.user)
    press_to(page, "[name=code]")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{portal.url}/{alicja.company.slug}/")


def press_to(page: Page, selector: str) -> None:
    """Tab until the focus is there."""
    page.wait_for_selector(selector)
    for _ in range(40):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {selector}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(portal: Portal, alicja: Person, scheme: str) -> None:
    """WCAG 2 A and AA as far as axe can tell; no page scrolls sideways; in daylight and at night."""
    phone_width, desk_width = 390, 1280
    fresh = alicja.client
    set_up_phone(fresh)
    places = [
        "/konto/",
        "/konto/email/",
        "/konto/password/change/",
        "/konto/reauthenticate/",
        "/konto/drugi-skladnik/aplikacja/usun/",
        "/konto/drugi-skladnik/kody/",
        "/konto/klucze/nowy/",
    ]
    page = portal.open(alicja)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for place in places:
        look(page, portal.url + place, widths=(phone_width, desk_width))
    page.goto(f"{portal.url}/konto/drugi-skladnik/kody/")
    page.get_by_role("button", name="Pokaż kody").click()
    judge(page, "the codes")
    stranger = portal.open()
    stranger.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    log_in(stranger, portal, alicja.user)
    look(stranger, f"{portal.url}/konto/drugi-skladnik/logowanie/", widths=(phone_width, desk_width))


def test_the_set_up_is_accessible_and_fits(portal: Portal, alicja: Person) -> None:
    """The same for somebody who has no second factor yet."""
    page = portal.open(alicja)
    for place in ("/konto/", "/konto/drugi-skladnik/", "/konto/drugi-skladnik/aplikacja/"):
        look(page, portal.url + place, widths=(390, 1280))


def look(page: Page, url: str, *, widths: tuple[int, ...]) -> None:
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        assert page.url == url
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url
        judge(page, url)


def judge(page: Page, place: str) -> None:
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
    assert results.violations_count == 0, f"{place}: {results.generate_report()}"


def test_a_session_ended_elsewhere_is_over(portal: Portal, alicja: Person) -> None:
    """V15: the list names the other browser; its next click leads to the log-in."""
    phone = set_up_phone(alicja.client)
    here, there = portal.open(), portal.open(alicja)
    log_in(here, portal, alicja.user)
    here.get_by_label("Kod z aplikacji albo kod zapasowy").fill(phone.code())
    here.get_by_role("button", name="Zaloguj się", exact=True).click()
    expect(here).to_have_url(f"{portal.url}/{alicja.company.slug}/")
    there.goto(f"{portal.url}/{alicja.company.slug}/")
    here.goto(f"{portal.url}/konto/")
    expect(here.get_by_role("heading", name=re.compile("Chrom.*, Linux ta sesja"))).to_be_visible()
    here.get_by_role("button", name="Zakończ wszystkie pozostałe").click()
    expect(here.get_by_text("Pozostałe sesje zakończone.")).to_be_visible()
    there.get_by_role("link", name="Kontrahenci").click()
    expect(there).to_have_url(re.compile("/konto/login/"))
    expect(there.get_by_text("Twoja sesja się skończyła")).to_be_visible()
    here.get_by_role("link", name="Kwit").first.click()
    expect(here).to_have_url(f"{portal.url}/{alicja.company.slug}/")


def type_invoice(page: Page, portal: Portal, person: Person) -> None:
    page.goto(f"{portal.url}/{person.company.slug}/faktury/nowa/")
    page.locator("[name=line_name]").fill("Montaż kotła")
    page.locator("[name=line_price]").fill("1234,50")
    page.get_by_role("button", name="Dodaj pozycję").click()
    expect(page.locator("[name=line_name]")).to_have_count(2)
    page.locator("[name=line_name]").nth(1).fill("Rura „miedziana” <16>")
    page.locator("[name=line_price]").nth(1).fill("9")
    page.locator("[name=note]").fill("Pierwszy wiersz\nDrugi wiersz")


def end_sessions(person: Person) -> None:
    BrowserSession.objects.filter(user=person.user).delete()


def test_what_was_typed_survives_the_end_of_the_session(portal: Portal, alicja: Person) -> None:
    """V16: saved too late, logged in again, restored with every line; once saved nothing is offered any more."""
    phone = set_up_phone(alicja.client)
    make_contractor(alicja)
    page = portal.open(alicja)
    type_invoice(page, portal, alicja)
    end_sessions(alicja)
    page.get_by_role("button", name="Zapisz szkic").click()
    expect(page).to_have_url(re.compile("/konto/login/"))
    page.get_by_label("E-mail").fill(alicja.user.email)
    page.get_by_label("Hasło").fill(PASSWORD)
    page.get_by_role("button", name="Zaloguj się", exact=True).click()
    page.get_by_label("Kod z aplikacji albo kod zapasowy").fill(phone.code())
    page.get_by_role("button", name="Zaloguj się", exact=True).click()
    expect(page).to_have_url(re.compile("/faktury/nowa/$"))
    expect(page.get_by_text("Masz tu niezapisany tekst")).to_be_visible()
    page.get_by_role("button", name="Przywróć").click()
    expect(page.locator("[name=line_name]")).to_have_count(2)
    expect(page.locator("[name=line_name]").nth(1)).to_have_value("Rura „miedziana” <16>")
    expect(page.locator("[name=line_price]").first).to_have_value("1234,50")
    expect(page.locator("[name=note]")).to_have_value("Pierwszy wiersz\nDrugi wiersz")
    expect(page.get_by_text("Masz tu niezapisany tekst")).to_have_count(0)
    with alicja.entered():
        assert not InvoiceLine.objects.exists()
    page.get_by_role("button", name="Zapisz szkic").click()
    expect(page.get_by_text("Szkic zapisany.")).to_be_visible()
    assert kept(page) == []
    page.goto(f"{portal.url}/{alicja.company.slug}/faktury/nowa/")
    expect(page.get_by_text("Masz tu niezapisany tekst")).to_have_count(0)


def test_what_was_typed_survives_a_broken_connection(portal: Portal, alicja: Person) -> None:
    """A form that was sent and did not arrive is offered when its page is opened again; thrown away it is gone."""
    set_up_phone(alicja.client)
    page = portal.open(alicja)
    page.goto(f"{portal.url}/{alicja.company.slug}/kontrahenci/nowy/")
    page.get_by_label("Nazwa").first.fill("Hydraulika Zerwana")
    page.route("**/kontrahenci/nowy/", lambda route: route.abort())
    page.get_by_role("button", name="Zapisz").click()
    page.wait_for_url("chrome-error://**")
    page.unroute("**/kontrahenci/nowy/")
    page.goto(f"{portal.url}/{alicja.company.slug}/kontrahenci/")
    page.get_by_role("link", name="Nowy kontrahent").first.click()
    page.get_by_role("button", name="Przywróć").click()
    expect(page.get_by_label("Nazwa").first).to_have_value("Hydraulika Zerwana")
    page.reload()
    page.get_by_role("button", name="Odrzuć").click()
    assert kept(page) == []


def test_nothing_secret_is_kept_and_nobody_else_is_offered_it(portal: Portal, alicja: Person) -> None:
    """Passwords, codes and tokens are not kept; a log-out forgets the rest, another person's is dropped."""
    phone = set_up_phone(alicja.client)
    page = portal.open()
    log_in(page, portal, alicja.user)
    page.get_by_label("Kod z aplikacji albo kod zapasowy").fill(phone.code())
    page.get_by_role("button", name="Zaloguj się", exact=True).click()
    expect(page).to_have_url(f"{portal.url}/{alicja.company.slug}/")
    page.goto(f"{portal.url}/{alicja.company.slug}/konfiguracja/ksef/token/")
    page.locator("[name=token]").fill("kanarek-tokenu")
    page.goto(f"{portal.url}/konto/password/change/")
    for field in page.locator("input[type=password]").all():
        field.fill("kanarek-nowego-hasla")
    page.wait_for_timeout(500)  # Longer than typing waits before it is kept: there is no condition to await.
    assert kept(page) == []

    type_invoice(page, portal, alicja)
    until(lambda: bool(kept(page)))
    stored = json.dumps(page.evaluate("({...sessionStorage})"))
    assert "csrfmiddlewaretoken" not in stored
    page.evaluate(
        "for (const [key, text] of Object.entries(sessionStorage))"
        " sessionStorage.setItem(key, text.replace(document.body.dataset.person, 'somebody-else'))"
    )
    page.reload()
    expect(page.get_by_text("Masz tu niezapisany tekst")).to_have_count(0)
    assert kept(page) == []

    type_invoice(page, portal, alicja)
    until(lambda: bool(kept(page)))
    log_out(page, str(alicja.user))
    assert kept(page) == []


def kept(page: Page) -> list[str]:
    """What the tab keeps of forms; htmx remembers an address there too."""
    found: list[str] = page.evaluate("Object.keys(sessionStorage)")
    return [key for key in found if key.startswith("kept:")]
