"""Asking a colleague to renew their access (S53: their credential stays their own)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.domain.errors import MailFailed, RuleBroken
from accounts.models import AccessState, Company, User
from accounts.services.mails import mail_reminder
from roles.access import Right
from roles.audit import record
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid

    from roles.access import Actor

_ONCE_IN = timedelta(hours=12)


def remind_colleague(*, actor: Actor, user_id: uuid.UUID, environment: str) -> str:
    """Mail the colleague a link to their renewal, and return their name; not twice within half a day.

    Opens its own transaction, since a mail server must not hold one up. Raises RuleBroken: no_such_access (nobody
    of this company), reminded_lately; and MailFailed, after which it may be tried again at once.
    """
    actor.require(Right.USERS)
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        state = _note_reminder(user_id, environment=environment)
        record(
            actor=actor, action="access_reminder", detail={"user": str(user_id), "environment": environment}
        )
        company = Company.objects.get(id=actor.company_id)
    try:
        mail_reminder(user=state.user, company=company, sender=User.objects.get(id=actor.user_id))
    except MailFailed:
        with tenant_transaction(actor.company_id, user_id=actor.user_id):
            AccessState.objects.filter(id=state.id).update(reminded_at=None)
        raise
    return str(state.user)


def _note_reminder(user_id: uuid.UUID, *, environment: str) -> AccessState:
    now = timezone.now()
    state = (
        AccessState.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(user_id=user_id, environment=environment)
        .first()
    )
    if state is None:
        raise RuleBroken("no_such_access")
    if state.reminded_at is not None and state.reminded_at > now - _ONCE_IN:
        raise RuleBroken("reminded_lately")
    state.reminded_at = now
    state.save(update_fields=["reminded_at"])
    return state
