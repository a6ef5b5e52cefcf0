"""The queue in PostgreSQL. Celery is only a doorbell: whatever it forgets, the sweep finds (F32, F33, F40)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import (
    Count,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Window,
)
from django.db.models.functions import Now, RowNumber
from kombu.exceptions import OperationalError

from invoices.models import OutboxEntry, OutboxTurn, Submission
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import date

    from django.db.models import QuerySet

log = structlog.get_logger()

_RUN = "invoices.tasks.run_entry"
# A worker can die once by bad luck; an entry that takes this many with it is poison (F40).
_MOST_CRASHES = 5
_PARKED_SECONDS = 3600
# So many bells wake the workers as well as ten thousand would, and leave room for other companies' (I9).
_MOST_BELLS = 20
# A bell says "there is work", not which: one that comes late has nothing to add to the next sweep's.
_BELL_SECONDS = 60


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


def enqueue(  # noqa: PLR0913 -- the columns of an entry
    *,
    kind: str,
    company_id: uuid.UUID,
    user_id: uuid.UUID,
    target_id: uuid.UUID,
    delay: timedelta = timedelta(),
    deadline: date | None = None,
) -> None:
    """Put work in the queue, in the caller's transaction; the doorbell rings when that commits.

    What is not due yet, and what stands behind a crowd of its own kind, is left to the sweep.
    """
    entry = OutboxEntry.objects.create(
        kind=kind,
        company_id=company_id,
        user_id=user_id,
        target_id=target_id,
        not_before=Now() + delay,
        deadline=deadline,
    )
    if not delay and not _is_crowded(entry):
        wake(entry)


def wake(entry: OutboxEntry) -> None:
    """Ring for this entry after the commit. A broker that is away costs speed, never work (F33)."""
    arguments = [str(entry.company_id), str(entry.user_id), str(entry.id)]
    transaction.on_commit(lambda: _ring(arguments))


def wake_due(*, limit: int = 200) -> int:
    """Ring for work that is due and that nobody holds; the beat calls this, so no entry waits for ever.

    However much waits, only a handful of bells ring for each company and person.
    """
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
    waiting = OutboxEntry.objects.filter(
        company_id=company_id, user_id=user_id, lease_until=None, batch_id=None
    )
    waiting = waiting.exclude(target_id__in=in_recall_window)
    waiting.update(not_before=Now())
    entries = list(waiting.all()[:_MOST_BELLS])
    for entry in entries:
        wake(entry)
    return len(entries)


def lock_unheld(target_id: uuid.UUID) -> OutboxEntry | None:
    """The entry of this work, locked, when no worker holds it; the lock keeps workers off until the commit."""
    unheld = OutboxEntry.objects.select_for_update().filter(lease_until=None, batch_id=None)
    return unheld.filter(target_id=target_id).first()


def hasten(target_id: uuid.UUID) -> None:
    """Make work due now that waits for its time."""
    entry = lock_unheld(target_id)
    if entry is not None:
        OutboxEntry.objects.filter(id=entry.id).update(not_before=Now())
        wake(entry)


def release_in_order(target_ids: Sequence[uuid.UUID]) -> None:
    """Make work due that waited for one and the same thing, the first before the others."""
    entries = {entry.target_id: entry for entry in _lock_waiting(target_ids)}
    for place, target_id in enumerate(target_ids):
        entry = entries.get(target_id)
        if entry is not None:
            head_start = timedelta(milliseconds=len(target_ids) - place)
            OutboxEntry.objects.filter(id=entry.id).update(not_before=Now() - head_start)
            wake(entry)


def _lock_waiting(target_ids: Sequence[uuid.UUID]) -> QuerySet[OutboxEntry]:
    return (
        OutboxEntry.objects.select_for_update()
        .filter(target_id__in=target_ids, lease_until=None)
        .order_by("id")
    )


def list_due(*, limit: int = 500) -> list[OutboxEntry]:
    """What may be claimed now, fairly: the company that has waited longest for its turn comes first (I9).

    Each person of each company shows the first few entries of each kind, those with the nearest legal deadline
    first, then the longest waiting ones.
    """
    place = Window(
        RowNumber(),
        partition_by=[F("company_id"), F("user_id"), F("kind")],
        order_by=[F("deadline").asc(nulls_last=True), F("not_before"), F("id")],
    )
    taken_at = OutboxTurn.objects.filter(company_id=OuterRef("company_id")).values("taken_at")
    due = OutboxEntry.objects.filter(claimable()).annotate(place=place, taken_at=Subquery(taken_at[:1]))
    order = (
        F("place"),
        F("taken_at").asc(nulls_first=True),
        F("deadline").asc(nulls_last=True),
        F("not_before"),
    )
    return list(due.filter(place__lte=_MOST_BELLS).order_by(*order)[:limit])


def list_busy_companies() -> frozenset[uuid.UUID]:
    """Companies with work that a worker holds now."""
    held = OutboxEntry.objects.filter(lease_until__gt=Now())
    return frozenset(held.values_list("company_id", flat=True))


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many documents of one person are due, and how long ago the first and the last of them became so."""

    count: int
    oldest: timedelta
    newest: timedelta


