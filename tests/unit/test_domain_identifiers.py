"""Check digits and shapes of tax numbers and bank accounts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.identifiers import (
    EU_COUNTRIES,
    format_account,
    is_valid_account,
    is_valid_eu_vat,
    is_valid_nip,
    normalise_account,
    normalise_eu_vat,
    normalise_nip,
)
from tests.snapshots import nips

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("typed", ["526-587-76-35", "PL5265877635", "pl 526 587 76 35", " 5265877635 "])
def test_nip_is_taken_as_people_write_it(typed: str) -> None:
    """Separators and the prefix say nothing."""
    assert normalise_nip(typed) == "5265877635"


@pytest.mark.parametrize(
    "nip",
    [
        "5265877634",  # wrong check digit
        "526587763",  # short
        "52658776355",  # long
        "0265877635",  # the schema wants a first digit from 1 to 9
        "5005877635",  # and not two zeros after it
        "526587763X",
        "٥265877635",  # digits of another script
        "",
    ],
)
def test_wrong_nip_is_refused(nip: str) -> None:
    assert not is_valid_nip(nip)


def test_remainder_ten_has_no_check_digit() -> None:
    """ksef-protocol 13.4: sum modulo 11 equal to 10 makes every last digit wrong."""
    heads = [head for head in range(123_456_700, 123_456_800) if not any(map(is_valid_nip, _ten(head)))]
    weights = (6, 5, 7, 2, 3, 4, 5, 6, 7)
    for head in heads:
        assert sum(w * int(d) for w, d in zip(weights, str(head), strict=True)) % 11 == 10
    assert heads


def _ten(head: int) -> list[str]:
    return [f"{head}{last}" for last in range(10)]


@given(nip=nips, place=st.integers(0, 9), step=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(nip: str, place: int, step: int) -> None:
    """A single mistyped digit never passes: no weight shares a factor with 11."""
    wrong = nip[:place] + str((int(nip[place]) + step) % 10) + nip[place + 1 :]
    assert is_valid_nip(nip)
    assert not is_valid_nip(wrong)


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("DE", "136695976"),
        ("AT", "U13585627"),
        ("EL", "094259216"),
        ("IE", "6433435F"),
        ("IE", "8D79739I"),
        ("NL", "004495445B01"),
        ("ES", "X5253868R"),
        ("XI", "GD001"),
        ("LT", "100001919017"),
        ("CY", "10259033P"),
    ],
)
def test_eu_number_has_its_national_shape(country: str, number: str) -> None:
    assert is_valid_eu_vat(country, number)
    assert is_valid_eu_vat(country, normalise_eu_vat(country=country, number=f"{country} {number}"))
    assert not is_valid_eu_vat(country, number + "00000")
    assert not is_valid_eu_vat(country, "")


def test_polish_number_is_never_an_eu_number() -> None:
    """Facts 5: a Polish NIP in the EU field passes KSeF and never reaches the buyer."""
    assert not is_valid_eu_vat("PL", "5265877635")
    assert "PL" not in EU_COUNTRIES
    assert len(EU_COUNTRIES) == 27


def test_every_listed_country_has_a_shape() -> None:
    for country in EU_COUNTRIES:
        assert not is_valid_eu_vat(country, "!"), country
        assert any(is_valid_eu_vat(country, sample) for sample in _SHAPES), country


_SHAPES = [
    *("1" * length for length in range(8, 13)),
    "U12345678", "12345678A", "1234567A", "123456789B01",
]  # fmt: skip


@pytest.mark.parametrize(
    "typed",
    ["61 1090 1014 0000 0712 1981 2874", "PL61109010140000071219812874", "61-1090-1014-0000-0712-1981-2874"],
)
def test_polish_account_keeps_26_digits(typed: str) -> None:
    account = normalise_account(typed)
    assert account == "61109010140000071219812874"
    assert is_valid_account(account)
    assert format_account(account) == "61 1090 1014 0000 0712 1981 2874"


def test_foreign_account_is_an_iban() -> None:
    account = normalise_account("de89 3704 0044 0532 0130 00")
    assert account == "DE89370400440532013000"
    assert is_valid_account(account)
    assert format_account(account) == "DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(
    "account",
    [
        "61109010140000071219812875",
        "DE89370400440532013001",
        "PL6110901014000007121981287",
        "1234567890",
        "",
        "GB",
    ],
)
def test_wrong_account_is_refused(account: str) -> None:
    assert not is_valid_account(account)
