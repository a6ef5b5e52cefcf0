"""Redis dies under a running worker and comes back empty: nobody has to lend a hand."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from config.embedded import await_broker, prepare_broker
from invoices.domain.lifecycle import State
from invoices.models import OutboxEntry
from tests.builders import make_approved, reload
from tests.servers import start_worker
from tests.truth import assert_at_rest, assert_truth
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash

_LIMIT_SECONDS = 120.0


def test_redis_killed_under_a_worker_and_started_again(
    sender: Person, simulator: Simulator, tmp_path: Path
) -> None:
    """F32, F33: killed with a worker at rest; what is approved meanwhile waits; the beat rings when it is back."""
    log = tmp_path / "worker.log"
    broker = prepare_broker(tmp_path)
    process = broker.program.start()
    try:
        await_broker(broker, process)
        environment = {"REDIS_URL": broker.url, "OUTBOX_LEASE_SECONDS": "3", "DOUBT_SECONDS": "1"}
        with start_worker(simulator, log=log, beat=True, environment=environment) as worker:
            first = make_approved(sender)
            until(lambda: not OutboxEntry.objects.exists(), seconds=_LIMIT_SECONDS, why=log.read_text)
            process.send_signal(signal.SIGKILL)
            process.wait()
            later = [make_approved(sender) for _ in range(3)]
            until(lambda: "Connection" in log.read_text(), seconds=_LIMIT_SECONDS, why=log.read_text)
            assert {reload(sender, invoice).state for invoice in later} == {State.QUEUED}
            process = broker.program.start()
            await_broker(broker, process)
            until(lambda: not OutboxEntry.objects.exists(), seconds=_LIMIT_SECONDS, why=log.read_text)
            assert worker.poll() is None
    finally:
        broker.program.stop(process)
    assert {reload(sender, invoice).state for invoice in [first, *later]} == {State.ACCEPTED}
    assert_at_rest()
    assert_truth(simulator)
