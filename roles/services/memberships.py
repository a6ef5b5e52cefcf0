"""Who is in the company, and in which role (S66, S68, S79)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roles.access import Right
from roles.audit import record
from roles.domain.errors import RuleBroken
from roles.models import Membership, Role
from roles.services.administrators import keep_an_administrator, lock_members

if TYPE_CHECKING:
    import uuid

    from roles.access import Actor


def change_member_role(
    *, actor: Actor, membership_id: uuid.UUID, role_id: uuid.UUID, seen_role_id: uuid.UUID
) -> Membership:
    """Give the person another role, from the next request on (S79); the same one again changes nothing.

    Raises RuleBroken: no_such_role, member_changed (it is not the role that the form was opened with),
    last_administrator.
    """
    actor.require(Right.USERS)
    lock_members(actor.company_id)
    membership = _membership(actor, membership_id)
    role = Role.objects.filter(id=role_id).first()
    if role is None:
        raise RuleBroken("no_such_role", field="role")
    if membership.role_id == role.id:
        return membership
    if membership.role_id != seen_role_id:
        raise RuleBroken("member_changed")
    if Right.USERS not in role.rights:
        keep_an_administrator(actor, losing=lambda member: member.id == membership.id)
    former, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    record(
        actor=actor,
        action="member_role_changed",
        detail={"user": str(membership.user_id), "from": former.name, "to": role.name},
    )
    return membership


def deactivate_member(*, actor: Actor, membership_id: uuid.UUID) -> Membership:
    """Shut the company to this person from the next request on; what they did stays. Done twice, it is done once.

    Raises RuleBroken: last_administrator.
    """
    actor.require(Right.USERS)
    lock_members(actor.company_id)
    membership = _membership(actor, membership_id)
    if membership.is_active:
        keep_an_administrator(actor, losing=lambda member: member.id == membership.id)
        _switch(actor, membership, is_active=False)
    return membership


def reactivate_member(*, actor: Actor, membership_id: uuid.UUID) -> Membership:
    """Let the person in again, in the role they had."""
    actor.require(Right.USERS)
    lock_members(actor.company_id)
    membership = _membership(actor, membership_id)
    if not membership.is_active:
        _switch(actor, membership, is_active=True)
    return membership


def _membership(actor: Actor, membership_id: uuid.UUID) -> Membership:
    return Membership.objects.select_related("user", "role").get(
        id=membership_id, company_id=actor.company_id
    )


def _switch(actor: Actor, membership: Membership, *, is_active: bool) -> None:
    membership.is_active = is_active
    membership.save(update_fields=["is_active"])
    action = "member_reactivated" if is_active else "member_deactivated"
    record(actor=actor, action=action, detail={"user": str(membership.user_id)})
