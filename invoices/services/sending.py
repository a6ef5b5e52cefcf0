"""Bringing one document to KSeF, exactly once: claim, session, post, reference, status (house rule: reconcile first).

No transaction is open while the network is used, and nothing is posted before the claim, the session and the
attempt are durable. After a doubt the session is read before anything is posted again. An exception that is not
foreseen here leaves the entry leased: it comes back when the lease ends, and is parked when that goes on (F40).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from accounts.services import ksef_access
from accounts.services.ksef_access import NotConnected
from invoices import outbox
from invoices.models import OutboxEntry
from invoices.services import batch_sending, fetching, gathering, outcomes, reconciliation, upo
from invoices.services.failpoints import reach
from invoices.services.ksef_sessions import mark_closed, open_or_reuse
from invoices.services.pacing import Pace
from invoices.services.reconciliation import Original
from invoices.services.setbacks import (
    LONGEST_WAIT_SECONDS,
    backoff,
    note_setback,
    pause_after,
    problem_of,
)
from ksef.errors import Ambiguous, KSeFError, Refused
from ksef.exchange.limits import RateGroup
from ksef.number import is_valid_ksef_number
from ksef.status import InvoiceFate, invoice_fate, is_known_invoice_code, needs_new_session

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from invoices.services.outcomes import Work
    from ksef.gateway import Gateway, InvoiceStatus

log = structlog.get_logger()

# KSeF mostly decides within seconds: wait for it here, then leave the rest to the sweep (120 reads a minute).
_POLL_SECONDS = (0.15, 0.3, 0.6, 1, 1.5, 2, 3)
# Slow answers must not use up the task's time limit (F11).
_LONGEST_POLLING_SECONDS = 12.0
_NOT_CONNECTED_SECONDS = 300
_LOOK_AHEAD = 100
# Status of an invoice: its session failed, so the next try needs another one.
_SESSION_FAILED = 405


def run_next() -> bool:
    """Do one piece of what is due, for the company whose turn it is (I9); whether there was any.

    A crowd of one person's documents goes as one package instead of one by one. A company that keeps a worker
    busy gets no second one: however slow KSeF is for it, the others are served meanwhile (F11).
    """
    busy = outbox.list_busy_companies()
    ways: dict[tuple[uuid.UUID, uuid.UUID], gathering.Way] = {}
    for entry in outbox.list_due(limit=_LOOK_AHEAD):
        if entry.company_id in busy:
            continue
        if entry.kind == OutboxEntry.Kind.DELIVER:
            lane = entry.company_id, entry.user_id
            way = ways[lane] if lane in ways else gathering.choose_way(*lane)
            ways[lane] = way
            if way is gathering.Way.PACKAGE:
                return True
            if way is gathering.Way.WAIT:
                continue
        if run_entry(entry.id):
            return True
    return False


def run_entry(entry_id: uuid.UUID) -> bool:
    """Do one piece of queued work. Run twice, late or at once with itself, it does the work once (F39, F40).

    Whether it was there to be done.
    """
    claim = outbox.claim(entry_id)
    if claim is None:
        return False
    with structlog.contextvars.bound_contextvars(
        company=str(claim.company_id), target=str(claim.target_id), attempt=claim.attempt
    ):
        try:
            match claim.kind:
                case OutboxEntry.Kind.FETCH_UPO:
                    upo.fetch_upo(claim)
                case OutboxEntry.Kind.SEND_BATCH:
                    batch_sending.send_batch(claim)
                case OutboxEntry.Kind.RECEIVE:
                    fetching.receive(claim)
                case _:
                    deliver(claim)
        except outbox.LostClaim:
            log.warning("another worker took over")
    return True


def deliver(claim: outbox.Claim) -> None:
    """Take the claimed submission as far as it goes now; whatever fails is written down and tried again."""
    work = outcomes.load_work(claim)
    if work is None:
        return
    pace = Pace(environment=work.environment, nip=work.company.nip)
    with ksef_access.gateway_for(work.environment, gate=pace) as gateway:
        try:
            _advance(gateway, work, pace)
        except NotConnected as missing:
            outcomes.record_waiting(work, problem=missing.problem, seconds=_NOT_CONNECTED_SECONDS)
        except KSeFError as error:
            _wait_after(error, work)


def _advance(gateway: Gateway, work: Work, pace: Pace) -> None:
    access_token = ksef_access.obtain_access(
        gateway=gateway, company=work.company, environment=work.environment, user_id=work.user_id
    )
    pace.keep_up(gateway, access_token)
    session_reference, reference = work.session_reference, work.reference
    if session_reference and not reference:
        found = reconciliation.find_posted(gateway, access_token, work)
        if found is not None:
            reference = found.reference
            outcomes.record_reference(work, session_reference=session_reference, reference=reference)
        elif not reconciliation.may_post_again(work):
            outcomes.record_missing(work, seconds=settings.DOUBT_SECONDS)
            return
    if not reference:
        # Nothing is begun that would have to be put back at once.
        pace.require(RateGroup.INVOICE_SEND)
        posted = _post(gateway, access_token, work)
        if posted is None:
            return
        session_reference, reference = posted
    # What was still undecided at an earlier claim is not worth a worker's patience again.
    pauses = () if work.reference else _POLL_SECONDS
    status = _await_status(
        gateway, access_token, session_reference=session_reference, reference=reference, pauses=pauses
    )
    _settle(gateway, access_token, work, session_reference, status)


def _post(gateway: Gateway, access_token: str, work: Work) -> tuple[str, str] | None:
    """Post the frozen bytes; the two references, or None when the outcome was written down already."""
    session = open_or_reuse(gateway, access_token, work)
    is_offline = outcomes.begin_post(work, session_reference=session.reference)
    if is_offline is None:
        return None
    reach("send.before_post")
    try:
        reference = gateway.send_invoice(
            access_token,
            session=session,
            xml=work.xml,
            offline=is_offline,
            corrects=work.corrects or None,
        )
    except Ambiguous:
        # The bytes may have arrived. State and session stay; the next claim looks there first.
        outcomes.record_waiting(work, problem="doubt", seconds=1)
        return None
    except KSeFError as error:
        _give_back_after(error, work, session.reference)
        return None
    reach("send.after_post")
    outcomes.record_reference(work, session_reference=session.reference, reference=reference)
    reach("send.after_reference")
    return session.reference, reference


def _await_status(
    gateway: Gateway, access_token: str, *, session_reference: str, reference: str, pauses: Sequence[float]
) -> InvoiceStatus:
    """The status now, or after some more reads while KSeF has not decided; how long, the caller says."""

    def read() -> InvoiceStatus:
        return gateway.get_invoice_status(
            access_token, session_reference=session_reference, invoice_reference=reference
        )

    deadline = time.monotonic() + _LONGEST_POLLING_SECONDS
    status = read()
    for pause in pauses:
        if not _is_undecided(status) or time.monotonic() > deadline:
            break
        time.sleep(pause)
        status = read()
    return status


def _is_undecided(status: InvoiceStatus) -> bool:
    # An unknown status is not worth asking again at once.
    return is_known_invoice_code(status.code) and invoice_fate(status.code) is InvoiceFate.PENDING


def _settle(
    gateway: Gateway, access_token: str, work: Work, session_reference: str, status: InvoiceStatus
) -> None:
    reach("poll.after_status")
    fate = invoice_fate(status.code)
    if fate is InvoiceFate.PENDING:
        _wait_for_decision(work, status)
    elif fate is InvoiceFate.ACCEPTED:
        _accept(work, status.ksef_number or "", session_reference, status)
    elif fate is InvoiceFate.DEFERRED:
        if status.code == _SESSION_FAILED:
            mark_closed(work, session_reference)
        outcomes.record_not_delivered(work, problem="ksef_deferred", seconds=backoff(work.claim.attempt))
    elif fate is InvoiceFate.DUPLICATE:
        original = reconciliation.find_original(
            gateway, access_token, work, session_reference=session_reference, status=status
        )
        if isinstance(original, Original):
            _accept(work, original.ksef_number, original.session_reference, status)
        else:
            outcomes.record_rejected(work, status=status, stranger=original)
    else:
        outcomes.record_rejected(work, status=status)


def _wait_for_decision(work: Work, status: InvoiceStatus) -> None:
    problem = ""
    if not is_known_invoice_code(status.code):
        # It is taken as "processing", but a person must learn what KSeF means by it (F26).
        log.error("KSeF gave an unknown status", code=status.code)
        problem = "unknown_status"
    outcomes.record_waiting(work, problem=problem, seconds=backoff(work.claim.attempt))


def _accept(work: Work, ksef_number: str, session_reference: str, status: InvoiceStatus) -> None:
    if not is_valid_ksef_number(ksef_number) or status.invoice_hash != work.sha256:
        # I3, F52: never "accepted" with a number that cannot be one, or for other bytes than ours.
        log.error("KSeF accepted something that is not ours")
        outcomes.record_waiting(work, problem="contract", seconds=LONGEST_WAIT_SECONDS)
        return
    outcomes.record_accepted(
        work, ksef_number=ksef_number, session_reference=session_reference, status=status
    )


def _give_back_after(error: KSeFError, work: Work, session_reference: str) -> None:
    """The post was refused, so KSeF certainly does not have the document."""
    _note(error, work)
    problem, seconds = problem_of(error), _pause(error, work)
    if isinstance(error, Refused) and needs_new_session(error.code):
        mark_closed(work, session_reference)
        problem = "session_closed"
        # A new session helps at once or, in maintenance (21184), not so soon.
        seconds = 0 if work.problem != problem else backoff(work.claim.attempt)
    outcomes.record_not_delivered(work, problem=problem, seconds=seconds)


def _wait_after(error: KSeFError, work: Work) -> None:
    _note(error, work)
    outcomes.record_waiting(work, problem=problem_of(error), seconds=_pause(error, work))


def _note(error: KSeFError, work: Work) -> None:
    note_setback(error, company=work.company, environment=work.environment, user_id=work.user_id)


def _pause(error: KSeFError, work: Work) -> float:
    return pause_after(error, problem_before=work.problem, attempt=work.claim.attempt)
