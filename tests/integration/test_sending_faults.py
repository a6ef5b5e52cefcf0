"""Whatever KSeF answers, and whenever it does not: each row of the fault matrix ends in one accepted document."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.utils import timezone

from accounts.services.ksef_access import gateway_for
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.calendar import next_business_day
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import (
    UPO,
    ConflictingDocument,
    InvoiceDocument,
    InvoiceEvent,
    KSeFSession,
    OutboxEntry,
    Submission,
    SubmissionAttempt,
)
from invoices.services import sending
from invoices.services.approval import approve_invoice
from invoices.services.drafting import reopen_invoice
from invoices.services.pacing import Pace
from ksef.exchange.limits import RateGroup
from ksef.upo import check_upo
from tests.builders import make_approved, reload, run_outbox, run_outbox_later
from tests.elsewhere import access_of, send_elsewhere
from tests.tampering import Tampering, in_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}
OPEN = {"method": "POST", "path_regex": r"/v2/sessions/online$"}
UPO_PATH = {"method": "GET", "path_regex": r"/upo$"}
STATUS_PATH = r"/v2/sessions/[^/]+/invoices/[^/]+$"
LIST_PATH = r"/v2/sessions/[^/]+/invoices\?"


def problem(person: Person) -> str:
    with person.entered():
        return Submission.objects.get(closed_at=None).problem


def received(simulator: Simulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = simulator.control("GET", "ledger")["received"]
    return found


def attempts(person: Person) -> list[str]:
    with person.entered():
        return list(SubmissionAttempt.objects.order_by("started_at").values_list("result", flat=True))


def count_requests(simulator: Simulator, match: dict[str, str]) -> Callable[[], int]:
    """How many requests matched since now."""
    simulator.control(
        "PUT", "faults", {"faults": [{"match": match, "times": 0, "action": "delay", "seconds": 0}]}
    )
    return lambda: int(simulator.control("GET", "faults")["faults"][0]["hits"])


def document(person: Person, invoice: Invoice) -> InvoiceDocument:
    with person.entered():
        return InvoiceDocument.objects.get(invoice_id=invoice.id)


def has_true_receipt(person: Person, invoice: Invoice) -> bool:
    """I3: the stored UPO speaks of our number and our bytes."""
    number = reload(person, invoice).ksef_number
    sha256 = bytes(document(person, invoice).sha256)
    with person.entered():
        upo = UPO.objects.filter(invoice_id=invoice.id).first()
    return upo is not None and bool(check_upo(bytes(upo.xml), ksef_number=number, sha256=sha256))


def has_receipt(person: Person) -> bool:
    with person.entered():
        return UPO.objects.exists()


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    found: list[str] = []
    for record in caplog.records:
        event: Any = record.msg
        if record.levelno == logging.ERROR and isinstance(event, dict):
            found.append(event["event"])
    return found


def test_nothing_is_posted_again_before_two_reads(
    connected: People, simulator: Simulator, settings: Settings
) -> None:
    """F2, F5: two reads of the session, a minute apart, and only then the same bytes once more."""
    settings.DOUBT_SECONDS = 60
    alicja = connected.alicja
    simulator.fail({"match": POST, "action": "drop_before"})
    invoice = make_approved(alicja)
    run_outbox()
    for _read in range(2):
        run_outbox_later()
        assert (reload(alicja, invoice).state, problem(alicja)) == (State.SENDING, "doubt")
    assert received(simulator) == []
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(received(simulator)) == 1


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [({"action": "limited", "retry_after": 30}, 30), ({"action": "status", "status": 429}, 60)],
    ids=["retry-after", "no-header"],
)
def test_a_limit_holds_that_company_alone(
    fault: dict[str, object], seconds: int, connected: People, simulator: Simulator
) -> None:
    """F8, I7, I9: no such call for this company until the time KSeF named; one approved meanwhile waits too."""
    alicja, zofia = connected.alicja, connected.zofia
    connect_with_self_signed_certificate(actor=zofia.actor, company=zofia.company)
    earlier = make_approved(alicja)
    sending.run_entry(OutboxEntry.objects.get().id)
    simulator.fail({"match": POST, **fault})
    first = make_approved(alicja)
    run_outbox()
    assert (reload(alicja, first).state, problem(alicja)) == (State.QUEUED, "limited")
    # The receipt is of another group of calls, and those go on.
    assert has_true_receipt(alicja, earlier)
    second, hers = make_approved(alicja), make_approved(zofia)
    posts = count_requests(simulator, POST)
    run_outbox()
    assert (reload(alicja, second).state, reload(zofia, hers).state) == (State.QUEUED, State.ACCEPTED)
    assert posts() == 1
    pace = Pace(environment=alicja.company.environment, nip=alicja.company.nip)
    assert seconds - 10 < pace.wait(RateGroup.INVOICE_SEND) <= seconds
    run_outbox_later()
    assert {reload(alicja, invoice).state for invoice in (first, second)} == {State.ACCEPTED}


def test_an_outage_delays_and_loses_nothing(connected: People, simulator: Simulator) -> None:
    """F10: 503 to everything; the pauses grow, and the queue drains when KSeF is back."""
    alicja = connected.alicja
    simulator.fail({"match": {"path_regex": "/v2/"}, "times": 0, "action": "status", "status": 503})
    invoices = [make_approved(alicja), make_approved(alicja)]
    pauses = []
    for run in (run_outbox, run_outbox_later, run_outbox_later):
        run()
        entry = OutboxEntry.objects.order_by("not_before").first()
        assert entry is not None
        pauses.append(round((entry.not_before - timezone.now()).total_seconds() / 5))
    assert pauses == [1, 2, 4]
    with alicja.entered():
        assert {found.problem for found in Submission.objects.all()} == {"unavailable"}
    simulator.control("DELETE", "faults")
    run_outbox_later()
    assert {reload(alicja, invoice).state for invoice in invoices} == {State.ACCEPTED}


def test_a_token_that_ends_in_mid_session_is_renewed_at_once(connected: People, simulator: Simulator) -> None:
    """F12: KSeF answers 401 before it took anything: one renewal, the same session, no waiting."""
    alicja = connected.alicja
    make_approved(alicja)
    run_outbox()
    simulator.control("POST", "clock", {"offset": 20 * 60})
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert attempts(alicja) == ["submitted", "access_expired", "submitted"]
    with alicja.entered():
        assert KSeFSession.objects.count() == 1


@pytest.mark.parametrize("how", ["closed", "full"])
def test_a_session_that_takes_no_more_is_followed_by_another(
    how: str, connected: People, simulator: Simulator
) -> None:
    """F16, F17: closed elsewhere (21180) or full (21155): a new session at once, the sent ones stay as they are."""
    alicja = connected.alicja
    first = make_approved(alicja)
    run_outbox()
    if how == "full":
        simulator.control("POST", "options", {"max_invoices": 1})
    else:
        with alicja.entered():
            reference = KSeFSession.objects.get().reference
        with gateway_for("simulator") as gateway:
            gateway.close_online_session(access_of(alicja), reference)
    second = make_approved(alicja)
    run_outbox()
    assert [reload(alicja, invoice).state for invoice in (first, second)] == [State.ACCEPTED] * 2
    assert attempts(alicja) == ["submitted", "session_closed", "submitted"]


@pytest.mark.parametrize(
    ("fault", "problem", "alarm"),
    [
        ({"action": "error", "code": 21184}, "unavailable", []),
        ({"action": "error", "code": 21405}, "turned_away", ["KSeF turned away what this program asked"]),
        ({"action": "status", "status": 403}, "refused", []),
    ],
)
def test_only_a_refused_access_sends_a_person_to_mend_it(
    connected: People,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, object],
    problem: str,
    alarm: list[str],
) -> None:
    """Maintenance and misunderstandings are not the fault of anybody's token: the page does not say so."""
    simulator.fail({"match": {"method": "POST", "path_regex": "/sessions/online$"}, "times": 0, **fault})
    invoice = make_approved(connected.alicja)
    run_outbox()
    with connected.alicja.entered():
        assert Submission.objects.get(invoice_id=invoice.id).problem == problem
    assert alarms(caplog) == alarm


