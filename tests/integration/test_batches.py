"""Many documents at once go as one package: each arrives once, with its own number, reason and receipt."""

from __future__ import annotations

import hashlib
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company
from accounts.services.ksef_access import gateway_for
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices import outbox
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import (
    UPO,
    Batch,
    BatchJournal,
    Invoice,
    InvoiceDocument,
    InvoiceEvent,
    OutboxEntry,
    RateAllowance,
    RateLane,
    Submission,
    SubmissionAttempt,
    UPOPage,
)
from invoices.services import batch_members, sending
from invoices.services._transition import apply_event
from invoices.services.gathering import Way, choose_way
from invoices.services.pacing import Pace, Paced
from ksef.exchange.limits import RateGroup
from ksef.gateway import InvoiceStatus
from ksef.upo import check_upo
from roles.models import Role
from tests.builders import line, make_approved, reload
from tests.elsewhere import access_of, send_elsewhere
from tests.queue import age_queue, own_clock, run_queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

OPEN = {"method": "POST", "path_regex": r"/v2/sessions/batch$"}
CLOSE = {"method": "POST", "path_regex": r"/v2/sessions/batch/[^/]+/close$"}
PART = {"method": "PUT", "path_regex": "^/storage/"}
STATUS = {"method": "GET", "path_regex": r"/v2/sessions/[^/]+$"}
LIST = {"method": "GET", "path_regex": r"/v2/sessions/[^/]+/invoices$"}


@pytest.fixture(autouse=True)
def small_crowds(settings: Settings) -> None:
    """Three are a crowd, and their package has several parts."""
    settings.BATCH_FROM = 2
    settings.BATCH_PART_BYTES = 400


def approve(person: Person, count: int = 4) -> list[Invoice]:
    invoices = [make_approved(person) for _ in range(count)]
    age_queue()
    return invoices


def states(person: Person, invoices: list[Invoice]) -> set[str]:
    return {reload(person, invoice).state for invoice in invoices}


def run_later() -> None:
    """Once every wait is over, those that KSeF asked for too."""
    RateLane.objects.all().delete()
    age_queue(3600)
    run_queue()


