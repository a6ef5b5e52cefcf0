"""The page of one invoice, its moving state, and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from accounts.domain.errors import RuleBroken
from accounts.forms.wording import explain, say
from accounts.selectors import find_offline_certificate
from accounts.views.secrets import handles_secrets
from invoices.forms.printing import IssuerPasswordForm
from invoices.selectors.document import (
    get_invoice,
    get_invoice_page,
    get_progress,
    get_xml,
    needs_issuer,
)
from invoices.selectors.pdf import MOST_LINES_PRINTED, PDFUnavailable, TooLongToPrint, render_pdf
from invoices.selectors.upo import find_upo, find_upo_page, print_upo
from invoices.services.printing import print_with_issuer
from ksef.certificates import UnusableFile
from roles.access import Right

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from invoices.selectors.document import StoredFile
    from roles.middleware import TenantRequest


@require_safe
def show(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    page = get_invoice_page(actor=request.actor, slug=request.company.slug, invoice_id=invoice_id)
    if page.is_draft and request.actor.may(Right.ISSUE):
        return redirect("invoices:edit", request.company.slug, invoice_id)
    return render(request, "invoices/show.html", {"page": page, "progress": page.progress})


@require_safe
def status(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """What has changed since the page last asked; 204 when nothing has, so that the page is left in peace (S81)."""
    request.actor.require(Right.VIEW)
    progress = get_progress(actor=request.actor, slug=request.company.slug, invoice_id=invoice_id)
    if request.GET.get("znane") == progress.fingerprint:
        return HttpResponse(status=204)
    context = {"progress": progress, "invoice_id": invoice_id, "is_partial": True}
    return render(request, "invoices/_status_answer.html", context)


@require_safe
def pdf(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    page = get_invoice_page(actor=request.actor, slug=request.company.slug, invoice_id=invoice_id)
    if page.is_draft:
        return redirect("invoices:show", request.company.slug, invoice_id)
    if page.needs_issuer:
        return redirect("invoices:print_offline", request.company.slug, invoice_id)
    return _print(request, invoice_id, lambda: render_pdf(page))


@handles_secrets("password")
@require_http_methods(["GET", "POST"])
def print_offline(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """S44-S49: the password for each print-out; a wrong one gives no file."""
    request.actor.require(Right.VIEW)
    invoice = get_invoice(invoice_id)
    if not needs_issuer(invoice):
        return redirect("invoices:show", request.company.slug, invoice_id)
    form = IssuerPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["password"]
        try:
            return _print(request, invoice_id, lambda: _signed(request, invoice_id, password))
        except UnusableFile as flawed:
            form.add_error("password", explain(flawed).text)
        except RuleBroken as broken:
            form.add_error(None, say(broken))
    offline = find_offline_certificate(actor=request.actor, environment=invoice.environment)
    context = {"form": form, "invoice_id": invoice_id, "number": invoice.number, "certificate": offline}
    return render(request, "invoices/print_offline.html", context)


def _signed(request: TenantRequest, invoice_id: uuid.UUID, password: str) -> StoredFile:
    slug = request.company.slug
    return print_with_issuer(actor=request.actor, slug=slug, invoice_id=invoice_id, password=password)


def _print(request: TenantRequest, invoice_id: uuid.UUID, make: Callable[[], StoredFile]) -> HttpResponse:
    """The PDF, or a page that says why there is none and where else the content is."""
    try:
        return download(make(), content_type="application/pdf")
    except PDFUnavailable as error:
        context = {"reason": str(error), "invoice_id": invoice_id}
        return render(request, "invoices/pdf_unavailable.html", context, status=503)
    except TooLongToPrint:
        context = {"most": MOST_LINES_PRINTED, "invoice_id": invoice_id}
        return render(request, "invoices/pdf_too_long.html", context, status=422)


@require_safe
def xml(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    return download(get_xml(invoice_id), content_type="application/xml")


@require_safe
def upo(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    page = find_upo_page(invoice_id)
    if page is None:
        return _no_upo_yet(request, invoice_id)
    return render(request, "invoices/upo.html", {"page": page})


@require_safe
def upo_pdf(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    page = find_upo_page(invoice_id)
    if page is None:
        return _no_upo_yet(request, invoice_id)
    return _print(request, invoice_id, lambda: print_upo(page))


@require_safe
def upo_xml(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    file = find_upo(get_invoice(invoice_id))
    if file is None:
        return _no_upo_yet(request, invoice_id)
    return download(file, content_type="application/xml")


def _no_upo_yet(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    return render(request, "invoices/upo_missing.html", {"invoice_id": invoice_id}, status=404)


def download(file: StoredFile, *, content_type: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=file.name)
    return HttpResponse(
        file.content, content_type=content_type, headers={"Content-Disposition": disposition or "attachment"}
    )
