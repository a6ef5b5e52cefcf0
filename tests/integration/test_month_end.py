"""The end of the month: one company's thousands and the others' single invoices, within KSeF's limits."""

from __future__ import annotations

import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.models import UPO, Batch, Invoice, OutboxEntry, RateAllowance
from invoices.services import sending
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft
from tests.builders import draft, make_approved, make_contractor, reload
from tests.queue import own_clock, run_queue

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

# More than a page of outcomes; `make bench` asks for ten thousand, and to be told what it took.
MANY = int(os.environ.get("MONTH_END", "1100"))


def approve_many(person: Person, count: int) -> None:
    """As the bulk action does it, each invoice by itself."""
    contractor = make_contractor(person)
    content = draft(contractor_id=contractor.id)
    for _ in range(count):
        with person.entered() as actor:
            saved = save_draft(actor=actor, draft=content)
            approve_invoice(actor=actor, invoice_id=saved.id)


def count_accepted(person: Person) -> int:
    with person.entered():
        return Invoice.objects.filter(state=State.ACCEPTED).count()


@dataclass(slots=True)
class Run:
    """What a month-end took: real seconds of work, seconds on KSeF's clock, and how the others fared."""

    worked: float = 0.0
    passed: float = 0.0
    # Of each single invoice of the others: turns of the worker until it was on its way, and seconds.
    turns: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


def drain(many: Person, few: Person, simulator: Simulator, *, count: int) -> Run:
    """One worker does all there is, while somebody of another company sends one invoice after the other."""
    run, longest = Run(), 0.0
    begun = time.monotonic()
    with own_clock(simulator) as clock:
        clock.wait(6)
        while count_accepted(many) < count:
            single, asked = make_approved(few), time.monotonic()
            turns = 0
            while reload(few, single).state == State.QUEUED:
                assert sending.run_next()
                turns += 1
            run.turns.append(turns)
            # In the worst case the worker had just begun with the longest piece of the others' work.
            run.waits.append(time.monotonic() - asked + longest)
            piece = time.monotonic()
            is_idle = not sending.run_next()
            longest = max(longest, time.monotonic() - piece)
            if is_idle:
                clock.wait_for_work()
        while OutboxEntry.objects.exists():
            run_queue()
            clock.wait_for_work()
        run.passed = clock.passed
    run.worked = time.monotonic() - begun
    return run


def test_thousands_of_one_company_and_single_ones_of_another(
    connected: People, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """F48, I7, I9: all arrive within minutes of KSeF's clock, no 429, and the others wait for one turn at most."""
    alicja, zofia = connected.alicja, connected.zofia
    connect_with_self_signed_certificate(actor=zofia.actor, company=zofia.company)
    simulator.control("POST", "options", {"rate_limits": True})
    approve_many(alicja, MANY)
    run = drain(alicja, zofia, simulator, count=MANY)
    if "MONTH_END" in os.environ:
        sys.stdout.write(
            f"\n{MANY} invoices of one company as packages: {run.worked:.0f} s of one worker's time,"
            f" {run.passed:.0f} s on KSeF's clock; single ones of another wait {statistics.median(run.waits):.1f} s"
            f" at the median, {max(run.waits):.1f} s at most\n"
        )
    with alicja.entered():
        assert UPO.objects.count() == MANY
        assert sum(batch.accepted_count for batch in Batch.objects.all()) == MANY
    assert len(simulator.ledger()) == MANY + len(run.waits)
    assert run.passed < 5 * 60
    # One piece of the many may come before it, and no more.
    assert max(run.turns) <= 2
    assert len(run.waits) >= 4
    assert max(run.waits) < 60
    assert not [record for record in caplog.records if "coming too soon" in str(record.msg)]
    assert not RateAllowance.objects.filter(is_stale=True).exists()
