"""One-time codes against RFC 6238, guessable passwords, names of browsers."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.password_validation import CommonPasswordValidator
from hypothesis import given
from hypothesis import strategies as st

from accounts.identity.domain.browsers import name_browser
from accounts.identity.domain.passwords import is_guessable
from accounts.identity.domain.totp import code_at, find_step, in_groups, new_seed, otpauth_url

pytestmark = pytest.mark.unit

SEED = base64.b32encode(b"12345678901234567890").decode()
COMMON = CommonPasswordValidator().passwords


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    """RFC 6238, appendix B: eight digits there, of which the last six are ours."""
    at = datetime.fromtimestamp(second, UTC)
    assert code_at(SEED, second // 30) == code[2:]
    assert find_step(SEED, code[2:], at=at) == second // 30


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**40))
def test_another_implementation_counts_the_same(key: bytes, step: int) -> None:
    """Every app has to show what we expect: allauth's arithmetic is the witness."""
    seed = base64.b32encode(key).decode()
    assert code_at(seed, step) == format_hotp_value(hotp_value(seed, step))


def test_a_code_is_good_for_its_neighbours_only() -> None:
    """A clock may be half a minute wrong, not more."""
    at = datetime(2026, 11, 25, 12, 0, 15, tzinfo=UTC)
    now = int(at.timestamp()) // 30
    taken = [offset for offset in range(-4, 5) if find_step(SEED, code_at(SEED, now + offset), at=at)]
    assert taken == [-1, 0, 1]
    for nonsense in ("", "12345", "1234567", "ąęśćżź", "½½½½½½"):
        assert find_step(SEED, nonsense, at=at) is None


def test_the_qr_code_tells_the_app_everything() -> None:
    """The Key URI format: issuer twice, seed, account; at signs and spaces escaped."""
    seed = new_seed()
    url = urlsplit(otpauth_url(seed, account="ala+1@example.test", issuer="Kwit"))
    assert (url.scheme, url.netloc, url.path) == ("otpauth", "totp", "/Kwit:ala%2B1%40example.test")
    assert parse_qs(url.query) == {"secret": [seed], "issuer": ["Kwit"]}
    assert len(base64.b32decode(seed)) == 20
    assert in_groups(seed).replace(" ", "") == seed
    assert {len(group) for group in in_groups(seed).split()} == {4}


@pytest.mark.parametrize(
    "password",
    [
        *("password2026!", "Dragon!2026", "!!qwerty!!12", "Monkey-1234"),
        *("qwertyuiop", "1234567890", "asdfghjkl;".replace(";", "zxcvb"), "abcdefghijkl"),
        *("aaaaaaaaaaaa", "abababababab", "123123123123"),
    ],
)
def test_what_everybody_tries_is_guessable(password: str) -> None:
    """V22: a common word with a year, a walk over the keyboard, a few characters over and over."""
    assert is_guessable(password, common=COMMON)


@pytest.mark.parametrize(
    "password",
    [
        *("poprawny kon bateria zszywka", "pokaz-kwitu-2026", "kanarek-hasla-zofii-2026"),
        *("bez cyfr i bez wielkich liter", "zażółć gęślą jaźń", "dragon8473625104", "x7Gq-vW2p-Lm9z"),
        "password-of-the-plumber-from-poznan",
    ],
)
def test_length_and_rarity_are_enough(password: str) -> None:
    """V22: no composition rules."""
    assert not is_guessable(password, common=COMMON)


@given(st.text(max_size=200))
def test_any_text_is_judged(password: str) -> None:
    """Nothing that is typed breaks the judge."""
    assert is_guessable(password, common=COMMON) in {True, False}


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_has_a_name_its_owner_knows(agent: str, name: str) -> None:
    """The list of sessions says "Firefox, Windows", not what the browser says of itself."""
    assert name_browser(agent) == name
