"""Accidents on the way to KSeF and back: bytes cut, sliced, late or reset; the document arrives once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from invoices.domain.lifecycle import State
from invoices.models import Submission, SubmissionAttempt
from tests.builders import make_approved, reload, run_outbox, run_outbox_later
from tests.truth import assert_at_rest, assert_truth
from tests.wire import Toxic, Wire, start_wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

POST = rb"^POST /v2/sessions/online/[^/]+/invoices "


@pytest.fixture
def wire(connected: People, simulator: Simulator, settings: Settings) -> Iterator[Wire]:
    """A bad line, over which the portal now speaks with the simulator."""
    settings.KSEF_TIMEOUT = 1
    with start_wire(simulator.url) as wire:
        settings.KSEF_ADDRESSES = {**settings.KSEF_ADDRESSES, "simulator": (f"{wire.url}/v2", simulator.url)}
        yield wire


def in_doubt(person: Person) -> bool:
    with person.entered():
        submission = Submission.objects.get()
    return bool(submission.session_reference) and not submission.reference


@pytest.mark.parametrize(
    ("toxic", "arrives"),
    [
        (Toxic(POST, request_bytes=2048), False),
        (Toxic(POST, request_bytes=1), False),
        (Toxic(POST, answer_bytes=10), True),
        (Toxic(POST, answer_bytes=170), True),
        (Toxic(POST, latency=3), True),
        (Toxic(POST, slice_bytes=16, latency=0.3), True),
    ],
    ids=["cut-at-2-kB", "cut-at-1-byte", "answer-cut-in-head", "answer-cut", "answer-late", "answer-drips"],
)
def test_a_post_with_a_spoiled_end_is_a_doubt_that_resolves(
    toxic: Toxic, arrives: bool, connected: People, simulator: Simulator, wire: Wire
) -> None:
    """F4, F5, F6, F7, I1: neither failed nor sent; what arrived is adopted, what did not goes once more."""
    alicja = connected.alicja
    toxic = wire.spoil(replace(toxic))
    invoice = make_approved(alicja)
    run_outbox()
    assert toxic.met == 1
    assert reload(alicja, invoice).state == State.SENDING
    assert in_doubt(alicja)
    assert len(simulator.control("GET", "ledger")["received"]) == arrives
    run_outbox_later()
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(simulator.control("GET", "ledger")["received"]) == 1
    with alicja.entered():
        assert SubmissionAttempt.objects.count() == (1 if arrives else 2)
    assert_at_rest()
    assert_truth(simulator)


@pytest.mark.parametrize("fault", ["html", "html_after", "garbled", "status", "status_after", "truncate"])
def test_a_gateway_that_speaks_for_ksef_proves_nothing(
    fault: str, connected: People, simulator: Simulator
) -> None:
    """F7, F10: a page, a 502 or half a JSON in KSeF's stead: the document is looked for, not given up."""
    alicja = connected.alicja
    status = {"status": 502} if fault.startswith("status") else {}
    match = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}
    simulator.fail({"match": match, "action": fault, **status})
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.SENDING
    run_outbox_later()
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(simulator.control("GET", "ledger")["received"]) == 1
    assert_at_rest()
    assert_truth(simulator)


def test_every_call_over_a_slow_line_in_small_pieces(
    connected: People, simulator: Simulator, wire: Wire, settings: Settings
) -> None:
    """F7, F11: late answers in slices are answers; nothing is doubted and nothing sent twice."""
    settings.KSEF_TIMEOUT = 10
    alicja = connected.alicja
    slow = wire.spoil(Toxic(b"", times=100, latency=0.002, slice_bytes=128))
    invoice = make_approved(alicja)
    run_outbox()
    assert slow.met >= 5
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(simulator.control("GET", "ledger")["received"]) == 1
    assert_at_rest()
