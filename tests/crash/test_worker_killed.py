"""A worker killed at every named point of sending: after restart the invoice is accepted exactly once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
import redis

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices import outbox
from invoices.domain.lifecycle import Event, State
from invoices.models import UPO, Batch, InvoiceEvent
from tests.builders import make_approved, reload
from tests.queue import age_queue
from tests.servers import start_worker
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash

_LIMIT_SECONDS = 60.0
_QUICK = {"OUTBOX_LEASE_SECONDS": "2", "DOUBT_SECONDS": "1"}


@pytest.fixture
def alicja(committed_people: People, simulator: Simulator, settings: Settings) -> Person:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    return alicja


def await_truth(
    holds: Callable[[], bool], *, log: Path, between: Callable[[], object] = lambda: None
) -> None:
    """Wait for what another process brings about, nudging it each time it has not."""

    def holds_now() -> bool:
        if holds():
            return True
        between()
        return False

    until(holds_now, seconds=_LIMIT_SECONDS, why=lambda: log.read_text()[-4000:])


def has_receipt(person: Person, invoice: Invoice) -> bool:
    with person.entered():
        return UPO.objects.filter(invoice_id=invoice.id).exists()


@pytest.mark.parametrize(
    "failpoint", ["send.before_post", "send.after_post", "send.after_reference", "poll.after_status"]
)
def test_a_killed_worker_neither_loses_nor_doubles(
    failpoint: str, alicja: Person, simulator: Simulator, tmp_path: Path
) -> None:
    """F1, F2, F3, I1: killed by SIGKILL at the point, resumed by another worker from the rows alone."""
    log = tmp_path / "worker.log"
    invoice = make_approved(alicja)
    with start_worker(simulator, log=log, environment={"FAILPOINT": f"{failpoint}:kill", **_QUICK}) as worker:
        await_truth(lambda: worker.poll() is not None, log=log, between=outbox.wake_due)
        assert worker.returncode == -signal.SIGKILL
    assert reload(alicja, invoice).state == State.SENDING

    with start_worker(simulator, log=log, environment=_QUICK):
        await_truth(lambda: has_receipt(alicja, invoice), log=log, between=outbox.wake_due)
    accepted = reload(alicja, invoice)
    assert accepted.state == State.ACCEPTED
    assert [entry["ksefNumber"] for entry in simulator.ledger()] == [accepted.ksef_number]
    assert len(simulator.control("GET", "ledger")["received"]) == 1
    with alicja.entered():
        assert InvoiceEvent.objects.filter(type=Event.ACCEPTED).count() == 1


def test_redis_emptied_while_ten_invoices_wait(
    alicja: Person, simulator: Simulator, tmp_path: Path, settings: Settings
) -> None:
    """F32: the doorbells are gone, the rows are not: the beat's sweep finds all ten."""
    invoices = [make_approved(alicja) for _ in range(10)]
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    log = tmp_path / "worker.log"
    with start_worker(simulator, log=log, beat=True, environment=_QUICK):
        await_truth(lambda: all(has_receipt(alicja, invoice) for invoice in invoices), log=log)
    assert {reload(alicja, invoice).state for invoice in invoices} == {State.ACCEPTED}
    assert len(simulator.ledger()) == len(simulator.control("GET", "ledger")["received"]) == 10


@pytest.mark.parametrize(
    "failpoint",
    ["batch.before_open", "batch.after_open", "batch.part", "batch.before_close", "batch.after_close"],
)
def test_a_worker_killed_in_mid_package_neither_loses_nor_doubles(
    failpoint: str, alicja: Person, simulator: Simulator, tmp_path: Path
) -> None:
    """F22, F23, F24, I1: killed by SIGKILL at the point; another worker brings the same package to its end."""
    log = tmp_path / "worker.log"
    invoices = [make_approved(alicja) for _ in range(4)]
    age_queue()
    crowd = {"BATCH_FROM": "2", "BATCH_PART_BYTES": "400", "VAR_DIR": str(tmp_path), **_QUICK}
    with start_worker(simulator, log=log, environment={"FAILPOINT": f"{failpoint}:kill", **crowd}) as worker:
        await_truth(lambda: worker.poll() is not None, log=log, between=outbox.wake_due)
        assert worker.returncode == -signal.SIGKILL
    assert {reload(alicja, invoice).state for invoice in invoices} == {State.SENDING}

    with start_worker(simulator, log=log, environment=crowd):
        await_truth(
            lambda: all(has_receipt(alicja, invoice) for invoice in invoices),
            log=log,
            between=outbox.wake_due,
        )
    assert {reload(alicja, invoice).state for invoice in invoices} == {State.ACCEPTED}
    assert len(simulator.ledger()) == len(simulator.control("GET", "ledger")["received"]) == 4
    with alicja.entered():
        [batch] = Batch.objects.all()
        assert InvoiceEvent.objects.filter(type=Event.ACCEPTED).count() == 4
    # Only an opening whose answer was lost leaves a session behind, and that one is empty.
    assert len(batch.abandoned) == (failpoint == "batch.after_open")
