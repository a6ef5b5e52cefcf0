"""What becomes of the documents in a package, many at once. Every write proves that the package's claim holds (F39).

What befalls a single one of them (rejected, a duplicate) is written by invoices.services.outcomes, as for any other.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING

import structlog
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Company
from invoices import outbox
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import Batch, Invoice, OutboxEntry, Submission, SubmissionAttempt
from invoices.selectors.outages import list_outages
from invoices.services import outcomes
from invoices.services._transition import apply_event_to_all
from ksef.number import is_valid_ksef_number
from ksef.status import InvoiceFate, invoice_fate, is_known_invoice_code
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ksef.exchange.outages import Outage
    from ksef.gateway import InvoiceStatus

log = structlog.get_logger()

# So many go in one transaction: seconds at most, whatever waits for their rows.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class BatchWork:
    """A package as claimed; `row` is what was read with the claim, kept up to date by this worker alone."""

    claim: outbox.Claim
    company: Company
    row: Batch


@contextmanager
def writing(work: BatchWork) -> Iterator[None]:
    """A short transaction in which the claim is proved to be the last."""
    claim = work.claim
    with tenant_transaction(claim.company_id, user_id=claim.user_id, durable=True):
        outbox.hold(claim)
        yield


def change(work: BatchWork, **values: object) -> None:
    """Write down how far the package has got; within `writing`."""
    for name, value in values.items():
        setattr(work.row, name, value)
    work.row.save(update_fields=[*values])


def begin(work: BatchWork) -> int:
    """Ask right, scope and date again for each member, and claim those that may go (S79, S94, F50, F51).

    Returns how many are in the package then; repeated, it asks anew and claims nobody twice.
    """
    for chunk in batched(_open_ids(work), _CHUNK):
        with writing(work):
            _begin(work, chunk)
    return len(_open_ids(work))


def _begin(work: BatchWork, ids: Collection[uuid.UUID]) -> None:
    members = _lock(work, ids)
    if not members:
        return
    company = Company.objects.get(id=work.company.id)
    if reason := outcomes.why_not_to_send(members[0].submission, company):
        for member in members:
            outcomes.withdraw(member.invoice, member.submission, member.claim, reason=reason)
        return
    outages = list_outages(work.row.environment)
    members = [member for member in members if not _is_kept_back(member, outages)]
    for member in members:
        outcomes.leave_online_mode_after_midnight(member.invoice)
    others = [member for member in members if (member.invoice.mode != Mode.ONLINE) != work.row.is_offline]
    _let_go(others, seconds=0)
    fitting = [member for member in members if member not in others]
    apply_event_to_all(
        [member.invoice for member in fitting if member.invoice.state != State.SENDING],
        Event.CLAIMED,
        actor_id=None,
    )
    SubmissionAttempt.objects.bulk_create(
        [
            SubmissionAttempt(
                company_id=company.id,
                submission=member.submission,
                number=member.claim.attempt,
                started_at=timezone.now(),
            )
            for member in fitting
        ],
        ignore_conflicts=True,
    )


def _is_kept_back(member: _Member, outages: Sequence[Outage]) -> bool:
    """Out of the package when an announced outage keeps it from KSeF; afterwards it goes by itself."""
    kept = outcomes.is_kept_back(member.invoice, member.submission, member.claim, outages=outages)
    if kept:
        Submission.objects.filter(id=member.submission.id).update(batch=None)
        OutboxEntry.objects.filter(id=member.claim.entry_id).update(batch_id=None)
    return kept


def note_session(work: BatchWork, reference: str) -> None:
    """The members are about to be posted into this session; within `writing`."""
    members = Submission.objects.filter(batch=work.row, closed_at=None)
    SubmissionAttempt.objects.filter(submission__in=members, result="").update(session_reference=reference)
    members.update(session_reference=reference)


def note_submitted(work: BatchWork) -> None:
    """KSeF was told that the package is complete; within `writing`."""
    invoices = list(
        Invoice.objects.select_for_update().filter(
            submissions__batch=work.row, submissions__closed_at=None, state=State.SENDING
        )
    )
    facts = {"session": work.row.reference, "reference": ""}
    apply_event_to_all(
        invoices, Event.SUBMITTED, actor_id=None, data={invoice.id: facts for invoice in invoices}
    )


def settle(work: BatchWork, statuses: Sequence[InvoiceStatus]) -> list[tuple[uuid.UUID, InvoiceStatus]]:
    """Give each listed member its outcome, matched by SHA-256 (F25); the duplicates, by submission, are left over.

    Whatever is listed and not ours, or settled already, is passed over.
    """
    duplicates: list[tuple[uuid.UUID, InvoiceStatus]] = []
    for chunk in batched(statuses, _CHUNK):
        told = _best_by_hash(chunk)
        with writing(work):
            duplicates += _settle(work, told)
    return duplicates


def _settle(
    work: BatchWork, told: Mapping[bytes, InvoiceStatus]
) -> Iterator[tuple[uuid.UUID, InvoiceStatus]]:
    ids = dict(
        Submission.objects.filter(batch=work.row, closed_at=None, document__sha256__in=[*told]).values_list(
            "id", "document__sha256"
        )
    )
    accepted: list[tuple[_Member, InvoiceStatus]] = []
    leftover: list[tuple[uuid.UUID, InvoiceStatus]] = []
    for member in _lock(work, ids):
        status = told[bytes(ids[member.submission.id])]
        match invoice_fate(status.code):
            case InvoiceFate.ACCEPTED:
                accepted.append((member, status))
            case InvoiceFate.REJECTED:
                reject(work, member, status)
            case InvoiceFate.DUPLICATE:
                leftover.append((member.submission.id, status))
            case InvoiceFate.DEFERRED:
                put_back([member], problem="ksef_deferred", seconds=1)
            case InvoiceFate.PENDING:
                _leave_pending(member, status)
    _accept(work, accepted)
    return iter(leftover)


def _accept(work: BatchWork, accepted: Sequence[tuple[_Member, InvoiceStatus]]) -> None:
    good = [pair for pair in accepted if is_valid_ksef_number(pair[1].ksef_number or "")]
    if len(good) < len(accepted):
        # I3, F52: never "accepted" with a number that cannot be one.
        log.error("KSeF accepted something that is not ours")
    facts = {}
    for member, status in good:
        number = status.ksef_number or ""
        outcomes.take_number(member.invoice, ksef_number=number, status=status)
        facts[member.invoice.id] = outcomes.facts_of_acceptance(
            status, ksef_number=number, session_reference=work.row.reference
        )
    members = [member for member, _status in good]
    invoices = [member.invoice for member in members]
    Invoice.objects.bulk_update(invoices, ["ksef_number"])
    apply_event_to_all(invoices, Event.ACCEPTED, actor_id=None, data=facts)
    submissions = Submission.objects.filter(id__in=[member.submission.id for member in members])
    SubmissionAttempt.objects.filter(submission__in=submissions, result="").update(result="submitted")
    submissions.update(closed_at=timezone.now(), missing_since=None, problem="", next_attempt_at=None)
    OutboxEntry.objects.filter(id__in=[member.claim.entry_id for member in members]).delete()
    change(work, accepted_count=work.row.accepted_count + len(members))


def reject(work: BatchWork, member: _Member, status: InvoiceStatus) -> None:
    submission = Submission.objects.select_related("document").get(id=member.submission.id)
    outcomes.record_rejected(
        outcomes.work_of(submission, claim=member.claim, company=work.company), status=status
    )
    change(work, rejected_count=work.row.rejected_count + 1)


def _leave_pending(member: _Member, status: InvoiceStatus) -> None:
    """KSeF shows it, so it is not missing; what an unknown code means a person must find out (F26)."""
    problem = ""
    if not is_known_invoice_code(status.code):
        log.error("KSeF gave an unknown status", code=status.code)
        problem = "unknown_status"
    Submission.objects.filter(id=member.submission.id).update(
        reference=status.reference, missing_since=None, problem=problem
    )


def accept_original(
    work: BatchWork, submission_id: uuid.UUID, *, ksef_number: str, session: str, status: InvoiceStatus
) -> None:
    """A 440 that repeats our own bytes: accepted under the number of the first (F18)."""
    with writing(work):
        for member in _lock(work, [submission_id]):
            submission = Submission.objects.select_related("document").get(id=submission_id)
            outcomes.record_accepted(
                outcomes.work_of(submission, claim=member.claim, company=work.company),
                ksef_number=ksef_number,
                session_reference=session,
                status=status,
            )
            change(work, accepted_count=work.row.accepted_count + 1)


def hand_over(work: BatchWork, submission_id: uuid.UUID, status: InvoiceStatus) -> None:
    """Let this one go on by itself, as if it had been posted alone: its status decides."""
    with writing(work):
        for member in _lock(work, [submission_id]):
            Submission.objects.filter(id=submission_id).update(reference=status.reference, batch=None)
            outbox.postpone(member.claim, seconds=0)


def count_open(work: BatchWork) -> int:
    return len(_open_ids(work))


def count_missing(work: BatchWork) -> int:
    """Members that KSeF's complete list did not show."""
    with writing(work):
        return Submission.objects.filter(batch=work.row, closed_at=None, reference="").count()


