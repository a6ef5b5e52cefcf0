"""The receipt: fetched once, checked against what was sent, kept byte for byte (S73, I3, F27)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.utils import timezone

from accounts.models import Company
from accounts.services import ksef_access
from accounts.services.ksef_access import NotConnected
from invoices import outbox
from invoices.models import UPO, Submission
from invoices.services.pacing import Pace
from invoices.services.setbacks import LONGEST_WAIT_SECONDS, note_setback
from ksef.errors import KSeFError, Limited
from ksef.upo import check_upo
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid

    from invoices.outbox import Claim

log = structlog.get_logger()

# By then it has been asked for through a quarter of an hour, and KSeF has long had it ready (F27).
_ALARM_ATTEMPT = 9


@dataclass(frozen=True, slots=True)
class _Receipt:
    """What the UPO must confirm, and where it is to be had."""

    company: Company
    invoice_id: uuid.UUID
    environment: str
    session_reference: str
    ksef_number: str
    sha256: bytes


def fetch_upo(claim: Claim) -> None:
    """Store the UPO of an accepted invoice once it proves to speak of our bytes; otherwise try again later.

    Raises outbox.LostClaim.
    """
    receipt = _load(claim)
    try:
        upo = _fetch(claim, receipt)
    except (KSeFError, NotConnected) as error:
        # "Accepted" stays true meanwhile; only the receipt is late.
        _try_later(claim, receipt, error)
        return
    with tenant_transaction(claim.company_id, user_id=claim.user_id, durable=True):
        outbox.finish(claim)
        UPO.objects.create(
            company_id=claim.company_id,
            invoice_id=receipt.invoice_id,
            xml=upo,
            sha256=hashlib.sha256(upo).digest(),
            fetched_at=timezone.now(),
        )


def _try_later(claim: Claim, receipt: _Receipt, error: KSeFError | NotConnected) -> None:
    if isinstance(error, KSeFError):
        note_setback(error, company=receipt.company, environment=receipt.environment, user_id=claim.user_id)
    if claim.attempt >= _ALARM_ATTEMPT:
        log.error("the UPO of an accepted invoice is missing")
    pause = error.retry_after if isinstance(error, Limited) else 2.0 * 2 ** min(claim.attempt, 9)
    with tenant_transaction(claim.company_id, user_id=claim.user_id, durable=True):
        outbox.postpone(claim, seconds=min(LONGEST_WAIT_SECONDS, pause))


def _load(claim: Claim) -> _Receipt:
    with tenant_transaction(claim.company_id, user_id=claim.user_id, durable=True):
        submission = Submission.objects.select_related("invoice", "document").get(id=claim.target_id)
        return _Receipt(
            company=Company.objects.get(id=claim.company_id),
            invoice_id=submission.invoice_id,
            environment=submission.environment,
            session_reference=submission.session_reference,
            ksef_number=submission.invoice.ksef_number,
            sha256=bytes(submission.document.sha256),
        )


def _fetch(claim: Claim, receipt: _Receipt) -> bytes:
    pace = Pace(environment=receipt.environment, nip=receipt.company.nip)
    with ksef_access.gateway_for(receipt.environment, gate=pace) as gateway:
        access_token = ksef_access.obtain_access(
            gateway=gateway,
            company=receipt.company,
            environment=receipt.environment,
            user_id=claim.user_id,
        )
        upo = gateway.get_upo_by_ksef_number(
            access_token, session_reference=receipt.session_reference, ksef_number=receipt.ksef_number
        )
    check_upo(upo, ksef_number=receipt.ksef_number, sha256=receipt.sha256)
    return upo
