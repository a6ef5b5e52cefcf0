"""The arithmetic of an invoice against hand-counted cases and against exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoices.domain.vat import LineAmounts, LineInput, PriceMethod, VatRate, compute_line, compute_totals
from tests.snapshots import line_inputs

if TYPE_CHECKING:
    from random import Random

    from invoices.domain.vat import RateTotal, Totals

pytestmark = pytest.mark.unit

NET, GROSS = PriceMethod.NET, PriceMethod.GROSS


def _typed(quantity: str, price: str, rate: VatRate = VatRate.R23, *, discount: str = "0") -> LineInput:
    return LineInput(Decimal(quantity), Decimal(price), Decimal(discount), rate)


def _totals(lines: list[LineInput], method: PriceMethod) -> Totals:
    return compute_totals([(line.rate, compute_line(line, method)) for line in lines], method)


def _amounts(*texts: str) -> LineAmounts:
    return LineAmounts(*map(Decimal, texts))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (_typed("3", "9.99"), ("0.00", "29.97", "6.89", "36.86")),
        (_typed("3", "9.99", discount="10"), ("3.00", "26.97", "6.20", "33.17")),
        (_typed("1", "0.50", VatRate.R5), ("0.00", "0.50", "0.03", "0.53")),
        (_typed("0.333333", "0.01"), ("0.00", "0.00", "0.00", "0.00")),
        (_typed("2", "100", VatRate.EXEMPT), ("0.00", "200.00", "0.00", "200.00")),
        (_typed("2", "100", VatRate.R8, discount="100"), ("200.00", "0.00", "0.00", "0.00")),
    ],
)
def test_line_from_net_price(typed: LineInput, expected: tuple[str, ...]) -> None:
    """Art. 106e(1)(9)-(11); 0.025 of tax on 0.50 is half a grosz and goes up, where a bank would round to even."""
    assert compute_line(typed, NET) == _amounts(*expected)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (_typed("1", "100"), ("0.00", "81.30", "18.70", "100.00")),
        (_typed("3", "9.99", VatRate.R8), ("0.00", "27.75", "2.22", "29.97")),
        (_typed("1", "0.01"), ("0.00", "0.01", "0.00", "0.01")),
        (_typed("1", "123", discount="50"), ("61.50", "50.00", "11.50", "61.50")),
        (_typed("1", "50", VatRate.ZERO), ("0.00", "50.00", "0.00", "50.00")),
    ],
)
def test_line_from_gross_price(typed: LineInput, expected: tuple[str, ...]) -> None:
    """Art. 106e(7): the tax is gross x rate / (100 + rate)."""
    assert compute_line(typed, GROSS) == _amounts(*expected)


def test_tax_is_counted_from_the_sum_of_the_rate() -> None:
    """Art. 106e(1)(13)-(14): three lines of 0.33 make 0.23 of tax, though each alone makes 0.08."""
    totals = _totals([_typed("1", "0.33")] * 3, NET)
    assert (totals.net, totals.vat, totals.gross) == (Decimal("0.99"), Decimal("0.23"), Decimal("1.22"))


def test_figures_of_an_official_example() -> None:
    """FA(3) example 01 of the Ministry: 1666.66 at 23% and 0.95 at 5% make 383.33 and 0.05 of tax."""
    lines = [_typed("1", "1626.01"), _typed("1", "40.65"), _typed("1", "0.95", VatRate.R5)]
    totals = _totals(lines, NET)
    assert [(t.rate, t.net, t.vat) for t in totals.rates] == [
        (VatRate.R23, Decimal("1666.66"), Decimal("383.33")),
        (VatRate.R5, Decimal("0.95"), Decimal("0.05")),
    ]
    assert totals.gross == Decimal("2050.99")


def test_gross_method_keeps_what_the_buyer_pays() -> None:
    """Art. 106e(8): three articles of 9.99 cost 29.97, whatever the tax comes to."""
    totals = _totals([_typed("1", "9.99")] * 3, GROSS)
    assert (totals.gross, totals.vat, totals.net) == (Decimal("29.97"), Decimal("5.60"), Decimal("24.37"))


def test_nothing_adds_up_to_nothing() -> None:
    assert compute_totals([], NET).rates == ()
    assert compute_totals([], GROSS).gross == 0


def test_largest_numbers_stay_exact() -> None:
    """14 + 8 digits times 16 + 6 digits need 44: the usual 28 would lose grosze."""
    amounts = compute_line(_typed("9999999.999999", "99999999.99999999", VatRate.ZERO), NET)
    exact = Fraction("9999999.999999") * Fraction("99999999.99999999")
    assert Fraction(amounts.net) == Fraction(floor(exact * 100 + Fraction(1, 2)), 100)
    with pytest.raises(ValueError, match="16 digits"):
        compute_line(_typed("99999999999999", "99999999999999"), NET)


def test_rates_know_what_the_form_needs() -> None:
    assert [rate.label for rate in VatRate] == ["23%", "8%", "5%", "0%", "zw", "oo", "np I", "np II"]
    assert [rate for rate in VatRate if rate.needs_exemption_basis] == [VatRate.EXEMPT]
    assert [rate for rate in VatRate if rate.is_reverse_charge] == [
        VatRate.REVERSE,
        VatRate.OUTSIDE_EU_SERVICE,
    ]
    assert [rate for rate in VatRate if rate.percent is None] == list(VatRate)[4:]
    assert [method.label for method in PriceMethod] == ["od cen netto", "od cen brutto"]


methods = st.sampled_from(PriceMethod)


@given(st.lists(line_inputs, max_size=8), methods)
@settings(deadline=None)
def test_everything_adds_up(lines: list[LineInput], method: PriceMethod) -> None:
    """Net + VAT = gross on each line, in each rate and over all; the rates sum to the totals."""
    amounts = [compute_line(line, method) for line in lines]
    totals = compute_totals([(line.rate, a) for line, a in zip(lines, amounts, strict=True)], method)
    parts: list[LineAmounts | RateTotal | Totals] = [*amounts, *totals.rates, totals]
    for part in parts:
        assert part.net + part.vat == part.gross
        assert all(a == a.quantize(Decimal("0.01")) for a in (part.net, part.vat, part.gross))
    assert totals.net == sum(t.net for t in totals.rates)
    assert totals.vat == sum(t.vat for t in totals.rates)
    assert totals.gross == sum(t.gross for t in totals.rates)


@given(st.lists(line_inputs, min_size=1, max_size=8), methods, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_order_of_lines_does_not_matter(lines: list[LineInput], method: PriceMethod, random: Random) -> None:
    shuffled = lines.copy()
    random.shuffle(shuffled)
    assert _totals(shuffled, method) == _totals(lines, method)


@given(st.lists(line_inputs, min_size=1, max_size=8))
@settings(deadline=None)
def test_each_method_keeps_its_own_sums(lines: list[LineInput]) -> None:
    """From gross prices the gross of the lines is the gross of the invoice; from net prices the net is."""
    gross = [compute_line(line, GROSS) for line in lines]
    net = [compute_line(line, NET) for line in lines]
    assert _totals(lines, GROSS).gross == sum(a.gross for a in gross)
    assert _totals(lines, NET).net == sum(a.net for a in net)


@given(line_inputs, methods)
@settings(deadline=None)
def test_tax_is_within_half_a_grosz_of_the_exact_one(line: LineInput, method: PriceMethod) -> None:
    amounts = compute_line(line, method)
    percent = Fraction(line.rate.percent or 0)
    base, divisor = (amounts.net, 100) if method is NET else (amounts.gross, 100 + percent)
    assert abs(Fraction(amounts.vat) - Fraction(base) * percent / divisor) <= Fraction(1, 200)
    full = Fraction(line.quantity) * Fraction(line.unit_price)
    assert abs(Fraction(base + amounts.discount) - full) <= Fraction(1, 200)
