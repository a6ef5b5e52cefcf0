"""The demo's seed: a past that the simulator really accepted, built once."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.domain.identifiers import is_valid_account, is_valid_nip
from accounts.models import Company, User
from accounts.selectors import DEMO_PEOPLE, find_connection, find_demo_user
from invoices.domain.calendar import warsaw_date
from invoices.domain.lifecycle import State
from invoices.models import (
    UPO,
    Contractor,
    Invoice,
    InvoiceDocument,
    InvoiceEvent,
    OutboxEntry,
    ReceivedDocument,
)
from invoices.services import demo_seed, receiving
from invoices.services.demo_seed import seed_demo
from invoices.services.demo_world import PASSWORD
from ksef.exchange.invoices import SubjectType
from ksef.number import KSeFNumber
from roles.models import Membership
from tests.builders import run_outbox
from tests.people import Person

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def person(name: str) -> Person:
    user = find_demo_user(name)
    assert user is not None
    return Person(user, Membership.objects.select_related("company").get(user=user).company)


def test_a_past_that_really_happened(transactional_db: None, simulator: Simulator) -> None:
    """Built once, whole and true; a second run leaves it alone. One test, for living through months takes long."""
    assert seed_demo(now=timezone.now(), days_back=60)
    check_past_invoices(simulator)
    check_there_is_something_to_do()
    check_connections()
    check_second_run()
    check_costs_come_with_the_first_login()
    # The simulator has its time and its pace again, and so has this process.
    assert simulator.control("GET", "clock")["offset"] == 0
    assert simulator.control("GET", "options")["processing"] == 0.05
    assert timezone.now.__module__ == "django.utils.timezone"


def check_past_invoices(simulator: Simulator) -> None:
    """S13, I3: KSeF number, event and UPO are of the day of issue; the simulator's ledger has the same bytes."""
    ledger = {entry["ksefNumber"]: entry["hash"] for entry in simulator.ledger()}
    for name in ("alicja", "zofia"):
        with person(name).entered():
            accepted = list(Invoice.objects.filter(state=State.ACCEPTED))
            assert accepted
            for invoice in accepted:
                document = InvoiceDocument.objects.get(invoice_id=invoice.id)
                event = InvoiceEvent.objects.get(invoice_id=invoice.id, type="accepted")
                assert KSeFNumber.parse(invoice.ksef_number).accepted_on == invoice.issue_date
                assert warsaw_date(event.at) == invoice.issue_date
                assert ledger[invoice.ksef_number] == base64.b64encode(bytes(document.sha256)).decode()
                assert UPO.objects.filter(invoice_id=invoice.id).exists()
    assert not OutboxEntry.objects.exists()


def check_there_is_something_to_do() -> None:
    """One rejected, one that waits for somebody who may send, drafts; and everybody of the demo may log in."""
    with person("alicja").entered():
        states = list(Invoice.objects.values_list("state", flat=True))
        rejection = InvoiceEvent.objects.get(type="rejected")
        contractors = list(Contractor.objects.all())
    assert (states.count("rejected"), states.count("approved"), states.count("draft")) == (1, 1, 2)
    assert rejection.data["code"] == 440
    assert {"domestic", "consumer"} <= {buyer.kind for buyer in contractors}
    assert all(is_valid_nip(buyer.tax_id) for buyer in contractors if buyer.kind == "domestic")
    for company in Company.objects.all():
        assert is_valid_nip(company.nip)
        assert is_valid_account(company.bank_account)
    users = {user.email: user for user in User.objects.all()}
    assert all(users[demo.email].check_password(PASSWORD) for demo in DEMO_PEOPLE)


def check_connections() -> None:
    """S52, S53: who may send has a credential of their own; cezary has none."""
    connected = {}
    for demo in DEMO_PEOPLE:
        with person(demo.url_value).entered() as actor:
            connection = find_connection(actor=actor, environment="simulator")
            connected[demo.url_value] = connection is not None
    assert connected == {"alicja": True, "beata": True, "cezary": False, "zofia": True}


def check_second_run() -> None:
    """Nothing comes back that a person has deleted: the demo is theirs now."""
    alicja = person("alicja")
    with alicja.entered():
        Invoice.objects.filter(state=State.DRAFT).delete()
        before = list(Invoice.objects.order_by("id").values_list("id", "version", "state"))
    assert not seed_demo(now=timezone.now(), days_back=60)
    with alicja.entered():
        assert list(Invoice.objects.order_by("id").values_list("id", "version", "state")) == before


def check_costs_come_with_the_first_login() -> None:
    """S101: what others have sent is there for alicja, and none of it is zofia's (C1)."""
    for name, count in (("alicja", True), ("zofia", False)):
        receiving.check_at_login(company_id=person(name).company.id, user_id=person(name).user.id)
        run_outbox()
        with person(name).entered():
            costs = ReceivedDocument.objects.filter(role=SubjectType.BUYER)
            assert costs.exists() == count
            assert not ReceivedDocument.objects.filter(role=SubjectType.SELLER).exclude(
                seller_nip=person(name).company.nip
            )
            assert all(is_valid_nip(cost.seller_nip) for cost in costs)


def test_interrupted_it_goes_on(
    transactional_db: None, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No past sale is issued twice: only what lacks the last mark, today's work, comes again."""
    seed_demo(now=timezone.now(), days_back=20)
    alicja = person("alicja")
    with alicja.entered():
        before = Invoice.objects.count()
    monkeypatch.setattr(demo_seed, "_DONE", "never written")
    assert seed_demo(now=timezone.now(), days_back=20)
    with alicja.entered():
        assert Invoice.objects.count() == before + 5


def test_only_a_demo_is_seeded(db: None, settings: Settings) -> None:
    settings.KSEF_IS_SIMULATED = False
    with pytest.raises(CommandError, match="Only a demo"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_a_missing_simulator_is_said_in_one_sentence(transactional_db: None) -> None:
    with pytest.raises(CommandError, match="KSeF simulator does not answer"):
        call_command("seed_demo", stdout=io.StringIO())
