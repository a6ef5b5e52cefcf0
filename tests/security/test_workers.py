"""What reaches a worker: names and ids only, and a message decides nothing that the row does not say."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest
from kombu import Connection

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from config.celery import app
from invoices import tasks
from invoices.domain.lifecycle import State
from invoices.models import OutboxEntry
from tests.builders import make_approved, reload

if TYPE_CHECKING:
    from celery import Task

    from tests.people import People
    from tests.servers import Simulator

pytestmark = pytest.mark.security

# Sent by the beat; they find their work in the database.
WITHOUT_ARGUMENTS = {
    "accounts.tasks.raise_due_notices",
    "accounts.tasks.renew_due_access",
    "config.tasks.mark_worker_seen",
    "invoices.tasks.check_invariants",
    "invoices.tasks.dispatch_due",
    "invoices.tasks.schedule_checks",
    "invoices.tasks.watch_lighthouses",
}


def own_tasks() -> dict[str, Task[..., Any]]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_messages_are_json_and_nothing_is_answered() -> None:
    """V50: no pickle in either direction, and no store of results that could keep personal data."""
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result
    assert not app.conf.result_backend


def test_every_task_names_the_company_and_the_person() -> None:
    """V10: whoever reads the broker knows for whom a task runs; the beat's tasks carry nothing at all."""
    silent = {name for name, task in own_tasks().items() if not inspect.signature(task.run).parameters}
    assert silent == WITHOUT_ARGUMENTS
    for name, task in own_tasks().items():
        if name not in silent:
            assert list(inspect.signature(task.run).parameters)[:2] == ["company_id", "user_id"], name


def test_a_forged_message_works_in_the_company_of_its_row(people: People, simulator: Simulator) -> None:
    """V10: a message with another company and person moves the entry's own invoice, in its own user's name."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    invoice = make_approved(people.alicja)
    entry = OutboxEntry.objects.get()
    zofia = people.zofia
    tasks.run_entry(str(zofia.company.id), str(zofia.user.id), str(entry.id))
    sent = reload(people.alicja, invoice)
    assert sent.state == State.ACCEPTED
    assert sent.ksef_number.startswith(people.alicja.company.nip)


def test_a_message_for_a_row_that_is_not_there_does_nothing(people: People) -> None:
    """V10: an id that belongs to no entry, and a person without work."""
    invoice = make_approved(people.alicja)
    tasks.run_entry(str(people.alicja.company.id), str(people.alicja.user.id), str(invoice.id))
    tasks.resume_waiting(str(people.alicja.company.id), str(people.zofia.user.id))
    assert reload(people.alicja, invoice).state == State.APPROVED


def test_the_broker_holds_ids_only(committed_people: People, simulator: Simulator) -> None:
    """V11, V32: what an approval puts into Redis is three ids, and nothing else is kept there."""
    alicja = committed_people.alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    with Connection(app.conf.broker_url) as connection:
        queue = connection.SimpleQueue("celery")
        queue.clear()
        make_approved(alicja)
        message = queue.get(timeout=10)
        message.ack()
        arguments, keywords, _embedded = message.payload
        entry = OutboxEntry.objects.get()
        assert arguments == [str(alicja.company.id), str(alicja.user.id), str(entry.id)]
        assert keywords == {}
        assert alicja.company.nip not in json.dumps(message.headers)
