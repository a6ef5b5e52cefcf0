"""How often somebody may guess, whoever guesses and from wherever; and that guessing tells nothing (V20)."""

from __future__ import annotations

import os
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.identity.services.limits import TooManyTries, count_try
from tests.factors import PASSWORD, give_password, half_logged_in, log_in, set_up_phone
from tests.people import make_people
from tests.servers import start_web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from accounts.models import User
    from tests.people import People
    from tests.servers import Simulator

pytestmark = [pytest.mark.security, pytest.mark.django_db]

TRIES = 50
TIMED = int(os.environ.get("TIMED_TRIES", "0"))
TOO_MANY = re.compile(r"Zbyt wiele|Too Many")
PROXY = "192.0.2.1"


def try_password(user: User | str, password: str, **extra: Any) -> Any:
    email = user if isinstance(user, str) else user.email
    return Client().post(reverse("account_login"), {"login": email, "password": password}, **extra)


def is_refused(answer: Any) -> bool:
    return answer.status_code != 302 and bool(TOO_MANY.search(answer.content.decode()))


@contextmanager
def portal_of_two_processes(simulator: Simulator, directory: Path, **variables: str) -> Iterator[str]:
    environment = {
        "WEB_CONCURRENCY": "2",
        "BEHIND_PROXY": "true",
        "EMAIL_URL": f"filemail:///{directory / 'mail'}",
        **variables,
    }
    with start_web(simulator, log=directory / "web.log", environment=environment) as url:
        yield url


