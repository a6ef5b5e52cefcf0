"""One by one or as a package: which way a person's documents go to KSeF, by how many of them wait (section 5)."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Length

from accounts.models import Company
from invoices import outbox
from invoices.domain.lifecycle import Event, Mode
from invoices.models import Batch, BatchJournal, InvoiceEvent, OutboxEntry, Submission
from invoices.services.pacing import Pace
from ksef.crypto import new_symmetric_key
from ksef.exchange.limits import RateGroup
from roles.tenancy import tenant_transaction
from roles.vault import Label, seal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

# A package is closed once nobody has added to the crowd for so long, or the first has waited for so long:
# each package costs one of sixty openings an hour.
_CALM = timedelta(seconds=5)
_LONGEST_GATHERING = timedelta(seconds=60)
# KSeF's own figures; it may allow a context less.
_MOST_MEMBERS = 10_000
# So much is packed in seconds, well within a worker's time, and stays far below KSeF's 5 GB.
_MOST_BYTES = 250_000_000
# Rather a package of one than a longer wait for the next call that sends a single document.
_PATIENCE_SECONDS = 30
# So far a package has not been closed, and more may wait for the next one meanwhile.
_UNDER_WAY = (Batch.Step.GATHERED, Batch.Step.OPENED, Batch.Step.CLOSING)


class Way(Enum):
    ONE_BY_ONE = "one by one"
    PACKAGE = "package"  # They have just become one; its own entry goes on from here.
    WAIT = "wait"  # The crowd still grows, or a package before it is on its way.


def choose_way(company_id: uuid.UUID, user_id: uuid.UUID) -> Way:
    """Decide for what this person's documents that are due; a package is made here, durably and by one worker."""
    crowd = outbox.look_at_crowd(company_id=company_id, user_id=user_id)
    company = Company.objects.get(id=company_id)
    is_crowded = crowd.count > settings.BATCH_FROM
    if not is_crowded and not _is_held_up(company):
        return Way.ONE_BY_ONE
    is_ready = crowd.count >= _MOST_MEMBERS or crowd.newest >= _CALM or crowd.oldest >= _LONGEST_GATHERING
    with tenant_transaction(company_id, user_id=user_id, durable=True):
        # One worker chooses for the crowd; another that comes meanwhile finds nothing left.
        chosen = _choose(company, user_id)
        if not chosen:
            return Way.ONE_BY_ONE
        if not is_ready or _is_under_way(chosen[0]):
            return Way.WAIT
        _make(company_id, user_id, chosen)
    return Way.PACKAGE


def _is_held_up(company: Company) -> bool:
    """Whether the calls that send single documents are used up, so that a package is quicker for any number."""
    pace = Pace(environment=company.environment, nip=company.nip)
    return pace.wait(RateGroup.INVOICE_SEND) > _PATIENCE_SECONDS


def _is_under_way(member: Submission) -> bool:
    return Batch.objects.filter(
        user_id=member.user_id, environment=member.environment, step__in=_UNDER_WAY
    ).exists()


def _choose(company: Company, user_id: uuid.UUID) -> list[Submission]:
    """Locked: what fits into one package, the most urgent first; nothing when single ways are as good.

    A session of a package is online or offline as a whole. In it goes only what KSeF certainly does not have, and
    no technical correction (section 10).
    """
    entries = (
        OutboxEntry.objects.select_for_update(skip_locked=True)
        .filter(outbox.claimable(), company_id=company.id, user_id=user_id, kind=OutboxEntry.Kind.DELIVER)
        .order_by(F("deadline").asc(nulls_last=True), "not_before", "id")
    )
    targets = list(entries.values_list("target_id", flat=True)[:_MOST_MEMBERS])
    correction = InvoiceEvent.objects.filter(invoice_id=OuterRef("invoice_id"), type=Event.CORRECTED)
    found = {
        submission.id: submission
        for submission in Submission.objects.filter(
            ~Exists(correction), id__in=targets, closed_at=None, session_reference="", batch=None
        )
        .select_related("invoice")
        .annotate(size=Length("document__xml"))
    }
    kinds: dict[tuple[str, bool], list[Submission]] = defaultdict(list)
    for submission in (found[target] for target in targets if target in found):
        kinds[submission.environment, submission.invoice.mode != Mode.ONLINE].append(submission)
    for (environment, _is_offline), members in kinds.items():
        pace = Pace(environment=environment, nip=company.nip)
        least = 1 if pace.wait(RateGroup.INVOICE_SEND) > _PATIENCE_SECONDS else settings.BATCH_FROM + 1
        if len(members) >= least:
            most = min(_MOST_MEMBERS, pace.session_invoices or _MOST_MEMBERS)
            return list(_fitting(members, most=most))
    return []


def _fitting(members: list[Submission], *, most: int) -> Iterable[Submission]:
    total = 0
    for member in members[:most]:
        total += member.size  # type: ignore[attr-defined] # annotated by _choose
        if total > _MOST_BYTES:
            return
        yield member


def _make(company_id: uuid.UUID, user_id: uuid.UUID, members: list[Submission]) -> None:
    first = members[0]
    batch = Batch.objects.create(
        company_id=company_id,
        user_id=user_id,
        environment=first.environment,
        is_offline=first.invoice.mode != Mode.ONLINE,
        invoice_count=len(members),
    )
    journal = BatchJournal(company_id=company_id, user_id=user_id, batch=batch)
    journal.key = seal(new_symmetric_key().to_bytes(), label=key_label(journal))
    journal.save()
    ids = [member.id for member in members]
    entries = OutboxEntry.objects.filter(kind=OutboxEntry.Kind.DELIVER, target_id__in=ids)
    entries.update(batch_id=batch.id, lease_until=None, attempt=F("attempt") + 1, crashes=0)
    Submission.objects.filter(id__in=ids).update(batch=batch, problem="", next_attempt_at=None)
    outbox.enqueue(
        kind=OutboxEntry.Kind.SEND_BATCH,
        company_id=company_id,
        user_id=user_id,
        target_id=batch.id,
        deadline=first.invoice.send_by or first.invoice.issue_date,
    )


def key_label(journal: BatchJournal) -> Label:
    return Label(
        company_id=journal.company_id, user_id=journal.user_id, object_id=journal.id, purpose="batch key"
    )
