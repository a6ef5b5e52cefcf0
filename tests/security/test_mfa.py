"""The second factor: how it is set up, that nothing opens without it, that a code works once and is stored sealed."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
import redis
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from accounts.identity.services.second_factors import use_code
from tests.factors import (
    PASSWORD,
    Phone,
    codes_on,
    give_password,
    half_logged_in,
    log_in,
    set_up_phone,
    to_setup,
)
from tests.people import prove
from tests.security.rows import all_seeing, changed_since, fingerprint
from tests.waiting import until

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.people import People, Person

pytestmark = [pytest.mark.security, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _required(settings: Settings) -> None:
    settings.MFA_REQUIRED = True


@pytest.fixture
def alicja(people: People) -> Person:
    give_password(people.alicja.user)
    return people.alicja


def test_a_person_is_led_through_the_set_up_and_on(alicja: Person) -> None:
    """V17: from the page that was asked for, by set-up, app and recovery codes, to that page."""
    client = log_in(alicja.user)
    wanted = reverse("invoices:index", args=[alicja.company.slug])
    away = client.get(wanted)
    assert away.headers["Location"] == to_setup(wanted)
    page = client.get(away.headers["Location"]).content.decode()
    assert "Zabezpiecz swoje konto" in page
    url = f"{reverse('mfa_add_app')}?next={wanted.replace('/', '%2F')}"
    assert url in page
    phone = set_up_phone(client)
    answer = client.post(reverse("mfa_recovery_codes"), {"action": "show", "next": wanted})
    assert len(codes_on(answer)) == 10
    assert f'href="{wanted}"' in answer.content.decode()
    assert client.get(wanted).status_code == 200

    # The next log-in asks for the code, and leads on as well.
    client = log_in(alicja.user)
    assert client.get(wanted).status_code == 302
    page = client.get(reverse("mfa_authenticate")).content.decode()
    assert "Jeszcze jeden krok" in page
    answer = client.post(reverse("mfa_authenticate"), {"code": phone.code()})
    assert answer.status_code == 302
    assert client.get(wanted).status_code == 200


def test_a_fragment_leads_its_whole_page_to_the_set_up(alicja: Person) -> None:
    """V17: htmx asks, the page goes."""
    url = reverse("invoices:totals", args=[alicja.company.slug])
    answer = log_in(alicja.user).post(url, {}, headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, to_setup("/"))


def test_somebody_who_gives_up_half_way_starts_anew(alicja: Person) -> None:
    """The way back to the log-in, where another person may be meant."""
    client = half_logged_in(alicja.user)
    answer = client.post(reverse("account_logout"), {"next": reverse("account_login")})
    assert answer.headers["Location"] == reverse("account_login")
    assert client.get(reverse("account_login")).status_code == 200


def test_a_code_of_the_app_works_once(alicja: Person) -> None:
    """V18: not again in the same minute, not after the cache and Redis were emptied, not an older one."""
    phone = set_up_phone(log_in(alicja.user))
    code = phone.code()
    assert log_in(alicja.user).post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    for forget in (lambda: None, cache.clear, redis.from_url(django_settings.REDIS_URL).flushall):
        forget()
        for old in (code, phone.code(steps=-1)):
            answer = log_in(alicja.user).post(reverse("mfa_authenticate"), {"code": old})
            assert answer.status_code == 200
            assert "został już użyty" in answer.content.decode()
    answer = log_in(alicja.user).post(reverse("mfa_authenticate"), {"code": phone.code(steps=1)})
    assert answer.status_code == 302


def test_a_recovery_code_works_once(alicja: Person) -> None:
    """V18: instead of the app, and never again; typed with a gap it is the same code."""
    client = log_in(alicja.user)
    set_up_phone(client)
    first, second = codes_on(client.post(reverse("mfa_recovery_codes"), {"action": "show"}))[:2]
    typed = f"{first[:4]} {first[4:]}"
    assert log_in(alicja.user).post(reverse("mfa_authenticate"), {"code": typed}).status_code == 302
    cache.clear()
    assert log_in(alicja.user).post(reverse("mfa_authenticate"), {"code": first}).status_code == 200
    assert log_in(alicja.user).post(reverse("mfa_authenticate"), {"code": second}).status_code == 302


_RACER = """
import sys, uuid, django
django.setup()
from django.db import connection
from accounts.identity.services.second_factors import use_code
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock_shared(7)")
print(use_code(user_id=uuid.UUID(sys.argv[1]), code=sys.argv[2]) is not None)
"""


def race(person: Person, code: str) -> list[str]:
    """Two processes of the portal that use one code at the same moment: both wait for a lock that we hold."""
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-W", "ignore", "-c", _RACER, str(person.user.id), code]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7)")
        racers = [
            subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]

        def are_waiting() -> bool:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return bool(cursor.fetchone() == (2,))

        until(are_waiting, seconds=30)
        cursor.execute("SELECT pg_advisory_unlock(7)")
    return sorted(racer.communicate(timeout=30)[0].strip() for racer in racers)


@pytest.mark.django_db(transaction=True)
def test_of_two_processes_one_takes_the_code(committed_people: People) -> None:
    """V18: a code of the app and a recovery code, each shown to two processes at once."""
    alicja = committed_people.alicja
    give_password(alicja.user)
    client = log_in(alicja.user)
    phone = set_up_phone(client)
    recovery = codes_on(client.post(reverse("mfa_recovery_codes"), {"action": "show"}))
    for code in (phone.code(steps=1), recovery[3]):
        assert race(alicja, code) == ["False", "True"]


def test_recovery_codes_are_shown_once(alicja: Person) -> None:
    """Opening the page shows and changes nothing; the button shows them once, the file follows, new ones void them."""
    client = log_in(alicja.user)
    set_up_phone(client)
    url, file_url = reverse("mfa_recovery_codes"), reverse("mfa_download_recovery_codes")
    before = fingerprint()
    assert codes_on(client.get(url)) == []
    assert client.post(file_url).status_code == 302
    assert changed_since(before) == set()
    codes = codes_on(client.post(url, {"action": "show"}))
    assert len(codes) == 10
    assert codes_on(client.post(url, {"action": "show"})) == []
    file = client.post(file_url)
    assert file.headers["Content-Disposition"] == 'attachment; filename="kwit-kody-zapasowe.txt"'
    assert [line for line in file.content.decode().splitlines() if line.isdigit()] == codes
    other = log_in(alicja.user)
    other.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert other.post(file_url).status_code == 302
    new = codes_on(client.post(url, {"action": "renew"}))
    assert len(new) == 10
    assert not set(new) & set(codes)
    assert use_code(user_id=alicja.user.id, code=codes[1]) is None
    assert use_code(user_id=alicja.user.id, code=new[1]) is not None


def everything_stored() -> str:
    """All rows of all tables as a dump would have them, the sessions decoded too."""
    with all_seeing() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        texts = []
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, '\n'), '') FROM \"{table}\" t")  # noqa: S608 -- names of our own tables
            texts.append(cursor.fetchone()[0])
    sessions = [json.dumps(session.get_decoded()) for session in Session.objects.all()]
    return "\n".join([*texts, *sessions])


def test_a_dump_opens_no_account(alicja: Person) -> None:
    """V19: neither seeds, pending ones included, nor recovery codes or their seed stand there in any form."""
    client = log_in(alicja.user)
    page = client.get(reverse("mfa_add_app")).content.decode()
    pending = page.partition("<code>")[2].partition("</code>")[0].replace(" ", "")
    assert len(pending) == 32
    assert pending not in everything_stored()
    phone = set_up_phone(client)
    assert phone.seed == pending, "the page keeps its seed while it is being set up"
    codes = codes_on(client.post(reverse("mfa_recovery_codes"), {"action": "show"}))
    stored = everything_stored()
    assert alicja.user.email in stored
    for seed in (
        phone.seed,
        base64.b32decode(phone.seed).hex(),
        base64.b64encode(phone.seed.encode()).decode(),
    ):
        assert seed not in stored
    assert [code for code in codes if code in stored] == []
    for row in Authenticator.objects.all():
        sealed = row.data.get("secret") or row.data["seed"]
        assert base64.b64decode(sealed)[:6] == b"\x01\x04test", "the envelope of the vault"


def test_a_seed_moved_to_another_person_opens_nothing(people: People) -> None:
    """V19, V34: a row whose secret was copied from somebody else's, or from another factor, is worth nothing."""
    phones = {}
    for person in (people.alicja, people.beata):
        give_password(person.user)
        phones[person.user.email] = set_up_phone(log_in(person.user))
    mine, hers = (
        Authenticator.objects.get(user=person.user, type="totp") for person in (people.alicja, people.beata)
    )
    mine.data = hers.data
    mine.save()
    assert use_code(user_id=people.alicja.user.id, code=phones[people.beata.user.email].code(steps=1)) is None
    assert use_code(user_id=people.beata.user.id, code=phones[people.beata.user.email].code(steps=1)) == hers
    codes = Authenticator.objects.get(user=people.beata.user, type="recovery_codes")
    codes.data["seed"] = hers.data["secret"]
    codes.save()
    assert use_code(user_id=people.beata.user.id, code="12345678") is None


