"""What a worker that receives may write. Every write proves first that its claim is still the last (F39).

Documents and the cursor that says they are here are one transaction, so nothing is lost and nothing comes twice,
whatever dies in between (I8, F30).
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import batched
from typing import TYPE_CHECKING, Final

from django.db.models import F
from django.utils import timezone

from accounts.models import AccessState, Company
from invoices import outbox
from invoices.domain.calendar import WARSAW
from invoices.domain.inbox import Move, pause_between_checks
from invoices.models import (
    Invoice,
    InvoiceDocument,
    OutboxEntry,
    ReceivedDocument,
    ReceivedEvent,
    ReceivedFile,
    Receiving,
    ReceivingCursor,
)
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.invoices import SubjectType
from ksef.sync import Window, next_window
from roles.access import Right, find_actor
from roles.tenancy import tenant_transaction
from roles.vault import CannotOpen, Label, seal, unseal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from ksef.exchange.invoices import Export, InvoiceMetadata

# What the company buys comes first; the other roles are rarer, and KSeF allows twenty questions in an hour.
ROLES: Final = (SubjectType.BUYER, SubjectType.SELLER, SubjectType.THIRD, SubjectType.AUTHORIZED)
_OTHERS_EVERY: Final = timedelta(hours=1)
_NOBODY_SECONDS: Final = 900
_BATCH: Final = 500
_MOST_SETBACKS: Final = 20
_GROSZ: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Work:
    """One check as claimed: all that the network part needs, read in one short transaction."""

    claim: outbox.Claim
    company: Company
    user_id: uuid.UUID
    environment: str
    receiving_id: uuid.UUID
    # How many askings a finished check answers.
    requested: int
    until: datetime | None
    # Why the claim before this one came to nothing; empty when it did not.
    problem: str
    setbacks: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one role is asked for next; `is_gap`: an earlier time that somebody asked for afterwards."""

    role: SubjectType
    cursor_id: uuid.UUID
    window: Window
    is_gap: bool
    export: PendingExport | None
    flaws: int


@dataclass(frozen=True, slots=True)
class PendingExport:
    """An export that was begun in this user's name; without its secret it is lost, and begun anew."""

    reference: str
    secret: SymmetricKey
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    metadata: InvoiceMetadata
    xml: bytes


def load_work(claim: outbox.Claim) -> Work | None:
    """Read what the claim is about; None when there is nothing to do now.

    The check runs in the name of the claim's user. Who lost the right or the access is not asked for any more:
    another connected person of the company who may receive takes over, or the check waits and says why (S37, S53).
    """
    may_receive = _may_receive(claim.user_id, claim.company_id)
    with _holding(claim):
        receiving = Receiving.objects.select_for_update().get(id=claim.target_id)
        company = Company.objects.get(id=claim.company_id)
        is_wanted = company.fetches_at_login or receiving.requested > receiving.answered
        if company.environment != receiving.environment or not is_wanted:
            outbox.finish(claim)
            return None
        states = list(AccessState.objects.filter(environment=receiving.environment).order_by("user_id"))
        alive = [state.user_id for state in states if _is_alive(state)]
        if may_receive and claim.user_id in alive:
            return _begin(claim, company, receiving)
    _hand_over(claim, alive=alive, reason=_why_nobody(states))
    return None


def list_due_roles(work: Work) -> list[SubjectType]:
    """The roles to be looked at in this check; what an earlier claim of it has finished is not looked at again."""
    with _holding(work.claim):
        receiving = Receiving.objects.get(id=work.receiving_id)
        for role in ROLES:
            ReceivingCursor.objects.get_or_create(
                company_id=work.company.id,
                receiving_id=work.receiving_id,
                role=role,
                defaults={"since": receiving.begin_at, "reached": receiving.begin_at},
            )
        cursors = {
            cursor.role: cursor for cursor in ReceivingCursor.objects.filter(receiving_id=receiving.id)
        }
    return [role for role in ROLES if _is_due(cursors[role], receiving)]