def test_maintenance_is_not_stormed(connected: People, simulator: Simulator) -> None:
    """F16: 21184 in every session: the second refusal waits, instead of opening session after session."""
    alicja = connected.alicja
    simulator.fail({"match": POST, "times": 0, "action": "error", "code": 21184})
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.QUEUED
    assert attempts(alicja) == ["session_closed"] * 2


def test_a_duplicate_of_our_own_bytes_is_accepted(connected: People, simulator: Simulator) -> None:
    """F18: 440, and the original has our hash: its number is ours, and so is its receipt."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    original_session = send_elsewhere(alicja, bytes(document(alicja, invoice).xml))
    run_outbox()
    (accepted,) = simulator.ledger()
    assert accepted["sessionReferenceNumber"] == original_session
    assert reload(alicja, invoice).ksef_number == accepted["ksefNumber"]
    assert has_true_receipt(alicja, invoice)


def test_a_duplicate_of_other_bytes_is_a_conflict(connected: People, simulator: Simulator) -> None:
    """F19: another program used the number: rejected, with the number of the original, never accepted."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    ours = bytes(document(alicja, invoice).xml)
    theirs = ours.replace("Usługa".encode(), b"Dostawa")
    assert theirs != ours
    send_elsewhere(alicja, theirs)
    run_outbox()
    (accepted,) = simulator.ledger()
    assert (reload(alicja, invoice).state, reload(alicja, invoice).ksef_number) == (State.REJECTED, "")
    with alicja.entered():
        facts = InvoiceEvent.objects.get(type=Event.REJECTED).data
        theirs_kept = ConflictingDocument.objects.get()
    assert (facts["code"], facts["original_ksef_number"]) == (440, accepted["ksefNumber"])
    assert (theirs_kept.ksef_number, bytes(theirs_kept.xml)) == (accepted["ksefNumber"], theirs)


