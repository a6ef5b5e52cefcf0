"""From the invitation to the refusal: an administrator and an accountant, each in a browser of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.models import User
from accounts.services.invitations import invite_person
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from roles.models import Membership, Role
from tests.builders import make_approved, reload
from tests.factors import PASSWORD
from tests.people import Person, make_people
from tests.servers import start_web, start_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page
    from pytest_django.plugin import DjangoDbBlocker

    from tests.browser.conftest import Portal
    from tests.servers import Simulator

pytestmark = pytest.mark.browser

EMAIL = "nowa@example.test"
SEND = "Uprawnienie do wysyłania dokumentów do KSeF i odbierania UPO"
SEND_AUTOMATICALLY = "Automatyczne wysyłanie dokumentów do KSeF"


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mail")


@pytest.fixture(scope="module")
def processes(
    simulator_process: Simulator,
    mailbox: Path,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The portal with a mailbox that the test can read."""
    logs = tmp_path_factory.mktemp("logs")
    environment = {"EMAIL_URL": f"filemail:///{mailbox}"}
    with (
        start_web(simulator_process, log=logs / "web.log", environment=environment) as url,
        start_worker(simulator_process, log=logs / "worker.log", beat=True),
    ):
        yield url


def link_in_last_letter(mailbox: Path) -> str:
    letters = sorted(mailbox.iterdir(), key=lambda letter: letter.stat().st_mtime_ns)
    found = re.search(r"/zaproszenie/[\w-]+/", letters[-1].read_text().replace("=\n", ""))
    assert found is not None
    return found[0]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def sign_up(page: Page) -> None:
    page.get_by_role("link", name="Załóż konto").click()
    page.get_by_label("Adres e-mail").fill(EMAIL)
    page.get_by_label("Hasło", exact=True).fill(PASSWORD)
    page.get_by_label(re.compile("Hasło.*(ponownie|raz|Powtórz)|Powtórz")).fill(PASSWORD)
    page.get_by_label("Imię i nazwisko").fill("Danuta Nowa")
    page.get_by_role("button", name="Załóż konto").click()


def test_an_accountant_is_invited_works_and_loses_the_right(portal: Portal, mailbox: Path) -> None:
    """S66-S70, S78, S79, S87: invited, signed up, may send; the right goes, and the next click is refused."""
    people = make_people()
    alicja = people.alicja
    invoice = make_approved(people.cezary)
    people_page = f"{portal.url}/{alicja.company.slug}/uzytkownicy/"

    administrator = portal.open(alicja)
    administrator.goto(people_page)
    administrator.get_by_role("link", name="Zaproś").click()
    administrator.get_by_label("Adres e-mail").fill(EMAIL)
    administrator.get_by_label("Księgowy").check()
    administrator.get_by_role("button", name="Wyślij zaproszenie").click()
    expect(administrator.get_by_text(f"Zaproszenie wysłane: {EMAIL}")).to_be_visible()

    accountant = portal.open()
    accountant.goto(portal.url + link_in_last_letter(mailbox))
    sign_up(accountant)
    accountant.get_by_role("button", name="Dołącz do firmy").click()
    expect(accountant.get_by_text("Witaj w firmie Instalacje Alicja.")).to_be_visible()
    expect(accountant.get_by_role("link", name="Użytkownicy")).to_have_count(0)
    danuta = Person(User.objects.get(email=EMAIL), alicja.company)
    connect_with_self_signed_certificate(actor=danuta.actor, company=danuta.company)
    accountant.goto(f"{portal.url}/{alicja.company.slug}/faktury/{invoice.id}/")
    send = accountant.get_by_role("button", name="Wyślij do KSeF")
    expect(send).to_be_visible()

    administrator.get_by_role("link", name="Role").click()
    administrator.get_by_role("link", name=re.compile("Zmień.*Księgowy")).click()
    expect(administrator.get_by_label(SEND_AUTOMATICALLY)).to_be_enabled()
    administrator.get_by_label(SEND).uncheck()
    expect(administrator.get_by_label(SEND_AUTOMATICALLY)).to_be_disabled()
    administrator.get_by_role("button", name="Zapisz").click()
    expect(administrator.get_by_role("heading", name="Co się zmieni i dla kogo")).to_be_visible()
    expect(administrator.get_by_text("Danuta Nowa")).to_be_visible()
    administrator.get_by_role("button", name="Zapisz zmianę").click()
    expect(administrator.get_by_text("Rola zapisana: Księgowy.")).to_be_visible()

    with accountant.expect_response(re.compile(r"/wyslij/$|/faktury/.*/$")) as answer:
        send.click()
    assert answer.value.status == 403
    assert reload(alicja, invoice).state == State.APPROVED
    accountant.goto(f"{portal.url}/{alicja.company.slug}/faktury/{invoice.id}/")
    expect(accountant.get_by_role("button", name="Wyślij do KSeF")).to_have_count(0)

    administrator.get_by_role("link", name="Dziennik").click()
    expect(administrator.get_by_text(f"Odmowa: brak uprawnienia „{SEND}”")).to_be_visible()
    expect(administrator.get_by_role("row", name=re.compile("Danuta Nowa.*Odmowa"))).to_be_visible()


