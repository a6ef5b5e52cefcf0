"""After doubt: ask KSeF, then act. KSeF has no idempotency key; our SHA-256 is the only proof (F1-F5, F18, F19)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from ksef.errors import Refused

if TYPE_CHECKING:
    from invoices.services.outcomes import Work
    from ksef.gateway import Gateway, InvoiceStatus

# "No such session": whatever was posted there is not there.
_UNKNOWN_SESSION = 21173


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


def is_original_ours(gateway: Gateway, access_token: str, work: Work, status: InvoiceStatus) -> bool:
    """Whether the document that a 440 names has our bytes. Only equal hashes prove it; a number proves nothing."""
    if status.original_session_reference and _is_in_session(gateway, access_token, work, status):
        return True
    if not status.original_ksef_number:
        return False
    original = gateway.get_invoice(access_token, status.original_ksef_number)
    return hashlib.sha256(original).digest() == work.sha256


def _is_in_session(gateway: Gateway, access_token: str, work: Work, status: InvoiceStatus) -> bool:
    try:
        found = gateway.find_invoice(
            access_token, session_reference=status.original_session_reference or "", sha256=work.sha256
        )
    except Refused:
        return False  # The session belongs to somebody else; the document itself decides.
    return found is not None and found.ksef_number == status.original_ksef_number
