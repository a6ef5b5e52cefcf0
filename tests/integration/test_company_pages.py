"""Founding a company, its data, and its people's connections with KSeF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from accounts.models import Company, KSeFCredential, User

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

DETAILS = {
    "name": "Hydraulika Próbna",
    "nip": "701-041-63-84",
    "address_line1": "ul. Rurowa 1",
    "address_line2": "00-001 Warszawa",
    "bank_account": "61 1090 1014 0000 0712 1981 2874",
}
APPEAL = "traktuj je jak dane do logowania w banku"


def settings_url(person: Person, page: str = "") -> str:
    return f"/{person.company.slug}/konfiguracja/{page}"


def newcomer() -> Client:
    client = Client()
    client.force_login(User.objects.create_user(email="nowa@example.test", full_name="Nowa Osoba"))
    return client


def credentials(person: Person) -> int:
    with person.entered():
        return KSeFCredential.objects.count()


@pytest.mark.django_db
def test_founding_leads_on_to_ksef() -> None:
    """A new person founds a company and is led to connect it (S55)."""
    client = newcomer()
    assert client.get("/").headers["Location"] == "/firmy/nowa/"
    answer = client.post("/firmy/nowa/", DETAILS)
    company = Company.objects.get()
    assert (company.name, company.nip, company.bank_account) == (
        "Hydraulika Próbna",
        "7010416384",
        "61109010140000071219812874",
    )
    assert answer.headers["Location"] == f"/{company.slug}/konfiguracja/ksef/"
    assert Client().get("/firmy/nowa/").status_code == 302


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("nip", "7010416385", "Ten NIP jest nieprawidłowy"),
        ("name", "Firma\ufffe", "KSeF nie przyjmuje znaku U+FFFE."),
        ("name", " ", "To pole jest wymagane."),
        ("bank_account", "61109010140000071219812875", "Ten numer rachunku jest nieprawidłowy"),
    ],
)
def test_bad_company_data_are_said_at_their_field(field: str, text: str, message: str) -> None:
    """Issue 2, bad input: a wrong check digit and its like; nothing typed is lost."""
    page = newcomer().post("/firmy/nowa/", DETAILS | {field: text}).content.decode()
    assert message in page
    assert f'id="id_{field}_error"' in page
    assert 'value="ul. Rurowa 1"' in page
    assert not Company.objects.exists()


def test_company_data_change_by_an_administrator_only(people: People) -> None:
    changed = DETAILS | {"name": "Instalacje Alicja i Syn", "nip": "7010416384"}
    refused = people.beata.client.post(settings_url(people.beata), changed)
    assert refused.status_code == 403
    assert (
        "Zmienić je może administrator"
        in people.beata.client.get(settings_url(people.beata)).content.decode()
    )
    assert people.zofia.client.post(settings_url(people.alicja), changed).status_code == 404
    assert Company.objects.get(id=people.alicja.company.id).name == "Instalacje Alicja"
    page = people.alicja.client.get(settings_url(people.alicja)).content.decode()
    assert 'value="61 1090 1014 0000 0712 1981 2874"' in page
    assert people.alicja.client.post(settings_url(people.alicja), changed).status_code == 302
    company = Company.objects.get(id=people.alicja.company.id)
    # The NIP names the taxpayer: no form changes it.
    assert (company.name, company.nip) == ("Instalacje Alicja i Syn", "5260250274")


def test_ksef_page_says_where_and_how(people: People, simulator: Simulator) -> None:
    """S14, S54, S58: the environment with its address, the way to a token, the appeal to guard it."""
    page = people.beata.client.get(settings_url(people.beata, "ksef/")).content.decode()
    for text in (f"{simulator.url}/web/", "symulator KSeF", "Brak połączenia", APPEAL):
        assert text in page
    assert (
        "„Generuj token”"
        in people.beata.client.get(settings_url(people.beata, "ksef/token/")).content.decode()
    )
    issuer = people.cezary.client.get(settings_url(people.cezary, "ksef/")).content.decode()
    assert "ksef/token/" not in issuer
    assert "Twoja rola nie obejmuje wysyłania do KSeF" in issuer


@pytest.mark.django_db(transaction=True)
def test_practice_certificate_connects_with_one_click(committed_people: People, simulator: Simulator) -> None:
    """S53: the connection is one's own; a colleague still sees none."""
    people = committed_people
    url = settings_url(people.beata, "ksef/certyfikat-testowy/")
    assert (
        people.cezary.client.post(settings_url(people.cezary, "ksef/certyfikat-testowy/")).status_code == 403
    )
    assert people.zofia.client.post(url).status_code == 404
    page = people.beata.client.post(url, follow=True).content.decode()
    assert "Połączono z KSeF." in page
    assert "Certyfikat" in page
    assert credentials(people.beata) == 1
    assert credentials(people.alicja) == 0
    assert (
        "Brak połączenia" in people.alicja.client.get(settings_url(people.alicja, "ksef/")).content.decode()
    )
    people.beata.client.post(settings_url(people.beata, "ksef/rozlacz/"), {"kind": "practice"})
    assert credentials(people.beata) == 0


@pytest.mark.django_db(transaction=True)
def test_wrong_token_is_refused_at_its_field(committed_people: People, simulator: Simulator) -> None:
    """S61: checked at once, nothing kept, and the token is not sent back to the page."""
    beata = committed_people.beata
    page = beata.client.post(
        settings_url(beata, "ksef/token/"), {"token": "wymyslony-token"}
    ).content.decode()
    assert 'id="id_token_error"' in page
    assert "wymyslony-token" not in page
    assert credentials(beata) == 0
