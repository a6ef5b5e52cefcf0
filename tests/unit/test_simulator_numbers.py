"""Reference numbers, KSeF numbers and check digits of the simulator (sections 0, 8 and 13.4)."""

import re
from datetime import date

import pytest

from ksef.simulator.numbers import crc8, has_valid_check_digit, new_ksef_number, new_reference

pytestmark = pytest.mark.unit

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    "number",
    [
        "5265877635-20250826-0100001AF629-AF",
        "5265877635-20250916-0200A0D6723E-C2",
        "5265877635-20250626-010080DD2B5E-26",
        "1111111111-IZ202607-65ED02180000-E7",
    ],
)
def test_checksum_of_published_numbers(number: str) -> None:
    """8: the vectors of the digest."""
    head, _, check = number.rpartition("-")
    assert f"{crc8(head.encode()):02X}" == check


def test_checksum_of_the_catalogue() -> None:
    """8: CRC-8/SMBUS of 123456789 is F4."""
    assert crc8(b"123456789") == 0xF4


def test_new_numbers_have_their_shape_and_differ() -> None:
    """0 and 8: 36 and 35 characters; no two alike."""
    references = {new_reference("SO", on=DAY) for _ in range(200)}
    assert len(references) == 200
    assert all(
        re.fullmatch(r"20261120-SO-[0-9A-F]{10}-[0-9A-F]{10}-[0-9A-F]{2}", text) for text in references
    )
    numbers = {new_ksef_number(seller="5265877635", on=DAY) for _ in range(200)}
    assert len(numbers) == 200
    assert all(re.fullmatch(r"5265877635-20261120-[0-9A-F]{12}-[0-9A-F]{2}", text) for text in numbers)
    assert all(f"{crc8(text[:32].encode()):02X}" == text[33:] for text in numbers)


@pytest.mark.parametrize(
    ("nip", "valid"),
    [
        ("5265877635", True),
        ("1234563218", True),
        ("1111111111", True),
        ("5265877636", False),
        ("1234567890", False),
        ("526587763", False),
        ("526587763a", False),
        # The remainder is 10, which no digit equals.
        ("1000000050", False),
    ],
)
def test_check_digit(nip: str, valid: bool) -> None:
    """13.4."""
    assert has_valid_check_digit(nip) is valid