def put_missing_back(work: BatchWork) -> None:
    """Two reads apart showed nothing of them, so KSeF may get the same bytes once more."""
    _put_all_back(work, problem="doubt", seconds=0, only_missing=True)


def put_all_back(work: BatchWork, *, problem: str, seconds: float) -> None:
    """It is proved that KSeF took nothing of the package: all members wait in the queue again (F25)."""
    _put_all_back(work, problem=problem, seconds=seconds, only_missing=False)


def _put_all_back(work: BatchWork, *, problem: str, seconds: float, only_missing: bool) -> None:
    for chunk in batched(_open_ids(work), _CHUNK):
        with writing(work):
            members = [
                member for member in _lock(work, chunk) if not (only_missing and member.submission.reference)
            ]
            put_back(members, problem=problem, seconds=seconds)


def put_back(members: Sequence[_Member], *, problem: str, seconds: float) -> None:
    """Not delivered: what outcomes.record_not_delivered does for one, in a few statements."""
    sending = [member.invoice for member in members if member.invoice.state == State.SENDING]
    for event, is_online in ((Event.DEFERRED, True), (Event.DEFERRED_OFFLINE, False)):
        invoices = [invoice for invoice in sending if (invoice.mode == Mode.ONLINE) == is_online]
        data = {invoice.id: {"problem": problem} for invoice in invoices}
        apply_event_to_all(invoices, event, actor_id=None, data=data)
    ids = [member.submission.id for member in members]
    SubmissionAttempt.objects.filter(submission_id__in=ids, result="").update(result=problem)
    Submission.objects.filter(id__in=ids).update(
        session_reference="",
        reference="",
        missing_since=None,
        problem=problem,
        next_attempt_at=timezone.now() + timedelta(seconds=seconds),
    )
    _let_go(members, seconds=seconds)