def received(simulator: Simulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = simulator.control("GET", "ledger")["received"]
    return found


def batches(person: Person) -> list[Batch]:
    with person.entered():
        return list(Batch.objects.order_by("created_at"))


def assert_all_proved(person: Person, invoices: list[Invoice]) -> None:
    """I3: each has its number, and a receipt that speaks of its bytes."""
    for invoice in invoices:
        number = reload(person, invoice).ksef_number
        with person.entered():
            sha256 = bytes(InvoiceDocument.objects.get(invoice_id=invoice.id).sha256)
            xml = bytes(UPO.objects.get(invoice_id=invoice.id).xml)
        assert check_upo(xml, ksef_number=number, sha256=sha256).sha256 == sha256


def test_a_crowd_goes_as_one_package(connected: People, simulator: Simulator) -> None:
    """S72, S73: one session, no single call; each document has its number and its cut of the session's UPO."""
    alicja = connected.alicja
    invoices = approve(alicja)
    run_queue()
    assert states(alicja, invoices) == {State.ACCEPTED}
    [batch] = batches(alicja)
    assert (batch.step, batch.invoice_count, batch.accepted_count) == (Batch.Step.DONE, 4, 4)
    assert {entry["ksefNumber"] for entry in simulator.ledger()} == {
        reload(alicja, invoice).ksef_number for invoice in invoices
    }
    assert len(simulator.control("GET", "ledger")["received"]) == 4
    assert_all_proved(alicja, invoices)
    with alicja.entered():
        assert set(Submission.objects.values_list("session_reference", flat=True)) == {batch.reference}
        assert UPOPage.objects.count() == 1
        assert not BatchJournal.objects.exists()
    assert not OutboxEntry.objects.exists()


def assert_all_arrived_once(person: Person, simulator: Simulator, invoices: list[Invoice]) -> None:
    """I1, I3."""
    assert states(person, invoices) == {State.ACCEPTED}
    assert len(simulator.ledger()) == len(received(simulator)) == len(invoices)
    assert_all_proved(person, invoices)
    assert not OutboxEntry.objects.exists()


def test_a_handful_goes_one_by_one(connected: People) -> None:
    """The online session stays the way of few, so that nobody waits for a crowd to gather."""
    alicja = connected.alicja
    invoices = approve(alicja, 2)
    run_queue()
    assert states(alicja, invoices) == {State.ACCEPTED}
    assert batches(alicja) == []


def test_a_crowd_that_still_grows_is_waited_for(connected: People) -> None:
    """Each package costs one of sixty openings an hour: it is made when nobody has come for five seconds."""
    alicja = connected.alicja
    invoices = [make_approved(alicja) for _ in range(4)]
    lane = alicja.company.id, alicja.user.id
    assert choose_way(*lane) is Way.WAIT
    assert run_queue() == 0
    age_queue(6)
    run_queue()
    assert states(alicja, invoices) == {State.ACCEPTED}
    assert [batch.accepted_count for batch in batches(alicja)] == [4]


def test_a_second_crowd_waits_until_the_first_package_is_closed(
    connected: People, simulator: Simulator
) -> None:
    """One package at a time is brought: a long outage makes one large package, not sixty small ones."""
    alicja = connected.alicja
    simulator.fail({"match": OPEN, "times": 0, "action": "status", "status": 503})
    first = approve(alicja)
    run_queue()
    second = approve(alicja)
    run_queue()
    assert len(batches(alicja)) == 1
    simulator.control("DELETE", "faults")
    run_later()
    assert_all_arrived_once(alicja, simulator, first + second)
    assert len(batches(alicja)) == 2


def test_what_is_not_due_stays_out_of_a_package(connected: People) -> None:
    """What may still be taken back is in no package ("Okno namysłu")."""
    alicja = connected.alicja
    Company.objects.filter(id=alicja.company.id).update(recall_minutes=30)
    held = make_approved(alicja)
    Company.objects.filter(id=alicja.company.id).update(recall_minutes=0)
    invoices = approve(alicja)
    run_queue()
    assert states(alicja, invoices) == {State.ACCEPTED}
    assert reload(alicja, held).state == State.QUEUED
    [batch] = batches(alicja)
    assert batch.invoice_count == 4


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "truncate"])
def test_an_opening_without_an_answer_is_recognised(
    fault: str, connected: People, simulator: Simulator
) -> None:
    """F23: the session that KSeF opened and we never heard of is found, left empty, and nothing is sent twice."""
    alicja = connected.alicja
    simulator.fail({"match": OPEN, "action": fault})
    invoices = approve(alicja)
    run_queue()
    [batch] = batches(alicja)
    assert (batch.step, batch.reference, batch.problem) == (Batch.Step.GATHERED, "", "unavailable")
    run_later()
    [batch] = batches(alicja)
    assert len(batch.abandoned) == (fault != "drop_before")
    assert batch.reference not in batch.abandoned
    assert_all_arrived_once(alicja, simulator, invoices)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "truncate", "html_after"])
def test_a_close_without_an_answer_is_decided_by_the_status(
    fault: str, connected: People, simulator: Simulator
) -> None:
    """F24: closed or not, KSeF's status says it; a close that never came is repeated."""
    alicja = connected.alicja
    simulator.fail({"match": CLOSE, "action": fault})
    invoices = approve(alicja)
    run_queue()
    run_later()
    assert_all_arrived_once(alicja, simulator, invoices)
    [batch] = batches(alicja)
    assert batch.abandoned == []


