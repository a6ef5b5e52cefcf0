"""The first page of a company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from invoices.selectors.dashboard import get_dashboard
from roles.access import Right

if TYPE_CHECKING:
    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_safe
def show(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.VIEW)
    dashboard = get_dashboard(actor=request.actor, company=request.company, now=timezone.now())
    return render(request, "dashboard/show.html", {"dashboard": dashboard})
