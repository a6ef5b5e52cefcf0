"""Bringing one document to KSeF, exactly once: claim, session, post, reference, status (house rule: reconcile first).

No transaction is open while the network is used, and nothing is posted before the claim, the session and the
attempt are durable. After a doubt the session is read before anything is posted again.
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
from invoices.services import outcomes, reconciliation, upo
from invoices.services.failpoints import reach
from invoices.services.ksef_sessions import mark_closed, open_or_reuse
from ksef.errors import AccessExpired, Ambiguous, KSeFError, Limited, Refused
from ksef.number import is_valid_ksef_number
from ksef.status import InvoiceFate, invoice_fate, needs_new_session

if TYPE_CHECKING:
    import uuid

    from invoices.services.outcomes import Work
    from ksef.gateway import Gateway, InvoiceStatus

log = structlog.get_logger()

# KSeF mostly decides within seconds: wait for it here, then leave the rest to the sweep.
_POLL_SECONDS = (0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1, 1, 1.5, 1.5, 2, 2)
_POLL_AGAIN_SECONDS = 5
_LONGEST_WAIT_SECONDS = 900
_NOT_CONNECTED_SECONDS = 300


def run_entry(entry_id: uuid.UUID) -> None:
    """Do one piece of queued work. Run twice, late or at once with itself, it does the work once (F39, F40)."""
    claim = outbox.claim(entry_id)
    if claim is None:
        return
    try:
        if claim.kind == OutboxEntry.Kind.FETCH_UPO:
            upo.fetch_upo(claim)
        else:
            deliver(claim)
    except outbox.LostClaim:
        log.warning("another worker took over", entry=str(claim.entry_id), attempt=claim.attempt)


def deliver(claim: outbox.Claim) -> None:
    """Take the claimed submission as far as it goes now; whatever fails is written down and tried again."""
    work = outcomes.load_work(claim)
    if work is None:
        return
    with ksef_access.gateway_for(work.environment) as gateway:
        try:
            _advance(gateway, work)
        except NotConnected:
            outcomes.record_waiting(work, problem="not_connected", seconds=_NOT_CONNECTED_SECONDS)
        except KSeFError as error:
            _wait_after(error, work)


def _advance(gateway: Gateway, work: Work) -> None:
    access_token = ksef_access.obtain_access(
        gateway=gateway, company=work.company, environment=work.environment, user_id=work.user_id
    )
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
        posted = _post(gateway, access_token, work)
        if posted is None:
            return
        session_reference, reference = posted
    status = _await_status(gateway, access_token, session_reference, reference)
    _settle(gateway, access_token, work, session_reference, status)


def _post(gateway: Gateway, access_token: str, work: Work) -> tuple[str, str] | None:
    """Post the frozen bytes; the two references, or None when the outcome was written down already."""
    session = open_or_reuse(gateway, access_token, work)
    is_offline = outcomes.begin_post(work, session_reference=session.reference)
    if is_offline is None:
        return None
    reach("send.before_post")
    try:
        reference = gateway.send_invoice(access_token, session=session, xml=work.xml, offline=is_offline)
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
    gateway: Gateway, access_token: str, session_reference: str, reference: str
) -> InvoiceStatus:
    def read() -> InvoiceStatus:
        return gateway.get_invoice_status(
            access_token, session_reference=session_reference, invoice_reference=reference
        )

    status = read()
    for pause in _POLL_SECONDS:
        if invoice_fate(status.code) is not InvoiceFate.PENDING:
            break
        time.sleep(pause)
        status = read()
    return status


def _settle(
    gateway: Gateway, access_token: str, work: Work, session_reference: str, status: InvoiceStatus
) -> None:
    reach("poll.after_status")
    fate = invoice_fate(status.code)
    if fate is InvoiceFate.PENDING:
        outcomes.record_waiting(work, problem="", seconds=_POLL_AGAIN_SECONDS)
    elif fate is InvoiceFate.ACCEPTED:
        _accept(work, status.ksef_number or "", session_reference, status)
    elif fate is InvoiceFate.DEFERRED:
        outcomes.record_not_delivered(work, problem="ksef_deferred", seconds=_backoff(work))
    elif fate is InvoiceFate.DUPLICATE and reconciliation.is_original_ours(
        gateway, access_token, work, status
    ):
        original_session = status.original_session_reference or session_reference
        _accept(work, status.original_ksef_number or "", original_session, status)
    else:
        outcomes.record_rejected(work, status=status)


def _accept(work: Work, ksef_number: str, session_reference: str, status: InvoiceStatus) -> None:
    if not is_valid_ksef_number(ksef_number):
        # F52: never "accepted" with a number that cannot be one.
        log.error("KSeF gave a number with a wrong check sum", submission=str(work.submission_id))
        outcomes.record_waiting(work, problem="contract", seconds=_LONGEST_WAIT_SECONDS)
        return
    outcomes.record_accepted(
        work, ksef_number=ksef_number, session_reference=session_reference, status=status
    )


def _give_back_after(error: KSeFError, work: Work, session_reference: str) -> None:
    """The post was refused, so KSeF certainly does not have the document."""
    if isinstance(error, Refused) and needs_new_session(error.code):
        mark_closed(work, session_reference)
        outcomes.record_not_delivered(work, problem="session_closed", seconds=0)
        return
    _note(error, work)
    outcomes.record_not_delivered(work, problem=_problem(error), seconds=_pause(error, work))


def _wait_after(error: KSeFError, work: Work) -> None:
    _note(error, work)
    outcomes.record_waiting(work, problem=_problem(error), seconds=_pause(error, work))


def _note(error: KSeFError, work: Work) -> None:
    """What an answer means beyond this one document."""
    log.warning(
        "KSeF did not serve us", problem=_problem(error), error=str(error), attempt=work.claim.attempt
    )
    if isinstance(error, Limited):
        outbox.hold_company(work.company.id, seconds=error.retry_after)
    if isinstance(error, AccessExpired):
        ksef_access.forget_access(company=work.company, environment=work.environment, user_id=work.user_id)


def _problem(error: KSeFError) -> str:
    if isinstance(error, Limited):
        return "limited"
    return "refused" if isinstance(error, Refused) else "unavailable"


def _pause(error: KSeFError, work: Work) -> float:
    if isinstance(error, Limited):
        return error.retry_after
    if isinstance(error, AccessExpired) and work.claim.attempt == 1:
        return 0
    return _backoff(work)


def _backoff(work: Work) -> float:
    return float(min(_LONGEST_WAIT_SECONDS, 5 * 2 ** min(work.claim.attempt - 1, 8)))
