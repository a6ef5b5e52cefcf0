"""After doubt: ask KSeF, then act. KSeF has no idempotency key; our SHA-256 is the only proof (F1-F5, F18, F19)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from ksef.errors import Refused
from ksef.gateway.paging import every

if TYPE_CHECKING:
    from invoices.services.outcomes import Work
    from ksef.exchange.paging import Page
    from ksef.gateway import Gateway, InvoiceStatus

# "No such session": whatever was posted there is not there.
_UNKNOWN_SESSION = 21173


@dataclass(frozen=True, slots=True)
class Original:
    """The accepted document that a duplicate repeats: our own bytes under this number."""

    ksef_number: str
    session_reference: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """What KSeF holds under our number, and it is not ours: another program issued it."""

    ksef_number: str
    xml: bytes


def find_posted(gateway: Gateway, access_token: str, work: Work) -> InvoiceStatus | None:
    """Our document in the session it was last posted to, found by its hash; None when KSeF does not show it."""
    try:
        return gateway.find_invoice(
            access_token, session_reference=work.session_reference, sha256=work.sha256
        )
    except Refused as refusal:
        if refusal.code == _UNKNOWN_SESSION:
            return None
        raise


def may_post_again(work: Work) -> bool:
    """Two reads, so many seconds apart, showed nothing: KSeF may get the same bytes once more."""
    if work.missing_since is None:
        return False
    return timezone.now() - work.missing_since >= timedelta(seconds=settings.DOUBT_SECONDS)


def find_original(
    gateway: Gateway, access_token: str, work: Work, *, session_reference: str, status: InvoiceStatus
) -> Original | Stranger | None:
    """The document behind a 440: ours, or somebody else's who used the number (F18, F19); None when it is not found.

    Only equal hashes prove that it is ours; a number proves nothing. A 440 that names no original (F20) is looked
    up in the session it was posted to.
    """
    session = status.original_session_reference or session_reference
    ksef_number = _find_accepted(gateway, access_token, work, session)
    if ksef_number is None and status.original_ksef_number:
        document = gateway.get_invoice(access_token, status.original_ksef_number)
        if hashlib.sha256(document).digest() != work.sha256:
            return Stranger(ksef_number=status.original_ksef_number, xml=document)
        ksef_number = status.original_ksef_number
    return Original(ksef_number=ksef_number, session_reference=session) if ksef_number else None


def _find_accepted(gateway: Gateway, access_token: str, work: Work, session_reference: str) -> str | None:
    try:
        found = gateway.find_invoice(access_token, session_reference=session_reference, sha256=work.sha256)
    except Refused:
        return None  # The session belongs to somebody else; the document itself decides.
    return found.ksef_number if found is not None else None


def list_accepted(gateway: Gateway, access_token: str, session_reference: str) -> dict[bytes, str]:
    """The KSeF numbers of what a session brought, by SHA-256; nothing when it belongs to somebody else."""

    def read(cursor: str | None) -> Page[InvoiceStatus]:
        return gateway.batches.list_invoices(access_token, session_reference=session_reference, cursor=cursor)

    try:
        return {status.invoice_hash: status.ksef_number for status in every(read) if status.ksef_number}
    except Refused:
        return {}
