"""The plan of a company: "eFaktury" or "eFaktury Plus" (S62-S64)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.domain.errors import RuleBroken
from accounts.models import Company
from roles.access import Right
from roles.audit import record

if TYPE_CHECKING:
    from roles.access import Actor


def change_plan(*, actor: Actor, plan: str, seen_plan: str) -> Company:
    """Let roles decide who sends, or not, from everybody's next request on; also for what waits (S79).

    The plan that the company has already is left as it is. Raises RuleBroken: no_such_plan, plan_changed (somebody
    was faster than the page that listed the consequences).
    """
    actor.require(Right.SETTINGS)
    if plan not in Company.Plan.values:
        raise RuleBroken("no_such_plan", field="plan")
    company = Company.objects.select_for_update(no_key=True).get(id=actor.company_id)
    if company.plan == plan:
        return company
    if company.plan != seen_plan:
        raise RuleBroken("plan_changed")
    former, company.plan = company.plan, plan
    company.save(update_fields=["plan"])
    record(actor=actor, action="plan_changed", detail={"from": former, "to": plan})
    return company