def test_a_duplicate_that_names_no_original_is_found_by_its_hash(
    connected: People, simulator: Simulator, tampering: Tampering
) -> None:
    """F20, F1: the list lags behind, so the bytes go out twice; the bare 440 is looked up in our session."""
    alicja = connected.alicja
    simulator.fail({"match": POST, "action": "drop_after"})
    tampering.change[LIST_PATH] = in_json(lambda answer: answer.update(invoices=[]))
    tampering.change[STATUS_PATH] = in_json(lambda answer: answer["status"].pop("extensions", None))
    tampering.change["/invoices$"] = _forget_list(tampering)
    invoice = make_approved(alicja)
    run_outbox()
    run_outbox_later()
    run_outbox_later()
    assert [entry["code"] for entry in received(simulator)] == [200, 440]
    assert reload(alicja, invoice).ksef_number == simulator.ledger()[0]["ksefNumber"]
    assert has_true_receipt(alicja, invoice)


def _forget_list(tampering: Tampering) -> Any:
    """Once something was posted with an answer, the list is up to date."""

    def change(body: bytes) -> bytes:
        tampering.change.pop(LIST_PATH, None)
        return body

    return change


def test_a_rotated_key_is_fetched_anew(connected: People, simulator: Simulator) -> None:
    """F21: 21470 at the opening of the session: the list is read again, the same bytes are sent."""
    alicja = connected.alicja
    simulator.fail({"match": OPEN, "action": "error", "code": 21470})
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert attempts(alicja) == ["submitted"]


def test_an_unknown_status_is_processing_and_an_alarm(
    connected: People, tampering: Tampering, caplog: pytest.LogCaptureFixture
) -> None:
    """F26: 299 is no end and no crash; somebody is told, and the next read decides."""
    alicja = connected.alicja
    tampering.change[STATUS_PATH] = in_json(lambda answer: answer["status"].update(code=299))
    invoice = make_approved(alicja)
    run_outbox()
    assert (reload(alicja, invoice).state, problem(alicja)) == (State.SENDING, "unknown_status")
    assert alarms(caplog) == ["KSeF gave an unknown status"]
    tampering.change.clear()
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED


def test_a_number_with_a_wrong_checksum_is_no_proof(
    connected: People, tampering: Tampering, caplog: pytest.LogCaptureFixture
) -> None:
    """F52, I3: never accepted under a number that cannot be one; the alarm says that the contract is broken."""
    alicja = connected.alicja

    def damage(answer: dict[str, Any]) -> None:
        if number := answer.get("ksefNumber"):
            answer["ksefNumber"] = number[:-2] + f"{int(number[-2:], 16) ^ 1:02X}"

    tampering.change[STATUS_PATH] = in_json(damage)
    invoice = make_approved(alicja)
    run_outbox()
    assert (reload(alicja, invoice).state, problem(alicja)) == (State.SENDING, "unreadable")
    assert alarms(caplog) == ["KSeF gave an answer that breaks its contract"]
    tampering.change.clear()
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED


def test_another_hash_at_our_reference_is_no_proof(connected: People, tampering: Tampering) -> None:
    """I3: "accepted" for bytes that are not ours is not our acceptance."""
    alicja = connected.alicja
    tampering.change[STATUS_PATH] = in_json(lambda answer: answer.update(invoiceHash="A" * 43 + "="))
    invoice = make_approved(alicja)
    run_outbox()
    assert (reload(alicja, invoice).state, problem(alicja)) == (State.SENDING, "contract")