def test_upload_addresses_that_ended_lead_to_a_new_session(connected: People, simulator: Simulator) -> None:
    """F22: the same files in another session; the first one ends with 440 and has nothing."""
    alicja = connected.alicja
    simulator.fail({"match": PART, "times": 0, "after": 1, "action": "status", "status": 503})
    invoices = approve(alicja)
    run_queue()
    [batch] = batches(alicja)
    assert (batch.step, batch.problem) == (Batch.Step.OPENED, "unavailable")
    first = batch.reference
    simulator.control("DELETE", "faults")
    simulator.control("POST", "clock", {"offset": 50 * 20 * 60 * 50})
    run_later()
    [batch] = batches(alicja)
    assert batch.abandoned == [first]
    with gateway_for("simulator") as gateway:
        assert gateway.batches.get_status(access_of(alicja), first).code == 440
    assert_all_arrived_once(alicja, simulator, invoices)


def test_files_that_got_lost_are_packed_again_for_the_same_session(
    connected: People, simulator: Simulator, settings: Settings
) -> None:
    """F22: another machine goes on: the key packs the same bytes, and the parts that are there stay there."""
    alicja = connected.alicja
    simulator.fail({"match": PART, "after": 2, "action": "drop_before"})
    invoices = approve(alicja)
    run_queue()
    [batch] = batches(alicja)
    assert batch.step == Batch.Step.OPENED
    shutil.rmtree(settings.VAR_DIR / "batches")
    run_later()
    assert [found.reference for found in batches(alicja)] == [batch.reference]
    assert_all_arrived_once(alicja, simulator, invoices)
    assert not any((settings.VAR_DIR / "batches").iterdir())


@pytest.mark.parametrize("code", [405, 415, 430, 435, 445, 500])
def test_a_refused_package_marks_nothing_as_sent(code: int, connected: People, simulator: Simulator) -> None:
    """F25: none of it was taken; all of it goes again, and arrives once."""
    alicja = connected.alicja
    simulator.fail(
        {
            "match": CLOSE,
            "action": "control_after",
            "operation": {"path": "/_control/sessions/fail", "body": {"code": code}},
        }
    )
    invoices = approve(alicja)
    run_queue()
    assert states(alicja, invoices) == {State.QUEUED}
    assert simulator.ledger() == []
    with alicja.entered():
        waiting = Submission.objects.filter(batch=None, session_reference="", closed_at=None)
        assert waiting.count() == Submission.objects.count() == len(invoices)
    run_later()
    assert states(alicja, invoices) == {State.ACCEPTED}
    assert len(simulator.ledger()) == 4
    assert_all_proved(alicja, invoices)


def test_a_package_of_too_many_is_made_smaller(connected: People, simulator: Simulator) -> None:
    """F17, F25: 420: KSeF is asked how many it takes, and the next packages hold no more."""
    alicja = connected.alicja
    simulator.control("POST", "options", {"max_invoices": 3})
    invoices = approve(alicja)
    run_queue()
    assert states(alicja, invoices) == {State.QUEUED}
    run_later()
    run_later()
    assert_all_arrived_once(alicja, simulator, invoices)
    assert [batch.invoice_count for batch in batches(alicja)] == [4, 3]


def test_one_bad_document_harms_no_other(connected: People, simulator: Simulator) -> None:
    """F25: it is known by its hash, and its reason is shown; the others are accepted."""
    alicja = connected.alicja
    invoices = [make_approved(alicja) for _ in range(3)]
    bad = make_approved(alicja, *[line(name="Bardzo długa nazwa usługi " * 15) for _ in range(8)])
    age_queue()
    simulator.control("POST", "options", {"max_invoice_bytes": 3000})
    run_queue()
    assert states(alicja, invoices) == {State.ACCEPTED}
    assert reload(alicja, bad).state == State.REJECTED
    with alicja.entered():
        reason = InvoiceEvent.objects.get(invoice_id=bad.id, type=Event.REJECTED).data
    assert (reason["code"], bool(reason["details"])) == (430, True)
    [batch] = batches(alicja)
    assert (batch.accepted_count, batch.rejected_count) == (3, 1)
    assert_all_proved(alicja, invoices)


