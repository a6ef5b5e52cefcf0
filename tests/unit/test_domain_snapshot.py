"""What a snapshot refuses to be, and the words of its lists."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import datetime

import pytest

from invoices.domain.snapshot import BuyerKind, ExemptionKind, PaymentForm
from invoices.domain.vat import VatRate
from tests.snapshots import invoice_of, line_of

pytestmark = pytest.mark.unit


def test_exempt_line_needs_its_basis() -> None:
    """Art. 106e(1)(19)."""
    exempt = invoice_of([line_of(rate=VatRate.EXEMPT)])
    assert exempt.exemption is not None
    with pytest.raises(ValueError, match="legal basis"):
        invoice_of([line_of(rate=VatRate.EXEMPT)], exemption=None)


def test_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        invoice_of(created_at=datetime(2026, 11, 20))  # noqa: DTZ001 - the fault under test.


def test_snapshot_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        invoice_of().number = "FV/2/11/2026"  # type: ignore[misc]  # The fault under test.


def test_lists_have_polish_names() -> None:
    assert PaymentForm.TRANSFER.label == "przelew"
    assert [form.value for form in PaymentForm] == [1, 2, 3, 4, 5, 6, 7]
    labels = [member.label for kind in (PaymentForm, BuyerKind, ExemptionKind) for member in kind]
    assert len(set(labels)) == len(labels) == 14
