"""Sending on demand ("Wyślij") of what a colleague approved, ended at every boundary in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from invoices.services.submission import submit_invoice
from tests.builders import make_approved
from tests.crash.sweep import End, Flow, sweep

if TYPE_CHECKING:
    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash


def submit(person: Person, invoice: Invoice) -> None:
    with person.entered() as actor:
        submit_invoice(actor=actor, invoice_id=invoice.id)


@pytest.mark.parametrize("end", End)
def test_sending_on_demand_survives_any_end(
    end: End, sender: Person, committed_people: People, simulator: Simulator
) -> None:
    """F1-F5, F34, S83, S88, I1-I6: clicked again after whatever end, it is one document in KSeF."""
    flow = Flow(lambda _sender: make_approved(committed_people.cezary), submit)
    passed = sweep(flow, end, person=sender, simulator=simulator)
    assert passed[:2] == ["before commit", "after commit"]  # The click itself.
    assert passed.count("after POST sessions/online/invoices") == 1
    assert passed.count("after commit") >= 15
