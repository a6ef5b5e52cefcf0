"""Fetching what a company received: a list for few, a package for many, each document once (ksef-protocol 7.2).

No transaction is open while KSeF is asked. What was kept stays kept: a check that is interrupted, held back by a
limit or killed goes on where its cursors stand (F28-F31).
"""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from django.conf import settings
from django.utils import timezone

from accounts.services import ksef_access
from accounts.services.ksef_access import NotConnected
from invoices.services import arrivals
from invoices.services.arrivals import Arrival
from invoices.services.failpoints import reach
from invoices.services.receiving_pace import Paced, StoredGate
from invoices.services.setbacks import backoff, note_setback, pause_after, problem_of
from ksef.errors import ContractBroken, KSeFError, Refused
from ksef.exchange.invoices import ExportRequest, InvoiceFilters, SortOrder
from ksef.exports import PackageDamaged, open_package
from ksef.gateway import Gateway
from ksef.status import FROM_AFTER_HWM, ExportFate, export_fate, is_known_export_code
from ksef.sync import Window, advance
from ksef.walk import CannotAdvance, MetadataRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from invoices.outbox import Claim
    from invoices.services.arrivals import PendingExport, Stretch, Work
    from ksef.exchange.invoices import ExportPackage, ExportStatus, InvoiceMetadata, SubjectType
    from ksef.exports import ReceivedPackage

log = structlog.get_logger()

# Up to so many new documents are fetched one by one: KSeF allows 64 in an hour, and twenty packages.
_FEW: Final = 8
# Missing from two packages of the same window: fetched alone, when it is not half of them.
_MOST_MISSING: Final = 32
# A claim works so long and leaves the rest to the next one, well inside its lease.
_PATIENCE: Final = 20.0
_POLL_SECONDS: Final = (0.3, 0.6, 1.0, 2.0, 3.0)
_NOT_READY_SECONDS: Final = 10.0
_NOT_CONNECTED_SECONDS: Final = 900.0
_MOMENT: Final = timedelta(milliseconds=1)
# 410: its time is over; 21175: KSeF does not know it, or not for this context.
_EXPORT_GONE: Final = frozenset({410, 21175})


class _NotReady(Exception):
    """KSeF still packs, or could not; `problem` is empty when it only takes its time."""

    def __init__(self, *, problem: str = "", seconds: float = _NOT_READY_SECONDS) -> None:
        super().__init__(problem)
        self.problem = problem
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Delivered:
    opened: ReceivedPackage
    package: ExportPackage
    asked_at: datetime


def receive(claim: Claim) -> None:
    """Do the claimed check as far as it goes now; whatever fails is written down and tried again.

    Raises outbox.LostClaim.
    """
    work = arrivals.load_work(claim)
    if work is None:
        return
    gate = StoredGate(receiving_id=work.receiving_id, company_id=work.company.id, user_id=work.user_id)
    endpoint = ksef_access.endpoint_for(work.environment)
    with Gateway(endpoint, timeout=settings.KSEF_TIMEOUT, gate=gate) as gateway:
        try:
            _check(gateway, work)
        except NotConnected as missing:
            arrivals.record_waiting(work, problem=missing.problem, seconds=_NOT_CONNECTED_SECONDS)
        except _NotReady as waiting:
            arrivals.record_waiting(work, problem=waiting.problem, seconds=waiting.seconds)
        except Paced as held:
            arrivals.record_waiting(work, problem="limited", seconds=held.retry_after)
        except KSeFError as error:
            note_setback(error, company=work.company, environment=work.environment, user_id=work.user_id)
            seconds = pause_after(error, problem_before=work.problem, attempt=_tries(work))
            arrivals.record_waiting(work, problem=problem_of(error), seconds=seconds)


def _check(gateway: Gateway, work: Work) -> None:
    access_token = ksef_access.obtain_access(
        gateway=gateway, company=work.company, environment=work.environment, user_id=work.user_id
    )
    deadline = time.monotonic() + _PATIENCE
    for role in arrivals.list_due_roles(work):
        while _step(gateway, access_token, work, role):
            if time.monotonic() > deadline:
                arrivals.record_waiting(work, problem="", seconds=0)
                return
        arrivals.record_role_done(work, role)
    arrivals.record_done(work)


def _step(gateway: Gateway, access_token: str, work: Work, role: SubjectType) -> bool:
    """One answer of KSeF's, kept; whether more can be had at once."""
    stretch = arrivals.next_stretch(work, role)
    if stretch is None:
        return False
    if stretch.export is not None:
        return _take_export(gateway, access_token, work, stretch, stretch.export)
    filters = _filters(stretch)
    asked_at = timezone.now()
    try:
        page = gateway.invoices.query_metadata(access_token, MetadataRequest(filters))
    except Refused as refusal:
        if refusal.code != FROM_AFTER_HWM:
            raise
        return False  # The HWM has gone back behind us: the cursor waits for it (F29).
    new = arrivals.only_unknown(work, role, page.invoices)
    if page.has_more or len(new) > _FEW:
        export = gateway.invoices.start_export(access_token, ExportRequest(filters))
        arrivals.record_export(work, stretch, export, asked_at=asked_at)
        return True
    documents = [_download(gateway, access_token, row) for row in new]
    reached = advance(stretch.window, now=asked_at, hwm=page.hwm)
    reach("receive.before_keep")
    arrivals.keep(work, stretch, documents, reached=reached.cursor)
    return reached.is_behind