def look_at_crowd(*, company_id: uuid.UUID, user_id: uuid.UUID) -> Crowd:
    """By the clock of the database."""
    found = _documents_due(company_id, user_id).aggregate(
        count=Count("id"), oldest=Now() - Min("not_before"), newest=Now() - Max("not_before")
    )
    return Crowd(
        count=found["count"],
        oldest=found["oldest"] or timedelta(),
        newest=found["newest"] or timedelta(),
    )


def claim(entry_id: uuid.UUID) -> Claim | None:
    """Take the lease and raise the attempt; None when it is done, held or not yet due. Time is the database's.

    A lease that ran out means that a worker died or crashed with the entry. After some of that in a row the
    entry is parked for an hour, with an alarm, so that it cannot keep the workers from the others (F40).
    """
    with transaction.atomic(durable=True):
        entry = (
            OutboxEntry.objects.select_for_update(skip_locked=True).filter(claimable(), id=entry_id).first()
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
        OutboxTurn.objects.bulk_create(
            [OutboxTurn(company_id=entry.company_id, taken_at=Now())],
            update_conflicts=True,
            unique_fields=["company_id"],
            update_fields=["taken_at"],
        )
    return claim_of(entry, attempt=entry.attempt + 1)


def claim_of(entry: OutboxEntry, *, attempt: int) -> Claim:
    return Claim(
        entry_id=entry.id,
        kind=entry.kind,
        company_id=entry.company_id,
        user_id=entry.user_id,
        target_id=entry.target_id,
        attempt=attempt,
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
        lease_until=None, batch_id=None, not_before=Now() + timedelta(seconds=seconds), crashes=0
    )
    if seconds == 0:
        wake(OutboxEntry.objects.get(id=claim.entry_id))


def is_waiting(*, target_id: str) -> bool:
    """Whether there is still work for what bears this id."""
    return OutboxEntry.objects.filter(target_id=target_id).exists()


def claimable() -> Q:
    """Due, held by nobody, and not in a package."""
    return Q(not_before__lte=Now(), batch_id=None) & (Q(lease_until=None) | Q(lease_until__lt=Now()))


def _documents_due(company_id: uuid.UUID, user_id: uuid.UUID) -> QuerySet[OutboxEntry]:
    return OutboxEntry.objects.filter(
        claimable(), company_id=company_id, user_id=user_id, kind=OutboxEntry.Kind.DELIVER
    )


def _is_crowded(entry: OutboxEntry) -> bool:
    """Whether so much waits before it that another bell would change nothing."""
    if entry.kind != OutboxEntry.Kind.DELIVER:
        return False
    waiting = _documents_due(entry.company_id, entry.user_id).order_by()
    return waiting[: _MOST_BELLS + 1].count() > _MOST_BELLS


def _park(entry: OutboxEntry) -> None:
    log.error(
        "an entry is poison and was parked", entry=str(entry.id), kind=entry.kind, attempt=entry.attempt
    )
    OutboxEntry.objects.filter(id=entry.id).update(
        lease_until=None, crashes=0, not_before=Now() + timedelta(seconds=_PARKED_SECONDS)
    )


def _ring(arguments: list[str]) -> None:
    try:
        current_app.send_task(_RUN, args=arguments, retry=False, expires=_BELL_SECONDS)
    except OperationalError as error:
        log.warning(
            "the doorbell is away; the sweep will find the entry", entry=arguments[-1], error=str(error)
        )
