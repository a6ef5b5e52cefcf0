"""Receiving from the simulator over HTTP: every document once, whatever fails on the way (I8)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from kombu import Connection

from accounts.domain.errors import RuleBroken
from accounts.models import AccessState, Company, KSeFCredential
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from config.celery import app
from invoices import outbox
from invoices.domain.calendar import WARSAW
from invoices.domain.inbox import Move, Place, pause_between_checks
from invoices.models import (
    OutboxEntry,
    ReceivedDocument,
    ReceivedEvent,
    ReceivedFile,
    Receiving,
    ReceivingCursor,
)
from invoices.services import fetching, receiving, sending
from ksef.exchange.invoices import SubjectType
from ksef.number import KSeFNumber
from roles.access import MissingRight
from roles.models import Role
from tests.builders import make_approved, run_outbox, run_outbox_later, today

if TYPE_CHECKING:
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

OTHER = "1234563218"
METADATA = {"method": "POST", "path_regex": "/v2/invoices/query/metadata$"}
START = {"method": "POST", "path_regex": "/v2/invoices/exports$"}
STATUS = {"method": "GET", "path_regex": "/v2/invoices/exports/"}
SINGLE = {"method": "GET", "path_regex": "/v2/invoices/ksef/"}


@pytest.fixture(autouse=True)
def _quick(simulator: Simulator) -> None:
    """What was stored is complete at once, and a package takes no time; the tests that wait say so."""
    simulator.control("POST", "options", {"storage": 0, "hwm_lag": 0, "export": 0.02})


def bring(
    simulator: Simulator, person: Person, count: int = 1, *, number: str = "FV", **more: Any
) -> list[str]:
    """Invoices that somebody else has issued to the person's company."""
    body = {"seller": OTHER, "buyer": person.company.nip, "number": number, "count": count, **more}
    numbers: list[str] = simulator.control("POST", "invoices", body)["ksefNumbers"]
    return numbers


def ask(person: Person, *, days_back: int = 30, is_hour_later: bool = True) -> None:
    """The button; an hour after the last one, as far as our own count of calls is concerned."""
    with person.entered() as actor:
        if is_hour_later:
            Receiving.objects.update(lanes={})
        receiving.request_check(actor=actor, since=today() - timedelta(days=days_back), until=today())


def logs_in(person: Person) -> bool:
    """What the worker does when this person has logged in; whether KSeF is asked."""
    return receiving.check_at_login(company_id=person.company.id, user_id=person.user.id)


def received(person: Person) -> list[str]:
    with person.entered():
        return sorted(ReceivedDocument.objects.values_list("ksef_number", flat=True))


def state_of(person: Person) -> Receiving:
    with person.entered():
        return Receiving.objects.get()


def cursor_of(person: Person, role: SubjectType = SubjectType.BUYER) -> ReceivingCursor:
    with person.entered():
        return ReceivingCursor.objects.get(role=role)


def make_due() -> None:
    Company.objects.update(ksef_wait_until=None)
    OutboxEntry.objects.update(not_before=Now(), lease_until=None)


def run_once() -> None:
    """One claim of what waits, whatever its time."""
    make_due()
    for entry in outbox.list_due():
        sending.run_entry(entry.id)


def test_few_documents_come_with_their_exact_bytes(connected: People, simulator: Simulator) -> None:
    """S101, S102: what somebody issued to the NIP is here, byte for byte, received on the day of its number."""
    (number,) = bring(simulator, connected.alicja, number="FV/7", sellerName="Hurtownia Rur")
    ask(connected.alicja)
    run_outbox()
    with connected.alicja.entered():
        document = ReceivedDocument.objects.get()
        file = ReceivedFile.objects.get()
        event = ReceivedEvent.objects.get()
    assert (event.seq, event.type, event.actor_id) == (1, Move.RECEIVED.value, None)
    assert document.ksef_number == number
    assert document.received_on == KSeFNumber.parse(number).accepted_on
    assert (document.place, document.role) == (Place.CURRENT, SubjectType.BUYER)
    assert (document.number, document.seller_nip, document.seller_name) == ("FV/7", OTHER, "Hurtownia Rur")
    assert (str(document.net), str(document.vat), str(document.gross)) == ("100.00", "23.00", "123.00")
    [entry] = simulator.ledger()
    assert hashlib.sha256(bytes(file.xml)).hexdigest() == entry["hashHex"] == bytes(file.sha256).hex()


