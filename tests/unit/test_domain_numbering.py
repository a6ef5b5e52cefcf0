"""Patterns of number series."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.numbering import BadPattern, NumberPattern, PatternFault

pytestmark = pytest.mark.unit

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("pattern", "number", "period"),
    [
        ("FV/{numer}/{miesiac}/{rok}", "FV/7/11/2026", "2026-11"),
        ("{rok}-{numer:4}", "2026-0007", "2026"),
        ("{numer}", "7", ""),
        ("FS {numer:6} / Kraków", "FS 000007 / Kraków", ""),
        ("  FV   {numer} ", "FV 7", ""),
    ],
)
def test_number_and_period_follow_the_pattern(pattern: str, number: str, period: str) -> None:
    """The counter starts again each month, each year or never, as the pattern can tell the periods apart."""
    parsed = NumberPattern.parse(pattern)
    assert parsed.format(7, DAY) == number
    assert parsed.period(DAY) == period


def test_padding_does_not_cut() -> None:
    assert NumberPattern.parse("{numer:2}").format(12345, DAY) == "12345"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", PatternFault.NUMBER_MISSING),
        ("FV/{rok}", PatternFault.NUMBER_MISSING),
        ("{numer}/{numer}", PatternFault.NUMBER_REPEATED),
        ("{numer}/{miesiac}", PatternFault.YEAR_MISSING),
        ("{numer}/{year}", PatternFault.UNKNOWN_TOKEN),
        ("{numer:0}", PatternFault.UNKNOWN_TOKEN),
        ("{numer:10}", PatternFault.UNKNOWN_TOKEN),
        ("{numer}/{rok:4}", PatternFault.UNKNOWN_TOKEN),
        ("{numer}}", PatternFault.UNKNOWN_TOKEN),
        ("{numer}\ufffe", PatternFault.FORBIDDEN_CHARACTER),
        ("x" * 248 + "{numer}", PatternFault.TOO_LONG),
    ],
)
def test_bad_pattern_says_why(pattern: str, reason: PatternFault) -> None:
    with pytest.raises(BadPattern) as raised:
        NumberPattern.parse(pattern)
    assert raised.value.reason is reason
    assert str(raised.value) == reason.label


def test_longest_pattern_still_fits_p_2() -> None:
    """P_2 holds 256 characters, however far the counter goes."""
    assert len(NumberPattern.parse("x" * 247 + "{numer}").format(999_999_999, DAY)) == 256


@pytest.mark.parametrize("sequence", [0, -1, 1_000_000_000])
def test_sequence_out_of_range_is_refused(sequence: int) -> None:
    with pytest.raises(ValueError, match="sequence"):
        NumberPattern.parse("{numer}").format(sequence, DAY)


patterns = st.sampled_from(
    [
        "{numer}",
        "{rok}{numer}",
        "{numer}{rok}",
        "{numer}{miesiac}{rok}",
        "{rok}{numer:3}{miesiac}",
        "1{numer}0",
    ]
).map(NumberPattern.parse)
slots = st.tuples(st.integers(1, 30_000), st.dates(date(2026, 1, 1), date(2035, 12, 31)))


@given(patterns, slots, slots)
def test_numbers_never_repeat(pattern: NumberPattern, one: tuple[int, date], other: tuple[int, date]) -> None:
    """KSeF status 440: equal numbers come only from the same place of the same period."""
    same_place = (pattern.period(one[1]), one[0]) == (pattern.period(other[1]), other[0])
    assert (pattern.format(*one) == pattern.format(*other)) == same_place