def _let_go(members: Sequence[_Member], *, seconds: float) -> None:
    """Out of the package and due by themselves after so many seconds; the sweep finds them."""
    Submission.objects.filter(id__in=[member.submission.id for member in members]).update(batch=None)
    OutboxEntry.objects.filter(id__in=[member.claim.entry_id for member in members]).update(
        batch_id=None, lease_until=None, not_before=Now() + timedelta(seconds=seconds), crashes=0
    )


@dataclass(frozen=True, slots=True)
class _Member:
    """One document of the package, its rows locked."""

    invoice: Invoice
    submission: Submission
    claim: outbox.Claim


def _open_ids(work: BatchWork) -> list[uuid.UUID]:
    with writing(work):
        return list(
            Submission.objects.filter(batch=work.row, closed_at=None)
            .order_by("created_at", "id")
            .values_list("id", flat=True)
        )


def _lock(work: BatchWork, ids: Collection[uuid.UUID]) -> list[_Member]:
    """Entries first, then invoices, then submissions, as everywhere."""
    entries = {
        entry.target_id: entry
        for entry in OutboxEntry.objects.select_for_update().filter(
            batch_id=work.row.id, target_id__in=[*ids]
        )
    }
    members = Submission.objects.filter(id__in=[*entries], closed_at=None)
    invoices = {
        invoice.id: invoice
        for invoice in Invoice.objects.select_for_update()
        .filter(id__in=members.values("invoice_id"))
        .order_by("id")
    }
    locked = members.select_for_update(of=("self",)).order_by("created_at", "id")
    return [
        _Member(
            invoices[submission.invoice_id],
            submission,
            outbox.claim_of(entries[submission.id], attempt=entries[submission.id].attempt),
        )
        for submission in locked
    ]


_FURTHEST_FIRST = (InvoiceFate.ACCEPTED, InvoiceFate.PENDING, InvoiceFate.DUPLICATE)


def _best_by_hash(statuses: Sequence[InvoiceStatus]) -> dict[bytes, InvoiceStatus]:
    """Of several with one hash the one that went furthest."""
    best: dict[bytes, InvoiceStatus] = {}
    for status in statuses:
        known = best.get(status.invoice_hash)
        if known is None or _rank(status) < _rank(known):
            best[status.invoice_hash] = status
    return best


def _rank(status: InvoiceStatus) -> int:
    fate = invoice_fate(status.code)
    return _FURTHEST_FIRST.index(fate) if fate in _FURTHEST_FIRST else len(_FURTHEST_FIRST)
