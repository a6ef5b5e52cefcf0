"""Who may do what: the named rights, and the actor that every mutating service asks again (S78)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_noop

from roles.models import Membership, Role
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid


class Right(StrEnum):
    VIEW = "view"
    ISSUE = "issue"
    APPROVE = "approve"
    SEND = "send"  # S69: "Uprawnienie do wysyłania dokumentów do KSeF i odbierania UPO"
    SEND_AUTOMATICALLY = "send_automatically"  # S74: "Automatyczne wysyłanie dokumentów do KSeF"
    RECEIVE = "receive"
    REGISTER = "register"
    SETTINGS = "settings"
    USERS = "users"


# The roles a company starts with.
ADMINISTRATOR = gettext_noop("Administrator")
ACCOUNTANT = gettext_noop("Księgowy")
ISSUER = gettext_noop("Wystawca")
READY_ROLES: dict[str, frozenset[Right]] = {
    ADMINISTRATOR: frozenset(Right),
    ACCOUNTANT: frozenset(Right) - {Right.SETTINGS, Right.USERS},
    ISSUER: frozenset({Right.VIEW, Right.ISSUE, Right.APPROVE}),
}


class MissingRight(PermissionDenied):
    """A colleague asked for something the role does not hold; answered with 403 and logged (S78)."""

    def __init__(self, right: Right) -> None:
        super().__init__(f"the right {right} is missing")
        self.right = right


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting in one company, with the rights held at this moment (S79)."""

    user_id: uuid.UUID
    company_id: uuid.UUID
    role: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        # S76: automatic sending has effect only together with the right to send.
        if right is Right.SEND_AUTOMATICALLY and Right.SEND not in self.rights:
            return False
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise MissingRight unless the role holds it."""
        if not self.may(right):
            raise MissingRight(right)


def find_membership(*, user_id: uuid.UUID, slug: str) -> Membership | None:
    """The active membership of this user in the company with this address, or None for a stranger."""
    return (
        Membership.objects.select_related("company")
        .filter(user_id=user_id, company__slug=slug, is_active=True, user__is_active=True)
        .first()
    )


def find_actor(*, user_id: uuid.UUID, company_id: uuid.UUID) -> Actor | None:
    """The actor as of now; None when the membership has ended. Workers ask this before each act (S79)."""
    membership = Membership.objects.filter(
        user_id=user_id, company_id=company_id, is_active=True, user__is_active=True
    ).first()
    return None if membership is None else actor_of(membership)


def actor_of(membership: Membership) -> Actor:
    with tenant_transaction(membership.company_id, user_id=membership.user_id):
        role = Role.objects.get(id=membership.role_id)
    return Actor(
        user_id=membership.user_id,
        company_id=membership.company_id,
        role=role.name,
        # A right that this version no longer knows gives nothing.
        rights=frozenset(Right(right) for right in role.rights if right in Right),
    )
