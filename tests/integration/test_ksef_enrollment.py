"""Certificates without files: a key made here, issued by KSeF, kept under a password (section 3; S39, S50)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.domain.errors import RuleBroken
from accounts.models import CertificateRequest, KSeFCredential, OfflineCertificate
from accounts.services.ksef_certificates import (
    connect_with_certificate,
    open_offline_certificate,
    renew_access,
)
from accounts.services.ksef_connecting import connect_with_token
from accounts.services.ksef_enrollment import (
    CertificateWish,
    finish_request,
    request_certificate,
    revoke_certificate,
)
from accounts.services.ksef_status import check_connection, end_login
from invoices.domain.lifecycle import State
from ksef.certificates import Flaw, UnusableFile
from ksef.errors import Refused
from ksef.exchange.certificates import CertificateKind
from tests.builders import make_approved, reload, run_outbox
from tests.certificates import PASSWORD, issue
from tests.integration.test_ksef_methods import files

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

NEW = "Nowe-Haslo-Parasol-7!"


def connect(person: Person, simulator: Simulator) -> str:
    """Connect by an uploaded certificate and return its serial number."""
    pair = issue(simulator, nip=person.company.nip)
    connect_with_certificate(actor=person.actor, company=person.company, files=files(pair))
    return pair.serial


def ask(person: Person, kind: CertificateKind) -> bool:
    wish = CertificateWish(name="Certyfikat z Kwitu", kind=kind, password=NEW)
    return request_certificate(actor=person.actor, company=person.company, wish=wish)


def credential(person: Person) -> KSeFCredential:
    with person.entered():
        return KSeFCredential.objects.get()


def test_a_new_certificate_takes_the_place_of_the_old(people: People, simulator: Simulator) -> None:
    """The access that runs goes on without a password; from the next renewal on the new password counts."""
    alicja = people.alicja
    former = connect(alicja, simulator)
    assert ask(alicja, CertificateKind.AUTHENTICATION)
    assert credential(alicja).serial != former
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    with pytest.raises(UnusableFile) as caught:
        renew_access(actor=alicja.actor, environment="simulator", password=PASSWORD)
    assert caught.value.flaw is Flaw.WRONG_PASSWORD
    [renewed] = renew_access(actor=alicja.actor, environment="simulator", password=NEW)
    assert renewed.error is None
    revoke_certificate(actor=alicja.actor, company=alicja.company, serial=former)
    report = check_connection(actor=alicja.actor, company=alicja.company)
    assert {listed.serial_number: listed.status for listed in report.certificates}[former] in {
        "Blocked",
        "Revoked",
    }


def test_an_offline_certificate_without_files(people: People, simulator: Simulator) -> None:
    """S39, S50: issued for KOD II alone, opened by its own password."""
    alicja = people.alicja
    connect(alicja, simulator)
    assert ask(alicja, CertificateKind.OFFLINE)
    with alicja.entered() as actor:
        row, _key = open_offline_certificate(actor=actor, environment="simulator", password=NEW)
        assert row.serial == OfflineCertificate.objects.get().serial
        with pytest.raises(UnusableFile):
            open_offline_certificate(actor=actor, environment="simulator", password=PASSWORD)
        assert not CertificateRequest.objects.exists()


def test_a_slow_ksef_is_asked_again_later(people: People, simulator: Simulator) -> None:
    """The request and its key are kept; the page offers to look again, and then the certificate is there."""
    alicja = people.alicja
    connect(alicja, simulator)
    simulator.control("POST", "options", {"certification": 3600})
    assert not ask(alicja, CertificateKind.OFFLINE)
    page = alicja.client.get(reverse("accounts:ksef", args=[alicja.company.slug])).content.decode()
    assert "KSeF przygotowuje Twój nowy certyfikat." in page
    simulator.control("POST", "clock", {"offset": 3601})
    with alicja.entered():
        KSeFCredential.objects.update(access_token=None, access_valid_until=None)
    assert finish_request(actor=alicja.actor, company=alicja.company)
    with alicja.entered():
        assert OfflineCertificate.objects.exists()


def test_only_a_certificate_asks_for_a_certificate(people: People, simulator: Simulator) -> None:
    """25001: with a token KSeF gives none; nothing is asked and nothing is left behind."""
    alicja = people.alicja
    token = simulator.control("POST", "tokens", {"nip": alicja.company.nip})["token"]
    connect_with_token(actor=alicja.actor, company=alicja.company, token=token)
    with pytest.raises(RuleBroken, match="certificate_needed"):
        ask(alicja, CertificateKind.OFFLINE)
    with alicja.entered():
        assert not CertificateRequest.objects.exists()


def test_a_refused_request_leaves_nothing(people: People, simulator: Simulator) -> None:
    """25006: the limit of requests is said in Polish, and the key that was made is forgotten."""
    alicja = people.alicja
    connect(alicja, simulator)
    simulator.fail({"match": {"path_regex": "/certificates/enrollments$"}, "action": "error", "code": 25006})
    url = reverse("accounts:ksef_enroll", args=[alicja.company.slug, "offline"])
    form = {"name": "Certyfikat", "password": NEW, "repeated": NEW}
    assert "Wykorzystano limit wniosków" in alicja.client.post(url, form).content.decode()
    with alicja.entered():
        assert not CertificateRequest.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "za-krotkie", "repeated": "za-krotkie"}, "password"),
        ({"password": "bezduzychliter-2026!"}, "password"),
        ({"repeated": "Inne-Haslo-Parasol-7!"}, "repeated"),
        ({"name": "ab"}, "name"),
        ({"name": "Zły/znak w nazwie"}, "name"),
    ],
)
def test_the_form_says_what_is_wrong(
    people: People, simulator: Simulator, change: dict[str, str], field: str
) -> None:
    """The ministry's rules for names and passwords, at their fields, before KSeF is asked."""
    url = reverse("accounts:ksef_enroll", args=[people.alicja.company.slug, "offline"])
    form = {"name": "Certyfikat", "password": NEW, "repeated": NEW, **change}
    assert f'id="id_{field}_error"' in people.alicja.client.post(url, form).content.decode()


