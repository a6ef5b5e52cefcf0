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
    from collections.abc import Iterable


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


# S68: the two rights of KSeF.
SENDING: frozenset[Right] = frozenset({Right.SEND, Right.SEND_AUTOMATICALLY})

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
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise MissingRight unless the role holds it."""
        if not self.may(right):
            raise MissingRight(right)


def effective_rights(rights: Iterable[str], *, roles_decide_sending: bool) -> frozenset[Right]:
    """What the rights of a role amount to on the company's plan.

    A right that this version no longer knows gives nothing. Where roles play no part in sending, whoever may approve
    sends, always automatically (S62); where they decide (S64), the second right needs the first (S76).
    """
    held = frozenset(Right(right) for right in rights if right in Right)
    if not roles_decide_sending:
        return held | SENDING if Right.APPROVE in held else held - SENDING
    return held if Right.SEND in held else held - {Right.SEND_AUTOMATICALLY}


def find_membership(*, user_id: uuid.UUID, slug: str) -> Membership | None:
    """The active membership of this user in the company with this address, or None for a stranger."""
    return (
        Membership.objects.select_related("company")
        .filter(user_id=user_id, company__slug=slug, is_active=True, user__is_active=True)
        .first()
    )


def list_members(company_id: uuid.UUID) -> list[Membership]:
    """Everybody who may enter the company, with person, role and company, by name."""
    return list(
        Membership.objects.select_related("user", "company", "role")
        .filter(company_id=company_id, is_active=True, user__is_active=True)
        .order_by("user__full_name", "user__email")
    )


def rights_of(membership: Membership) -> frozenset[Right]:
    """What this person may do now; the membership comes with its role and company."""
    return effective_rights(
        membership.role.rights, roles_decide_sending=membership.company.roles_decide_sending
    )


def list_holders(company_id: uuid.UUID, right: Right) -> list[Membership]:
    """Those who hold the right on the company's plan; call it inside the company."""
    return [member for member in list_members(company_id) if right in rights_of(member)]


def find_actor(*, user_id: uuid.UUID, company_id: uuid.UUID) -> Actor | None:
    """The actor as of now; None when the membership has ended. Workers ask this before each act (S79)."""
    membership = (
        Membership.objects.select_related("company")
        .filter(user_id=user_id, company_id=company_id, is_active=True, user__is_active=True)
        .first()
    )
    return None if membership is None else actor_of(membership)


def actor_of(membership: Membership) -> Actor:
    with tenant_transaction(membership.company_id, user_id=membership.user_id):
        role = Role.objects.get(id=membership.role_id)
    return Actor(
        user_id=membership.user_id,
        company_id=membership.company_id,
        role=role.name,
        rights=effective_rights(role.rights, roles_decide_sending=membership.company.roles_decide_sending),
    )