class Browser:
    """Sends one form many times at once, as no browser would."""

    def __init__(self, url: str, path: str, *, cookies: dict[str, str] | None = None) -> None:
        self.url, self.path = url, path
        first = httpx.get(url + path, cookies=cookies or {}, headers={"x-forwarded-for": PROXY}, timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', first.text)
        assert token is not None, first.text
        self.token = token[1]
        self.cookies = {**(cookies or {}), **dict(first.cookies.items())}

    def post(self, number: int, form: dict[str, str]) -> httpx.Response:
        # Each from another place: the limit of the account is the only one that they meet together.
        return httpx.post(
            self.url + self.path,
            data={**form, "csrfmiddlewaretoken": self.token},
            cookies=self.cookies,
            headers={"x-forwarded-for": f"198.51.100.{number}"},
            timeout=60,
        )

    def post_all(self, forms: list[dict[str, str]]) -> list[httpx.Response]:
        with ThreadPoolExecutor(len(forms)) as pool:
            return list(pool.map(self.post, range(len(forms)), forms))


@pytest.mark.django_db(transaction=True)
def test_fifty_tries_at_once_are_five(simulator: Simulator, tmp_path: Path) -> None:
    """V20: passwords, codes and reset letters of one account, from fifty places, on two processes at once."""
    people = make_people()
    alicja, beata = people.alicja.user, people.beata.user
    give_password(alicja)
    half = half_logged_in(beata)
    with portal_of_two_processes(simulator, tmp_path) as url:
        log_ins = Browser(url, reverse("account_login"))
        answers = log_ins.post_all([{"login": alicja.email, "password": f"zle-{n}"} for n in range(TRIES)])
        assert 1 <= sum(not is_refused_page(answer) for answer in answers) <= 5
        # The right one comes too late.
        late = log_ins.post(99, {"login": alicja.email, "password": PASSWORD})
        assert is_refused_page(late)

        cookie = {"session": half.cookies["session"].value}
        codes = Browser(url, reverse("mfa_authenticate"), cookies=cookie)
        answers = codes.post_all([{"code": f"{n:06}"} for n in range(TRIES)])
        assert {answer.status_code for answer in answers} == {200}
        assert 1 <= sum(not is_refused_page(answer) for answer in answers) <= 5

        letters = Browser(url, reverse("account_reset_password"))
        letters.post_all([{"email": alicja.email}] * TRIES)
        assert 1 <= len(list((tmp_path / "mail").glob("*"))) <= 5


def is_refused_page(answer: httpx.Response) -> bool:
    return answer.status_code in {200, 429} and bool(TOO_MANY.search(answer.text))


def test_ten_failures_from_one_address_close_it(people: People) -> None:
    """V20: whatever accounts they are spread over; another address is not held up, and a made-up header is no help."""
    give_password(people.alicja.user)
    place: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.5"}
    for number in range(10):
        assert not is_refused(try_password(f"ktos{number}@example.test", "zle", **place))
    assert is_refused(try_password(people.alicja.user, PASSWORD, **place))
    spoofed: dict[str, Any] = {"headers": {"x-forwarded-for": "198.51.100.77", "x-real-ip": "198.51.100.77"}}
    assert is_refused(try_password(people.alicja.user, PASSWORD, **place, **spoofed))
    assert try_password(people.alicja.user, PASSWORD, REMOTE_ADDR="203.0.113.6").status_code == 302


def test_behind_a_proxy_its_word_counts_and_no_other(people: People, settings: Settings) -> None:
    """V20: the last entry is the proxy's; what stands before it came from whoever asks."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    give_password(people.alicja.user)

    def seen(spoofed: str, real: str) -> dict[str, Any]:
        return {"REMOTE_ADDR": PROXY, "headers": {"x-forwarded-for": f"{spoofed}, {real}"}}

    for number in range(10):
        answer = try_password(
            f"ktos{number}@example.test", "zle", **seen(f"198.51.100.{number}", "203.0.113.5")
        )
        assert not is_refused(answer)
    assert is_refused(try_password(people.alicja.user, PASSWORD, **seen("198.51.100.99", "203.0.113.5")))
    answer = try_password(people.alicja.user, PASSWORD, **seen("203.0.113.5", "203.0.113.6"))
    assert answer.status_code == 302


def test_an_own_success_wipes_out_no_failure(people: People) -> None:
    """V20: whoever guesses at others and logs in as oneself in between gains no further guess."""
    alicja, beata = people.alicja.user, people.beata.user
    give_password(beata)
    phone = set_up_phone(log_in(beata))
    give_password(alicja)
    place: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.5"}
    for number in range(9):
        assert not is_refused(try_password(f"ktos{number}@example.test", "zle", **place))
    own = log_in(beata, **place)
    assert own.post(reverse("mfa_authenticate"), {"code": phone.code()}, **place).status_code == 302
    assert not is_refused(try_password("ktos9@example.test", "zle", **place))
    assert is_refused(try_password(alicja, PASSWORD, **place))


@pytest.mark.parametrize("way", ["password", "code"])
def test_a_confirmation_is_limited_as_well(people: People, way: str) -> None:
    """V20, V21: from a stolen session five guesses in five minutes, then the right one is refused too."""
    alicja = people.alicja.user
    give_password(alicja)
    client = log_in(alicja)
    phone = set_up_phone(client)
    url = reverse("account_reauthenticate")
    wrong, right = {
        "password": ("zle-haslo", PASSWORD),
        "code": (phone.wrong_code(), phone.code()),
    }[way]
    for _ in range(5):
        answer = client.post(url, {way: wrong})
        assert (answer.status_code, is_refused(answer)) == (200, False)
    assert is_refused(client.post(url, {way: right}))


def test_limits_survive_redis_and_are_kept_for_invitations(db: None, settings: Settings) -> None:
    """V20: the counter is in the database; what invites people has its own, ready to be asked."""
    request = RequestFactory().post("/", REMOTE_ADDR="203.0.113.9")
    for _ in range(4):
        count_try(request, action="invite", account="nowa@example.test")
    take_back = count_try(request, action="invite", account="nowa@example.test")
    with pytest.raises(TooManyTries):
        count_try(request, action="invite", account="nowa@example.test")
    take_back()
    count_try(request, action="invite", account="nowa@example.test")
    assert settings.CACHES["default"]["BACKEND"].endswith("db.DatabaseCache")
    assert settings.CACHES["default"]["OPTIONS"]["MAX_ENTRIES"] >= 50_000


def neutral(answer: Any, *emails: str) -> str:
    text = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", answer.content.decode())
    for email in emails:
        text = text.replace(email, "E-MAIL")
    return text


FORMS: dict[str, dict[str, str]] = {
    "account_login": {"login": "{email}", "password": "nie-to-haslo-nigdy"},
    "account_reset_password": {"email": "{email}"},
    "account_signup": {
        "email": "{email}",
        "full_name": "Nowa Osoba",
        "password1": PASSWORD,
        "password2": PASSWORD,
    },
}


def send(name: str, email: str) -> Any:
    form = {field: value.format(email=email) for field, value in FORMS[name].items()}
    return Client().post(reverse(name), form)


@pytest.mark.parametrize("name", FORMS)
def test_the_answer_is_the_same_for_known_and_unknown(people: People, settings: Settings, name: str) -> None:
    """V20: status, address and text, where addresses are confirmed by mail; the mailbox alone learns the truth."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    give_password(people.alicja.user)
    known, unknown = people.alicja.user.email, "nikt@example.test"
    answers = [send(name, email) for email in (known, unknown)]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].headers.get("Location") == answers[1].headers.get("Location")
    assert neutral(answers[0], known) == neutral(answers[1], unknown)
    if name != "account_login":
        assert sorted(address for letter in mail.outbox for address in letter.to) == sorted([known, unknown])


