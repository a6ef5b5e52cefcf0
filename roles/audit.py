"""The log of refusals and of security-relevant acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from roles.models import AuditEntry
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from roles.access import Actor


def log_refusal(*, actor: Actor, action: str, right: str) -> None:
    """Write down that the actor was refused (S78); call it outside the transaction that was rolled back."""
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        record(actor=actor, action="refused", detail={"what": action, "right": right})


def record(*, actor: Actor, action: str, detail: dict[str, str]) -> None:
    """Write an entry in the caller's transaction, so that the act and its entry stand or fall together."""
    AuditEntry.objects.create(
        company_id=actor.company_id, actor_id=actor.user_id, action=action, at=timezone.now(), detail=detail
    )
