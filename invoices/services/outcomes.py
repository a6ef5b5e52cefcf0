"""What a worker may write about a submission. Every write proves first that its claim is still the last (F39)."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.models import Company
from invoices import outbox
from invoices.domain.calendar import warsaw_date
from invoices.domain.deadlines import offline_mode_of
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import ConflictingDocument, Invoice, OutboxEntry, Submission, SubmissionAttempt
from invoices.selectors.outages import knows_lately, list_outages
from invoices.services._transition import apply_event, lock_invoice
from invoices.services.legal_clock import issue_moment, issue_offline, make_offline, reckon, release
from ksef.exchange.outages import gravest_at
from roles.access import Right, find_actor
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from invoices.services.reconciliation import Stranger
    from ksef.exchange.outages import Outage
    from ksef.gateway import InvoiceStatus

_KSEF_OFFLINE = "Offline"
# How often work looks whether an outage of unknown length is over; its published end wakes it sooner.
_OUTAGE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Work:
    """One submission as claimed: all that the network part needs, read in one short transaction."""

    claim: outbox.Claim
    company: Company
    submission_id: uuid.UUID
    invoice_id: uuid.UUID
    user_id: uuid.UUID
    environment: str
    xml: bytes
    sha256: bytes
    # Of a technical correction: the hash of the rejected document whose place it takes.
    corrects: bytes
    session_reference: str
    reference: str
    missing_since: datetime | None
    # Why the attempt before this one came to nothing; empty when there was none.
    problem: str


def load_work(claim: outbox.Claim) -> Work | None:
    """Read what the claim is about; None, and the entry removed, when there is nothing to do.

    That is when the submission is settled, or when its user may no longer send (S79), or the company sends nothing
    any more (S94), and nothing was posted: then KSeF is not even called with that user's credential. What was
    posted is followed to its end, whoever has left since: a document may be in KSeF, and somebody must know.
    While an outage lasts that was announced, nothing new is posted; the total one takes the document off the way.
    """
    with tenant_transaction(claim.company_id, user_id=claim.user_id, durable=True):
        outbox.hold(claim)
        submission = Submission.objects.select_related("document").get(id=claim.target_id)
        if submission.closed_at is not None:
            outbox.finish(claim)
            return None
        company = Company.objects.get(id=claim.company_id)
        if not submission.session_reference and (reason := why_not_to_send(submission, company)):
            withdraw(lock_invoice(submission.invoice_id), submission, claim, reason=reason)
            return None
        if not submission.session_reference:
            outages = list_outages(submission.environment)
            if is_kept_back(lock_invoice(submission.invoice_id), submission, claim, outages=outages):
                return None
        return work_of(submission, claim=claim, company=company)


def work_of(submission: Submission, *, claim: outbox.Claim, company: Company) -> Work:
    return Work(
        claim=claim,
        company=company,
        submission_id=submission.id,
        invoice_id=submission.invoice_id,
        user_id=submission.user_id,
        environment=submission.environment,
        xml=bytes(submission.document.xml),
        sha256=bytes(submission.document.sha256),
        corrects=bytes(submission.document.corrects or b""),
        session_reference=submission.session_reference,
        reference=submission.reference,
        missing_since=submission.missing_since,
        problem=submission.problem,
    )


def begin_post(work: Work, *, session_reference: str) -> bool | None:
    """The last durable step before the bytes go out: session, attempt, state "sending".

    Right, membership, scope and date are asked again (S79, S94). Returns whether the document goes as offline,
    or None when it may not go any more: the invoice is back among the approved and nothing may be posted.
    """
    with _writing(work) as (invoice, submission):
        company = Company.objects.get(id=work.company.id)
        if reason := why_not_to_send(submission, company):
            withdraw(invoice, submission, work.claim, reason=reason)
            return None
        leave_online_mode_after_midnight(invoice)
        if invoice.state != State.SENDING:
            apply_event(invoice, Event.CLAIMED, actor_id=None)
        submission.session_reference = session_reference
        submission.missing_since = None
        _stop_waiting(submission)
        SubmissionAttempt.objects.create(
            company_id=work.company.id,
            submission=submission,
            number=work.claim.attempt,
            session_reference=session_reference,
            started_at=timezone.now(),
        )
        return invoice.mode != Mode.ONLINE


def record_reference(work: Work, *, session_reference: str, reference: str) -> None:
    """KSeF took the bytes in: its reference is known, the doubt is over."""
    with _writing(work) as (invoice, submission):
        submission.session_reference = session_reference
        submission.reference = reference
        submission.missing_since = None
        _stop_waiting(submission)
        apply_event(
            invoice,
            Event.SUBMITTED,
            actor_id=None,
            data={"session": session_reference, "reference": reference},
        )
        _close_attempt(work, "submitted")


def record_accepted(work: Work, *, ksef_number: str, session_reference: str, status: InvoiceStatus) -> None:
    """KSeF numbered the document; the UPO is fetched by an entry of its own."""
    with _writing(work) as (invoice, submission):
        take_number(invoice, ksef_number=ksef_number, status=status)
        invoice.save(update_fields=["ksef_number"])
        facts = facts_of_acceptance(status, ksef_number=ksef_number, session_reference=session_reference)
        apply_event(invoice, Event.ACCEPTED, actor_id=None, data=facts)
        submission.session_reference = session_reference
        _close(submission)
        outbox.finish(work.claim)
        outbox.enqueue(
            kind=OutboxEntry.Kind.FETCH_UPO,
            company_id=work.company.id,
            user_id=work.user_id,
            target_id=submission.id,
        )


def record_rejected(work: Work, *, status: InvoiceStatus, stranger: Stranger | None = None) -> None:
    """KSeF refused the document for good; the reason is kept in its own words.

    When somebody else's document bears the number (F19), that one is kept beside it, to be compared.
    """
    with _writing(work) as (invoice, submission):
        facts: dict[str, Any] = {
            "code": status.code,
            "description": status.description,
            "details": list(status.details),
        }
        if status.original_ksef_number:
            facts["original_ksef_number"] = status.original_ksef_number
        apply_event(invoice, Event.REJECTED, actor_id=None, data=facts)
        if stranger:
            _keep(stranger, invoice)
        _close(submission)
        outbox.finish(work.claim)


def record_not_delivered(work: Work, *, problem: str, seconds: float) -> None:
    """It is proved that KSeF does not have the document: back to the queue, to be posted anew later."""
    with _writing(work) as (invoice, submission):
        submission.session_reference = ""
        submission.reference = ""
        submission.missing_since = None
        _wait(submission, problem=problem, seconds=seconds)
        if invoice.state == State.SENDING:
            _put_back(invoice, problem)
        _close_attempt(work, problem)
        outbox.postpone(work.claim, seconds=seconds)


def record_missing(work: Work, *, seconds: float) -> None:
    """The session was read once and does not show the document: look again before posting again."""
    with _writing(work) as (_invoice, submission):
        submission.missing_since = submission.missing_since or timezone.now()
        _wait(submission, problem="doubt", seconds=seconds)
        outbox.postpone(work.claim, seconds=seconds)


def record_waiting(work: Work, *, problem: str, seconds: float) -> None:
    """Nothing is known that was not known before; try the same step again later."""
    with _writing(work) as (_invoice, submission):
        _wait(submission, problem=problem, seconds=seconds)
        outbox.postpone(work.claim, seconds=seconds)


def take_number(invoice: Invoice, *, ksef_number: str, status: InvoiceStatus) -> None:
    """What acceptance changes about the invoice; the caller saves `ksef_number`."""
    invoice.ksef_number = ksef_number
    if status.invoicing_mode == _KSEF_OFFLINE and invoice.mode == Mode.ONLINE:
        # Posted before midnight, received after it: KSeF itself made it offline (ksef-protocol 10).
        issued_at, outages = issue_moment(invoice), list_outages(invoice.environment)
        mode = offline_mode_of(issued_at, outages)
        make_offline(invoice, mode=mode, issued_at=issued_at, outages=outages)


def facts_of_acceptance(status: InvoiceStatus, *, ksef_number: str, session_reference: str) -> dict[str, Any]:
    return {
        "ksef_number": ksef_number,
        "session": session_reference,
        "reference": status.reference,
        "acquired_at": status.acquisition_date.isoformat() if status.acquisition_date else "",
        "mode": status.invoicing_mode or "",
    }


@contextmanager
def _writing(work: Work) -> Iterator[tuple[Invoice, Submission]]:
    with tenant_transaction(work.company.id, user_id=work.user_id, durable=True):
        outbox.hold(work.claim)
        invoice = lock_invoice(work.invoice_id)
        yield invoice, Submission.objects.select_for_update().get(id=work.submission_id)


def why_not_to_send(submission: Submission, company: Company) -> str:
    """The code of what has changed since it was queued; empty while it may still go."""
    if not company.sends:
        return "receive_only"
    actor = find_actor(user_id=submission.user_id, company_id=submission.company_id)
    return "" if actor is not None and actor.may(Right.SEND) else "right_gone"


def withdraw(invoice: Invoice, submission: Submission, claim: outbox.Claim, *, reason: str) -> None:
    if invoice.state == State.SENDING:
        _put_back(invoice, reason)
    apply_event(invoice, Event.WITHDRAWN, actor_id=None, data={"reason": reason})
    _close(submission)
    outbox.finish(claim)


def _keep(stranger: Stranger, invoice: Invoice) -> None:
    ConflictingDocument.objects.get_or_create(
        company_id=invoice.company_id,
        invoice=invoice,
        ksef_number=stranger.ksef_number,
        defaults={
            "xml": stranger.xml,
            "sha256": hashlib.sha256(stranger.xml).digest(),
            "fetched_at": timezone.now(),
        },
    )


def is_kept_back(
    invoice: Invoice, submission: Submission, claim: outbox.Claim, *, outages: Sequence[Outage]
) -> bool:
    """Write down that an announced outage keeps it from KSeF, or for ever (art. 106ng); no call of ours decides."""
    deadline = reckon(invoice, outages)
    if deadline.is_lifted:
        if invoice.state == State.SENDING:
            _put_back(invoice, Submission.OUTAGE)
        release(invoice, deadline)
        _close(submission)
        outbox.finish(claim)
        return True
    now = timezone.now()
    outage = gravest_at(outages, now)
    if outage is None or not knows_lately(submission.environment, now):
        return False
    seconds = _OUTAGE_SECONDS
    if outage.ends_at is not None:
        seconds = min(seconds, max(1.0, (outage.ends_at - now).total_seconds()))
    _wait(submission, problem=Submission.OUTAGE, seconds=seconds)
    outbox.postpone(claim, seconds=seconds)
    return True


def leave_online_mode_after_midnight(invoice: Invoice) -> None:
    """P_1 before today cannot go silently as online: it becomes an offline one, with its legal deadline (F50)."""
    if invoice.mode != Mode.ONLINE or invoice.issue_date >= warsaw_date(timezone.now()):
        return
    if invoice.state == State.SENDING:
        _put_back(invoice, "midnight")
    issued_at, outages = issue_moment(invoice), list_outages(invoice.environment)
    mode = offline_mode_of(issued_at, outages)
    issue_offline(invoice, mode=mode, issued_at=issued_at, outages=outages, actor_id=None)


def _put_back(invoice: Invoice, problem: str) -> None:
    event = Event.DEFERRED if invoice.mode == Mode.ONLINE else Event.DEFERRED_OFFLINE
    apply_event(invoice, event, actor_id=None, data={"problem": problem})


def _wait(submission: Submission, *, problem: str, seconds: float) -> None:
    submission.problem = problem
    submission.next_attempt_at = timezone.now() + timedelta(seconds=seconds)
    submission.save()


def _stop_waiting(submission: Submission) -> None:
    submission.problem = ""
    submission.next_attempt_at = None
    submission.save()


def _close(submission: Submission) -> None:
    submission.closed_at = timezone.now()
    _stop_waiting(submission)


def _close_attempt(work: Work, result: str) -> None:
    SubmissionAttempt.objects.filter(submission_id=work.submission_id, result="").update(result=result)
