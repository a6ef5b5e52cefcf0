"""A company always keeps somebody who manages its people, whoever changes what at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roles.access import Right, list_holders
from roles.audit import record
from roles.domain.errors import RuleBroken
from roles.models import Membership

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from roles.access import Actor


def lock_members(company_id: uuid.UUID) -> None:
    """Let changes of who may do what go one after the other; the next one sees what this one has done."""
    list(Membership.objects.select_for_update().filter(company_id=company_id).order_by("id").values("id"))


def keep_an_administrator(actor: Actor, *, losing: Callable[[Membership], bool]) -> None:
    """Refuse, and write down, what would leave nobody with the right to manage people; under lock_members.

    `losing` tells who would lose that right. Raises RuleBroken: last_administrator.
    """
    holders = list_holders(actor.company_id, Right.USERS)
    if holders and all(losing(member) for member in holders):
        record(actor=actor, action="last_administrator_kept", detail={})
        raise RuleBroken("last_administrator")