def test_the_panel_shows_what_ksef_says(people: People, simulator: Simulator) -> None:
    """Rights, limits, logins and certificates come from KSeF, when the button is pressed; a login can be ended."""
    alicja = people.alicja
    connect(alicja, simulator)
    connect(alicja, simulator)
    url = reverse("accounts:ksef_check", args=[alicja.company.slug])
    page = alicja.client.post(url).content.decode()
    for text in (
        "właściciel (wszystkie)",
        "180 wysłań",
        "Twoje sesje w KSeF",
        "Zakończ",
        "Pozostałe wnioski",
    ):
        assert text in page
    report = check_connection(actor=alicja.actor, company=alicja.company)
    assert (report.is_owner, len(report.logins)) == (True, 2)
    other = next(login for login in report.logins if not login.is_current)
    end_login(actor=alicja.actor, company=alicja.company, reference=other.reference)
    assert len(check_connection(actor=alicja.actor, company=alicja.company).logins) == 1
    with pytest.raises(Refused):
        end_login(
            actor=alicja.actor, company=alicja.company, reference="20260101-AU-0000000000-0000000000-00"
        )


def test_a_help_answer_is_kept(people: People) -> None:
    """S110: the article asks whether it helped and keeps one answer of each person; related help is there."""
    url = reverse("accounts:ksef_help", args=[people.alicja.company.slug])
    page = people.alicja.client.get(url).content.decode()
    assert "Czy ten artykuł był pomocny?" in page
    assert "Jak wysłać fakturę do Krajowego Systemu e-Faktur (KSeF)?" in page
    for answer in ("no", "yes"):
        people.alicja.client.post(url, {"is_helpful": answer, "comment": "Zabrakło obrazka"})
    assert "Twoja odpowiedź jest zapisana" in people.alicja.client.get(url).content.decode()
    assert "Twoja odpowiedź jest zapisana" not in people.beata.client.get(url).content.decode()
