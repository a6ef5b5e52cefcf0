"""KSeF numbers (ksef-protocol section 8)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksef.number import (
    CollectiveIdentifier,
    KSeFNumber,
    NotCollectiveIdentifier,
    NotKSeFNumber,
    crc8,
    is_valid_ksef_number,
)

pytestmark = pytest.mark.unit

WORKED_EXAMPLE = "5265877635-20250826-0100001AF629-AF"
VALID = (
    WORKED_EXAMPLE,
    "5265877635-20250916-0200A0D6723E-C2",
    "5265877635-20250626-010080DD2B5E-26",
)


@pytest.mark.parametrize("text", VALID)
def test_known_numbers_are_accepted_unchanged(text: str) -> None:
    """S90: the vectors of section 8."""
    assert KSeFNumber.parse(text) == text


def test_register_follows_the_worked_example() -> None:
    registers = "8B2670DCB29272DB9660E42C543500 90512E483C246B860BA1FE63EE513200AF".replace(" ", "")
    seen = "".join(f"{crc8(WORKED_EXAMPLE[:length].encode()):02X}" for length in range(1, 33))
    assert seen == registers


def test_crc_has_the_check_value_of_smbus_and_fits_the_collective_number() -> None:
    assert crc8(b"123456789") == 0xF4
    assert crc8(b"1111111111-IZ202607-65ED02180000") == 0xE7


def test_number_tells_seller_and_day() -> None:
    number = KSeFNumber.parse(WORKED_EXAMPLE)
    assert (number.seller_nip, number.accepted_on) == ("5265877635", date(2025, 8, 26))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1111111111-20260612-6310EC800000-DA",  # A documentation sample with a wrong checksum.
        WORKED_EXAMPLE.lower(),
        WORKED_EXAMPLE + "\n",
        " " + WORKED_EXAMPLE,
        "٥265877635-20250826-0100001AF629-AF",
        "0265877635-20250826-0100001AF629-AF",
    ],
)
def test_others_are_refused(text: str) -> None:
    assert not is_valid_ksef_number(text)


@pytest.mark.parametrize("day", ["20250231", "20251301", "20191231", "00000101"])
def test_impossible_days_are_refused_in_spite_of_a_right_checksum(day: str) -> None:
    body = f"5265877635-{day}-0100001AF629"
    with pytest.raises(NotKSeFNumber):
        KSeFNumber.parse(f"{body}-{crc8(body.encode()):02X}")


@given(
    position=st.integers(0, len(WORKED_EXAMPLE) - 1),
    character=st.one_of(st.sampled_from("0123456789ABCDEF-"), st.characters(exclude_categories=["Cs"])),
    text=st.sampled_from(VALID),
)
def test_any_changed_character_is_noticed(position: int, character: str, text: str) -> None:
    changed = text[:position] + character + text[position + 1 :]
    assert is_valid_ksef_number(changed) is (changed == text)


COLLECTIVE = "1111111111-IZ202607-65ED02180000-E7"


def test_collective_identifier_is_accepted_unchanged_and_tells_its_parts() -> None:
    """Section 8: the vector that has a right checksum."""
    identifier = CollectiveIdentifier.parse(COLLECTIVE)
    assert identifier == COLLECTIVE
    assert (identifier.seller_nip, identifier.created_in) == ("1111111111", (2026, 7))


@pytest.mark.parametrize(
    "text",
    [
        "",
        WORKED_EXAMPLE,
        "5265877635-IZ202606-65ED02180000-E7",  # A documentation sample with a wrong checksum.
        COLLECTIVE.lower(),
        COLLECTIVE + "\n",
        COLLECTIVE.replace("IZ", "ZI"),
    ],
)
def test_other_texts_are_no_collective_identifier(text: str) -> None:
    with pytest.raises(NotCollectiveIdentifier):
        CollectiveIdentifier.parse(text)


@pytest.mark.parametrize("month", ["202600", "202613", "201912", "000001"])
def test_impossible_months_are_refused_in_spite_of_a_right_checksum(month: str) -> None:
    body = f"1111111111-IZ{month}-65ED02180000"
    with pytest.raises(NotCollectiveIdentifier):
        CollectiveIdentifier.parse(f"{body}-{crc8(body.encode()):02X}")
