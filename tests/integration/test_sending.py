"""Sending to the simulator over HTTP: once, whatever fails on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import Event, State
from invoices.models import (
    UPO,
    Invoice,
    InvoiceDocument,
    InvoiceEvent,
    OutboxEntry,
    Submission,
    SubmissionAttempt,
)
from invoices.services.submission import submit_invoice
from ksef.upo import check_upo
from roles.models import Role
from tests.builders import make_approved, reload, run_outbox, run_outbox_later

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}


def event_types(person: Person) -> list[str]:
    with person.entered():
        return list(InvoiceEvent.objects.order_by("seq").values_list("type", flat=True))


def test_an_approved_invoice_arrives_with_number_and_receipt(connected: People, simulator: Simulator) -> None:
    """I3, S73: accepted with a KSeF number, the UPO speaks of our hash, and nothing stays in the queue."""
    invoice = make_approved(connected.alicja)
    run_outbox()
    invoice = reload(connected.alicja, invoice)
    assert invoice.state == State.ACCEPTED
    assert event_types(connected.alicja) == [
        Event.APPROVED,
        Event.QUEUED,
        Event.CLAIMED,
        Event.SUBMITTED,
        Event.ACCEPTED,
    ]
    with connected.alicja.entered():
        sha256 = bytes(InvoiceDocument.objects.get().sha256)
        check_upo(bytes(UPO.objects.get().xml), ksef_number=invoice.ksef_number, sha256=sha256)
    assert [(entry["ksefNumber"], entry["hashHex"]) for entry in simulator.ledger()] == [
        (invoice.ksef_number, sha256.hex())
    ]
    assert not OutboxEntry.objects.exists()


def test_two_invoices_share_one_session(connected: People) -> None:
    """The session stays open for the next invoice (ksef-protocol 4.4)."""
    make_approved(connected.alicja)
    make_approved(connected.alicja)
    run_outbox()
    with connected.alicja.entered():
        assert len(set(Submission.objects.values_list("session_reference", flat=True))) == 1


def test_answer_lost_after_acceptance_is_found_again(connected: People, simulator: Simulator) -> None:
    """F4: KSeF has it, we do not know: the session is read, the reference adopted, nothing posted twice."""
    simulator.fail({"match": POST, "times": 1, "action": "drop_after"})
    invoice = make_approved(connected.alicja)
    run_outbox()
    assert reload(connected.alicja, invoice).state == State.SENDING
    _run_until_accepted(connected.alicja, invoice)
    assert len(simulator.ledger()) == 1
    with connected.alicja.entered():
        assert SubmissionAttempt.objects.count() == 1


def test_request_lost_before_acceptance_is_posted_again(connected: People, simulator: Simulator) -> None:
    """F5: two reads show nothing, then the same bytes go out once more."""
    simulator.fail({"match": POST, "times": 1, "action": "drop_before"})
    invoice = make_approved(connected.alicja)
    run_outbox()
    assert reload(connected.alicja, invoice).state == State.SENDING
    _run_until_accepted(connected.alicja, invoice)
    assert len(simulator.ledger()) == 1
    with connected.alicja.entered():
        assert SubmissionAttempt.objects.count() == 2


def test_a_right_taken_away_while_queued_sends_nothing(connected: People, simulator: Simulator) -> None:
    """S79, F51: rights are asked again when the queued send runs."""
    invoice = make_approved(connected.alicja)
    with connected.alicja.entered():
        Role.objects.update(rights=["view"])
    run_outbox()
    assert reload(connected.alicja, invoice).state == State.APPROVED
    assert event_types(connected.alicja)[-1] == Event.WITHDRAWN
    assert simulator.ledger() == []


def test_somebody_who_may_sends_what_another_approved(connected: People, simulator: Simulator) -> None:
    """S88: the accountant sends the issuer's document, in her own name."""
    beata = connected.beata
    connect_with_self_signed_certificate(actor=beata.actor, company=beata.company)
    invoice = make_approved(connected.cezary)
    with beata.entered() as actor:
        submit_invoice(actor=actor, invoice_id=invoice.id)
        submit_invoice(actor=actor, invoice_id=invoice.id)  # S90
    run_outbox()
    assert reload(beata, invoice).state == State.ACCEPTED
    assert len(simulator.ledger()) == 1


def _run_until_accepted(person: Person, invoice: Invoice) -> None:
    run_outbox_later()
    run_outbox_later()
    assert reload(person, invoice).state == State.ACCEPTED
