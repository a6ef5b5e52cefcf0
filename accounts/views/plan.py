"""The tab "Plan": both plans, and what a change means for whom before it is saved (S62-S64)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.domain.errors import RuleBroken
from accounts.forms.people import PlanForm
from accounts.forms.wording import say
from accounts.identity.confirmation import recently_confirmed
from accounts.selectors.plans import get_plan_page
from accounts.services.plans import change_plan
from roles.access import Right

if TYPE_CHECKING:
    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_http_methods(["GET", "POST"])
@recently_confirmed
def plan(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SETTINGS)
    form = PlanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted, seen = form.cleaned_data["plan"], form.cleaned_data["seen"]
        try:
            company = change_plan(actor=request.actor, plan=wanted, seen_plan=seen)
        except RuleBroken as broken:
            messages.error(request, say(broken))
        else:
            name = company.get_plan_display()
            messages.success(request, _("Firma ma teraz plan %(plan)s.") % {"plan": name})
        return redirect("accounts:plan", request.company.slug)
    return render(request, "accounts/plan.html", {"page": get_plan_page(request.company)})
