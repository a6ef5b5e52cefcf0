"""The state in the database is the fold of the events beside it, whichever services made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import Event, IllegalTransition, State, fold
from invoices.models import Invoice, InvoiceEvent
from invoices.services._transition import apply_event, lock_invoice
from invoices.services.submission import submit_invoice
from roles.models import Role
from tests.builders import make_approved, make_draft, reload, run_outbox

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def states(person: Person) -> set[str]:
    """The states of all invoices, each proved to be the fold of its log without a gap."""
    with person.entered():
        for invoice in Invoice.objects.all():
            log = list(InvoiceEvent.objects.filter(invoice_id=invoice.id).order_by("seq"))
            assert [event.seq for event in log] == list(range(1, len(log) + 1))
            assert fold(Event(event.type) for event in log) == invoice.state
        return set(Invoice.objects.values_list("state", flat=True))


def test_every_invoice_is_the_fold_of_its_events(people: People, simulator: Simulator) -> None:
    """I1: drafts, approved, queued, accepted, withdrawn ones."""
    make_draft(people.alicja)
    make_approved(people.cezary)
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    make_approved(people.alicja)
    run_outbox()
    late = make_approved(people.alicja)
    assert states(people.alicja) == {State.DRAFT, State.APPROVED, State.ACCEPTED, State.QUEUED}
    with people.alicja.entered():
        Role.objects.update(rights=["view"])
    run_outbox()
    assert reload(people.alicja, late).state == State.APPROVED
    assert states(people.alicja) == {State.DRAFT, State.APPROVED, State.ACCEPTED}


def test_an_illegal_event_writes_nothing(people: People) -> None:
    """I1: neither the event nor the state, for every event that may not follow."""
    invoice = make_draft(people.alicja)
    with people.alicja.entered() as actor:
        for event in Event:
            if event not in {Event.APPROVED, Event.EXEMPTED}:
                with pytest.raises(IllegalTransition):
                    apply_event(lock_invoice(invoice.id), event, actor_id=actor.user_id)
        assert InvoiceEvent.objects.count() == 0
    assert states(people.alicja) == {State.DRAFT}


def test_asking_twice_adds_no_second_event(people: People, simulator: Simulator) -> None:
    """S90: "Wyślij" clicked twice is one event in the log."""
    connect_with_self_signed_certificate(actor=people.beata.actor, company=people.beata.company)
    invoice = make_approved(people.cezary)
    for _click in range(2):
        with people.beata.entered() as actor:
            submit_invoice(actor=actor, invoice_id=invoice.id)
    with people.beata.entered():
        types = list(InvoiceEvent.objects.order_by("seq").values_list("type", flat=True))
    assert types == [Event.APPROVED, Event.QUEUED]
    assert states(people.beata) == {State.QUEUED}
