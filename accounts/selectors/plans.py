"""Both plans as the page compares them, and what a change would mean for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.models import Company
from roles.selectors import foresee_plan

if TYPE_CHECKING:
    from roles.selectors import Effect


@dataclass(frozen=True, slots=True)
class PlanPage:
    current: str
    current_name: str
    other: str
    other_name: str
    # What people of the company would gain and lose with the other plan.
    effects: tuple[Effect, ...]


def get_plan_page(company: Company) -> PlanPage:
    current = Company.Plan(company.plan)
    other = Company.Plan.EFAKTURY if current is Company.Plan.PLUS else Company.Plan.PLUS
    return PlanPage(
        current=current.value,
        current_name=current.label,
        other=other.value,
        other_name=other.label,
        effects=tuple(
            foresee_plan(company.id, roles_decide_sending=Company(plan=other.value).roles_decide_sending)
        ),
    )
