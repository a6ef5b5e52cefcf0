"""What was received from KSeF: the list, one document, and what is done with them (S102-S109)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.errors import RuleBroken
from accounts.models import Company
from invoices.domain.inbox import MOVES_OF_PLAN, Move
from invoices.forms.inbox import FetchForm, InboxFilterForm, MoveForm, PostingForm, read_ids
from invoices.selectors.inbox_listing import (
    list_chosen,
    list_places,
    list_received,
    list_received_months,
)
from invoices.selectors.inbox_wording import list_title, move_label, rule_text
from invoices.selectors.received_page import Offer, get_received, get_received_page, get_received_xml
from invoices.selectors.receiving_status import get_fetch_defaults, get_receiving_status
from invoices.services.receiving import request_check
from invoices.services.sorting import move_document, move_documents
from invoices.views.documents import download
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from invoices.selectors.inbox_listing import InboxRow
    from invoices.services.sorting import MoveResult
    from roles.middleware import TenantRequest


@require_safe
def index(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.RECEIVE)
    company = request.company
    form = InboxFilterForm(
        request.GET, places=list_places(company.plan), months=list_received_months(company)
    )
    context = {
        "title": list_title(company.plan),
        "is_plus": company.plan == Company.Plan.PLUS,
        "form": form,
        "page": list_received(company=company, wanted=form.wanted()),
        "status": get_receiving_status(company=company, actor=request.actor),
        "offers": _bulk_offers(company.plan) if request.actor.may(Right.REGISTER) else (),
        "undo": _undo(request),
    }
    return render(request, "inbox/index.html", context)


@require_safe
def show(request: TenantRequest, document_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.RECEIVE)
    return _show(request, document_id, None)


@require_safe
def xml(request: TenantRequest, document_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.RECEIVE)
    return download(get_received_xml(document_id), content_type="application/xml")


@require_POST
def move(request: TenantRequest) -> HttpResponse:
    """One or many; deleting asks first, many get a result for each (S104, S109)."""
    request.actor.require(Right.REGISTER)
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise Http404
    chosen = list_chosen(request.company, form.ids())
    if not chosen:
        messages.info(request, _("Zaznacz dokumenty, których to dotyczy."))
        return redirect("inbox:index", request.company.slug)
    act = form.chosen()
    if act is Move.DELETED and not form.cleaned_data["is_confirmed"]:
        return render(request, "inbox/delete.html", {"rows": chosen})
    try:
        results = move_documents(actor=request.actor, document_ids=[row.id for row in chosen], move=act)
    except RuleBroken as broken:
        messages.error(request, rule_text(broken.code))
        return redirect("inbox:index", request.company.slug)
    return _answer(request, act, [(result, rule_text(result.problem)) for result in results])


@require_POST
def post_to_register(request: TenantRequest, document_id: uuid.UUID) -> HttpResponse:
    """S106, with the month and the extent of the deduction."""
    request.actor.require(Right.REGISTER)
    get_received(document_id)
    form = PostingForm(request.POST)
    if form.is_valid():
        try:
            move_document(
                actor=request.actor, document_id=document_id, move=Move.REGISTERED, posting=form.posting()
            )
        except RuleBroken as broken:
            form.add_error(broken.field or None, rule_text(broken.code))
        else:
            messages.success(request, _("Dokument jest w Rejestrze VAT zakupów."))
            return redirect("inbox:show", request.company.slug, document_id)
    return _show(request, document_id, form)


@require_http_methods(["GET", "POST"])
def fetch(request: TenantRequest) -> HttpResponse:
    """R6-R9: "Pobierz z KSeF"."""
    request.actor.require(Right.RECEIVE)
    defaults = get_fetch_defaults(request.company)
    form = FetchForm(request.POST or None, defaults=defaults)
    if request.method == "POST" and form.is_valid():
        try:
            request_check(actor=request.actor, **form.cleaned_data)
        except RuleBroken as broken:
            if broken.code == "not_connected":
                messages.info(request, rule_text(broken.code))
                return redirect("accounts:ksef", request.company.slug)
            form.add_error(broken.field, rule_text(broken.code))
        else:
            messages.success(request, _("Pytamy KSeF. Nowe dokumenty pojawią się na liście same."))
            return redirect("inbox:index", request.company.slug)
    context = {"form": form, "defaults": defaults, "title": list_title(request.company.plan)}
    return render(request, "inbox/fetch.html", context)


def _show(request: TenantRequest, document_id: uuid.UUID, form: PostingForm | None) -> HttpResponse:
    page = get_received_page(company=request.company, document_id=document_id)
    initial = {"deduction": "full", "period": page.received_month}
    context = {
        "page": page,
        "title": list_title(request.company.plan),
        "may_move": request.actor.may(Right.REGISTER),
        "form": form or PostingForm(initial=initial),
    }
    return render(request, "inbox/show.html", context)


def _answer(request: TenantRequest, act: Move, results: list[tuple[MoveResult, str]]) -> HttpResponse:
    slug = request.company.slug
    failed = [result for result, _text in results if result.problem]
    if act is Move.DELETED and not failed:
        query = {"cofnij": [str(result.document_id) for result, _text in results]}
        return redirect(reverse("inbox:index", args=[slug], query=query))
    if len(results) == 1:
        [(result, text)] = results
        if result.problem:
            messages.error(request, text)
        else:
            messages.success(request, _("Gotowe: %(what)s.") % {"what": move_label(act)})
        return redirect("inbox:show", slug, result.document_id)
    context = {"results": results, "label": move_label(act), "done": len(results) - len(failed)}
    return render(request, "inbox/results.html", context)


def _bulk_offers(plan: str) -> tuple[Offer, ...]:
    return tuple(Offer(act.value, move_label(act)) for act in MOVES_OF_PLAN[plan])


def _undo(request: TenantRequest) -> tuple[InboxRow, ...]:
    """What was just deleted from the list and can still be brought back (S104)."""
    rows = list_chosen(request.company, read_ids(request.GET.getlist("cofnij")))
    return tuple(row for row in rows if row.is_deleted)
