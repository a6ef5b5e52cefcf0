"""Fetching the UPO, ended at every boundary in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from invoices.domain.lifecycle import State
from invoices.models import OutboxEntry
from invoices.services import sending
from tests.builders import make_approved, reload
from tests.crash.sweep import End, Flow, sweep

if TYPE_CHECKING:
    from invoices.models import Invoice
    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash


def make_accepted(person: Person) -> Invoice:
    """Accepted, and the receipt not yet asked for."""
    invoice = make_approved(person)
    sending.run_entry(OutboxEntry.objects.get().id)
    assert reload(person, invoice).state == State.ACCEPTED
    return invoice


def wait(person: Person, invoice: Invoice) -> None:
    """The receipt comes without anybody's doing."""


@pytest.mark.parametrize("end", End)
def test_fetching_the_receipt_survives_any_end(end: End, sender: Person, simulator: Simulator) -> None:
    """F3, F27, F34, I3: accepted stays accepted, and the receipt is kept once."""
    passed = sweep(Flow(make_accepted, wait), end, person=sender, simulator=simulator)
    assert [name for name in passed if name.startswith("after") and name != "after commit"] == [
        "after POST auth/token/refresh",
        "after GET sessions/invoices/ksef/upo",
    ]
