"""The purchase VAT register, and purchase invoices (S106, S107)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from invoices.forms.inbox import PurchaseForm
from invoices.selectors.register import get_purchase_page, get_register, get_register_csv, list_purchases
from invoices.services.sorting import change_purchase
from invoices.views.documents import download
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_safe
def index(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.RECEIVE)
    page = get_register(company=request.company, month=request.GET.get("miesiac", ""))
    return render(request, "register/index.html", {"page": page})


@require_safe
def export(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.RECEIVE)
    page = get_register(company=request.company, month=request.GET.get("miesiac", ""))
    return download(get_register_csv(company=request.company, month=page.month), content_type="text/csv")


@require_safe
def purchases(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.RECEIVE)
    return render(request, "purchases/index.html", {"rows": list_purchases(request.company)})


@require_http_methods(["GET", "POST"])
def purchase(request: TenantRequest, purchase_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.RECEIVE)
    if request.method == "POST":
        request.actor.require(Right.REGISTER)
    page = get_purchase_page(purchase_id)
    initial = {"category": page.category, "paid_on": page.paid_on}
    form = PurchaseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        change_purchase(actor=request.actor, purchase_id=purchase_id, **form.cleaned_data)
        messages.success(request, _("Zapisane."))
        return redirect("purchases:show", request.company.slug, purchase_id)
    may_edit = request.actor.may(Right.REGISTER)
    return render(request, "purchases/show.html", {"page": page, "form": form, "may_edit": may_edit})
