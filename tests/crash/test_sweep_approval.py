"""Approval with automatic sending, ended at every boundary in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from invoices.services.approval import approve_invoice
from tests.builders import make_draft
from tests.crash.sweep import End, Flow, sweep

if TYPE_CHECKING:
    from invoices.models import Invoice
    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash


def approve(person: Person, invoice: Invoice) -> None:
    with person.entered() as actor:
        approve_invoice(actor=actor, invoice_id=invoice.id)


@pytest.mark.parametrize("end", End)
def test_approval_and_sending_survive_any_end(end: End, sender: Person, simulator: Simulator) -> None:
    """F1-F5, F34, I1-I6: one number, one document in KSeF and one receipt, wherever it ended."""
    passed = sweep(Flow(make_draft, approve), end, person=sender, simulator=simulator)
    assert passed[:2] == ["before commit", "after commit"]  # The approval itself.
    assert [name for name in passed if name.startswith("after POST")] == [
        "after POST auth/token/refresh",
        "after POST sessions/online",
        "after POST sessions/online/invoices",
    ]
    assert passed[-2:] == ["before commit", "after commit"]  # The receipt is kept.
    assert passed.count("after commit") >= 15
