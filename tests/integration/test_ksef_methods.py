"""Logging in to KSeF by certificate or token, side by side (S15-S32, S51-S61)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AccessState, KSeFCredential
from accounts.selectors import find_connection
from accounts.services.companies import add_member
from accounts.services.ksef_certificates import CertificateFiles, connect_with_certificate
from accounts.services.ksef_connecting import connect_with_token, use_method
from invoices.domain.lifecycle import State
from ksef.certificates import Flaw, UnusableFile
from ksef.errors import Refused
from roles.access import ACCOUNTANT, Actor
from roles.tenancy import tenant_transaction
from tests.builders import make_approved, reload, run_outbox
from tests.certificates import PASSWORD, Pair, issue

if TYPE_CHECKING:
    import uuid

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def files(pair: Pair, *, password: str = PASSWORD) -> CertificateFiles:
    return CertificateFiles(pair.certificate, pair.key, password)


def connect(person: Person, simulator: Simulator) -> Pair:
    pair = issue(simulator, nip=person.company.nip)
    connect_with_certificate(actor=person.actor, company=person.company, files=files(pair))
    return pair


def new_token(person: Person, simulator: Simulator, **more: object) -> str:
    token: str = simulator.control("POST", "tokens", {"nip": person.company.nip, **more})["token"]
    return token


def address(person: Person, name: str) -> str:
    return reverse(f"accounts:{name}", args=[person.company.slug])


def page(person: Person, name: str = "ksef") -> str:
    return person.client.get(address(person, name)).content.decode()


def upload(person: Person, pair: Pair, *, names: tuple[str, str] = ("a.cert", "a.key"), **more: str) -> str:
    """Send the form as a browser does and return the page that follows."""
    form = {
        "certificate": SimpleUploadedFile(names[0], pair.certificate),
        "key": SimpleUploadedFile(names[1], pair.key),
        "password": PASSWORD,
        **more,
    }
    return person.client.post(address(person, "ksef_certificate"), form, follow=True).content.decode()


def kinds(person: Person) -> dict[str, bool]:
    """The saved methods, and which of them is used."""
    with person.entered():
        return dict(KSeFCredential.objects.values_list("kind", "is_active"))


def test_two_methods_are_offered(people: People, simulator: Simulator) -> None:
    """S15, S16, S17, S18, S20, S23, S55, S58: exactly two choices, with the way to each and the end of tokens."""
    tab = page(people.alicja)
    assert tab.count('name="method"') == 2
    for text in ("Sposób uwierzytelniania", "Certyfikat Ministerstwa Finansów", "do końca 2026 roku"):
        assert text in tab
    certificate = page(people.alicja, "ksef_certificate")
    for text in (
        "Aplikacji Podatnika KSeF",
        "wniosek o certyfikat uwierzytelniający",
        "zapamiętaj je: jest potrzebne co tydzień do odświeżania dostępu",
    ):
        assert text in certificate
    token = page(people.alicja, "connect_token")
    for text in (
        "zakładkę „Tokeny” i wybierz „Generuj token”",
        "kod, który uwierzytelnia użytkownika",
        "2026",
    ):
        assert text in token


def test_the_way_to_the_form_begins_with_the_method(people: People, simulator: Simulator) -> None:
    """S24: choosing "Certyfikat Ministerstwa Finansów" leads to the files and the password."""
    url = address(people.alicja, "ksef_method")
    chosen = people.alicja.client.post(url, {"method": "certificate"})
    assert chosen.headers["Location"] == address(people.alicja, "ksef_certificate")
    assert people.alicja.client.post(url, {"method": "token"}).headers["Location"] == address(
        people.alicja, "connect_token"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "names",
    [("a.cert", "a.key"), ("a.crt", "a.key"), ("a.cer", "a.pem"), ("a.pem", "x"), ("zdjecie.png", "y")],
)
def test_two_files_and_a_password_connect(
    committed_people: People, simulator: Simulator, names: tuple[str, str]
) -> None:
    """S21, S26, S27, S29, S32: whatever the files are called; then sending needs no password."""
    alicja = committed_people.alicja
    pair = issue(simulator, nip=alicja.company.nip)
    after = upload(alicja, pair, names=names)
    assert "Połączono z KSeF: Instalacje Alicja." in after
    for fact in (pair.serial, "Dostęp bez hasła do", "Certyfikat Ministerstwa Finansów"):
        assert fact in after
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED


@pytest.mark.parametrize("missing", ["certificate", "key", "password"])
def test_what_is_missing_is_said_at_its_field(people: People, simulator: Simulator, missing: str) -> None:
    """S22: a field-level message, and nothing is saved."""
    pair = issue(simulator, nip=people.alicja.company.nip)
    form = {
        "certificate": SimpleUploadedFile("a.cert", pair.certificate),
        "key": SimpleUploadedFile("a.key", pair.key),
        "password": PASSWORD,
    }
    del form[missing]
    answer = people.alicja.client.post(address(people.alicja, "ksef_certificate"), form).content.decode()
    assert f'id="id_{missing}_error"' in answer
    assert kinds(people.alicja) == {}


def test_a_method_that_is_not_used_stays_saved(people: People, simulator: Simulator) -> None:
    """S19: the other method's data stay, the active one is clear, and there is a way back."""
    connect_with_token(
        actor=people.alicja.actor, company=people.alicja.company, token=new_token(people.alicja, simulator)
    )
    connect(people.alicja, simulator)
    assert kinds(people.alicja) == {"token": False, "certificate": True}
    assert "zapisany, nieużywany" in page(people.alicja)
    with people.alicja.entered() as actor:
        use_method(actor=actor, environment="simulator", kind="token")
    assert kinds(people.alicja) == {"token": True, "certificate": False}


