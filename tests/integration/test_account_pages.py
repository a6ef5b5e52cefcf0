"""The page "Konto" and what leads from it: name, address, and the way back for somebody who lost everything."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.identity.models import BrowserSession
from accounts.models import User
from tests.factors import PASSWORD, give_password, log_in, set_up_phone

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.people import People, Person

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ACCOUNT = "/konto/"


@pytest.fixture
def alicja(people: People) -> Person:
    give_password(people.alicja.user)
    return people.alicja


def test_a_person_changes_the_name(alicja: Person) -> None:
    client = log_in(alicja.user)
    assert reverse("account") in client.get(f"/{alicja.company.slug}/").content.decode()
    answer = client.post(ACCOUNT, {"full_name": "Alicja Nowa"}, follow=True)
    assert "Imię i nazwisko zapisane." in answer.content.decode()
    alicja.user.refresh_from_db()
    assert alicja.user.full_name == "Alicja Nowa"
    page = client.post(ACCOUNT, {"full_name": " "}).content.decode()
    assert 'id="id_full_name_error"' in page
    assert Client().get(ACCOUNT).headers["Location"] == f"/konto/login/?next={ACCOUNT}"


def test_the_address_changes_once_the_new_one_is_confirmed(alicja: Person, settings: Settings) -> None:
    """With a second factor too; until the link is opened the old address works, and it is told of the change."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client = log_in(alicja.user)
    set_up_phone(client)
    mail.outbox.clear()
    url = reverse("account_email")
    assert client.post(url, {"email": "nowy@example.test", "action_add": ""}).status_code == 302
    assert "nowy@example.test" in client.get(ACCOUNT).content.decode()
    assert "Czeka na potwierdzenie" in client.get(url).content.decode()
    (letter,) = mail.outbox
    assert letter.to == ["nowy@example.test"]
    link = re.search(r"/konto/confirm-email/\S+", str(letter.body))
    assert link is not None
    log_in(alicja.user)  # By the old address.
    assert client.post(link[0]).status_code == 302
    alicja.user.refresh_from_db()
    assert alicja.user.email == "nowy@example.test"
    assert [address.email for address in EmailAddress.objects.filter(user=alicja.user)] == [
        "nowy@example.test"
    ]
    assert [letter.to for letter in mail.outbox[1:]] == [["alicja@example.test"]]


def test_a_taken_address_is_told_to_its_owner_alone(people: People, alicja: Person) -> None:
    """V20: the page of the change says nothing; the link, for whoever reads that mailbox, says it is taken."""
    give_password(people.beata.user)
    client = log_in(alicja.user)
    answer = client.post(
        reverse("account_email"), {"email": people.beata.user.email, "action_add": ""}, follow=True
    )
    assert "Czeka na potwierdzenie" in answer.content.decode()
    link = re.search(r"/konto/confirm-email/\S+", str(mail.outbox[-1].body))
    assert link is not None
    page = client.get(link[0]).content.decode()
    assert "Ten adres potwierdziło już inne konto" in page
    client.post(link[0])
    alicja.user.refresh_from_db()
    assert alicja.user.email == "alicja@example.test"


def test_an_address_somebody_only_asked_for_stays_free(alicja: Person, settings: Settings) -> None:
    """Whoever asks for another person's address opens nothing to that person, and keeps them out of nothing."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client = log_in(alicja.user)
    client.post(reverse("account_email"), {"email": "ofiara@example.test", "action_add": ""})
    Client().post(reverse("account_reset_password"), {"email": "ofiara@example.test"})
    assert [letter.subject for letter in mail.outbox if letter.to == ["ofiara@example.test"]] == [
        "Kwit: Potwierdź adres e-mail",
        "Kwit: Nie mamy takiego konta",
    ]
    form = {
        "email": "ofiara@example.test",
        "full_name": "Prawdziwa Osoba",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert Client().post(reverse("account_signup"), form).status_code == 302
    victim = User.objects.get(email="ofiara@example.test")
    # The first letter came of the stranger's wish: its link takes the address away from nobody.
    first = re.search(r"/konto/confirm-email/\S+", str(mail.outbox[0].body))
    assert first is not None
    assert "Inne konto potwierdziło już adres" in Client().post(first[0], follow=True).content.decode()
    assert not EmailAddress.objects.filter(email=victim.email, verified=True).exists()
    cache.clear()  # One letter in three minutes goes to an address, whoever asks.
    Client().post(reverse("account_login"), {"login": victim.email, "password": PASSWORD})
    link = re.search(r"/konto/confirm-email/\S+", str(mail.outbox[-1].body))
    assert link is not None
    assert Client().post(link[0]).status_code == 302
    assert EmailAddress.objects.get(email=victim.email, verified=True).user == victim


def test_the_operator_helps_somebody_who_lost_everything(alicja: Person) -> None:
    """From then on the password leads to a new set-up; every session that was open is over."""
    client = log_in(alicja.user)
    set_up_phone(client)
    said = StringIO()
    call_command("forget_second_factors", "Alicja@example.test", stdout=said)
    assert said.getvalue() == "2 forgotten; all sessions of alicja@example.test are over.\n"
    assert not Authenticator.objects.exists()
    assert not BrowserSession.objects.filter(user=alicja.user).exists()
    assert client.get(ACCOUNT).status_code == 302
    assert log_in(alicja.user).get(ACCOUNT).status_code == 200
    with pytest.raises(CommandError, match="There is no account"):
        call_command("forget_second_factors", "nikt@example.test")


def test_a_letter_that_fails_hides_no_change(alicja: Person, settings: Settings) -> None:
    """The factor is there by then: an error page would say the opposite."""
    client = log_in(alicja.user)
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
        }
    }
    set_up_phone(client)
    assert Authenticator.objects.filter(user=alicja.user, type="totp").exists()
