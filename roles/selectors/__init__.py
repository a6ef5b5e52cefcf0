"""Roles as people read them: what each allows, who holds it, and what a change would mean for whom."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from roles.access import Right, effective_rights, list_members, rights_of
from roles.models import Membership, Role
from roles.selectors.wording import RIGHT_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role in the list; `holders` are the names of those who may enter the company in it."""

    id: uuid.UUID
    name: str
    rights: tuple[str, ...]
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A role as its form shows it."""

    id: uuid.UUID
    name: str
    rights: frozenset[Right]
    version: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change means for one person, right by right."""

    name: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


def role_name(role: Role) -> str:
    """The ready roles bear names that can be translated; all others are called what they are called."""
    return _(role.name)


def list_roles(company_id: uuid.UUID) -> list[RoleLine]:
    members = list_members(company_id)
    return [
        RoleLine(
            id=role.id,
            name=role_name(role),
            rights=name_rights(role.rights),
            holders=tuple(str(member.user) for member in members if member.role_id == role.id),
        )
        for role in Role.objects.order_by("name")
    ]


def get_role(role_id: uuid.UUID) -> RoleFacts:
    """The role; 404 for whatever this company does not have."""
    role = get_object_or_404(Role.objects.all(), id=role_id)
    rights = frozenset(Right(right) for right in role.rights if right in Right)
    return RoleFacts(id=role.id, name=role_name(role), rights=rights, version=role.version)


def find_role(text: str) -> RoleFacts | None:
    """The role of this id, or None for whatever else the text may be."""
    try:
        role_id = uuid.UUID(text)
    except ValueError:
        return None
    return get_role(role_id)


def get_membership(*, company_id: uuid.UUID, membership_id: uuid.UUID) -> Membership:
    """Somebody of this company, active or not, with person and role; 404 for anybody else."""
    members = Membership.objects.select_related("user", "role", "company")
    return get_object_or_404(members, id=membership_id, company_id=company_id)


def name_rights(rights: Iterable[str]) -> tuple[str, ...]:
    """The rights in words, in the order of the form."""
    held = set(rights)
    return tuple(str(name) for right, name in RIGHT_NAMES.items() if right in held)


def foresee_rights(*, company_id: uuid.UUID, role_id: uuid.UUID, rights: frozenset[Right]) -> list[Effect]:
    """What it would mean if the role held these rights."""
    return _foresee(company_id, lambda member: rights if member.role_id == role_id else member.role.rights)


def foresee_role(*, member: Membership, role: RoleFacts) -> list[Effect]:
    """What it would mean for this person to have the role; nothing while the membership is switched off."""
    return _foresee(
        member.company_id, lambda other: role.rights if other.id == member.id else other.role.rights
    )


def foresee_plan(company_id: uuid.UUID, *, roles_decide_sending: bool) -> list[Effect]:
    """What it would mean if roles decided who sends, or did not (S62, S64)."""
    effects = (
        _effect(
            member,
            after=effective_rights(member.role.rights, roles_decide_sending=roles_decide_sending),
        )
        for member in list_members(company_id)
    )
    return [effect for effect in effects if effect is not None]


def _foresee(company_id: uuid.UUID, rights_then: Callable[[Membership], Iterable[str]]) -> list[Effect]:
    effects = (
        _effect(
            member,
            after=effective_rights(
                rights_then(member), roles_decide_sending=member.company.roles_decide_sending
            ),
        )
        for member in list_members(company_id)
    )
    return [effect for effect in effects if effect is not None]


def _effect(member: Membership, *, after: frozenset[Right]) -> Effect | None:
    before = rights_of(member)
    if before == after:
        return None
    return Effect(name=str(member.user), gains=name_rights(after - before), loses=name_rights(before - after))