def test_many_documents_come_in_packages_and_each_once(connected: People, simulator: Simulator) -> None:
    """F28, I8: packages are cut; rows at the seams come twice and are kept once."""
    simulator.control("POST", "options", {"export_invoices": 7})
    numbers = [bring(simulator, connected.alicja, number=f"FV/{place}")[0] for place in range(30)]
    ask(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == sorted(numbers)
    assert state_of(connected.alicja).found == 30
    with connected.alicja.entered():
        assert ReceivedEvent.objects.count() == ReceivedFile.objects.count() == 30


def test_more_documents_of_one_moment_than_a_package_holds(connected: People, simulator: Simulator) -> None:
    """F28: with equal timestamps at the cut the rest is met from the other end; nothing is skipped."""
    simulator.control("POST", "options", {"export_invoices": 12})
    numbers = bring(simulator, connected.alicja, 14, number="RAZEM")
    ask(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == sorted(numbers)
    more = bring(simulator, connected.alicja, 1, number="POTEM")
    ask(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == sorted([*numbers, *more])


def test_asking_again_brings_nothing_twice(connected: People, simulator: Simulator) -> None:
    """S104, I8: a second check downloads nothing that is here, and finds what is new."""
    numbers = bring(simulator, connected.alicja, 3)
    ask(connected.alicja)
    run_outbox()
    simulator.fail({"match": SINGLE, "times": 0, "action": "status", "status": 500})
    ask(connected.alicja)
    run_outbox()
    assert state_of(connected.alicja).problem == ""
    simulator.control("DELETE", "faults")
    numbers += bring(simulator, connected.alicja, number="NOWA")
    ask(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == sorted(numbers)
    assert state_of(connected.alicja).found == 1


def test_hwm_that_stands_still_or_goes_back_loses_nothing(connected: People, simulator: Simulator) -> None:
    """F29: the cursor never goes back, waits, and nothing is skipped."""
    sent: list[str] = []
    reached = None
    rounds: list[dict[str, Any]] = [{}, {"hwm_frozen": True}, {"hwm_frozen": False}]
    rounds += [{"hwm_may_go_back": True, "hwm_lag": 600}, {"hwm_lag": 0}]
    for place, options in enumerate(rounds):
        sent += bring(simulator, connected.alicja, 2, number=f"HWM/{place}")
        simulator.control("POST", "options", options)
        ask(connected.alicja)
        run_outbox()
        assert state_of(connected.alicja).problem == ""
        now = cursor_of(connected.alicja).reached
        assert reached is None or now >= reached
        reached = now
    ask(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == sorted(sent)


@pytest.mark.parametrize("flaw", ["cut_metadata", "corrupt_part", "missing_invoice"])
def test_flawed_package_is_taken_back_whole_and_fetched_again(
    connected: People, simulator: Simulator, flaw: str
) -> None:
    """F30: nothing of a flawed package stays, the cursor stands, the next package brings all."""
    numbers = bring(simulator, connected.alicja, 20)
    simulator.control("POST", "exports", {"flaws": [flaw]})
    ask(connected.alicja)
    run_outbox()
    if flaw != "missing_invoice":
        assert received(connected.alicja) == []
        assert state_of(connected.alicja).problem == "unreadable"
        assert cursor_of(connected.alicja).reached == state_of(connected.alicja).begin_at
    run_outbox_later()
    assert received(connected.alicja) == sorted(numbers)
    assert state_of(connected.alicja).problem == ""


def test_invoice_missing_from_two_packages_is_fetched_alone(connected: People, simulator: Simulator) -> None:
    """F30: then by itself, within its own limit."""
    numbers = bring(simulator, connected.alicja, 20)
    simulator.control("POST", "exports", {"flaws": ["missing_invoice", "missing_invoice"]})
    ask(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == sorted(numbers)


@pytest.mark.parametrize("code", [550, 500])
def test_export_that_ksef_gives_up_is_asked_for_anew(
    connected: People, simulator: Simulator, code: int
) -> None:
    """F31: the same window, a new export."""
    numbers = bring(simulator, connected.alicja, 20)
    simulator.control("POST", "endings", {"area": "export", "codes": [code]})
    ask(connected.alicja)
    run_outbox()
    assert state_of(connected.alicja).problem == "export_failed"
    run_outbox_later()
    assert received(connected.alicja) == sorted(numbers)


@pytest.mark.parametrize("days", [4, 8])
def test_export_that_is_over_is_asked_for_anew(
    connected: People, simulator: Simulator, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F31: 210 after three days, HTTP 410 after seven; the worker had stopped between asking and fetching."""
    monkeypatch.setattr(fetching, "_POLL_SECONDS", ())
    simulator.control("POST", "options", {"export": 60, "access_token_lifetime": 10**7})
    numbers = bring(simulator, connected.alicja, 20)
    ask(connected.alicja)
    run_outbox()
    first = cursor_of(connected.alicja).export_reference
    assert first
    simulator.control("POST", "options", {"export": 0})
    simulator.control("POST", "clock", {"offset": days * 86400})
    for _ in range(4):
        run_once()
    assert received(connected.alicja) == sorted(numbers)
    assert cursor_of(connected.alicja).export_reference == ""


def test_limits_hold_the_check_back_and_nothing_is_lost(connected: People, simulator: Simulator) -> None:
    """F8, I7: twenty questions an hour are never exceeded; KSeF answers no call with 429."""
    simulator.control("POST", "options", {"rate_limits": True})
    sent: list[str] = []
    for place in range(7):
        sent += bring(simulator, connected.alicja, number=f"LIM/{place}")
        ask(connected.alicja, is_hour_later=False)
        run_outbox()
    state = state_of(connected.alicja)
    assert state.problem == "limited"
    # We held it back, KSeF did not: sending goes on.
    company = Company.objects.get(id=connected.alicja.company.id)
    assert company.ksef_wait_until is None
    with connected.alicja.entered():
        Receiving.objects.update(lanes={})
    simulator.control("POST", "options", {"rate_limits": False})
    run_outbox_later()
    assert received(connected.alicja) == sorted(sent)


def test_ksef_that_asks_to_wait_is_left_alone(connected: People, simulator: Simulator) -> None:
    """F8: after 429 nothing of this company goes out before then."""
    numbers = bring(simulator, connected.alicja)
    simulator.fail({"match": METADATA, "times": 1, "action": "limited", "retry_after": 60})
    ask(connected.alicja)
    run_outbox()
    assert state_of(connected.alicja).problem == "limited"
    assert not outbox.list_due()
    with connected.alicja.entered():
        Receiving.objects.update(lanes={})
    run_outbox_later()
    assert received(connected.alicja) == numbers


@pytest.mark.parametrize(
    "fault",
    [
        {"match": METADATA, "action": "status", "status": 503},
        {"match": METADATA, "action": "drop_after"},
        {"match": METADATA, "action": "truncate"},
        {"match": START, "action": "drop_after"},
        {"match": STATUS, "action": "garbled"},
        {"match": {"path_regex": "^/download/exports/"}, "action": "truncate"},
        {"match": {"path_regex": "^/download/exports/"}, "action": "status", "status": 403},
    ],
    ids=lambda fault: f"{fault['action']}-{fault['match']['path_regex']}",
)
def test_outages_stop_the_check_with_a_reason_and_it_goes_on(
    connected: People, simulator: Simulator, fault: dict[str, Any]
) -> None:
    """S37, F31: nothing half-done stays; the next try brings everything."""
    numbers = bring(simulator, connected.alicja, 20)
    simulator.fail({"times": 1, **fault})
    ask(connected.alicja)
    run_outbox()
    assert state_of(connected.alicja).problem in {"unavailable", "unreadable"}
    assert received(connected.alicja) == []
    run_outbox_later()
    assert received(connected.alicja) == sorted(numbers)
    assert state_of(connected.alicja).problem == ""


def test_another_worker_that_took_over_writes_alone(connected: People, simulator: Simulator) -> None:
    """F39: whoever lost the claim keeps nothing."""
    bring(simulator, connected.alicja)
    ask(connected.alicja)
    [entry] = outbox.list_due()
    claim = outbox.claim(entry.id)
    assert claim is not None
    OutboxEntry.objects.update(attempt=claim.attempt + 1)
    with pytest.raises(outbox.LostClaim):
        fetching.receive(claim)
    assert received(connected.alicja) == []


def test_own_sales_are_no_arrivals_but_those_issued_elsewhere_are(
    connected: People, simulator: Simulator
) -> None:
    """Subject1: a sale from another program is found; what Kwit sent is not shown as found."""
    make_approved(connected.alicja)
    run_outbox()
    elsewhere = simulator.control(
        "POST", "invoices", {"seller": connected.alicja.company.nip, "buyer": OTHER, "number": "OBCA/1"}
    )["ksefNumbers"]
    ask(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == elsewhere
    with connected.alicja.entered():
        assert ReceivedDocument.objects.get().role == SubjectType.SELLER


def test_another_company_receives_its_own_only(connected: People, simulator: Simulator) -> None:
    """C1."""
    connect_with_self_signed_certificate(actor=connected.zofia.actor, company=connected.zofia.company)
    mine, hers = bring(simulator, connected.alicja), bring(simulator, connected.zofia, number="JEJ")
    ask(connected.alicja)
    ask(connected.zofia)
    run_outbox()
    assert (received(connected.alicja), received(connected.zofia)) == (mine, hers)


def test_an_earlier_beginning_is_caught_up(connected: People, simulator: Simulator) -> None:
    """R7: who asks for earlier days gets them, windows of more than three months included, and nothing twice."""
    old = bring(
        simulator,
        connected.alicja,
        number="DAWNA",
        issueDate=(today() - timedelta(days=200)).isoformat(),
        receivedAt=(timezone.now() - timedelta(days=200)).isoformat(),
    )
    new = bring(simulator, connected.alicja, number="NOWA")
    ask(connected.alicja, days_back=3)
    run_outbox()
    assert received(connected.alicja) == new
    ask(connected.alicja, days_back=290)
    run_outbox()
    assert received(connected.alicja) == sorted([*old, *new])
    cursor = cursor_of(connected.alicja)
    assert (cursor.gap_from, cursor.gap_until) == (None, None)
    assert cursor.since.astimezone(WARSAW).date() == today() - timedelta(days=290)


def test_each_login_asks_when_the_parameter_is_on(connected: People, simulator: Simulator) -> None:
    """S101, C6: in the person's own name; every log-in looks anew."""
    numbers = bring(simulator, connected.alicja)
    assert logs_in(connected.alicja)
    assert OutboxEntry.objects.get().user_id == connected.alicja.user.id
    run_outbox()
    numbers += bring(simulator, connected.alicja, number="DRUGA")
    assert logs_in(connected.alicja)
    run_outbox()
    assert received(connected.alicja) == sorted(numbers)


def test_when_the_parameter_is_off_nothing_is_checked(connected: People, simulator: Simulator) -> None:
    """S101: neither by a log-in nor by the schedule; and what was scheduled ends."""
    bring(simulator, connected.alicja)
    ask(connected.alicja)
    Company.objects.update(fetches_at_login=False)
    run_outbox()
    assert len(received(connected.alicja)) == 1, "a click is no automatic check"
    assert not OutboxEntry.objects.exists()
    assert not logs_in(connected.alicja)
    assert receiving.schedule_checks() == 0
    assert not OutboxEntry.objects.exists()


def test_who_may_not_receive_or_is_not_connected_starts_nothing(
    connected: People, simulator: Simulator
) -> None:
    """S53, S78: a colleague's access is not borrowed for somebody else's log-in; without the right it is refused."""
    assert not logs_in(connected.beata)
    assert not logs_in(connected.cezary)
    with connected.cezary.entered() as actor, pytest.raises(MissingRight):
        receiving.request_check(actor=actor, since=today(), until=today())
    with connected.beata.entered() as actor, pytest.raises(RuleBroken, match="not_connected"):
        receiving.request_check(actor=actor, since=today(), until=today())
    assert not OutboxEntry.objects.exists()


def test_the_schedule_checks_by_itself_and_waits_its_quarter_of_an_hour(
    connected: People, simulator: Simulator
) -> None:
    """C6: a connected company has one place in the queue, due again no sooner than KSeF wants."""
    numbers = bring(simulator, connected.alicja)
    assert receiving.schedule_checks() == 1
    assert receiving.schedule_checks() == 0
    run_outbox()
    assert received(connected.alicja) == numbers
    checked_at = state_of(connected.alicja).checked_at
    assert checked_at is not None
    wanted = pause_between_checks(checked_at.astimezone(WARSAW), received_lately=1)
    assert wanted >= timedelta(minutes=15)
    assert abs(OutboxEntry.objects.get().not_before - checked_at - wanted) < timedelta(seconds=10)


def test_expired_access_stops_the_check_until_it_is_renewed(connected: People, simulator: Simulator) -> None:
    """S37: no error, a reason; a renewal makes it due at once."""
    numbers = bring(simulator, connected.alicja)
    with connected.alicja.entered():
        KSeFCredential.objects.update(kind="certificate", access_valid_until=None, refresh_valid_until=None)
    ask(connected.alicja)
    run_outbox()
    assert state_of(connected.alicja).problem == "access_lapsed"
    run_outbox_later()
    assert state_of(connected.alicja).problem == "access_lapsed"
    connect_with_self_signed_certificate(actor=connected.alicja.actor, company=connected.alicja.company)
    assert outbox.resume(company_id=connected.alicja.company.id, user_id=connected.alicja.user.id) == 1
    run_outbox()
    assert received(connected.alicja) == numbers


def test_another_connected_person_takes_over_but_never_without_the_right(
    connected: People, simulator: Simulator
) -> None:
    """S53, S79: the schedule goes on in the name of somebody who may receive and has given their own access."""
    beata = connected.beata
    connect_with_self_signed_certificate(actor=beata.actor, company=beata.company)
    numbers = bring(simulator, beata)
    ask(connected.alicja)
    with connected.alicja.entered():
        AccessState.objects.filter(user_id=connected.alicja.user.id).update(is_refused=True)
    run_outbox()
    assert received(beata) == numbers
    assert OutboxEntry.objects.get().user_id == beata.user.id
    with beata.entered():
        Role.objects.update(rights=["view"])
    bring(simulator, beata, number="DRUGA")
    run_outbox_later()
    assert received(beata) == numbers
    assert state_of(beata).problem in {"nobody_may", "access_lapsed"}


def test_environments_do_not_mix(connected: People, simulator: Simulator) -> None:
    """S13: a company that has changed its environment is not asked about in the former one."""
    bring(simulator, connected.alicja)
    ask(connected.alicja)
    Company.objects.update(environment="demo")
    run_outbox()
    assert received(connected.alicja) == []
    assert not OutboxEntry.objects.exists()


def test_a_login_rings_for_the_companies_that_want_it(connected: People) -> None:
    """S101, C6: by the log-in itself, whatever its door, with two ids; with the parameter off there is no message."""
    alicja = connected.alicja
    with Connection(app.conf.broker_url) as connection:
        queue = connection.SimpleQueue("celery")
        queue.clear()
        assert alicja.client.session
        message = queue.get(timeout=10)
        message.ack()
        assert message.headers["task"] == "invoices.tasks.check_at_login"
        assert message.payload[0] == [str(alicja.company.id), str(alicja.user.id)]
        Company.objects.update(fetches_at_login=False)
        assert alicja.client.session
        with pytest.raises(Empty):
            queue.get(block=False)
