"""Bringing a package to KSeF: session, parts, close, outcomes, UPO; each step durable before the next (section 5).

Nothing of a package is in KSeF before its session was closed, so up to then it may begin anew whatever was lost:
the same key packs the same bytes. From the close on only KSeF's own status tells what became of it.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from accounts.models import Company
from accounts.services import ksef_access
from accounts.services.ksef_access import NotConnected
from invoices import outbox
from invoices.models import Batch, BatchJournal, Submission
from invoices.services import batch_members, batch_receipts, outcomes, reconciliation
from invoices.services.batch_members import BatchWork, change, writing
from invoices.services.batch_receipts import Receipts
from invoices.services.failpoints import reach
from invoices.services.gathering import key_label
from invoices.services.pacing import Pace
from invoices.services.setbacks import backoff, note_setback, pause_after, problem_of
from ksef.batch import PackingLimits, pack, read_batch, write_batch
from ksef.errors import ContractBroken, KSeFError, Refused
from ksef.exchange import batches as exchange
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.batches import UploadOutcome
from ksef.exchange.limits import RateGroup
from ksef.exchange.sessions import ListedAs, SessionQuery, SessionType
from ksef.gateway.batches import PartLost
from ksef.gateway.paging import every
from ksef.status import (
    BatchRemedy,
    SessionFate,
    batch_remedy,
    is_known_session_code,
    needs_missing_part,
    session_fate,
)
from roles.tenancy import tenant_transaction
from roles.vault import Label, seal, unseal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from pathlib import Path

    from invoices.outbox import Claim
    from ksef.exchange.paging import Page
    from ksef.exchange.sessions import SessionStatus
    from ksef.gateway import Gateway, InvoiceStatus

log = structlog.get_logger()

_NOT_CONNECTED_SECONDS = 300
# How long KSeF is given here to judge a package before the sweep looks again.
_POLL_SECONDS = (0.2, 0.4, 0.8, 1.6)
_SHORTEST_WAIT, _LONGEST_WAIT = 2.0, 30.0
# One claim brings so many parts at most, so that a slow line does not use up the worker's time.
_PARTS_IN_A_CLAIM = 4
_MOST_PAGES = 200
# Our clock and KSeF's may differ by so much when we look for a session whose reference was lost.
_CLOCKS_DIFFER = timedelta(minutes=5)
_TOO_LATE_TO_UPLOAD = 21208
_NOTHING_CAME = 440
_UNKNOWN_SESSION = 21173
_LATE_TRIES = 9
_REFUSALS_COUNT_FOR = timedelta(hours=1)


def send_batch(claim: Claim) -> None:
    """Take the claimed package one bounded step further; the next claim goes on from what is stored."""
    work = _load(claim)
    if work is None:
        return
    pace = Pace(environment=work.row.environment, nip=work.company.nip)
    with ksef_access.gateway_for(work.row.environment, gate=pace) as gateway:
        try:
            access_token = ksef_access.obtain_access(
                gateway=gateway,
                company=work.company,
                environment=work.row.environment,
                user_id=claim.user_id,
            )
            pace.keep_up(gateway, access_token)
            _advance(gateway, access_token, work, pace)
        except NotConnected as missing:
            _wait(work, problem=missing.problem, seconds=_NOT_CONNECTED_SECONDS)
        except KSeFError as error:
            _wait_after(error, work)


def _load(claim: Claim) -> BatchWork | None:
    """The package, or None when there is nothing left to do for it.

    While nothing of it can be in KSeF, the sender's right is asked for before KSeF is called in that name (S79).
    """
    with tenant_transaction(claim.company_id, user_id=claim.user_id, durable=True):
        outbox.hold(claim)
        row = Batch.objects.get(id=claim.target_id)
        work = BatchWork(claim, Company.objects.get(id=claim.company_id), row)
        member = Submission.objects.filter(batch=row, closed_at=None).first()
        may_go = member is not None and not outcomes.why_not_to_send(member, work.company)
    if row.step == Batch.Step.GATHERED and not may_go:
        batch_members.begin(work)
        _finish(work, Batch.Step.GIVEN_UP)
        return None
    return work


def _advance(gateway: Gateway, access_token: str, work: BatchWork, pace: Pace) -> None:
    """One step in each claim, so that whoever waits beside a large package gets a turn in between (I9)."""
    match work.row.step:
        case Batch.Step.GATHERED:
            _open(gateway, access_token, work, pace)
        case Batch.Step.OPENED:
            _upload(gateway, work)
        case Batch.Step.CLOSING:
            _close(gateway, access_token, work)
        case Batch.Step.CLOSED:
            _read_outcomes(gateway, access_token, work, pace)
        case Batch.Step.JUDGED:
            _fetch_receipts(gateway, access_token, work)


def _open(gateway: Gateway, access_token: str, work: BatchWork, pace: Pace) -> None:
    """A session for what may still go, stored before anything is uploaded."""
    pace.require(RateGroup.BATCH_SESSION)
    if work.row.asked_at is not None:
        _recognise_lost_session(gateway, access_token, work)
    if not batch_members.begin(work):
        _finish(work, Batch.Step.GIVEN_UP)
        return
    secret = _secret(work)
    package = _pack(work, secret)
    with writing(work):
        change(work, asked_at=timezone.now())
    reach("batch.before_open")
    session = gateway.batches.open(access_token, package=package, secret=secret, offline=work.row.is_offline)
    reach("batch.after_open")
    with writing(work):
        _save_progress(work, exchange.Batch(package).opened(session))
        batch_members.note_session(work, session.reference)
        change(
            work,
            step=Batch.Step.OPENED,
            reference=session.reference,
            asked_at=None,
            invoice_count=package.invoice_count,
        )
        _note_progress(work)
    _go_on(work)


def _recognise_lost_session(gateway: Gateway, access_token: str, work: BatchWork) -> None:
    """The answer to an opening was lost: that session has no part and never will; it ends by itself (F23)."""
    asked_at = work.row.asked_at or timezone.now()
    query = SessionQuery(
        SessionType.BATCH, created_from=asked_at - _CLOCKS_DIFFER, listed_as=(ListedAs.IN_PROGRESS,)
    )
    listed = every(lambda cursor: gateway.batches.list_sessions(access_token, query, cursor=cursor))
    empty = {session.reference for session in listed if not session.invoice_count}
    with writing(work):
        ours = set(Batch.objects.filter(reference__in=empty).values_list("reference", flat=True))
        lost = sorted(empty - ours - set(work.row.abandoned))
        change(work, abandoned=[*work.row.abandoned, *lost], asked_at=None)
    if lost:
        log.warning("sessions whose opening was not answered are left to their end", sessions=lost)


def _pack(work: BatchWork, secret: SymmetricKey) -> exchange.BatchPackage:
    """The members as encrypted files; the same members and key give the same bytes."""

    def documents() -> Iterator[tuple[str, bytes]]:
        rows = (
            Submission.objects.filter(batch=work.row, closed_at=None)
            .order_by("created_at", "id")
            .values_list("id", "document__xml")
        )
        for submission_id, xml in rows.iterator(chunk_size=200):
            yield f"{submission_id}.xml", bytes(xml)

    _sweep_folders()
    limits = PackingLimits(part_bytes=settings.BATCH_PART_BYTES)
    with writing(work):
        return pack(documents(), folder=_folder(work.row.id), secret=secret, limits=limits)


def _upload(gateway: Gateway, work: BatchWork) -> None:
    """Bring the missing parts, a few in each claim."""
    batch = _progress(work)
    chosen = {part.ordinal for part in batch.missing[:_PARTS_IN_A_CLAIM]}
    others = frozenset(part.ordinal for part in batch.package.parts) - chosen

    def save(brought: exchange.Batch) -> None:
        with writing(work):
            _save_progress(work, replace(batch, uploaded=batch.uploaded | (brought.uploaded & chosen)))
            _note_progress(work)
        reach("batch.part")

    try:
        outcome = gateway.batches.upload(replace(batch, uploaded=batch.uploaded | others), save=save)
    except PartLost:
        # Killed elsewhere, or the disk is another one: the same files again, and on with the same session.
        _pack(work, _secret(work))
        outcome = gateway.batches.upload(replace(batch, uploaded=batch.uploaded | others), save=save)
    if outcome is UploadOutcome.LINK_EXPIRED:
        _begin_anew(work)
        return
    if len(batch.missing) == len(chosen):
        with writing(work):
            change(work, step=Batch.Step.CLOSING)
    _go_on(work)


def _close(gateway: Gateway, access_token: str, work: BatchWork) -> None:
    """Tell KSeF that all is there. A lost answer is decided by the status (F24)."""
    reach("batch.before_close")
    try:
        gateway.batches.close(access_token, work.row.reference)
    except Refused as refusal:
        _mend_close(work, refusal)
        return
    reach("batch.after_close")
    with writing(work):
        batch_members.note_submitted(work)
        change(work, step=Batch.Step.CLOSED, cursors=[])
        _note_progress(work)
    _go_on(work)


def _mend_close(work: BatchWork, refusal: Refused) -> None:
    """KSeF took nothing; what helps depends on why."""
    if needs_missing_part(refusal.code):
        with writing(work):
            _save_progress(work, replace(_progress(work), uploaded=frozenset()))
            change(work, step=Batch.Step.OPENED)
        _go_on(work)
    elif refusal.code == _TOO_LATE_TO_UPLOAD:
        _begin_anew(work)
    elif refusal.code == _UNKNOWN_SESSION:
        _give_up(work, problem="session_closed")
    else:
        raise refusal


def _begin_anew(work: BatchWork) -> None:
    """The session was not closed, so it has nothing and ends with 440; another one gets the same files (F22)."""
    with writing(work):
        abandoned = [*work.row.abandoned, work.row.reference]
        change(work, step=Batch.Step.GATHERED, abandoned=abandoned, reference="", cursors=[])
        batch_members.note_session(work, "")
    _go_on(work)


def _read_outcomes(gateway: Gateway, access_token: str, work: BatchWork, pace: Pace) -> None:
    # Pages that were begun belong to a session that is decided.
    if not work.row.cursors:
        status = _await_decision(gateway, access_token, work)
        fate = session_fate(status.code)
        if fate is SessionFate.OPEN:
            with writing(work):
                change(work, step=Batch.Step.CLOSING)
            _go_on(work)
            return
        if fate is SessionFate.CLOSING:
            _wait_for_decision(work, status)
            return
        if fate is SessionFate.FAILED and batch_remedy(status.code) is not BatchRemedy.READ_INVOICES:
            _refused_as_a_whole(gateway, access_token, work, pace, status=status)
            return
    _read_page(gateway, access_token, work)


def _await_decision(gateway: Gateway, access_token: str, work: BatchWork) -> SessionStatus:
    status = gateway.batches.get_status(access_token, work.row.reference)
    for pause in _POLL_SECONDS:
        if session_fate(status.code) is not SessionFate.CLOSING or not is_known_session_code(status.code):
            break
        time.sleep(pause)
        status = gateway.batches.get_status(access_token, work.row.reference)
    return status


def _wait_for_decision(work: BatchWork, status: SessionStatus) -> None:
    problem = ""
    if not is_known_session_code(status.code):
        log.error("KSeF gave an unknown status of a session", code=status.code)
        problem = "unknown_status"
    _wait(work, problem=problem, seconds=min(_LONGEST_WAIT, _SHORTEST_WAIT * 2 ** min(work.row.tries, 4)))


def _refused_as_a_whole(
    gateway: Gateway, access_token: str, work: BatchWork, pace: Pace, *, status: SessionStatus
) -> None:
    """None of it was taken, all of it may come again (F25)."""
    log.error("KSeF refused a package", code=status.code, details=status.details)
    if status.code == _NOTHING_CAME:
        _begin_anew(work)
        return
    if batch_remedy(status.code) is BatchRemedy.SPLIT:
        pace.read_session_size(gateway, access_token)
    _give_up(work, problem="package_refused")


def _give_up(work: BatchWork, *, problem: str) -> None:
    with writing(work):
        refused_lately = Batch.objects.filter(
            user_id=work.row.user_id,
            step=Batch.Step.GIVEN_UP,
            finished_at__gt=timezone.now() - _REFUSALS_COUNT_FOR,
        ).count()
    batch_members.put_all_back(work, problem=problem, seconds=backoff(refused_lately + 1))
    _finish(work, Batch.Step.GIVEN_UP)


def _read_page(gateway: Gateway, access_token: str, work: BatchWork) -> None:
    """Settle one page of outcomes; the next claim reads the next one, so that others get their turn (I9)."""
    cursors: list[str] = work.row.cursors
    try:
        page = _fetch_page(gateway, access_token, work.row.reference, cursors=cursors)
    except (Refused, ContractBroken):
        # Whatever is wrong with where we stood, the reading begins anew; what was settled stays so.
        with writing(work):
            change(work, cursors=[])
        raise
    duplicates = batch_members.settle(work, page.items)
    _settle_duplicates(gateway, access_token, work, duplicates)
    reach("batch.after_page")
    if page.cursor is not None:
        with writing(work):
            change(work, cursors=[*cursors, page.cursor])
            _note_progress(work)
        _go_on(work)
        return
    _conclude(work)


def _fetch_page(
    gateway: Gateway, access_token: str, session_reference: str, *, cursors: list[str]
) -> Page[InvoiceStatus]:
    page = gateway.batches.list_invoices(
        access_token, session_reference=session_reference, cursor=cursors[-1] if cursors else None
    )
    if page.cursor in cursors or len(cursors) > _MOST_PAGES:
        raise ContractBroken("the pages of a package repeat themselves or do not end")
    return page


def _settle_duplicates(
    gateway: Gateway, access_token: str, work: BatchWork, duplicates: list[tuple[uuid.UUID, InvoiceStatus]]
) -> None:
    """A 440 whose original has our bytes is ours (F18); all originals of one session are looked up together."""
    originals: dict[str, dict[bytes, str]] = {}
    for submission_id, status in duplicates:
        session = status.original_session_reference or work.row.reference
        if session not in originals:
            originals[session] = reconciliation.list_accepted(gateway, access_token, session)
        number = originals[session].get(status.invoice_hash)
        if number is None:
            batch_members.hand_over(work, submission_id, status)
        else:
            batch_members.accept_original(
                work, submission_id, ksef_number=number, session=session, status=status
            )


def _conclude(work: BatchWork) -> None:
    """The whole list was read: whoever is not in it is looked for once more, then sent anew (F26)."""
    if batch_members.count_missing(work):
        since = work.row.missing_since
        if since is None or timezone.now() - since < timedelta(seconds=settings.DOUBT_SECONDS):
            with writing(work):
                change(work, cursors=[], missing_since=since or timezone.now())
            _wait(work, problem="doubt", seconds=settings.DOUBT_SECONDS)
            return
        batch_members.put_missing_back(work)
    if batch_members.count_open(work):
        with writing(work):
            change(work, cursors=[])
        _wait(work, problem="", seconds=min(_LONGEST_WAIT, _SHORTEST_WAIT * 2 ** min(work.row.tries, 4)))
        return
    with writing(work):
        change(work, step=Batch.Step.JUDGED, cursors=[])
        _note_progress(work)
    _go_on(work)


def _fetch_receipts(gateway: Gateway, access_token: str, work: BatchWork) -> None:
    match batch_receipts.fetch(gateway, access_token, work):
        case Receipts.COMPLETE:
            _finish(work, Batch.Step.DONE)
        case Receipts.MORE:
            _go_on(work)
        case Receipts.NOT_YET:
            if work.row.tries >= _LATE_TRIES:
                log.error("the UPO of a package is missing")
            _wait(work, problem="", seconds=min(_LONGEST_WAIT, _SHORTEST_WAIT * 2 ** min(work.row.tries, 4)))


def _finish(work: BatchWork, step: Batch.Step) -> None:
    with writing(work):
        BatchJournal.objects.filter(batch=work.row).delete()
        change(work, step=step, problem="", next_attempt_at=None, finished_at=timezone.now())
        outbox.finish(work.claim)
    shutil.rmtree(_folder(work.row.id), ignore_errors=True)


def _go_on(work: BatchWork) -> None:
    """Others first, if they wait; the bell rings at once."""
    with writing(work):
        outbox.postpone(work.claim, seconds=0)


def _wait(work: BatchWork, *, problem: str, seconds: float) -> None:
    with writing(work):
        change(
            work,
            problem=problem,
            next_attempt_at=timezone.now() + timedelta(seconds=seconds),
            tries=work.row.tries + 1,
        )
        outbox.postpone(work.claim, seconds=seconds)


def _wait_after(error: KSeFError, work: BatchWork) -> None:
    note_setback(error, company=work.company, environment=work.row.environment, user_id=work.claim.user_id)
    seconds = pause_after(error, problem_before=work.row.problem, attempt=work.row.tries + 1)
    _wait(work, problem=problem_of(error), seconds=seconds)


def _note_progress(work: BatchWork) -> None:
    change(work, problem="", next_attempt_at=None, tries=0)


def _secret(work: BatchWork) -> SymmetricKey:
    with writing(work):
        journal = BatchJournal.objects.get(batch=work.row)
        return SymmetricKey.from_bytes(unseal(bytes(journal.key), label=key_label(journal)))


def _progress(work: BatchWork) -> exchange.Batch:
    with writing(work):
        journal = BatchJournal.objects.get(batch=work.row)
        text = unseal(bytes(journal.progress or b""), label=_progress_label(journal))
    batch = read_batch(text.decode())
    # The folder is this machine's; whoever packed may have had another.
    return replace(batch, package=replace(batch.package, folder=_folder(work.row.id)))


def _save_progress(work: BatchWork, batch: exchange.Batch) -> None:
    journal = BatchJournal.objects.get(batch=work.row)
    journal.progress = seal(write_batch(batch).encode(), label=_progress_label(journal))
    journal.save(update_fields=["progress"])


def _progress_label(journal: BatchJournal) -> Label:
    return replace(key_label(journal), purpose="batch progress")


def _folder(batch_id: uuid.UUID) -> Path:
    folder: Path = settings.VAR_DIR / "batches" / str(batch_id)
    return folder


def _sweep_folders() -> None:
    """Remove what packages left behind whose last worker was killed; it is encrypted, and nobody needs it."""
    folder: Path = settings.VAR_DIR / "batches"
    with suppress(FileNotFoundError):
        for left in folder.iterdir():
            if not outbox.is_waiting(target_id=left.name):
                shutil.rmtree(left, ignore_errors=True)
