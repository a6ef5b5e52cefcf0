"""The UPO of a package's session: each page kept as KSeF signed it, each invoice with its own cut of it (S73, I3)."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import TYPE_CHECKING

from django.utils import timezone

from invoices import outbox
from invoices.models import UPO, OutboxEntry, Submission, UPOPage
from invoices.services.batch_members import BatchWork, writing
from ksef.errors import LinkExpired
from ksef.upo import check_upo, split_upo

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from ksef.exchange.sessions import UPOPage as ListedPage
    from ksef.gateway import Gateway

# Reading and checking so many takes a worker seconds.
_MOST_IN_A_CLAIM = 2000


class Receipts(Enum):
    COMPLETE = "complete"  # Each accepted member has its own, or goes on for it alone.
    MORE = "more"  # Some are kept; the next claim goes on.
    NOT_YET = "not yet"  # KSeF has not made them.


def fetch(gateway: Gateway, access_token: str, work: BatchWork) -> Receipts:
    """Keep the receipts of some of the members, at most so many that others need not wait for long.

    Raises ContractBroken for a page that does not prove what it should; then nothing of it is kept.
    """
    missing = _without_receipt(work)
    if not missing:
        return Receipts.COMPLETE
    status = gateway.batches.get_status(access_token, work.row.reference)
    if not status.upo_pages:
        return Receipts.NOT_YET
    for page in status.upo_pages:
        if _keep(work, page, _read(gateway, access_token, work, page), missing):
            return Receipts.MORE
    with writing(work):
        # No page names these: each asks for its own.
        for submission_id in missing:
            outbox.enqueue(
                kind=OutboxEntry.Kind.FETCH_UPO,
                company_id=work.company.id,
                user_id=work.claim.user_id,
                target_id=submission_id,
            )
    return Receipts.COMPLETE


def _without_receipt(work: BatchWork) -> dict[uuid.UUID, tuple[uuid.UUID, str, bytes]]:
    """By submission: invoice, KSeF number and hash of what was accepted in this session and has no UPO yet."""
    with writing(work):
        rows = (
            Submission.objects.filter(batch=work.row, session_reference=work.row.reference)
            .exclude(invoice__ksef_number="")
            .exclude(invoice_id__in=UPO.objects.values("invoice_id"))
            .values_list("id", "invoice_id", "invoice__ksef_number", "document__sha256")
        )
        return {
            submission_id: (invoice_id, number, bytes(sha256))
            for submission_id, invoice_id, number, sha256 in rows
        }


def _read(gateway: Gateway, access_token: str, work: BatchWork, page: ListedPage) -> bytes:
    """What is kept already, else what KSeF gives."""
    with writing(work):
        kept = UPOPage.objects.filter(batch=work.row, reference=page.reference).first()
    return bytes(kept.xml) if kept else _download(gateway, access_token, work, page)


def _download(gateway: Gateway, access_token: str, work: BatchWork, page: ListedPage) -> bytes:
    """From its address, which no limit counts; by the API when that is too old."""
    try:
        return gateway.batches.download_upo_page(page)
    except LinkExpired:
        return gateway.batches.get_upo_page(
            access_token, session_reference=work.row.reference, upo_reference=page.reference
        )


def _keep(
    work: BatchWork, page: ListedPage, xml: bytes, missing: Mapping[uuid.UUID, tuple[uuid.UUID, str, bytes]]
) -> int:
    """How many of the missing receipts this page has brought."""
    cuts = split_upo(xml, session_reference=work.row.reference)
    proved = [
        (invoice_id, number, sha256) for invoice_id, number, sha256 in missing.values() if number in cuts
    ][:_MOST_IN_A_CLAIM]
    for _invoice_id, number, sha256 in proved:
        check_upo(cuts[number], ksef_number=number, sha256=sha256)
    kept = _keep_page(work, page, xml)
    with writing(work):
        UPO.objects.bulk_create(
            UPO(
                company_id=work.company.id,
                invoice_id=invoice_id,
                xml=cuts[number],
                sha256=hashlib.sha256(cuts[number]).digest(),
                fetched_at=timezone.now(),
                page=kept,
            )
            for invoice_id, number, _sha256 in proved
        )
    return len(proved)


def _keep_page(work: BatchWork, page: ListedPage, xml: bytes) -> UPOPage:
    """Once: a worker that was killed after it goes on with what is there."""
    with writing(work):
        kept, _is_new = UPOPage.objects.get_or_create(
            company_id=work.company.id,
            batch=work.row,
            reference=page.reference,
            defaults={
                "xml": xml,
                "sha256": hashlib.sha256(xml).digest(),
                "fetched_at": timezone.now(),
            },
        )
        return kept
