"""Making, changing and deleting roles (S65-S76)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import ProtectedError

from roles.access import Right
from roles.audit import record
from roles.domain.errors import RuleBroken
from roles.models import Role
from roles.services.administrators import keep_an_administrator, lock_members

if TYPE_CHECKING:
    import uuid

    from django.db.models import QuerySet

    from roles.access import Actor


def create_role(*, actor: Actor, name: str, rights: frozenset[Right]) -> Role:
    """Add a role that nobody holds yet. Raises RuleBroken: role_name_taken, send_first."""
    actor.require(Right.USERS)
    rights = _complete(rights)
    lock_members(actor.company_id)
    _require_free_name(name, among=Role.objects.all())
    role = Role.objects.create(company_id=actor.company_id, name=name, rights=sorted(rights))
    record(actor=actor, action="role_created", detail={"role": name, "rights": _listed(rights)})
    return role


def change_role(
    *, actor: Actor, role_id: uuid.UUID, name: str, rights: frozenset[Right], version: int
) -> Role:
    """Change name and rights for all who hold the role, from their next request on (S79).

    Repeated it changes nothing. Raises RuleBroken: role_changed (somebody was faster),
    role_name_taken, send_first, last_administrator.
    """
    actor.require(Right.USERS)
    rights = _complete(rights)
    lock_members(actor.company_id)
    role = Role.objects.get(id=role_id)
    former = frozenset(role.rights)
    if former == rights and role.name == name:
        return role
    if role.version != version:
        raise RuleBroken("role_changed")
    _require_free_name(name, among=Role.objects.exclude(id=role.id))
    if Right.USERS not in rights:
        keep_an_administrator(actor, losing=lambda member: member.role_id == role.id)
    detail = {"role": name, "gained": _listed(rights - former), "lost": _listed(former - rights)}
    if role.name != name:
        detail["former_name"] = role.name
    role.name, role.rights, role.version = name, sorted(rights), role.version + 1
    role.save(update_fields=["name", "rights", "version"])
    record(actor=actor, action="role_changed", detail=detail)
    return role


def delete_role(*, actor: Actor, role_id: uuid.UUID, version: int) -> None:
    """Delete a role that nobody holds and nobody is invited to.

    Raises RuleBroken: role_changed, role_in_use. One that is gone already is left gone.
    """
    actor.require(Right.USERS)
    lock_members(actor.company_id)
    role = Role.objects.filter(id=role_id).first()
    if role is None:
        return
    if role.version != version:
        raise RuleBroken("role_changed")
    try:
        role.delete()
    except ProtectedError as error:
        raise RuleBroken("role_in_use") from error
    record(actor=actor, action="role_deleted", detail={"role": role.name})


def _complete(rights: frozenset[Right]) -> frozenset[Right]:
    """Whatever a role allows, it allows to look (no page opens without); the second right of KSeF needs the first."""
    if Right.SEND_AUTOMATICALLY in rights and Right.SEND not in rights:
        raise RuleBroken("send_first", field=Right.SEND_AUTOMATICALLY.value)  # S76
    return rights | {Right.VIEW}


def _require_free_name(name: str, *, among: QuerySet[Role]) -> None:
    if among.filter(name__iexact=name).exists():
        raise RuleBroken("role_name_taken", field="name")


def _listed(rights: frozenset[str]) -> str:
    return " ".join(sorted(rights))
