"""Passkeys: a proof fits one challenge, purpose, place and person, and whatever else is sent fails (V17-V19)."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.identity.services import passkeys
from tests.factors import give_password, log_in, to_setup
from tests.security.rows import all_seeing
from tests.soft_key import SoftKey

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.people import People, Person

pytestmark = [pytest.mark.security, pytest.mark.django_db]


@pytest.fixture
def alicja(people: People, settings: Settings) -> Person:
    settings.MFA_REQUIRED = True
    give_password(people.alicja.user)
    return people.alicja


def browser() -> Client:
    """Where keys work: a place with a name."""
    return Client(headers={"host": "localhost"})


def options(client: Client, purpose: str) -> dict[str, Any]:
    answer = client.post(reverse("passkey_challenge", args=[purpose]))
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def add_key(client: Client, key: SoftKey, *, name: str = "klucz") -> Any:
    answer = key.create(options(client, "dodanie"))
    return client.post(reverse("add_passkey"), {"name": name, "credential": answer})


def with_key(person: Person, key: SoftKey) -> Client:
    client = log_in(person.user, client=browser())
    assert add_key(client, key).status_code == 302
    return client


def is_in(client: Client, person: Person) -> bool:
    return bool(client.get(reverse("dashboard", args=[person.company.slug])).status_code == 200)


def log_in_by_key(person: Person, key: SoftKey, client: Client | None = None) -> Client:
    client = client or browser()
    answer = key.get(options(client, "logowanie"), handle=person.user.id)
    client.post(reverse("passkey_login"), {"credential": answer})
    return client


def test_a_key_opens_what_it_should(alicja: Person) -> None:
    """V17: as the second step, alone, and as a confirmation."""
    key = SoftKey()
    client = with_key(alicja, key)
    assert is_in(client, alicja)
    half = log_in(alicja.user, client=browser())
    assert not is_in(half, alicja)
    half.post(reverse("mfa_authenticate"), {"credential": key.get(options(half, "drugi-krok"))})
    assert is_in(half, alicja)
    assert is_in(log_in_by_key(alicja, key), alicja)
    answer = client.post(
        reverse("account_reauthenticate"), {"credential": key.get(options(client, "potwierdzenie"))}
    )
    assert answer.headers["Location"] == reverse("account")


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        ("another place", {"place": "evil.example"}),
        ("another origin", {"origin": "http://evil.example"}),
        ("a name that begins like ours", {"origin": "https://localhost.evil.example"}),
        ("nobody verified", {"is_user_verified": False}),
        ("another credential", {"credential_id": b"x" * 24}),
        ("another private key", {"private_key": SoftKey().private_key}),
    ],
)
def test_a_proof_that_does_not_fit_opens_nothing(alicja: Person, fault: str, changes: dict[str, Any]) -> None:
    """V17: of another place, by another key, without its owner; then the right one still works."""
    key = SoftKey()
    with_key(alicja, key)
    right = {name: getattr(key, name) for name in changes}
    for name, value in changes.items():
        setattr(key, name, value)
    assert not is_in(log_in_by_key(alicja, key), alicja), fault
    for name, value in right.items():
        setattr(key, name, value)
    assert is_in(log_in_by_key(alicja, key), alicja)


def test_a_challenge_is_good_once_for_one_purpose(alicja: Person) -> None:
    """V18: an answer cannot be sent again, nor for something else than it was given for."""
    key = SoftKey()
    with_key(alicja, key)
    client = browser()
    answer = key.get(options(client, "logowanie"), handle=alicja.user.id)
    client.post(reverse("passkey_login"), {"credential": answer})
    assert is_in(client, alicja)
    client.post(reverse("account_logout"))
    client.post(reverse("passkey_login"), {"credential": answer})
    assert not is_in(client, alicja)
    # A challenge for the log-in page answered on the page of the second step.
    half = log_in(alicja.user, client=browser())
    stray = key.get(options(half, "logowanie"), handle=alicja.user.id)
    half.post(reverse("mfa_authenticate"), {"credential": stray})
    assert not is_in(half, alicja)


def test_a_key_of_one_person_is_nobody_elses(people: People, alicja: Person) -> None:
    """V17, V19: by another handle, on another account, or as a row moved over to it."""
    zofia, key, hers = people.zofia, SoftKey(), SoftKey()
    give_password(zofia.user)
    with_key(alicja, key)
    with_key(zofia, hers)
    assert not is_in(log_in_by_key(zofia, key), zofia)
    half = log_in(zofia.user, client=browser())
    half.post(reverse("mfa_authenticate"), {"credential": key.get(options(half, "drugi-krok"))})
    assert not is_in(half, zofia)
    row = Authenticator.objects.get(user=alicja.user, type="webauthn")
    Authenticator.objects.filter(user=zofia.user, type="webauthn").update(data=row.data)
    assert not is_in(log_in_by_key(zofia, key), zofia)
    assert not is_in(log_in_by_key(zofia, hers), zofia)


def test_a_copy_of_a_key_is_noticed(alicja: Person) -> None:
    """WebAuthn 6.1.1: the count grows with each use; a copy that lags behind is refused."""
    key = SoftKey(count=4)
    with_key(alicja, key)
    assert is_in(log_in_by_key(alicja, key), alicja)
    assert not is_in(log_in_by_key(alicja, key), alicja)
    key.count = 3
    assert not is_in(log_in_by_key(alicja, key), alicja)
    key.count = 5
    assert is_in(log_in_by_key(alicja, key), alicja)


def test_nothing_of_a_key_stands_in_the_dump(alicja: Person) -> None:
    """V19: what a key leaves here is sealed: who can read the table learns nothing, who can write it adds no key."""
    key = SoftKey()
    client = log_in(alicja.user, client=browser())
    answer = key.create(options(client, "dodanie"))
    client.post(reverse("add_passkey"), {"name": "klucz", "credential": answer})
    with all_seeing() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator WHERE type = 'webauthn'")
        (stored,) = cursor.fetchone()
    point = key.private_key.public_key().public_numbers()
    for secret in (key.credential_id, point.x.to_bytes(32), point.y.to_bytes(32)):
        for form in (secret.hex(), json.loads(answer)["id"]):
            assert form not in stored
    data = json.loads(stored)
    assert set(data) == {"key", "name", "credential", "count"}


def test_keys_are_named_and_removed_by_their_owner_only(people: People, alicja: Person) -> None:
    """V1, V6: an address names a key by a random id; a stranger's key is as unknown as none."""
    client = with_key(alicja, SoftKey())
    row = Authenticator.objects.get(user=alicja.user, type="webauthn")
    url = reverse("edit_passkey", args=[row.data["key"]])
    assert f"/{row.pk}/" not in url
    for form in ({"name": "przejęty"}, {"action": "remove"}):
        assert people.zofia.client.post(url, form).status_code == 404
    assert client.post(url, {"name": "Telefon"}).status_code == 302
    assert "Telefon" in client.get(reverse("account")).content.decode()
    assert client.post(url, {"action": "remove"}).status_code == 302
    assert not Authenticator.objects.filter(user=alicja.user).exists()
    wanted = reverse("dashboard", args=[alicja.company.slug])
    assert client.get(wanted).headers["Location"] == to_setup(wanted)


