"""What must not be done from a forgotten or stolen session asks again who it is (V21)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.identity.confirmation import CONFIRMED_SECONDS, GRACE_SECONDS
from accounts.models import KSeFCredential
from invoices.services.demo_world import PASSWORD as DEMO_PASSWORD
from tests.factors import PASSWORD, give_password, log_in
from tests.people import prove

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = [pytest.mark.security, pytest.mark.django_db]


@pytest.fixture
def alicja(people: People) -> Person:
    give_password(people.alicja.user)
    return people.alicja


STEP_UP = "accounts:connect_token"


def to_confirm(url: str) -> str:
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': url})}"


@pytest.mark.parametrize(
    ("method", "age", "is_let_in"),
    [
        ("GET", CONFIRMED_SECONDS - 1, True),
        ("GET", CONFIRMED_SECONDS + 1, False),
        # The form was opened in time, and filled in for five minutes.
        ("POST", CONFIRMED_SECONDS + GRACE_SECONDS - 1, True),
        ("POST", CONFIRMED_SECONDS + GRACE_SECONDS + 1, False),
    ],
)
def test_a_proof_is_fresh_for_five_minutes(
    people: People, simulator: Simulator, method: str, age: int, is_let_in: bool
) -> None:
    """V21: and a form that was opened in time may be sent for five minutes more."""
    beata = people.beata
    client, url = beata.client, reverse(STEP_UP, args=[beata.company.slug])
    with time_machine.travel(timezone.now(), tick=False):
        prove(client, beata.user, at=timezone.now().timestamp() - age)
        answer = client.generic(method, url)
    assert answer.status_code == (200 if is_let_in else 302)
    assert is_let_in or answer.headers["Location"] == to_confirm(url)


def test_a_button_without_a_form_leads_back_to_its_page(people: People, simulator: Simulator) -> None:
    """V21: nothing is done by the request that was stopped, nor after the confirmation by itself."""
    beata = people.beata
    client = beata.client
    prove(client, beata.user, at=1.0)
    answer = client.post(reverse("accounts:connect_certificate", args=[beata.company.slug]))
    page = reverse("accounts:ksef", args=[beata.company.slug])
    assert answer.headers["Location"] == to_confirm(page)
    give_password(beata.user)
    client = log_in(beata.user)
    prove(client, beata.user, at=1.0)
    answer = client.post(answer.headers["Location"], {"password": PASSWORD, "next": page})
    assert answer.headers["Location"] == page
    with beata.entered():
        assert not KSeFCredential.objects.exists()


def test_a_confirmation_keeps_nothing_of_the_request(people: People) -> None:
    """V21, V32: the token that was sent too late stands neither in the session nor on the next page."""
    beata = people.beata
    client = beata.client
    prove(client, beata.user, at=1.0)
    answer = client.post(
        reverse(STEP_UP, args=[beata.company.slug]), {"token": "kanarek-tokenu"}, follow=True
    )
    assert "Najpierw potwierdź, że to Ty" in answer.content.decode()
    assert "kanarek" not in answer.content.decode()
    assert "kanarek" not in str(dict(client.session))
    assert "kanarek" not in answer.redirect_chain[0][0]


def test_a_log_in_without_a_proof_must_confirm(people: People, settings: Settings) -> None:
    """V21: one click let a demo person in, which proves nothing; the page tells the password they all have."""
    settings.DEMO = True
    beata = people.beata
    user = beata.user
    user.email = "beata@demo.kwit"
    give_password(user, DEMO_PASSWORD)
    client = Client()
    client.force_login(user)
    url = reverse(STEP_UP, args=[beata.company.slug])
    page = client.get(url, follow=True)
    assert page.redirect_chain == [(to_confirm(url), 302)]
    assert DEMO_PASSWORD in page.content.decode()
    answer = client.post(page.redirect_chain[0][0], {"password": DEMO_PASSWORD, "next": url})
    assert answer.headers["Location"] == url
    assert client.get(url).status_code == 200
    settings.DEMO = False
    assert DEMO_PASSWORD not in client.get(reverse("account_reauthenticate")).content.decode()


def test_a_log_in_is_a_proof_and_a_mailed_link_is_none(alicja: Person) -> None:
    """V21: the password was typed a moment ago; whoever came by a reset link types the new one."""
    client = log_in(alicja.user)
    url = reverse("account_email")
    assert client.get(url).status_code == 200
    session = client.session
    session["account_authentication_methods"] = [{"method": "password_reset", "at": 4e9}]
    session.save()
    assert client.get(url).headers["Location"] == to_confirm(url)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil"])
def test_a_confirmation_leads_nowhere_else(alicja: Person, target: str) -> None:
    """V28: `next` stays in this portal, here and on the way through the set-up."""
    client = log_in(alicja.user)
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": target})
    assert answer.headers["Location"] == reverse("account")
    assert "evil" not in client.get(reverse("mfa_setup"), {"next": target}).content.decode()