def ask_in_turn(known: str, *, name: str, tries: int, clock: Callable[[], float]) -> list[list[float]]:
    """What the answers cost by this clock, for the known address and for unknown ones."""
    costs: list[list[float]] = [[], []]
    for number in range(tries):
        for which, email in enumerate((known, f"nikt{number}@example.test")):
            cache.clear()
            begun = clock()
            send(name, email)
            costs[which].append(clock() - begun)
    return costs


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_the_answer_is_as_much_work(people: People, settings: Settings, name: str) -> None:
    """V20: a password is hashed for the known and the unknown: the work of the processor, however busy it is.

    Without the hash one way would be a tenth of the other.
    """
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    give_password(people.alicja.user)
    costs = ask_in_turn(people.alicja.user.email, name=name, tries=5, clock=time.process_time)
    known, unknown = map(min, costs)
    assert 1 / 2 < known / unknown < 2, costs


def test_a_reset_is_answered_after_half_a_second(people: People) -> None:
    """V20: its two ways differ by queries only; both answers wait for the same moment."""
    give_password(people.alicja.user)
    costs = ask_in_turn(
        people.alicja.user.email, name="account_reset_password", tries=2, clock=time.monotonic
    )
    assert min(map(min, costs)) >= 0.5


@pytest.mark.skipif(TIMED == 0, reason="`make bench` measures times, on a machine that does nothing else")
@pytest.mark.parametrize("name", FORMS)
def test_the_answer_takes_as_long(people: People, settings: Settings, name: str) -> None:
    """V20: two hundred tries of each cannot be told apart."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    give_password(people.alicja.user)
    costs = ask_in_turn(people.alicja.user.email, name=name, tries=TIMED, clock=time.perf_counter)
    assert chance_of_equals(*costs) > 0.05, [statistics.quantiles(some) for some in costs]


def chance_of_equals(ones: list[float], others: list[float]) -> float:
    """Mann and Whitney: how likely two samples of one kind would differ at least as much as these do."""
    wins = sum((one > other) + (one == other) / 2 for one in ones for other in others)
    pairs = len(ones) * len(others)
    deviation = (pairs * (len(ones) + len(others) + 1) / 12) ** 0.5
    return 2 * (1 - statistics.NormalDist().cdf(abs(wins - pairs / 2) / deviation))
