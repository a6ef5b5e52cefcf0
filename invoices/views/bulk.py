"""Clicks that move many invoices of the list at once (S72); doing one twice does it once (S90)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from invoices.forms.bulk import ALL_TO_SEND, MOST_AT_ONCE, chosen_ids, tell_results
from invoices.selectors.listing import list_ids_to_send
from invoices.services.bulk import approve_invoices, submit_invoices
from roles.access import Right
from roles.middleware import own_transactions
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponse

    from invoices.services.bulk import BulkResult
    from roles.middleware import TenantRequest


@own_transactions
@require_POST
def approve(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.APPROVE)
    results = approve_invoices(actor=request.actor, invoice_ids=chosen_ids(request.POST))
    return _answer(request, results, title=_("Zatwierdzanie faktur"))


@own_transactions
@require_POST
def send(request: TenantRequest) -> HttpResponse:
    """S83, S88: send what was ticked, or all that waits for somebody who may send it."""
    request.actor.require(Right.SEND)
    chosen = chosen_ids(request.POST)
    if ALL_TO_SEND in request.POST:
        with tenant_transaction(request.actor.company_id, user_id=request.actor.user_id):
            chosen = list_ids_to_send(environment=request.company.environment, most=MOST_AT_ONCE)
    results = submit_invoices(actor=request.actor, invoice_ids=chosen)
    return _answer(request, results, title=_("Wysyłanie do KSeF"))


def _answer(request: TenantRequest, results: Iterable[BulkResult], *, title: str) -> HttpResponse:
    """What became of each. Nothing is done twice by repeating the request, so it may be answered with a page."""
    back_url = reverse("invoices:index", args=[request.company.slug], query=request.GET)
    rows = tell_results(results, slug=request.company.slug)
    if not rows:
        messages.warning(request, _("Zaznacz na liście faktury, których to dotyczy."))
        return redirect(back_url)
    context = {
        "title": title,
        "rows": rows,
        "failed": sum(bool(row.problem) for row in rows),
        "back_url": back_url,
    }
    return render(request, "invoices/bulk.html", context)
