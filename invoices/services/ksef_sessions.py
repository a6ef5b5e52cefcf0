"""Online sessions: one is kept open per user and company, and survives a restart (ksef-protocol 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from invoices.models import KSeFSession
from ksef.gateway import OnlineSession
from roles.tenancy import tenant_transaction
from roles.vault import CannotOpen, Label, seal, unseal

if TYPE_CHECKING:
    from invoices.services.outcomes import Work
    from ksef.gateway import Gateway

# KSeF closes a session after 12 h by itself; nothing new goes into one that is about to end (F16).
_RESERVE = timedelta(minutes=30)


def open_or_reuse(gateway: Gateway, access_token: str, work: Work) -> OnlineSession:
    """The session to post into, stored before anything is posted. Calls KSeF: no transaction may be open."""
    with tenant_transaction(work.company.id, user_id=work.user_id):
        row = (
            KSeFSession.objects.filter(
                user_id=work.user_id,
                environment=work.environment,
                closed_at=None,
                valid_until__gt=timezone.now() + _RESERVE,
            )
            .order_by("-opened_at")
            .first()
        )
        if row is not None:
            try:
                return _session(row)
            except CannotOpen:
                # Its wrapping key is gone from KWIT_KEYS: KSeF still has the session, but we cannot use it.
                row.closed_at = timezone.now()
                row.save(update_fields=["closed_at"])
    session = gateway.open_online_session(access_token)
    with tenant_transaction(work.company.id, user_id=work.user_id):
        row = KSeFSession(
            company_id=work.company.id,
            user_id=work.user_id,
            environment=work.environment,
            reference=session.reference,
            iv=session.iv,
            valid_until=session.valid_until,
        )
        row.key = seal(session.key, label=_label(row))
        row.save()
    return session


def mark_closed(work: Work, session_reference: str) -> None:
    """KSeF takes nothing more into this session (21155, 21173, 21180, 21184, 405): the next post opens another."""
    with tenant_transaction(work.company.id, user_id=work.user_id):
        KSeFSession.objects.filter(reference=session_reference, closed_at=None).update(
            closed_at=timezone.now()
        )


def _session(row: KSeFSession) -> OnlineSession:
    return OnlineSession(
        reference=row.reference,
        valid_until=row.valid_until,
        key=unseal(bytes(row.key), label=_label(row)),
        iv=bytes(row.iv),
    )


def _label(row: KSeFSession) -> Label:
    return Label(company_id=row.company_id, user_id=row.user_id, object_id=row.id, purpose="ksef session key")