def next_stretch(work: Work, role: SubjectType) -> Stretch | None:
    """What to ask KSeF for now in this role; None when all that was wanted is here."""
    with _holding(work.claim):
        cursor = ReceivingCursor.objects.get(receiving_id=work.receiving_id, role=role)
        if cursor.export_reference and cursor.export_since:
            export = _pending_export(cursor, work)
            if export is not None:
                window = Window(cursor.export_since, cursor.export_until)
                is_gap = cursor.gap_from == cursor.export_since
                return Stretch(role, cursor.id, window, is_gap, export, cursor.flaws)
        found = _next_window(cursor, until=work.until, now=timezone.now())
    if found is None:
        return None
    window, is_gap = found
    return Stretch(role, cursor.id, window, is_gap, None, cursor.flaws)


def only_unknown(work: Work, role: SubjectType, rows: Iterable[InvoiceMetadata]) -> list[InvoiceMetadata]:
    """Those that are not here yet, each once, and that Kwit did not send itself."""
    with _holding(work.claim):
        return list(_unknown(work, role, {row.ksef_number: row for row in rows}).values())


def record_export(work: Work, stretch: Stretch, export: Export, *, asked_at: datetime) -> None:
    """Keep what opens the package before anybody asks for it."""
    with _holding(work.claim):
        ReceivingCursor.objects.filter(id=stretch.cursor_id).update(
            export_reference=export.reference,
            export_secret=seal(export.secret.to_bytes(), label=_label(work, stretch.cursor_id)),
            export_user_id=work.user_id,
            export_since=stretch.window.since,
            export_until=stretch.window.until,
            export_asked_at=asked_at,
        )


def drop_export(work: Work, stretch: Stretch, *, flaws: int = 0) -> None:
    """The package is of no use: the same window is asked for anew (F30, F31)."""
    with _holding(work.claim):
        ReceivingCursor.objects.filter(id=stretch.cursor_id).update(flaws=flaws, **_NO_EXPORT)


def keep(
    work: Work, stretch: Stretch, arrivals: Iterable[Arrival], *, reached: datetime | None = None
) -> int:
    """Store what is new and move the cursor, all or nothing; return how many were new. Never moves it back (F29)."""
    with _holding(work.claim):
        count = sum(len(_store(work, stretch.role, batch)) for batch in batched(arrivals, _BATCH))
        Receiving.objects.filter(id=work.receiving_id).update(found=F("found") + count)
        if reached is not None:
            cursor = ReceivingCursor.objects.select_for_update().get(id=stretch.cursor_id)
            _move(cursor, reached, is_gap=stretch.is_gap)
    return count


def record_role_done(work: Work, role: SubjectType) -> None:
    with _holding(work.claim):
        ReceivingCursor.objects.filter(receiving_id=work.receiving_id, role=role).update(
            checked_at=timezone.now()
        )


def record_done(work: Work) -> None:
    """The check is over: the next one is due by the clock, or at once when somebody asked meanwhile."""
    now = timezone.now()
    with _holding(work.claim):
        receiving = Receiving.objects.select_for_update().get(id=work.receiving_id)
        receiving.checked_at = now
        receiving.answered = work.requested
        receiving.began_at = None
        receiving.problem, receiving.problem_at, receiving.setbacks = "", None, 0
        if receiving.requested == work.requested:
            receiving.is_thorough = False
            receiving.until = None
        receiving.save()
        if receiving.requested > work.requested:
            outbox.postpone(work.claim, seconds=0)
        elif Company.objects.get(id=work.company.id).fetches_at_login:
            outbox.postpone(work.claim, seconds=_pause(receiving, now).total_seconds())
        else:
            outbox.finish(work.claim)


def record_waiting(work: Work, *, problem: str, seconds: float) -> None:
    """What is here stays, the cursor stands where it stood; go on later."""
    with _holding(work.claim):
        _wait(work.claim, problem=problem, seconds=seconds)


@contextmanager
def _holding(claim: outbox.Claim) -> Iterator[None]:
    with tenant_transaction(claim.company_id, user_id=claim.user_id, durable=True):
        outbox.hold(claim)
        yield