def test_a_wrong_code_sets_nothing_up(alicja: Person) -> None:
    """The app has to show that it holds the seed; the same seed stays on the page meanwhile."""
    client = log_in(alicja.user)
    url = reverse("mfa_add_app")
    page = client.get(url).content.decode()
    phone = Phone(page.partition("<code>")[2].partition("</code>")[0].replace(" ", ""))
    answer = client.post(url, {"code": phone.wrong_code()})
    assert answer.status_code == 200
    assert "Ten kod nie pasuje" in answer.content.decode()
    assert page.partition("<code>")[2][:40] == answer.content.decode().partition("<code>")[2][:40]
    assert not Authenticator.objects.exists()


def test_removing_the_last_factor_closes_the_companies_again(alicja: Person) -> None:
    """V17: the recovery codes go with it; the owner is told of each change."""
    client = log_in(alicja.user)
    set_up_phone(client)
    wanted = reverse("dashboard", args=[alicja.company.slug])
    assert client.get(wanted).status_code == 200
    assert "jedyny drugi składnik" in client.get(reverse("mfa_remove_app")).content.decode()
    assert client.post(reverse("mfa_remove_app")).status_code == 302
    assert not Authenticator.objects.exists()
    assert client.get(wanted).headers["Location"] == to_setup(wanted)
    assert [letter.subject for letter in mail.outbox] == [
        "Kwit: Aplikacja z kodami dodana",
        "Kwit: Aplikacja z kodami usunięta",
    ]
    assert all(letter.to == [alicja.user.email] for letter in mail.outbox)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mfa_add_app", ()),
        ("mfa_remove_app", ()),
        ("mfa_recovery_codes", ()),
        ("add_passkey", ()),
        ("edit_passkey", ("00000000-0000-4000-8000-000000000007",)),
        ("account_email", ()),
    ],
)
def test_factors_and_address_change_after_a_confirmation_only(
    alicja: Person, name: str, arguments: tuple[str, ...]
) -> None:
    """V21, ASVS 7.5.1: from a session somebody left open nobody locks its owner out."""
    client = log_in(alicja.user)
    set_up_phone(client)
    prove(client, alicja.user, at=1.0)
    before = fingerprint()
    url = reverse(name, args=arguments)
    for answer in (client.get(url), client.post(url, {"action": "renew", "email": "obcy@example.test"})):
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"{reverse('account_reauthenticate')}?{urlencode({'next': url})}"
    assert changed_since(before) == set()


def test_without_the_setting_nobody_is_asked(alicja: Person, settings: Settings) -> None:
    """The demo: a company opens without a factor, and whoever has set one up is still asked for it."""
    settings.MFA_REQUIRED = False
    client = log_in(alicja.user)
    wanted = reverse("dashboard", args=[alicja.company.slug])
    assert client.get(wanted).status_code == 200
    set_up_phone(client)
    client = log_in(alicja.user)
    assert client.get(wanted).status_code == 302
    assert client.get(reverse("account_login")).headers["Location"] == reverse("mfa_authenticate")


def test_a_right_password_alone_says_nothing_to_the_journal_of_the_browser(alicja: Person) -> None:
    """The half-logged session names nobody: neither name nor address stands on the page of the code."""
    client = half_logged_in(alicja.user)
    page = client.get(reverse("mfa_authenticate")).content.decode()
    assert alicja.user.email not in page
    assert alicja.user.full_name not in page
    assert PASSWORD not in page