def test_a_receipt_that_is_late_is_asked_for_again(connected: People, simulator: Simulator) -> None:
    """F27: 404 for a while: accepted stays accepted, the receipt comes when it is there."""
    alicja = connected.alicja
    simulator.fail({"match": UPO_PATH, "times": 2, "action": "status", "status": 404})
    invoice = make_approved(alicja)
    run_outbox()
    run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert not has_receipt(alicja)
    run_outbox_later()
    assert has_true_receipt(alicja, invoice)
    assert not OutboxEntry.objects.exists()


def test_a_receipt_for_other_bytes_is_not_kept(
    connected: People, tampering: Tampering, caplog: pytest.LogCaptureFixture
) -> None:
    """F27, I3: a UPO whose hash is not ours is no UPO; the right one replaces nothing and is kept."""
    alicja = connected.alicja
    tampering.change["/upo$"] = lambda body: body.replace(b"<SkrotDokumentu>", b"<SkrotDokumentu>AAAA")
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert not has_receipt(alicja)
    assert alarms(caplog) == ["KSeF gave an answer that breaks its contract"]
    tampering.change.clear()
    run_outbox_later()
    assert has_true_receipt(alicja, invoice)


def test_after_midnight_it_goes_as_offline_with_its_deadline(connected: People, simulator: Simulator) -> None:
    """F50: P_1 is yesterday's: offlineMode is said, the deadline of art. 106nda is kept; nothing is silent."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        run_outbox()
    sent = reload(alicja, invoice)
    assert (sent.state, sent.mode) == (State.ACCEPTED, Mode.OFFLINE24)
    assert sent.send_by == next_business_day(invoice.issue_date)
    # By KSeF's clock it is still the day of P_1, so "Offline" can only come from our flag.
    assert [entry["mode"] for entry in simulator.ledger()] == ["Offline"]
    with alicja.entered():
        types = list(InvoiceEvent.objects.order_by("seq").values_list("type", flat=True))
    assert types[2:] == [Event.ISSUED_OFFLINE, Event.CLAIMED, Event.SUBMITTED, Event.ACCEPTED]


def test_what_midnight_overtook_on_its_way_is_offline_as_ksef_says(
    connected: People, simulator: Simulator
) -> None:
    """F50: posted as online before midnight, received after it: the mode is the one KSeF recorded."""
    alicja = connected.alicja
    simulator.control("POST", "clock", {"offset": 24 * 3600})
    invoice = make_approved(alicja)
    run_outbox()
    run_outbox_later()
    sent = reload(alicja, invoice)
    assert (sent.state, sent.mode) == (State.ACCEPTED, Mode.OFFLINE24)
    assert sent.send_by == next_business_day(invoice.issue_date)


def test_what_ksef_cancelled_itself_is_sent_anew(connected: People, simulator: Simulator) -> None:
    """405, 500 and 550 are KSeF's own trouble: the same bytes again, one document in the end."""
    alicja = connected.alicja
    simulator.control("POST", "verdicts", {"codes": [550, 500, 405]})
    invoice = make_approved(alicja)
    run_outbox()
    assert (reload(alicja, invoice).state, problem(alicja)) == (State.QUEUED, "ksef_deferred")
    for _again in range(3):
        run_outbox_later()
    assert reload(alicja, invoice).state == State.ACCEPTED
    assert len(simulator.ledger()) == 1
    sessions = [entry["sessionReferenceNumber"] for entry in received(simulator)]
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3]  # 405: that session failed.


def test_a_rejected_offline_document_is_reopened_as_one_of_today(
    connected: People, simulator: Simulator
) -> None:
    """F50: whatever midnight did to the rejected revision, the new one is issued today and online."""
    alicja = connected.alicja
    invoice = make_approved(alicja)
    ours = bytes(document(alicja, invoice).xml)
    send_elsewhere(alicja, ours.replace("Usługa".encode(), b"Dostawa"))
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        run_outbox()
    rejected = reload(alicja, invoice)
    assert (rejected.state, rejected.mode) == (State.REJECTED, Mode.OFFLINE24)
    with alicja.entered() as actor:
        reopen_invoice(actor=actor, invoice_id=invoice.id)
        again = approve_invoice(actor=actor, invoice_id=invoice.id)
    assert (again.number, again.mode, again.send_by) == (invoice.number, Mode.ONLINE, None)