def _begin(claim: outbox.Claim, company: Company, receiving: Receiving) -> Work:
    if receiving.began_at is None:
        receiving.began_at = timezone.now()
        receiving.found = 0
        receiving.save(update_fields=["began_at", "found"])
    return Work(
        claim=claim,
        company=company,
        user_id=claim.user_id,
        environment=receiving.environment,
        receiving_id=receiving.id,
        requested=receiving.requested,
        until=receiving.until,
        problem=receiving.problem,
        setbacks=receiving.setbacks,
    )


def _hand_over(claim: outbox.Claim, *, alive: list[uuid.UUID], reason: str) -> None:
    candidates = (user_id for user_id in alive if user_id != claim.user_id)
    other = next((user_id for user_id in candidates if _may_receive(user_id, claim.company_id)), None)
    with _holding(claim):
        if other is None:
            _wait(claim, problem=reason, seconds=_NOBODY_SECONDS)
            return
        OutboxEntry.objects.filter(id=claim.entry_id).update(user_id=other)
        outbox.postpone(claim, seconds=0)


def _may_receive(user_id: uuid.UUID, company_id: uuid.UUID) -> bool:
    actor = find_actor(user_id=user_id, company_id=company_id)
    return actor is not None and actor.may(Right.RECEIVE)


def _is_alive(state: AccessState) -> bool:
    return not state.is_refused and (state.access_until is None or state.access_until > timezone.now())


def _why_nobody(states: list[AccessState]) -> str:
    if not states:
        return "not_connected"
    if all(_is_alive(state) for state in states):
        return "nobody_may"
    return "refused" if all(state.is_refused for state in states) else "access_lapsed"


def _wait(claim: outbox.Claim, *, problem: str, seconds: float) -> None:
    receiving = Receiving.objects.select_for_update().get(id=claim.target_id)
    receiving.setbacks = min(receiving.setbacks + 1, _MOST_SETBACKS) if problem else 0
    receiving.problem = problem
    receiving.problem_at = timezone.now() if problem else None
    receiving.save(update_fields=["problem", "problem_at", "setbacks"])
    outbox.postpone(claim, seconds=seconds)


def _pause(receiving: Receiving, now: datetime) -> timedelta:
    lately = ReceivedDocument.objects.filter(
        environment=receiving.environment, fetched_at__gt=now - timedelta(days=1)
    ).count()
    return pause_between_checks(now.astimezone(WARSAW), received_lately=lately)


def _is_due(cursor: ReceivingCursor, receiving: Receiving) -> bool:
    if cursor.checked_at is None or cursor.export_reference or cursor.gap_from:
        return True
    began = receiving.began_at or timezone.now()
    if cursor.role == SubjectType.BUYER or receiving.is_thorough:
        return cursor.checked_at < began
    return cursor.checked_at < began - _OTHERS_EVERY


def _next_window(
    cursor: ReceivingCursor, *, until: datetime | None, now: datetime
) -> tuple[Window, bool] | None:
    if cursor.gap_from is not None and cursor.gap_until is not None:
        window = next_window(cursor.gap_from, now=now)
        return Window(window.since, min(window.until or cursor.gap_until, cursor.gap_until)), True
    window = next_window(cursor.reached, now=now)
    if until is None:
        return window, False
    if until <= cursor.reached:
        return None
    return Window(window.since, min(window.until or until, until)), False


def _pending_export(cursor: ReceivingCursor, work: Work) -> PendingExport | None:
    if (
        cursor.export_user_id != work.user_id
        or cursor.export_secret is None
        or cursor.export_asked_at is None
    ):
        return None
    try:
        secret = unseal(bytes(cursor.export_secret), label=_label(work, cursor.id))
    except CannotOpen:
        return None
    return PendingExport(cursor.export_reference, SymmetricKey.from_bytes(secret), cursor.export_asked_at)


def _label(work: Work, cursor_id: uuid.UUID) -> Label:
    return Label(
        company_id=work.company.id, user_id=work.user_id, object_id=cursor_id, purpose="export secret"
    )


_NO_EXPORT: Final = {
    "export_reference": "",
    "export_secret": None,
    "export_user_id": None,
    "export_since": None,
    "export_until": None,
    "export_asked_at": None,
}