def test_a_certificate_without_rights_leaves_nothing(people: People, simulator: Simulator) -> None:
    """S31: the certificate of another NIP logs in nowhere here, and nothing half-configured remains."""
    foreign = issue(simulator, nip=people.zofia.company.nip)
    answer = upload(people.alicja, foreign)
    assert "KSeF nie przyznał uprawnień dla tego NIP." in answer
    assert kinds(people.alicja) == {}
    with people.alicja.entered():
        assert not AccessState.objects.exists()


def test_a_certificate_of_another_purpose_is_refused(people: People, simulator: Simulator) -> None:
    """S50, keyUsage: an offline certificate cannot log in, and KSeF is not even asked."""
    offline = issue(simulator, kind="Offline", nip=people.alicja.company.nip)
    with pytest.raises(UnusableFile) as caught:
        connect_with_certificate(
            actor=people.alicja.actor, company=people.alicja.company, files=files(offline)
        )
    assert caught.value.flaw is Flaw.WRONG_PURPOSE
    assert kinds(people.alicja) == {}


def test_a_failed_replacement_keeps_what_worked(people: People, simulator: Simulator) -> None:
    """S31: a refused certificate does not take away the access that was there."""
    connect(people.alicja, simulator)
    foreign = issue(simulator, nip=people.zofia.company.nip)
    with pytest.raises(Refused):
        connect_with_certificate(
            actor=people.alicja.actor, company=people.alicja.company, files=files(foreign)
        )
    invoice = make_approved(people.alicja)
    run_outbox()
    assert reload(people.alicja, invoice).state == State.ACCEPTED


def test_everybody_has_a_way_in_of_their_own(people: People, simulator: Simulator) -> None:
    """S51-S54: a colleague's and the administrator's eyes see dates only; nobody else's access is used."""
    pair = connect(people.beata, simulator)
    assert kinds(people.alicja) == {}
    tab = page(people.alicja)
    assert "Beata Testowa" in tab
    assert pair.serial not in tab
    assert "traktuj je jak dane do logowania w banku" in tab
    with people.alicja.entered() as actor:
        assert find_connection(actor=actor, environment="simulator") is None
    assert make_approved(people.alicja).state == State.APPROVED
    assert people.zofia.client.get(address(people.beata, "ksef")).status_code == 404


