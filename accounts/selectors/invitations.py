"""Invitations as whoever holds the link sees them, and as the company's administrators do."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import Company, Invitation
from roles.access import Right, list_holders
from roles.selectors import role_name
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User

_COMPANY_LETTERS: Final = 32


class Ended(StrEnum):
    """Why a link lets nobody in."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    WITHDRAWN = "withdrawn"
    # Whoever sent it may not invite any more.
    INVITER_GONE = "inviter_gone"
    # It is for another address than the one that this account goes by.
    WRONG_ACCOUNT = "wrong_account"


@dataclass(frozen=True, slots=True)
class Offer:
    """A link that works: into which company, in which role, and who asks."""

    invitation_id: uuid.UUID
    company_id: uuid.UUID
    company: str
    role: str
    sender: str
    email: str

    def is_for(self, user: User) -> bool:
        return user.email == self.email


@dataclass(frozen=True, slots=True)
class PendingInvitation:
    """An invitation that waits; `was_mailed` is false when the mail server did not take the letter (F45)."""

    id: uuid.UUID
    email: str
    role: str
    expires_at: datetime
    has_expired: bool
    was_mailed: bool


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find_offer(token: str) -> Offer | Ended:
    """What the link leads to, or why it leads nowhere. Enters its company, so none may be active."""
    try:
        company = Company.objects.filter(id=uuid.UUID(hex=token[:_COMPANY_LETTERS])).first()
    except ValueError:
        company = None
    if company is None:
        return Ended.UNKNOWN
    with tenant_transaction(company.id):
        invitation = (
            Invitation.objects.select_related("role", "invited_by").filter(token_hash=hash_of(token)).first()
        )
        return Ended.UNKNOWN if invitation is None else _offer(invitation, company)


def _offer(invitation: Invitation, company: Company) -> Offer | Ended:
    if invitation.accepted_at:
        return Ended.USED
    if invitation.withdrawn_at or invitation.role is None:
        return Ended.WITHDRAWN
    if invitation.expires_at <= timezone.now():
        return Ended.EXPIRED
    if all(member.user_id != invitation.invited_by_id for member in list_holders(company.id, Right.USERS)):
        return Ended.INVITER_GONE
    return Offer(
        invitation_id=invitation.id,
        company_id=company.id,
        company=company.name,
        role=role_name(invitation.role),
        sender=str(invitation.invited_by),
        email=invitation.email,
    )


def list_pending() -> list[PendingInvitation]:
    """What waits to be accepted, the newest first; expired ones too, since a new letter brings them back."""
    now = timezone.now()
    rows = Invitation.objects.select_related("role").filter(accepted_at=None, withdrawn_at=None)
    return [
        PendingInvitation(
            id=row.id,
            email=row.email,
            role=role_name(row.role) if row.role else "",
            expires_at=row.expires_at,
            has_expired=row.expires_at <= now,
            was_mailed=row.mailed_at is not None,
        )
        for row in rows.order_by("-created_at", "id")
    ]


def get_invitation(invitation_id: uuid.UUID) -> Invitation:
    """An invitation of this company, whatever became of it; 404 for anybody else's."""
    return get_object_or_404(Invitation.objects.all(), id=invitation_id)
