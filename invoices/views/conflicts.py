"""The page on which a person compares a refused invoice with the one that bears its number in KSeF (F19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from invoices.selectors.conflicts import get_conflict, get_conflicting_xml
from invoices.views.documents import download
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_safe
def show(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    context = {
        "conflict": get_conflict(invoice_id),
        "invoice_id": invoice_id,
        "may_renumber": request.actor.may(Right.ISSUE),
    }
    return render(request, "invoices/conflict.html", context)


@require_safe
def xml(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """The other document as KSeF keeps it."""
    request.actor.require(Right.VIEW)
    return download(get_conflicting_xml(invoice_id), content_type="application/xml")
