"""Log-ins that go on: their names change, and they end when they should."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.identity.models import BrowserSession
from accounts.models import User
from tests.factors import PASSWORD, give_password, log_in, set_up_phone

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.people import People, Person

pytestmark = [pytest.mark.security, pytest.mark.django_db]

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)


@pytest.fixture
def alicja(people: People) -> Person:
    give_password(people.alicja.user)
    return people.alicja


def page_of(person: Person) -> str:
    return reverse("dashboard", args=[person.company.slug])


def is_in(client: Client, person: Person) -> bool:
    return bool(client.get(page_of(person)).status_code == 200)


def copy_of(client: Client) -> Client:
    """Another browser with the same cookie, as a thief would have it."""
    other = Client()
    other.cookies["session"] = client.cookies["session"].value
    return other


def test_a_session_has_a_new_name_after_each_proof(alicja: Person) -> None:
    """V14: at the log-in, at a confirmation, at a change of password and of factors; the old name opens nothing."""
    client = Client()
    client.get(reverse("account_login"))
    client.session["visitor"] = "yes"
    log_in(alicja.user, client=client)
    steps = {
        "confirmation": (reverse("account_reauthenticate"), {"password": PASSWORD}),
        "password": (
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": PASSWORD + "-2", "password2": PASSWORD + "-2"},
        ),
    }
    for step, (url, form) in steps.items():
        old = copy_of(client)
        assert client.post(url, form).status_code == 302, step
        assert (is_in(old, alicja), is_in(client, alicja)) == (False, True), step
    old = copy_of(client)
    phone = set_up_phone(client)
    assert (is_in(old, alicja), is_in(client, alicja)) == (False, True)
    old = copy_of(client)
    assert client.post(reverse("account_reauthenticate"), {"code": phone.code()}).status_code == 302
    assert (is_in(old, alicja), is_in(client, alicja)) == (False, True)


def test_a_session_that_existed_before_the_log_in_is_not_taken_over(alicja: Person) -> None:
    """V14: a name planted in somebody's browser is worth nothing after the log-in, nor after the second step."""
    phone = set_up_phone(log_in(alicja.user))
    client = Client()
    client.get(reverse("account_login"))
    client.post(reverse("passkey_challenge", args=["logowanie"]))
    planted = copy_of(client)
    log_in(alicja.user, client=client)
    half = copy_of(client)
    client.post(reverse("mfa_authenticate"), {"code": phone.code()})
    assert is_in(client, alicja)
    assert not is_in(planted, alicja)
    assert not is_in(half, alicja)


@pytest.mark.parametrize("end", ["log_out", "disable", "password", "reset", "factor", "others", "one"])
def test_what_ends_other_sessions(alicja: Person, end: str) -> None:
    """V15: at the next request, on the server, whatever the other browser still holds."""
    client, other = log_in(alicja.user), log_in(alicja.user)
    assert is_in(other, alicja)
    if end == "log_out":
        other = copy_of(client)
        client.post(reverse("account_logout"))
    elif end == "disable":
        User.objects.filter(id=alicja.user.id).update(is_active=False)
    elif end == "password":
        new = "calkiem-inne-haslo-2026"
        form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        client.post(reverse("account_change_password"), form)
    elif end == "reset":
        reset_password(alicja)
    elif end == "factor":
        set_up_phone(client)
    elif end == "others":
        client.post(reverse("end_other_sessions"))
    elif end == "one":
        (theirs,) = BrowserSession.objects.filter(user=alicja.user).order_by("-began_at")[:1]
        client.post(reverse("end_session", args=[theirs.id]))
    assert not is_in(other, alicja)
    assert is_in(client, alicja) == (end in {"password", "factor", "others", "one"})


def reset_password(person: Person) -> None:
    client = Client()
    client.post(reverse("account_reset_password"), {"email": person.user.email})
    found = re.search(r"/konto/password/reset/key/\S+", str(mail.outbox[-1].body))
    assert found is not None
    form_url = client.get(found[0]).headers["Location"]
    new = "calkiem-inne-haslo-2026"
    assert client.post(form_url, {"password1": new, "password2": new}).status_code == 302


def test_nobody_ends_another_persons_session(people: People) -> None:
    """V1: the id of a stranger's session is as unknown as one that nobody has."""
    zofia, alicja = people.zofia, people.alicja
    client = zofia.client
    theirs = BrowserSession.objects.get(user=zofia.user)
    for session_id in (theirs.id, uuid.uuid4()):
        answer = alicja.client.post(reverse("end_session", args=[session_id]), follow=True)
        assert "Sesja zakończona" not in answer.content.decode()
    assert is_in(client, zofia)
    page = alicja.client.get(reverse("account")).content.decode()
    assert str(theirs.id) not in page


def test_an_idle_session_ends(alicja: Person, settings: Settings) -> None:
    """V16: after half an hour without its person; a page that asks by itself is no person."""
    assert (settings.SESSION_IDLE_SECONDS, settings.SESSION_ABSOLUTE_SECONDS) == (1800, 43200)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = log_in(alicja.user)
        for minutes in (29, 58, 87):
            clock.move_to(start + timedelta(minutes=minutes))
            assert is_in(client, alicja)
        clock.move_to(start + timedelta(minutes=110))
        assert client.get(page_of(alicja), headers={"hx-request": "true"}).status_code == 200
        clock.move_to(start + timedelta(minutes=117, seconds=1))
        answer = client.get(page_of(alicja), follow=True)
        assert answer.redirect_chain == [(f"{reverse('account_login')}?next={page_of(alicja)}", 302)]
        assert "Twoja sesja się skończyła" in answer.content.decode()
        clock.move_to(start)
        assert not is_in(client, alicja)


def test_the_longest_session_is_a_day_of_work(alicja: Person) -> None:
    """V16: twelve hours after the log-in, however busy; a confirmation in between prolongs nothing."""
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = log_in(alicja.user)
        for quarters in range(1, 48):
            clock.move_to(start + timedelta(minutes=15 * quarters))
            assert is_in(client, alicja)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        clock.move_to(start + ABSOLUTE - timedelta(seconds=1))
        assert is_in(client, alicja)
        clock.move_to(start + ABSOLUTE)
        assert not is_in(client, alicja)


def test_the_list_shows_each_browser(alicja: Person) -> None:
    """V15: browser, address, since when, last seen; the one at hand is marked and has no button."""
    with time_machine.travel("2026-11-25T08:00:00+01:00", tick=False):
        log_in(
            alicja.user,
            headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"},
            REMOTE_ADDR="192.0.2.7",
        )
    with time_machine.travel("2026-11-25T08:20:00+01:00", tick=False):
        client = log_in(alicja.user, headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
        page = client.get(reverse("account")).content.decode()
    other = BrowserSession.objects.get(address="192.0.2.7")
    mine = BrowserSession.objects.exclude(id=other.id).get(user=alicja.user)
    text = " ".join(page.split())
    assert "Firefox, Windows" in text
    assert "Adres 192.0.2.7, od 25.11.2026, 08:00, ostatnio 25.11.2026, 08:00" in text
    assert "Safari, iPhone" in text
    assert reverse("end_session", args=[other.id]) in page
    assert reverse("end_session", args=[mine.id]) not in page
