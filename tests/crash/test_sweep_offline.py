"""A document that midnight made an offline one, ended at every boundary in turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from invoices.domain.lifecycle import Mode
from invoices.models import Invoice
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft
from tests.builders import draft, make_contractor, today
from tests.crash.sweep import End, Flow, sweep

if TYPE_CHECKING:
    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash

_DAY = timedelta(days=1)


def make_draft_of_yesterday(person: Person) -> Invoice:
    contractor = make_contractor(person)
    with person.entered() as actor:
        dated = replace(draft(contractor_id=contractor.id), issue_date=today() - _DAY)
        return save_draft(actor=actor, draft=dated)


def approve_yesterday(person: Person, invoice: Invoice) -> None:
    with person.entered() as actor:
        approve_invoice(actor=actor, invoice_id=invoice.id, now=timezone.now() - _DAY)


@pytest.mark.parametrize("end", End)
def test_offline_sending_survives_any_end(end: End, sender: Person, simulator: Simulator) -> None:
    """F1-F5, F34, F50, I1-I6: one document, sent as offline however often it had to begin again."""
    passed = sweep(Flow(make_draft_of_yesterday, approve_yesterday), end, person=sender, simulator=simulator)
    assert passed.count("after POST sessions/online/invoices") == 1
    assert {entry["mode"] for entry in simulator.ledger()} == {"Offline"}
    with sender.entered():
        assert set(Invoice.objects.values_list("mode", flat=True)) == {Mode.OFFLINE24}
