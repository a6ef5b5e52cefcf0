"""Passwords: long and rare is enough, what everybody tries is not, and they are hashed as today asks (V22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factors import PASSWORD, give_password, log_in

if TYPE_CHECKING:
    from tests.people import People, Person

pytestmark = [pytest.mark.security, pytest.mark.django_db]


@pytest.fixture
def alicja(people: People) -> Person:
    give_password(people.alicja.user)
    return people.alicja


def sign_up(**changes: Any) -> Any:
    form = {"email": "nowa@example.test", "full_name": "Nowa Osoba", **changes}
    return Client().post(reverse("account_signup"), form)


@pytest.mark.parametrize(
    "password",
    [
        "same male litery bez cyfr",
        "zażółć gęślą jaźń 🙂🙂🙂",
        " odstępy na końcach ",
        "kanapka z " * 13 + "serem",
    ],
)
def test_long_and_rare_is_enough(db: None, password: str) -> None:
    """V22: no composition rules, any characters, far more than 64 of them, each of which counts."""
    assert sign_up(password1=password, password2=password).status_code == 302
    user = User.objects.get(email="nowa@example.test")
    assert user.check_password(password)
    assert not user.check_password(password[:-1])
    assert identify_hasher(user.password).algorithm == "argon2"


@pytest.mark.parametrize(
    "password",
    ["krótkie-1", "1234567890", "qwertyuiop", "password2026!", "nowa@example.test", "aaaaaaaaaaaa"],
)
def test_what_everybody_tries_first_is_refused(db: None, password: str) -> None:
    """V22: the list of common passwords, also with trimmings, and the person's own address."""
    answer = sign_up(password1=password, password2=password)
    assert answer.status_code == 200
    assert 'id="id_password1_error"' in answer.content.decode()
    assert not User.objects.filter(email="nowa@example.test").exists()


def test_an_older_hash_is_renewed_at_the_log_in(alicja: Person) -> None:
    """V22: scrypt is still read, and becomes Argon2id when the password is at hand."""
    alicja.user.password = make_password(PASSWORD, hasher="scrypt")
    alicja.user.save()
    log_in(alicja.user)
    alicja.user.refresh_from_db()
    assert alicja.user.password.startswith("argon2$argon2id$")