def test_an_administrator_reminds_a_colleague(
    people: People, simulator: Simulator, mailoutbox: list[object]
) -> None:
    """S38, S53: one letter in half a day, with a link and no data; the others may not."""
    connect(people.beata, simulator)
    with people.beata.entered():
        AccessState.objects.update(access_until="2026-01-01T00:00:00Z")
    url = reverse("accounts:ksef_remind", args=[people.alicja.company.slug, people.beata.user.id])
    assert "Przypomnij" in page(people.alicja)
    assert people.beata.client.post(url).status_code == 403
    people.alicja.client.post(url)
    again = people.alicja.client.post(url, follow=True).content.decode()
    assert "dostała już dziś przypomnienie" in again
    [letter] = mailoutbox
    assert letter.to == [people.beata.user.email]  # type: ignore[attr-defined]  # a mail of Django
    assert address(people.beata, "ksef") in letter.body  # type: ignore[attr-defined]


def test_a_token_is_checked_kept_sealed_and_replaced(people: People, simulator: Simulator) -> None:
    """S59-S61: the result is said, the token is shown never again, a new one takes its place, it can be removed."""
    alicja = people.alicja
    token = new_token(alicja, simulator)
    answer = alicja.client.post(address(alicja, "connect_token"), {"token": token}, follow=True)
    assert "token pasuje do środowiska i NIP firmy" in answer.content.decode()
    assert token not in page(alicja)
    with alicja.entered():
        [secret] = KSeFCredential.objects.values_list("secret", flat=True)
    assert token.encode() not in bytes(secret)
    connect_with_token(actor=alicja.actor, company=alicja.company, token=new_token(alicja, simulator))
    assert kinds(alicja) == {"token": True}
    alicja.client.post(address(alicja, "disconnect"), {"kind": "token"})
    assert kinds(alicja) == {}


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("A1" * 32, "token z KSeF 1.0, który już nie działa"),
        ("20260101-EC-0000000000-0000000000-00|nip-5260250274|abc", "KSeF nie przyjął tokenu"),
    ],
)
def test_a_token_that_will_not_do(people: People, simulator: Simulator, token: str, message: str) -> None:
    """S56, S57, S61: one of KSeF 1.0 is recognised by its shape, a wrong one by KSeF's answer."""
    answer = people.alicja.client.post(address(people.alicja, "connect_token"), {"token": token})
    assert message in answer.content.decode()
    assert token not in answer.content.decode()
    assert kinds(people.alicja) == {}


def test_settings_of_ksef_1_count_as_not_configured(people: People) -> None:
    """S56, S57: the page says so to a company that had KSeF configured before."""
    assert "jeśli firma miała skonfigurowany KSeF 1.0, trzeba skonfigurować KSeF 2.0 od nowa" in page(
        people.alicja, "connect_token"
    )


@pytest.mark.django_db(transaction=True)
def test_one_certificate_serves_several_companies(committed_people: People, simulator: Simulator) -> None:
    """S35, the accountant of many: one upload connects each company where KSeF gives rights, and tells of each."""
    alicja, zofia = committed_people.alicja, committed_people.zofia
    add_member(company_id=zofia.company.id, user_id=alicja.user.id, role_name=ACCOUNTANT)
    pair = issue(simulator, nip=alicja.company.nip)
    after = upload(alicja, pair, also=zofia.company.slug)
    assert "Połączono z KSeF: Instalacje Alicja." in after
    # KSeF does not know her there yet.
    assert "Pracownia Zofia: KSeF nie przyznał uprawnień" in after
    assert _kinds_in(zofia.company.id, alicja.actor) == []
    simulator.grant(context=zofia.company.nip, nip=alicja.company.nip)
    there = reverse("accounts:ksef_borrow", args=[zofia.company.slug])
    form = {"fingerprint": _fingerprint(alicja), "password": PASSWORD}
    assert "Połączono z KSeF." in alicja.client.post(there, form, follow=True).content.decode()
    assert _kinds_in(zofia.company.id, alicja.actor) == ["certificate"]
    assert kinds(zofia) == {}


def _fingerprint(person: Person) -> str:
    with person.entered():
        fingerprint: str = KSeFCredential.objects.get().fingerprint
    return fingerprint


def _kinds_in(company_id: uuid.UUID, actor: Actor) -> list[str]:
    with tenant_transaction(company_id, user_id=actor.user_id):
        return list(KSeFCredential.objects.values_list("kind", flat=True))
