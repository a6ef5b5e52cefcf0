"""The daily watch: silent while all is well, and one alarm of ids for whatever does not hold."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.domain.numbering import NumberPattern
from invoices.models import NumberCounter
from invoices.services.approval import approve_invoice
from invoices.services.drafting import renumber_invoice
from invoices.services.submission import submit_invoice
from invoices.tasks import check_invariants
from tests.builders import make_approved, make_draft, make_exempt, reload, run_outbox, today
from tests.conftest import superuser_connection
from tests.environment import DATABASE
from tests.truth import breaches

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

# What only somebody beyond the portal could do: the rows are append-only, and its services keep the rules.
DAMAGE = {
    "UPDATE invoices_invoice SET state = 'queued' WHERE state = 'accepted'": {
        ("I6", "state_unexplained"),
        ("I2", "moved_by_nobody"),
    },
    "DELETE FROM invoices_invoiceevent WHERE type = 'claimed'": {("I6", "log_has_gap")},
    "DELETE FROM invoices_invoiceevent WHERE type = 'exempted'": {
        ("I6", "state_unexplained"),
    },
    "UPDATE invoices_invoicedocument SET xml = xml || '\\x20'::bytea": {("I4", "bytes_changed")},
    "UPDATE invoices_invoicedocument SET xml = '\\x20'::bytea, sha256 = sha256('\\x20'::bytea)": {
        ("I4", "hash_unexplained"),
        ("I3", "receipt_of_another"),
    },
    "UPDATE invoices_invoice SET ksef_number = 'no number' WHERE ksef_number <> ''": {
        ("I3", "number_unexplained"),
        ("I3", "receipt_of_another"),
    },
    "UPDATE invoices_invoice SET ksef_number = '' WHERE ksef_number <> ''": {
        ("I3", "number_unexplained"),
        ("I3", "accepted_without_number"),
        ("I3", "receipt_of_another"),
    },
    "UPDATE invoices_invoice SET ksef_number = (SELECT max(ksef_number) FROM invoices_invoice)"
    " WHERE state = 'queued'": {("I1", "number_shared"), ("I3", "number_unexplained")},
    "UPDATE invoices_upo SET sha256 = '\\x00'::bytea": {("I4", "receipt_changed")},
    "UPDATE invoices_upo SET xml = '\\x20'::bytea": {("I3", "receipt_of_another"), ("I4", "receipt_changed")},
    "DELETE FROM invoices_upo": {("I2", "receipt_not_asked_for")},
    "DELETE FROM invoices_outboxentry": {("I2", "not_in_queue")},
    "DELETE FROM invoices_submission WHERE closed_at IS NULL": {("I2", "moved_by_nobody")},
    "UPDATE invoices_outboxentry SET not_before = now() - interval '16 minutes'": {
        ("I2", "called_by_nobody")
    },
    "UPDATE invoices_invoice SET send_by = current_date - 2 WHERE state = 'queued'": {
        ("I2", "deadline_missed")
    },
    "UPDATE invoices_numbercounter SET last = last + 1": {("I5", "numbers_have_gap")},
    "DELETE FROM invoices_invoice WHERE state = 'exempt'": {("I5", "numbers_have_gap")},
}


@pytest.fixture
def world(committed_people: People, simulator: Simulator) -> People:
    """A draft, one approved, one exempt, one accepted with its receipt and one in the queue."""
    people = committed_people
    make_draft(people.alicja)
    sendable = make_approved(people.cezary)
    make_exempt(people.cezary)
    for person in (people.alicja, people.zofia):
        connect_with_self_signed_certificate(actor=person.actor, company=person.company)
    accepted = make_approved(people.alicja)
    make_approved(people.zofia)
    run_outbox()
    assert reload(people.alicja, accepted).state == State.ACCEPTED
    with people.alicja.entered() as actor:
        submit_invoice(actor=actor, invoice_id=sendable.id)
    return people


def as_superuser(statement: str) -> None:
    """Past all triggers and policies."""
    with superuser_connection(DATABASE) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())


def next_number(person: Person) -> str:
    with person.entered():
        counter = NumberCounter.objects.select_related("series").get()
    return NumberPattern.parse(counter.series.pattern).format(counter.last + 1, today())


def alarms(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    events: list[Any] = [record.msg for record in caplog.records if record.levelno == logging.ERROR]
    return [event for event in events if event["event"] == "an invariant does not hold"]


def test_all_is_well(world: People, caplog: pytest.LogCaptureFixture) -> None:
    """I1-I6: nothing is alarming about invoices at every stage of their life."""
    check_invariants()
    assert alarms(caplog) == []


def test_a_number_given_up_is_no_gap(world: People, simulator: Simulator) -> None:
    """F19, I5: another program's document bears it; the next approval goes on counting."""
    alicja = world.alicja
    simulator.control("POST", "invoices", {"seller": alicja.company.nip, "number": next_number(alicja)})
    taken = make_approved(alicja)
    run_outbox()
    with alicja.entered() as actor:
        renumber_invoice(actor=actor, invoice_id=taken.id)
    assert breaches(alicja.company.id) == []
    with alicja.entered() as actor:
        again = approve_invoice(actor=actor, invoice_id=taken.id)
    assert again.number != taken.number
    assert breaches(alicja.company.id) == []


@pytest.mark.parametrize("statement", DAMAGE)
def test_damage_is_an_alarm(statement: str, world: People, caplog: pytest.LogCaptureFixture) -> None:
    """I1-I6: whatever was done behind the portal's back is told by ids alone, with the company it concerns."""
    as_superuser(statement)
    # What a request of the test left bound to this thread is no fact of the beat's.
    structlog.contextvars.clear_contextvars()
    check_invariants()
    told = alarms(caplog)
    assert {(alarm["invariant"], alarm["fault"]) for alarm in told} == DAMAGE[statement]
    companies = {str(world.alicja.company.id), str(world.zofia.company.id)}
    for alarm in told:
        assert alarm["company"] in companies
        assert set(alarm) - {"event", "level", "logger", "timestamp"} == {
            "company",
            "invariant",
            "fault",
            "subject",
        }
