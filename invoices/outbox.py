"""The queue in PostgreSQL. Celery is only a doorbell: whatever it forgets, the sweep finds (F32, F33, F40)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest, Now
from kombu.exceptions import OperationalError

from accounts.models import Company
from invoices.models import OutboxEntry, Submission
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid

log = structlog.get_logger()

_RUN = "invoices.tasks.run_entry"
# A worker can die once by bad luck; an entry that takes this many with it is poison (F40).
_MOST_CRASHES = 5
_PARKED_SECONDS = 3600


class LostClaim(Exception):
    """The lease ran out and another worker holds the entry: whatever this one knows must not be written (F39)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one entry until the lease ends; `attempt` is the fencing number."""

    entry_id: uuid.UUID
    kind: str
    company_id: uuid.UUID
    user_id: uuid.UUID
    target_id: uuid.UUID
    attempt: int


def enqueue(
    *,
    kind: str,
    company_id: uuid.UUID,
    user_id: uuid.UUID,
    target_id: uuid.UUID,
    delay: timedelta = timedelta(),
) -> None:
    """Put work in the queue, in the caller's transaction; the doorbell rings when that commits.

    What is not due yet is left to the sweep.
    """
    entry = OutboxEntry.objects.create(
        kind=kind, company_id=company_id, user_id=user_id, target_id=target_id, not_before=Now() + delay
    )
    if not delay:
        wake(entry)


def wake(entry: OutboxEntry) -> None:
    """Ring for this entry after the commit. A broker that is away costs speed, never work (F33)."""
    arguments = [str(entry.company_id), str(entry.user_id), str(entry.id)]
    transaction.on_commit(lambda: _ring(arguments))


def wake_due(*, limit: int = 500) -> int:
    """Ring for all work that is due and that nobody holds; the beat calls this, so no entry waits for ever."""
    due = list_due(limit=limit)
    for entry in due:
        wake(entry)
    return len(due)


def resume(*, company_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """Make due what waits in this person's name and nobody holds, because what it waited for has come (S37).

    What may still be taken back keeps its time.
    """
    with tenant_transaction(company_id, user_id=user_id):
        in_recall_window = list(
            Submission.objects.filter(closed_at=None, problem=Submission.RECALL_WINDOW).values_list(
                "id", flat=True
            )
        )
    waiting = OutboxEntry.objects.filter(company_id=company_id, user_id=user_id, lease_until=None)
    waiting = waiting.exclude(target_id__in=in_recall_window)
    waiting.update(not_before=Now())
    entries = list(waiting.all()[:500])
    for entry in entries:
        wake(entry)
    return len(entries)


def lock_unheld(target_id: uuid.UUID) -> OutboxEntry | None:
    """The entry of this work, locked, when no worker holds it; the lock keeps workers off until the commit."""
    return OutboxEntry.objects.select_for_update().filter(target_id=target_id, lease_until=None).first()


def hasten(target_id: uuid.UUID) -> None:
    """Make work due now that waits for its time."""
    entry = lock_unheld(target_id)
    if entry is not None:
        OutboxEntry.objects.filter(id=entry.id).update(not_before=Now())
        wake(entry)


def list_due(*, limit: int = 500) -> list[OutboxEntry]:
    """What may be claimed now, the longest waiting first."""
    return list(OutboxEntry.objects.filter(_claimable()).order_by("not_before")[:limit])


def claim(entry_id: uuid.UUID) -> Claim | None:
    """Take the lease and raise the attempt; None when it is done, held or not yet due. Time is the database's.

    A lease that ran out means that a worker died or crashed with the entry. After some of that in a row the
    entry is parked for an hour, with an alarm, so that it cannot keep the workers from the others (F40).
    """
    with transaction.atomic(durable=True):
        entry = (
            OutboxEntry.objects.select_for_update(skip_locked=True).filter(_claimable(), id=entry_id).first()
        )
        if entry is None:
            return None
        crashes = entry.crashes + (entry.lease_until is not None)
        if crashes >= _MOST_CRASHES:
            _park(entry)
            return None
        OutboxEntry.objects.filter(id=entry_id).update(
            lease_until=Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS),
            attempt=F("attempt") + 1,
            crashes=crashes,
        )
    return Claim(
        entry_id=entry.id,
        kind=entry.kind,
        company_id=entry.company_id,
        user_id=entry.user_id,
        target_id=entry.target_id,
        attempt=entry.attempt + 1,
    )


def hold(claim: Claim) -> None:
    """Lock the entry and prove that the claim is still the last one; raises LostClaim."""
    if not OutboxEntry.objects.select_for_update().filter(id=claim.entry_id, attempt=claim.attempt).exists():
        raise LostClaim(claim.entry_id)


def finish(claim: Claim) -> None:
    """The work is done: the entry goes, in the transaction that wrote the result."""
    hold(claim)
    OutboxEntry.objects.filter(id=claim.entry_id).delete()


def postpone(claim: Claim, *, seconds: float) -> None:
    """Give the lease back; the entry is due again after so many seconds."""
    hold(claim)
    OutboxEntry.objects.filter(id=claim.entry_id).update(
        lease_until=None, not_before=Now() + timedelta(seconds=seconds), crashes=0
    )
    if seconds == 0:
        wake(OutboxEntry.objects.get(id=claim.entry_id))


def hold_company(company_id: uuid.UUID, *, seconds: float) -> None:
    """KSeF said "too many requests": nothing of this company, old or new, is due before then (F8, I7).

    Other companies go on (I9): KSeF counts per company.
    """
    Company.objects.filter(id=company_id).update(
        ksef_wait_until=Greatest(F("ksef_wait_until"), Now() + timedelta(seconds=seconds))
    )


def _claimable() -> Q:
    held = Company.objects.filter(id=OuterRef("company_id"), ksef_wait_until__gt=Now())
    return Q(not_before__lte=Now()) & (Q(lease_until=None) | Q(lease_until__lt=Now())) & ~Q(Exists(held))


def _park(entry: OutboxEntry) -> None:
    log.error(
        "an entry is poison and was parked", entry=str(entry.id), kind=entry.kind, attempt=entry.attempt
    )
    OutboxEntry.objects.filter(id=entry.id).update(
        lease_until=None, crashes=0, not_before=Now() + timedelta(seconds=_PARKED_SECONDS)
    )


def _ring(arguments: list[str]) -> None:
    try:
        current_app.send_task(_RUN, args=arguments, retry=False)
    except OperationalError as error:
        log.warning(
            "the doorbell is away; the sweep will find the entry", entry=arguments[-1], error=str(error)
        )