def test_one_device_gives_one_key_to_a_person(alicja: Person) -> None:
    """The browser is told which keys are there already; one that comes all the same is not added twice."""
    key = SoftKey()
    client = with_key(alicja, key)
    offered = options(client, "dodanie")["publicKey"]
    (excluded,) = offered["excludeCredentials"]
    assert excluded["id"] == json.loads(key.create({"publicKey": offered}))["id"]
    assert add_key(client, key).status_code == 200
    assert Authenticator.objects.filter(user=alicja.user, type="webauthn").count() == 1


def test_challenges_are_for_those_whom_they_concern(alicja: Person) -> None:
    """V17: no challenge of an account without its password, none to add a key without a confirmation."""
    stranger = browser()
    for purpose in ("dodanie", "potwierdzenie", "drugi-krok"):
        assert stranger.post(reverse("passkey_challenge", args=[purpose])).status_code == 403
    assert stranger.post(reverse("passkey_challenge", args=["cokolwiek"])).status_code == 404
    assert options(stranger, "logowanie")["publicKey"].get("allowCredentials") is None
    client = Client(headers={"host": "localhost"})
    client.force_login(alicja.user)
    assert client.post(reverse("passkey_challenge", args=["dodanie"])).status_code == 403


@pytest.mark.parametrize(
    ("host", "is_secure", "expected"),
    [
        ("kwit.example", True, True),
        ("kwit.example", False, False),
        ("kwit.example:8443", True, True),
        ("localhost:8000", False, True),
        ("127.0.0.1:8000", False, False),
        ("192.0.2.7", True, False),
        ("[::1]:8000", True, False),
    ],
)
def test_keys_are_offered_where_browsers_give_them(
    rf: Any, host: str, is_secure: bool, expected: bool
) -> None:
    """A page that cannot have keys says so instead of failing at the button."""
    request = rf.get("/", headers={"host": host}, secure=is_secure)
    request.get_host = lambda: host
    assert passkeys.are_possible(request) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=10,
)
SHAPED = st.fixed_dictionaries(
    {"id": st.text(max_size=8), "rawId": st.text(max_size=8), "type": st.just("public-key")},
    optional={
        "response": st.dictionaries(
            st.sampled_from(
                ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
            ),
            st.text(alphabet="ABCabc019_-=", max_size=60),
        )
        | JSON
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.one_of(JSON, SHAPED).map(json.dumps) | st.text(max_size=50))
def test_whatever_is_sent_as_an_answer_fails_quietly(rf: Any, answer: str) -> None:
    """V42's spirit: no answer of any shape is an error of ours, and none opens anything."""
    request = rf.post("/", headers={"host": "localhost"})
    for purpose in (passkeys.Purpose.LOG_IN, passkeys.Purpose.ADD):
        state = {"challenge": "AAAA", "user_verification": "required"}
        request.session = {"passkey_challenge": {"purpose": purpose, "at": 4e9, "state": state}}
        use = (
            partial(passkeys._register, request, answer)
            if purpose is passkeys.Purpose.ADD
            else partial(passkeys.prove, request, purpose, user_id=None, answer=answer)
        )
        with pytest.raises(passkeys.NotProven):
            use()
