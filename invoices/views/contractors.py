"""Contractors: list, new, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.errors import RuleBroken
from invoices.forms.contractor import ContractorForm, values_of
from invoices.forms.listing import ContractorFilterForm
from invoices.forms.wording import say
from invoices.selectors.contractors import get_contractor, list_contractors
from invoices.services.contractors import delete_contractor, save_contractor
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_safe
def index(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.VIEW)
    form = ContractorFilterForm(request.GET)
    query, number = form.wanted()
    page = list_contractors(slug=request.company.slug, query=query, page=number)
    context = {"form": form, "page": page, "may_edit": request.actor.may(Right.ISSUE)}
    return render(request, "contractors/index.html", context)


@require_http_methods(["GET", "POST"])
def new(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.ISSUE)
    form = ContractorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        contractor = save_contractor(actor=request.actor, details=form.details())
        messages.success(request, _("Dodano: %(name)s.") % {"name": contractor.name})
        return redirect("contractors:index", request.company.slug)
    return render(request, "contractors/new.html", {"form": form})


@require_http_methods(["GET", "POST"])
def edit(request: TenantRequest, contractor_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    may_edit = request.actor.may(Right.ISSUE)
    contractor = get_contractor(contractor_id)
    form = ContractorForm(request.POST or None, initial=values_of(contractor))
    if request.method == "POST":
        request.actor.require(Right.ISSUE)
        if form.is_valid():
            save_contractor(actor=request.actor, details=form.details(), contractor_id=contractor_id)
            messages.success(request, _("Zmiany zapisane."))
            return redirect("contractors:index", request.company.slug)
    context = {"form": form, "contractor": contractor, "may_edit": may_edit}
    return render(request, "contractors/edit.html", context)


@require_POST
def delete(request: TenantRequest, contractor_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.ISSUE)
    contractor = get_contractor(contractor_id)
    try:
        delete_contractor(actor=request.actor, contractor_id=contractor_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
        return redirect("contractors:edit", request.company.slug, contractor_id)
    messages.success(request, _("Usunięto: %(name)s.") % {"name": contractor.name})
    return redirect("contractors:index", request.company.slug)