def _take_export(
    gateway: Gateway, access_token: str, work: Work, stretch: Stretch, export: PendingExport
) -> bool:
    status = _await_export(gateway, access_token, work, stretch, export)
    if status is None:
        return True
    if export_fate(status.code) is ExportFate.TOO_EARLY:
        arrivals.drop_export(work, stretch)
        return False
    if status.package is None:
        raise ContractBroken("an export that is ready has no package")
    folder = _folder(work, export)
    try:
        paths = gateway.invoices.download_export(status.package, folder=folder)
        with open_package(status.package, paths=paths, secret=export.secret) as opened:
            delivered = _Delivered(opened, status.package, export.asked_at)
            is_behind = _unpack(gateway, access_token, work, stretch, delivered)
    except ContractBroken:
        # A package that is damaged stays so; nothing of it was kept, and the next one may be whole (F30).
        arrivals.drop_export(work, stretch, flaws=stretch.flaws)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return is_behind


def _await_export(
    gateway: Gateway, access_token: str, work: Work, stretch: Stretch, export: PendingExport
) -> ExportStatus | None:
    """The status once it is decided; None when the same window must be asked for anew (F31). Raises _NotReady."""
    for pause in (*_POLL_SECONDS, None):
        try:
            status = gateway.invoices.get_export(access_token, export.reference)
        except Refused as refusal:
            if refusal.code not in _EXPORT_GONE:
                raise
            arrivals.drop_export(work, stretch, flaws=stretch.flaws)
            return None
        fate = export_fate(status.code)
        if fate is ExportFate.AGAIN:
            arrivals.drop_export(work, stretch, flaws=stretch.flaws)
            raise _NotReady(problem="export_failed", seconds=backoff(_tries(work)))
        if fate is not ExportFate.PENDING:
            return status
        if not is_known_export_code(status.code):
            log.error("KSeF gave an unknown status of an export", code=status.code)
            raise _NotReady(problem="unknown_status", seconds=backoff(_tries(work)))
        if pause is not None:
            time.sleep(pause)
    raise _NotReady


def _unpack(gateway: Gateway, access_token: str, work: Work, stretch: Stretch, delivered: _Delivered) -> bool:
    """Keep the package whole or not at all; what two packages in a row left out is fetched alone (F30)."""
    opened, package = delivered.opened, delivered.package
    left_out = set(opened.missing)
    missing = arrivals.only_unknown(
        work, stretch.role, [row for row in opened.metadata if row.ksef_number in left_out]
    )
    if missing and not stretch.flaws:
        arrivals.drop_export(work, stretch, flaws=1)
        return True
    if len(missing) > _MOST_MISSING:
        raise PackageDamaged("the package lacks most of its invoices")
    alone = [_download(gateway, access_token, row) for row in missing]
    try:
        reached = advance(
            stretch.window,
            now=delivered.asked_at,
            hwm=package.hwm,
            is_truncated=package.is_truncated,
            last_stored=package.last_permanent_storage_date,
        )
    except CannotAdvance:
        arrivals.keep(work, stretch, _arriving(opened, alone))
        return _pass_crowded_moment(gateway, access_token, work, stretch, opened)
    reach("receive.before_keep")
    arrivals.keep(work, stretch, _arriving(opened, alone), reached=reached.cursor)
    return reached.is_behind


def _arriving(opened: ReceivedPackage, alone: list[Arrival]) -> Iterator[Arrival]:
    """The invoices of the package, one in memory at a time, and those that it left out."""
    for invoice in opened.invoices():
        yield Arrival(invoice.metadata, invoice.xml)
    yield from alone


def _pass_crowded_moment(
    gateway: Gateway, access_token: str, work: Work, stretch: Stretch, opened: ReceivedPackage
) -> bool:
    """More documents have one moment than a package holds: its rest is met from the other end (F28)."""
    packed = {row.ksef_number for row in opened.metadata}
    moment = stretch.window.since
    around = Window(moment - _MOMENT, moment + _MOMENT)
    filters = InvoiceFilters(subject=stretch.role, dates=around.as_dates())
    request = MetadataRequest(filters, order=SortOrder.DESCENDING)
    while True:
        page = gateway.invoices.query_metadata(access_token, request)
        # Each is kept by itself, so that a limit on the way costs nothing that was fetched.
        for row in arrivals.only_unknown(work, stretch.role, page.invoices):
            arrivals.keep(work, stretch, [_download(gateway, access_token, row)])
        if not page.has_more or not packed.isdisjoint(row.ksef_number for row in page.invoices):
            break
        if page.is_truncated:
            raise CannotAdvance("more invoices of one moment than both ends show")
        request = replace(request, page=request.page + 1)
    if page.hwm is None or page.hwm <= moment:
        arrivals.drop_export(work, stretch)
        return False
    arrivals.keep(work, stretch, [], reached=min(moment + _MOMENT, page.hwm))
    return True


def _download(gateway: Gateway, access_token: str, row: InvoiceMetadata) -> Arrival:
    xml = gateway.get_invoice(access_token, row.ksef_number)
    if hashlib.sha256(xml).digest() != row.invoice_hash:
        raise ContractBroken("an invoice is not the one that its metadata speak of")
    return Arrival(row, xml)


def _filters(stretch: Stretch) -> InvoiceFilters:
    return InvoiceFilters(subject=stretch.role, dates=stretch.window.as_dates())


def _folder(work: Work, export: PendingExport) -> Path:
    """Paths of files start with the company, as house rule 1.5 has it."""
    return settings.VAR_DIR / "exports" / str(work.company.id) / export.reference


def _tries(work: Work) -> int:
    """How long it has not gone on: the first setback is followed by a quick try, later ones by slower ones."""
    return work.setbacks + 1
