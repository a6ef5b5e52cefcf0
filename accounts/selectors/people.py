"""The people of a company as its administrators see them; of their access to KSeF the dates only (S53)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.models import AccessState
from roles.models import Membership
from roles.selectors import role_name

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from accounts.models import Company
    from roles.access import Actor


@dataclass(frozen=True, slots=True)
class PersonLine:
    membership_id: uuid.UUID
    name: str
    email: str
    role: str
    is_active: bool
    is_self: bool
    # The last sign of life in any session that still stands; None when there is none.
    seen_at: datetime | None
    is_connected: bool
    # Until when the connection works without its owner; None for one that logs in anew by itself.
    connected_until: datetime | None
    is_refused: bool


def list_people(*, actor: Actor, company: Company, seen: dict[uuid.UUID, datetime]) -> list[PersonLine]:
    """Everybody, those first who may enter; two queries, however many people."""
    members = list(
        Membership.objects.select_related("user", "role")
        .filter(company_id=company.id)
        .order_by("-is_active", "user__full_name", "user__email")
    )
    users = [member.user_id for member in members]
    states = {
        state.user_id: state
        for state in AccessState.objects.filter(environment=company.environment, user_id__in=users)
    }
    return [
        _line(member, actor=actor, seen_at=seen.get(member.user_id), state=states.get(member.user_id))
        for member in members
    ]


def _line(
    member: Membership, *, actor: Actor, seen_at: datetime | None, state: AccessState | None
) -> PersonLine:
    return PersonLine(
        membership_id=member.id,
        name=str(member.user),
        email=member.user.email,
        role=role_name(member.role),
        is_active=member.is_active and member.user.is_active,
        is_self=member.user_id == actor.user_id,
        seen_at=seen_at,
        is_connected=state is not None,
        connected_until=state.access_until if state else None,
        is_refused=state.is_refused if state else False,
    )