def _move(cursor: ReceivingCursor, reached: datetime, *, is_gap: bool) -> None:
    for name, value in _NO_EXPORT.items():
        setattr(cursor, name, value)
    cursor.flaws = 0
    if not is_gap:
        cursor.reached = max(cursor.reached, reached)
    elif cursor.gap_from is not None and cursor.gap_until is not None:
        cursor.gap_from = max(cursor.gap_from, reached)
        if cursor.gap_from >= cursor.gap_until:
            cursor.gap_from = cursor.gap_until = None
    cursor.save()


def _unknown[Row](work: Work, role: SubjectType, rows: dict[str, Row]) -> dict[str, Row]:
    here = ReceivedDocument.objects.filter(environment=work.environment, ksef_number__in=rows)
    known = set(here.values_list("ksef_number", flat=True))
    if role is SubjectType.SELLER:
        own = Invoice.objects.filter(environment=work.environment, ksef_number__in=rows)
        known |= set(own.values_list("ksef_number", flat=True))
    return {number: row for number, row in rows.items() if number not in known}


def _store(work: Work, role: SubjectType, batch: tuple[Arrival, ...]) -> dict[str, ReceivedDocument]:
    new = _unknown(work, role, {arrival.metadata.ksef_number: arrival for arrival in batch})
    if role is SubjectType.SELLER:
        new = _without_sent(new)
    now = timezone.now()
    documents = {number: _document(work, role, arrival.metadata, now) for number, arrival in new.items()}
    ReceivedDocument.objects.bulk_create(documents.values())
    ReceivedFile.objects.bulk_create(
        ReceivedFile(
            company_id=work.company.id,
            document=documents[number],
            xml=arrival.xml,
            sha256=hashlib.sha256(arrival.xml).digest(),
        )
        for number, arrival in new.items()
    )
    ReceivedEvent.objects.bulk_create(
        ReceivedEvent(company_id=work.company.id, document=document, seq=1, type=Move.RECEIVED, at=now)
        for document in documents.values()
    )
    return documents


def _without_sent(new: dict[str, Arrival]) -> dict[str, Arrival]:
    """Ours whose number we do not know yet: KSeF has the very bytes that we have."""
    hashes = [arrival.metadata.invoice_hash for arrival in new.values()]
    sent = {
        bytes(digest)
        for digest in InvoiceDocument.objects.filter(sha256__in=hashes).values_list("sha256", flat=True)
    }
    return {number: arrival for number, arrival in new.items() if arrival.metadata.invoice_hash not in sent}


def _document(work: Work, role: SubjectType, row: InvoiceMetadata, now: datetime) -> ReceivedDocument:
    return ReceivedDocument(
        company_id=work.company.id,
        environment=work.environment,
        ksef_number=row.ksef_number,
        role=role,
        received_on=received_on(row.ksef_number),
        fetched_at=now,
        number=row.invoice_number[:256],
        issue_date=row.issue_date,
        seller_nip=(row.seller.identifier or "")[:10],
        seller_name=(row.seller.name or "")[:512],
        buyer_id=(row.buyer.identifier or "")[:50],
        buyer_name=(row.buyer.name or "")[:512],
        net=_grosz(row.net_amount),
        vat=_grosz(row.vat_amount),
        gross=_grosz(row.gross_amount),
        currency=row.currency[:3],
        form_code=row.form_code.system_code[:40],
        schema_version=row.form_code.schema_version[:20],
        kind=row.invoice_type[:20],
        invoicing_mode=row.invoicing_mode[:20],
        is_self_invoicing=row.is_self_invoicing,
        has_attachment=row.has_attachment,
        acquired_at=row.acquisition_date,
        stored_at=row.permanent_storage_date,
    )


def received_on(ksef_number: str) -> date:
    """The legal day of receipt: the one in the number, those of KSeF 1.0 included (polish-vat-facts 3.2)."""
    digits = ksef_number[11:19]
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def _grosz(amount: Decimal) -> Decimal:
    return amount.quantize(_GROSZ, rounding=ROUND_HALF_UP)
