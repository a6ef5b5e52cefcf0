"""Files of many invoices in one ZIP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.identity.confirmation import ask_to_confirm, is_confirmed
from invoices.forms.bulk import chosen_ids
from invoices.forms.downloads import wanted_contents, wanted_month
from invoices.selectors.archive import MOST_INVOICES, MOST_PDFS, TooMuchAtOnce, build_archive, find_invoices
from invoices.views.documents import download
from roles.access import Right
from roles.audit import record

if TYPE_CHECKING:
    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_POST
def download_many(request: TenantRequest) -> HttpResponse:
    """UPO, XML and PDF of the ticked invoices, or of a whole month, which needs a fresh confirmation (V21)."""
    request.actor.require(Right.VIEW)
    contents, month = wanted_contents(request.POST), wanted_month(request.POST)
    if month is not None and not is_confirmed(request):
        return ask_to_confirm(request, form="invoices:index")
    environment = request.company.environment
    invoices = find_invoices(environment=environment, ids=chosen_ids(request.POST), month=month)
    if not contents or not invoices.exists():
        return _back(request, _("Zaznacz na liście zatwierdzone faktury, których pliki chcesz pobrać."))
    name = f"faktury-{month:%Y-%m}" if month else "faktury"
    slug = request.company.slug
    try:
        archive = build_archive(
            actor=request.actor, slug=slug, invoices=invoices, contents=contents, name=name
        )
    except TooMuchAtOnce:
        return _back(request, _too_much())
    detail = {"contents": ",".join(contents), "count": str(invoices.count()), "archive": archive.name}
    record(actor=request.actor, action="documents_exported", detail=detail)
    return download(archive, content_type="application/zip")


def _back(request: TenantRequest, text: str) -> HttpResponse:
    messages.warning(request, text)
    return redirect(reverse("invoices:index", args=[request.company.slug], query=request.GET))


def _too_much() -> str:
    limits = {"pdfs": MOST_PDFS, "invoices": MOST_INVOICES}
    return (
        _("To za dużo na raz: najwyżej %(pdfs)s faktur w PDF albo %(invoices)s w XML. Wybierz mniej.")
        % limits
    )
