"""Corrections: which line follows from which, and what the difference of two sums is."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.corrections import pair_lines
from invoices.domain.vat import PriceMethod, VatRate, compute_totals, subtract_totals
from tests.snapshots import line_of

if TYPE_CHECKING:
    from invoices.domain.snapshot import Line
    from invoices.domain.vat import Totals

pytestmark = pytest.mark.unit

ROSE, TULIP, LILY = line_of("Róża"), line_of("Tulipan", price="20"), line_of("Lilia", price="30")


def totals_of(*lines: Line) -> Totals:
    return compute_totals([(line.rate, line.amounts) for line in lines], PriceMethod.NET)


def test_lines_of_the_same_name_belong_together() -> None:
    """Art. 106j: a line that goes, a new one, and those between keep their own."""
    dearer = line_of("Tulipan", price="25")
    assert pair_lines([ROSE, TULIP, LILY], [dearer, LILY]) == ((ROSE, None), (TULIP, dearer), (LILY, LILY))
    assert pair_lines([ROSE], [ROSE, TULIP]) == ((ROSE, ROSE), (None, TULIP))
    assert pair_lines([ROSE, TULIP], []) == ((ROSE, None), (TULIP, None))


def test_a_renamed_line_is_paired_with_what_it_was() -> None:
    renamed = line_of("Róża czerwona")
    assert pair_lines([ROSE, TULIP], [renamed, TULIP]) == ((ROSE, renamed), (TULIP, TULIP))


@given(st.lists(st.sampled_from([ROSE, TULIP, LILY])), st.lists(st.sampled_from([ROSE, TULIP, LILY])))
def test_every_line_stands_in_one_pair(before: list[Line], after: list[Line]) -> None:
    pairs = pair_lines(before, after)
    assert [was for was, _now in pairs if was] == before
    assert [now for _was, now in pairs if now] == after
    assert (None, None) not in pairs


def test_the_difference_names_each_rate_of_either_side() -> None:
    """Art. 106j: base and tax change rate by rate, down to zero where a rate goes."""
    before = totals_of(line_of(price="100"), line_of(price="50", rate=VatRate.R8))
    after = totals_of(line_of(price="80"), line_of(price="10", rate=VatRate.R5))
    difference = subtract_totals(after, before)
    assert [(total.rate, total.net, total.vat) for total in difference.rates] == [
        (VatRate.R23, Decimal("-20.00"), Decimal("-4.60")),
        (VatRate.R8, Decimal("-50.00"), Decimal("-4.00")),
        (VatRate.R5, Decimal("10.00"), Decimal("0.50")),
    ]
    assert (difference.net, difference.vat, difference.gross) == (
        Decimal("-60.00"),
        Decimal("-8.10"),
        Decimal("-68.10"),
    )
