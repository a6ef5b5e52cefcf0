"""Reading, rounding and writing amounts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.money import LARGEST_AMOUNT, format_money, format_quantity, parse_decimal, round_to_grosz

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1234.56", "1234.56"),
        (" 0,5 ", "0.5"),
        ("-5", "-5"),
        ("\u22125,10", "-5.10"),
        ("007", "7"),
        ("99999999999999,12345678", "99999999999999.12345678"),
        ("1,50000000000", "1.5"),
    ],
)
def test_number_is_read_as_people_type_it(typed: str, number: str) -> None:
    assert parse_decimal(typed) == Decimal(number)


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "-", ",", "1,", ",5", "1e5", "1E+2", "NaN", "Infinity", "-inf", "1_000", "0x10", "1,2,3", "1.234,56",
        "1,234.56", "--1", "+1", "5 zł", "١٢", "1\n2", "123456789012345", "1,123456789",
    ],
)  # fmt: skip
def test_anything_else_is_refused(typed: str) -> None:
    """No exponents, no NaN, no guesses which sign separates thousands, no more digits than FA(3) has."""
    with pytest.raises(ValueError, match=r"decimal number|digits"):
        parse_decimal(typed)


def test_places_can_be_fewer() -> None:
    assert parse_decimal("12,345678", places=6) == Decimal("12.345678")
    with pytest.raises(ValueError, match="digits"):
        parse_decimal("12,345", places=2)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.005", "0.01"),
        ("0.0049999", "0.00"),
        ("2.675", "2.68"),
        ("-0.005", "-0.01"),
        ("-0.004", "0.00"),
        ("1", "1.00"),
    ],
)
def test_half_a_grosz_goes_up(exact: str, rounded: str) -> None:
    """Art. 106e(11): half a grosz is rounded up, here away from zero, and never to a negative zero."""
    assert str(round_to_grosz(Decimal(exact))) == rounded


def test_amount_too_large_for_the_schema_is_refused() -> None:
    assert round_to_grosz(LARGEST_AMOUNT) == LARGEST_AMOUNT
    with pytest.raises(ValueError, match="16 digits"):
        round_to_grosz(LARGEST_AMOUNT + Decimal("0.005"))


@given(st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=8))
def test_rounding_agrees_with_fractions(amount: Decimal) -> None:
    grosze = floor(abs(Fraction(amount)) * 100 + Fraction(1, 2))
    assert Fraction(abs(round_to_grosz(amount))) == Fraction(grosze, 100)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0,00"),
        ("1234.5", "1\u00a0234,50"),
        ("1234567.895", "1\u00a0234\u00a0567,90"),
        ("-1234.56", "\u22121\u00a0234,56"),
        ("-0.001", "0,00"),
    ],
)
def test_money_is_written_the_polish_way(amount: str, text: str) -> None:
    assert format_money(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        ("1.000000", "1"),
        ("0.500", "0,5"),
        ("1E+3", "1\u00a0000"),
        ("-2.25", "\u22122,25"),
        ("-0.0", "0"),
        ("12.345678", "12,345678"),
    ],
)
def test_quantity_has_the_decimals_it_needs(quantity: str, text: str) -> None:
    assert format_quantity(Decimal(quantity)) == text


@given(st.decimals(min_value=Decimal("-1e13"), max_value=Decimal("1e13"), places=2))
def test_written_money_is_read_back(amount: Decimal) -> None:
    assert parse_decimal(format_money(amount)) == amount


@given(st.decimals(min_value=Decimal("-1e13"), max_value=Decimal("1e13"), places=8))
def test_written_quantity_is_read_back(quantity: Decimal) -> None:
    assert parse_decimal(format_quantity(quantity)) == quantity
