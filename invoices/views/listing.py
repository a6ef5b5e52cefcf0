"""The list of sales invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from invoices.forms.listing import InvoiceFilterForm
from invoices.selectors.listing import list_invoices, list_months, list_states
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
    page = list_invoices(
        slug=request.company.slug, environment=request.company.environment, wanted=form.wanted()
    )
    context = {"form": form, "page": page, "may_issue": request.actor.may(Right.ISSUE)}
    return render(request, "invoices/index.html", context)
