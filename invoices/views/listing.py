"""The list of sales invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from invoices.forms.listing import InvoiceFilterForm
from invoices.selectors.listing import list_invoices, list_months, list_states, list_tabs
from roles.access import Right

if TYPE_CHECKING:
    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_safe
def index(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.VIEW)
    form = InvoiceFilterForm(
        request.GET, states=list_states(), months=list_months(environment=request.company.environment)
    )
    wanted = form.wanted()
    page = list_invoices(slug=request.company.slug, environment=request.company.environment, wanted=wanted)
    context = {
        "form": form,
        "page": page,
        "tabs": list_tabs(actor=request.actor, company=request.company, wanted=wanted),
        "may_issue": request.actor.may(Right.ISSUE),
        "may_approve": request.actor.may(Right.APPROVE),
        "may_send": request.company.sends and request.actor.may(Right.SEND),
    }
    return render(request, "invoices/index.html", context)
