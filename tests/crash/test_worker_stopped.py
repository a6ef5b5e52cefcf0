"""A worker that is stopped, asked to end or given rubbish: the lease and the fencing number decide."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest
import redis
from celery import current_app
from kombu import Connection

from invoices import outbox
from invoices.domain.lifecycle import Event, State
from invoices.models import InvoiceEvent, OutboxEntry, Submission, SubmissionAttempt
from tests.builders import make_approved, reload
from tests.crash.bells import ring
from tests.servers import Simulator, start_worker
from tests.truth import assert_at_rest, assert_truth
from tests.waiting import until
from tests.wire import Toxic, start_wire

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.people import Person

pytestmark = pytest.mark.crash

_LIMIT_SECONDS = 120.0
_QUICK = {"OUTBOX_LEASE_SECONDS": "3", "DOUBT_SECONDS": "1"}
_POST = rb"^POST /v2/sessions/online/[^/]+/invoices "
POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}


def is_posting(person: Person) -> bool:
    """The attempt is written down, and its answer is not."""
    ring()
    with person.entered():
        return SubmissionAttempt.objects.filter(result="").exists()


def is_done() -> bool:
    ring()
    return not OutboxEntry.objects.exists()


def test_a_worker_that_wakes_after_its_lease_writes_nothing(
    sender: Person, simulator: Simulator, tmp_path: Path
) -> None:
    """F39: stopped in the middle of its POST, overtaken, awake again: one 200, one 440 of the same bytes, one
    accepted document, and nothing written by the one that came late.
    """
    first_log, second_log = tmp_path / "first.log", tmp_path / "second.log"
    with start_wire(simulator.url) as wire:
        release = threading.Event()
        held = wire.spoil(Toxic(_POST, hold=release))
        invoice = make_approved(sender)
        with start_worker(Simulator(wire.url), log=first_log, environment=_QUICK) as first:
            until(lambda: is_posting(sender), seconds=_LIMIT_SECONDS, why=first_log.read_text)
            os.killpg(first.pid, signal.SIGSTOP)
            with start_worker(simulator, log=second_log, environment=_QUICK):
                until(is_done, seconds=_LIMIT_SECONDS, why=second_log.read_text)
                release.set()
                until(
                    lambda: len(simulator.control("GET", "ledger")["received"]) == 2,
                    seconds=_LIMIT_SECONDS,
                    why=second_log.read_text,
                )
                os.killpg(first.pid, signal.SIGCONT)
                until(
                    lambda: "another worker took over" in first_log.read_text(),
                    seconds=_LIMIT_SECONDS,
                    why=first_log.read_text,
                )
    assert held.met == 1
    assert sorted(entry["code"] for entry in simulator.control("GET", "ledger")["received"]) == [200, 440]
    assert reload(sender, invoice).state == State.ACCEPTED
    with sender.entered():
        assert InvoiceEvent.objects.filter(type=Event.SUBMITTED).count() == 1
    assert_at_rest()
    assert_truth(simulator)


def test_a_worker_asked_to_end_finishes_what_it_sends(
    sender: Person, simulator: Simulator, tmp_path: Path
) -> None:
    """F41: SIGTERM in the middle of a POST: the attempt is finished, the next worker does the rest."""
    log = tmp_path / "worker.log"
    simulator.fail({"match": POST, "action": "delay_after", "seconds": 2})
    invoices = [make_approved(sender) for _ in range(3)]
    with start_worker(simulator, log=log, environment=_QUICK) as worker:
        until(lambda: is_posting(sender), seconds=_LIMIT_SECONDS, why=log.read_text)
        worker.send_signal(signal.SIGTERM)
        worker.wait(_LIMIT_SECONDS)
    assert worker.returncode == 0
    with sender.entered():
        assert not SubmissionAttempt.objects.filter(result="").exists()
        assert Submission.objects.exclude(reference="").exists()
    with start_worker(simulator, log=log, environment=_QUICK):
        until(is_done, seconds=_LIMIT_SECONDS, why=log.read_text)
    assert {reload(sender, invoice).state for invoice in invoices} == {State.ACCEPTED}
    assert len(simulator.control("GET", "ledger")["received"]) == 3
    assert_at_rest()
    assert_truth(simulator)


def test_messages_twice_and_without_sense_stop_nobody(
    sender: Person, simulator: Simulator, tmp_path: Path, settings: Settings
) -> None:
    """F40: each bell rung ten times, tasks nobody knows, arguments that are none, a pickle: the queue goes on."""
    log = tmp_path / "worker.log"
    _send_rubbish(settings.REDIS_URL)
    invoices = [make_approved(sender) for _ in range(3)]
    for _ring in range(10):
        outbox.wake_due()
    _send_rubbish(settings.REDIS_URL)
    broker = redis.Redis.from_url(settings.REDIS_URL)
    with start_worker(simulator, log=log, environment=_QUICK) as worker:
        until(is_done, seconds=_LIMIT_SECONDS, why=log.read_text)
        until(lambda: broker.llen("celery") == 0, seconds=_LIMIT_SECONDS, why=log.read_text)
        assert worker.poll() is None
    assert {reload(sender, invoice).state for invoice in invoices} == {State.ACCEPTED}
    assert len(simulator.control("GET", "ledger")["received"]) == 3
    assert_at_rest()
    assert_truth(simulator)


def _send_rubbish(redis_url: str) -> None:
    nonsense: tuple[list[object], ...] = (["no uuid"] * 3, [], [{}, {}, {}])
    for arguments in nonsense:
        current_app.send_task("invoices.tasks.run_entry", args=arguments)
    current_app.send_task("invoices.tasks.of_next_year")
    with Connection(redis_url) as connection, connection.SimpleQueue("celery") as queue:
        queue.put(b"\x80\x04K*.", content_type="application/x-python-serialize", content_encoding="binary")
        queue.put("neither headers nor task", serializer="json")