def test_what_another_program_sent_already_is_ours_only_with_our_bytes(
    connected: People, simulator: Simulator
) -> None:
    """F18, F19: a 440 in a package: the same bytes are accepted, other bytes under the number are a conflict."""
    alicja = connected.alicja
    invoices = [make_approved(alicja) for _ in range(4)]
    same, other = (document_of(alicja, invoice) for invoice in invoices[:2])
    send_elsewhere(alicja, same)
    send_elsewhere(alicja, other.replace("Usługa".encode(), b"Dostawa"))
    age_queue()
    run_queue()
    run_later()
    assert states(alicja, [invoices[0], *invoices[2:]]) == {State.ACCEPTED}
    assert reload(alicja, invoices[1]).state == State.REJECTED
    assert len(simulator.ledger()) == 4
    assert_all_proved(alicja, [invoices[0], *invoices[2:]])


def test_a_token_that_repeats_ends_the_reading_with_an_alarm(
    connected: People, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """F26: pages that lead to themselves are noticed; what was read stays, the rest is read later."""
    alicja = connected.alicja
    again = {"changes": [{"at": "$.continuationToken", "value": "again"}]}
    simulator.fail(
        {"match": LIST, "action": "rewrite", "times": 1, **again},
        {"match": LIST, "action": "rewrite", "times": 1, **again},
    )
    invoices = approve(alicja)
    run_queue()
    [batch] = batches(alicja)
    assert batch.problem in {"unreadable", "turned_away"}
    assert [record for record in caplog.records if record.levelname == "ERROR"]
    run_later()
    run_later()
    assert_all_arrived_once(alicja, simulator, invoices)


def test_a_document_that_the_list_lacks_is_looked_for_twice(connected: People, simulator: Simulator) -> None:
    """F26: one missing from the list stays on its way and is read again; nothing is posted meanwhile."""
    alicja = connected.alicja
    simulator.fail(
        {"match": LIST, "action": "rewrite", "changes": [{"at": "invoices.0", "remove": True}]},
    )
    invoices = approve(alicja)
    sending.run_next()
    while batches(alicja)[0].missing_since is None:
        assert sending.run_next()
    found = [reload(alicja, invoice).state for invoice in invoices]
    assert sorted(found) == [State.ACCEPTED] * 3 + [State.SENDING]
    run_queue()
    assert_all_arrived_once(alicja, simulator, invoices)


def test_a_document_that_never_shows_is_sent_again_after_two_reads(
    connected: People, simulator: Simulator, settings: Settings
) -> None:
    """F26, F5: a minute apart the list lacks it twice: the same bytes again, which KSeF knows as ours."""
    settings.DOUBT_SECONDS = 60
    alicja = connected.alicja
    without_first = {"changes": [{"at": "invoices.0", "remove": True}]}
    simulator.fail({"match": LIST, "action": "rewrite", "times": 2, **without_first})
    invoices = approve(alicja)
    run_queue()
    age_queue(30)
    run_queue()
    assert State.SENDING in states(alicja, invoices)
    assert len(received(simulator)) == 4
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        run_later()
        run_later()
    assert states(alicja, invoices) == {State.ACCEPTED}
    assert len(simulator.ledger()) == 4


def test_an_unknown_code_is_processing_and_an_alarm(
    connected: People, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """F26: 299 means nothing to us yet: no crash, no outcome, somebody is told."""
    alicja = connected.alicja
    simulator.fail(
        {
            "match": LIST,
            "action": "rewrite",
            "changes": [{"at": "invoices.*.status.code", "value": 299}],
        }
    )
    invoices = approve(alicja)
    sending.run_next()
    run_queue()
    assert states(alicja, invoices) == {State.SENDING}
    assert [record for record in caplog.records if record.levelname == "ERROR"]
    run_later()
    assert_all_arrived_once(alicja, simulator, invoices)


def test_a_right_that_is_gone_empties_the_package(connected: People, simulator: Simulator) -> None:
    """S79, F51: asked before the package is made; KSeF is not called in that name."""
    alicja = connected.alicja
    invoices = approve(alicja)
    assert choose_way(alicja.company.id, alicja.user.id) is Way.PACKAGE
    with alicja.entered():
        Role.objects.filter(name=alicja.actor.role).update(rights=["view"])
    calls = count_requests(simulator, {"path_regex": "/v2/"})
    run_queue()
    assert (states(alicja, invoices), calls()) == ({State.APPROVED}, 0)
    [batch] = batches(alicja)
    assert batch.step == Batch.Step.GIVEN_UP
    assert not OutboxEntry.objects.exists()


def test_a_company_that_only_receives_sends_no_package(connected: People, simulator: Simulator) -> None:
    """S94."""
    alicja = connected.alicja
    invoices = approve(alicja)
    assert choose_way(alicja.company.id, alicja.user.id) is Way.PACKAGE
    Company.objects.filter(id=alicja.company.id).update(ksef_scope=Company.Scope.RECEIVE)
    run_queue()
    assert states(alicja, invoices) == {State.APPROVED}
    assert received(simulator) == []


def test_a_technical_correction_is_in_no_package(connected: People, simulator: Simulator) -> None:
    """It names the document it corrects, which no package can say (ksef-protocol 10): it goes by itself."""
    alicja = connected.alicja
    invoices = [make_approved(alicja) for _ in range(4)]
    with alicja.entered() as actor:
        corrected = Invoice.objects.get(id=invoices[0].id)
        for event in (Event.CLAIMED, Event.REJECTED, Event.CORRECTED):
            apply_event(corrected, event, actor_id=actor.user_id)
    age_queue()
    assert choose_way(alicja.company.id, alicja.user.id) is Way.PACKAGE
    with alicja.entered():
        assert Submission.objects.get(invoice_id=corrected.id).batch is None
        assert Submission.objects.exclude(batch=None).count() == 3


def test_midnight_makes_a_package_of_its_own(connected: People, simulator: Simulator) -> None:
    """F50: what became offline while it waited leaves the online package and goes in an offline one."""
    alicja = connected.alicja
    invoices = approve(alicja)
    assert choose_way(alicja.company.id, alicja.user.id) is Way.PACKAGE
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        simulator.control("POST", "clock", {"offset": 24 * 3600})
        connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
        run_queue()
        run_later()
    assert {reload(alicja, invoice).mode for invoice in invoices} == {Mode.OFFLINE24}
    assert [(batch.is_offline, batch.step) for batch in batches(alicja)] == [
        (False, Batch.Step.GIVEN_UP),
        (True, Batch.Step.DONE),
    ]
    assert {entry["mode"] for entry in simulator.ledger()} == {"Offline"}
    assert_all_arrived_once(alicja, simulator, invoices)


def test_a_storm_delays_a_package_and_loses_nothing(connected: People, simulator: Simulator) -> None:
    """F10: 503 to everything at every step; the pauses grow, and the package goes on where it stood."""
    alicja = connected.alicja
    invoices = approve(alicja)
    pauses = []
    for step in (OPEN, CLOSE, STATUS, LIST):
        simulator.control("DELETE", "faults")
        simulator.fail({"match": step, "times": 0, "action": "status", "status": 503})
        for _ in range(2):
            run_queue()
            [batch] = batches(alicja)
            assert batch.next_attempt_at is not None
            pauses.append(round((batch.next_attempt_at - timezone.now()).total_seconds() / 5))
            age_queue(3600)
    # Reading the status and the list are one step: its tries are counted together.
    assert pauses == [1, 2, 1, 2, 1, 2, 4, 8]
    simulator.control("DELETE", "faults")
    run_later()
    assert_all_arrived_once(alicja, simulator, invoices)


def test_a_late_worker_writes_nothing_about_a_package(connected: People, simulator: Simulator) -> None:
    """F39: its lease ran out and another claimed: the fencing number refuses whatever it knew."""
    alicja = connected.alicja
    invoices = approve(alicja)
    assert choose_way(alicja.company.id, alicja.user.id) is Way.PACKAGE
    entry = OutboxEntry.objects.get(kind=OutboxEntry.Kind.SEND_BATCH)
    paused = outbox.claim(entry.id)
    assert paused is not None
    late = batch_members.BatchWork(paused, alicja.company, batches(alicja)[0])
    OutboxEntry.objects.filter(id=entry.id).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert outbox.claim(entry.id) is not None
    writes: tuple[Callable[[], object], ...] = (
        lambda: batch_members.begin(late),
        lambda: batch_members.settle(late, [status_of(alicja, invoices[0])]),
        lambda: batch_members.put_all_back(late, problem="unavailable", seconds=0),
    )
    for write in writes:
        with pytest.raises(outbox.LostClaim):
            write()
    assert states(alicja, invoices) == {State.QUEUED}
    with alicja.entered():
        assert not SubmissionAttempt.objects.exists()


def test_limits_are_kept_over_a_restart(connected: People, simulator: Simulator) -> None:
    """F8, I7: what one process has counted or heard of KSeF, the next one knows; no call goes out meanwhile."""
    alicja = connected.alicja
    simulator.fail({"match": OPEN, "action": "limited", "retry_after": 3600})
    invoices = approve(alicja)
    run_queue()
    # The dashboard tells why the documents in the package wait.
    dashboard = alicja.client.get(reverse("dashboard", args=[alicja.company.slug])).content.decode()
    assert "KSeF prosi o przerwę" in dashboard
    openings = count_requests(simulator, OPEN)
    age_queue(7200)
    run_queue()
    assert (openings(), batches(alicja)[0].problem) == (0, "paced")
    pace = Pace(environment=alicja.company.environment, nip=alicja.company.nip)
    with pytest.raises(Paced):
        pace.enter(RateGroup.BATCH_SESSION)
    assert pace.wait(RateGroup.INVOICE_SEND) == 0
    run_later()
    assert_all_arrived_once(alicja, simulator, invoices)


def test_limits_that_were_lowered_are_read_again(
    connected: People, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """F9: the first 429 is the last: what holds is asked for, and kept; what no longer fits goes as a package."""
    alicja = connected.alicja
    simulator.control("POST", "options", {"rate_limits": True, "rate_factor": 0.1})
    invoices = []
    with own_clock(simulator) as clock:
        for _ in range(8):
            invoices.append(make_approved(alicja))
            run_queue()
            clock.wait(2)
        while states(alicja, invoices) != {State.ACCEPTED}:
            clock.wait_for_work()
            run_queue()
    refusals = [record for record in caplog.records if "coming too soon" in str(record.msg)]
    assert len(refusals) == 1
    allowance = RateAllowance.objects.get(context=alicja.company.nip)
    assert (allowance.is_stale, allowance.told["invoiceSend"]) == (False, [1, 3, 18])
    assert len(simulator.ledger()) == len(received(simulator)) == len(invoices)


def status_of(person: Person, invoice: Invoice) -> InvoiceStatus:
    """What KSeF would say of an accepted document."""
    return InvoiceStatus(
        reference="20261122-EE-0000000000-0000000000-00",
        code=200,
        description="Sukces",
        details=(),
        ksef_number=f"{person.company.nip}-20261122-0100001AF629-AF",
        invoice_hash=hashlib.sha256(document_of(person, invoice)).digest(),
        invoicing_mode="Online",
        acquisition_date=None,
        original_ksef_number=None,
        original_session_reference=None,
    )


def document_of(person: Person, invoice: Invoice) -> bytes:
    with person.entered():
        return bytes(InvoiceDocument.objects.get(invoice_id=invoice.id).xml)


def count_requests(simulator: Simulator, match: dict[str, str]) -> Callable[[], int]:
    """How many requests matched since now."""
    simulator.control(
        "PUT", "faults", {"faults": [{"match": match, "times": 0, "action": "delay", "seconds": 0}]}
    )
    return lambda: int(simulator.control("GET", "faults")["faults"][0]["hits"])