def test_without_a_script_the_server_holds_the_rule(portal: Portal) -> None:
    """S76: both boxes can be ticked, and the page says which one is missing; what was chosen stays."""
    alicja = make_people().alicja
    page = portal.open(alicja, has_javascript=False)
    page.goto(f"{portal.url}/{alicja.company.slug}/uzytkownicy/role/nowa/")
    page.get_by_label("Nazwa roli").fill("Biuro")
    page.get_by_label(SEND_AUTOMATICALLY).check()
    page.get_by_role("button", name="Zapisz").click()
    expect(page.get_by_text("działa tylko razem z pierwszym").first).to_be_visible()
    expect(page.get_by_label(SEND_AUTOMATICALLY)).to_be_checked()
    page.get_by_label(SEND).check()
    page.get_by_role("button", name="Zapisz").click()
    expect(page.get_by_text("Dodano rolę: Biuro.")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_of_people_fits_and_breaks_no_accessibility_rule(
    portal: Portal, mailbox: Path, width: int
) -> None:
    """WCAG 2 A and AA as far as axe can tell, on a desk and on a phone; nothing overflows."""
    people = make_people()
    alicja = people.alicja
    with alicja.entered():
        role = Role.objects.get(name="Wystawca")
    invite_person(actor=alicja.actor, email="zaproszona.osoba@example.test", role_id=role.id)
    people.cezary.client.get(f"/{alicja.company.slug}/uzytkownicy/")
    member = Membership.objects.get(user=people.cezary.user)
    company = f"{portal.url}/{alicja.company.slug}"
    pages = {
        "people": f"{company}/uzytkownicy/",
        "invite": f"{company}/uzytkownicy/zapros/",
        "member": f"{company}/uzytkownicy/{member.id}/",
        "roles": f"{company}/uzytkownicy/role/",
        "role": f"{company}/uzytkownicy/role/{role.id}/",
        "journal": f"{company}/uzytkownicy/dziennik/",
        "plan": f"{company}/konfiguracja/plan/",
        "help": f"{company}/konfiguracja/pomoc/uprawnienia/",
        "sending": f"{company}/konfiguracja/pomoc/wysylanie/",
        "ended": f"{portal.url}/zaproszenie/x/",
    }
    page = portal.open(alicja, width=width)
    for name, url in pages.items():
        page.goto(url)
        results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert results.violations_count == 0, f"{name}: {results.generate_report()}"
        assert fits(page), name


def test_on_a_phone_the_bar_keeps_room(portal: Portal) -> None:
    """S66: people and settings stand behind "Więcej", within reach of a thumb, also without a script."""
    alicja = make_people().alicja
    page = portal.open(alicja, width=390, has_javascript=False)
    page.goto(f"{portal.url}/{alicja.company.slug}/")
    bar = page.get_by_role("navigation", name="Główne menu")
    expect(bar.get_by_role("link", name="Użytkownicy")).to_have_count(0)
    bar.get_by_text("Więcej").click()
    bar.get_by_role("link", name="Użytkownicy").click()
    expect(page.get_by_role("heading", name="Użytkownicy", level=1)).to_be_visible()
