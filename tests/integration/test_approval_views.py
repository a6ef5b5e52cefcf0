"""The clicks: each by right, each harmless when repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.models import InvoiceEvent, Submission
from invoices.services.drafting import save_draft
from roles.models import AuditEntry, Role
from tests.builders import draft, make_approved, make_draft, reload, run_outbox

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def address(person: Person, name: str, invoice: Invoice) -> str:
    return reverse(f"invoices:{name}", args=[person.company.slug, invoice.id])


def click(person: Person, name: str, invoice: Invoice) -> Answer:
    return person.client.post(address(person, name, invoice))


def events(person: Person) -> list[str]:
    with person.entered():
        return list(InvoiceEvent.objects.order_by("seq").values_list("type", flat=True))


def set_rights(person: Person, *rights: str) -> None:
    with person.entered() as actor:
        Role.objects.filter(name=actor.role).update(rights=list(rights))


def test_two_clicks_approve_once(people: People) -> None:
    """S90: one number, one event, the same page."""
    invoice = make_draft(people.cezary)
    for _click in range(2):
        response = click(people.cezary, "approve", invoice)
        assert response.headers["Location"] == address(people.cezary, "show", invoice)
    assert events(people.cezary) == ["approved"]
    assert reload(people.cezary, invoice).number.startswith("FV/1/")


def test_approving_needs_the_right(people: People) -> None:
    """S78: refused, logged, unchanged; the colleague with the right succeeds."""
    invoice = make_draft(people.cezary)
    set_rights(people.cezary, "view", "issue")
    assert click(people.cezary, "approve", invoice).status_code == 403
    assert click(people.zofia, "approve", invoice).status_code == 404
    with people.alicja.entered():
        assert AuditEntry.objects.get(action="refused").detail == {
            "what": "invoices:approve",
            "right": "approve",
        }
    assert reload(people.alicja, invoice).state == State.DRAFT
    assert click(people.alicja, "approve", invoice).status_code == 302
    assert reload(people.alicja, invoice).state == State.APPROVED


def test_what_is_missing_is_said_where_it_can_be_mended(people: People) -> None:
    """An incomplete draft stays a draft, and the person stands on its form."""
    with people.cezary.entered() as actor:
        invoice = save_draft(actor=actor, draft=draft())
    client = people.cezary.client
    response = client.post(address(people.cezary, "approve", invoice), follow=True)
    assert response.redirect_chain == [(address(people.cezary, "edit", invoice), 302)]
    assert "nie można jeszcze zatwierdzić" in response.content.decode()
    assert events(people.cezary) == []


def test_a_colleague_sends_what_another_approved(people: People, simulator: Simulator) -> None:
    """S83, S88, S90: beata sends once, however often she clicks; cezary may not."""
    invoice = make_approved(people.cezary)
    assert click(people.cezary, "send", invoice).status_code == 403
    assert events(people.cezary) == ["approved"]
    connect_with_self_signed_certificate(actor=people.beata.actor, company=people.beata.company)
    for _click in range(2):
        assert click(people.beata, "send", invoice).status_code == 302
    with people.beata.entered():
        assert Submission.objects.get().user_id == people.beata.user.id
    run_outbox()
    assert click(people.beata, "send", invoice).status_code == 302
    assert reload(people.beata, invoice).state == State.ACCEPTED
    assert len(simulator.ledger()) == 1


def test_sending_without_a_connection_says_so(people: People) -> None:
    """S63's spirit: nothing is queued, and the person reads what to do."""
    invoice = make_approved(people.cezary)
    response = people.beata.client.post(address(people.beata, "send", invoice), follow=True)
    assert "Najpierw połącz się z KSeF" in response.content.decode()
    assert reload(people.beata, invoice).state == State.APPROVED


def test_a_rejected_invoice_opens_once(people: People, simulator: Simulator) -> None:
    """Rejected becomes a draft under its number; a second click leads to the same form."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    simulator.control("POST", "clock", {"offset": -86_400 * 2})
    invoice = make_approved(people.alicja)
    run_outbox()
    simulator.control("POST", "clock", {"offset": 0})
    for _click in range(2):
        response = people.cezary.client.post(address(people.cezary, "reopen", invoice), follow=True)
        assert response.redirect_chain[-1][0] == address(people.cezary, "edit", invoice)
    assert events(people.cezary)[-2:] == ["rejected", "reopened"]
    assert reload(people.cezary, invoice).number == invoice.number


@pytest.mark.parametrize("name", ["approve", "send", "reopen"])
def test_looking_changes_nothing(people: People, name: str) -> None:
    """V23: no GET changes the database."""
    invoice = make_draft(people.alicja)
    assert people.alicja.client.get(address(people.alicja, name, invoice)).status_code == 405
    assert events(people.alicja) == []
