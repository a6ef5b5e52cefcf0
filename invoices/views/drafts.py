"""Writing an invoice: the editor and its live sums, a copy, a deletion."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.errors import RuleBroken
from invoices.domain.calendar import warsaw_date
from invoices.domain.readiness import NotReady
from invoices.forms.editor import (
    ADD_LINE,
    APPROVE,
    NEW_BUYER,
    REMOVE_LINE,
    Desk,
    blank_editor,
    edited_sheet,
    is_unfinished,
    posted_editor,
    stored_editor,
    unfinished_editor,
)
from invoices.forms.wording import say
from invoices.selectors.drafts import get_draft, get_draft_label, list_buyer_choices
from invoices.services.approval import approve_invoice
from invoices.services.contractors import save_contractor
from invoices.services.drafting import delete_draft, duplicate_invoice, save_draft, start_correction
from roles.access import Right

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict

    from invoices.forms.editor import Editor
    from invoices.models import Invoice
    from invoices.selectors.drafts import DraftLabel
    from roles.middleware import TenantRequest


@require_http_methods(["GET", "POST"])
def new(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.ISSUE)
    if request.method == "POST":
        return _answer(request, None)
    return _page(request, blank_editor(_desk(request)), None)


@require_http_methods(["GET", "POST"])
def edit(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.ISSUE)
    label = get_draft_label(invoice_id)
    if not label.is_editable:
        return _refuse_edit(request, invoice_id)
    if request.method == "POST":
        return _answer(request, label)
    return _page(request, stored_editor(_desk(request), get_draft(invoice_id)), label)


@require_POST
def totals(request: TenantRequest) -> HttpResponse:
    """What htmx swaps into the editor: the sums while typing, a line added, the lines without one."""
    request.actor.require(Right.ISSUE)
    sheet = edited_sheet(request.POST)
    if REMOVE_LINE in request.POST:
        return render(request, "invoices/_lines.html", {"sheet": sheet, "totals_url": request.path})
    if request.POST.get("action") == ADD_LINE:
        context = {"rows": sheet.rows[-1:], "totals_url": request.path}
        return render(request, "invoices/_line_rows.html", context)
    return render(request, "invoices/_totals.html", {"sheet": sheet, "is_live": True})


@require_POST
def duplicate(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.ISSUE)
    get_draft_label(invoice_id)
    copy = duplicate_invoice(actor=request.actor, invoice_id=invoice_id)
    messages.success(request, _("To jest kopia z dzisiejszą datą. Sprawdź ją i zatwierdź."))
    return redirect("invoices:edit", request.company.slug, copy.id)


@require_POST
def correct(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """S7, S11: a draft that corrects this invoice, or the one that is being written already."""
    request.actor.require(Right.ISSUE)
    get_draft_label(invoice_id)
    try:
        correction = start_correction(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
        return redirect("invoices:show", request.company.slug, invoice_id)
    return redirect("invoices:show", request.company.slug, correction.id)


@require_http_methods(["GET", "POST"])
def delete(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """Ask first, showing what would go; the answer carries the version that was shown (F38)."""
    request.actor.require(Right.ISSUE)
    label = get_draft_label(invoice_id)
    if not label.is_editable:
        return _refuse_edit(request, invoice_id)
    if request.method == "POST":
        try:
            delete_draft(actor=request.actor, invoice_id=invoice_id, version=_version(request.POST))
        except RuleBroken as broken:
            messages.error(request, say(broken))
            return redirect("invoices:delete", request.company.slug, invoice_id)
        messages.success(request, _("Szkic usunięty."))
        return redirect("invoices:index", request.company.slug)
    return render(request, "invoices/delete.html", {"invoice": label})


def _answer(request: TenantRequest, label: DraftLabel | None) -> HttpResponse:
    """Do what the pressed button says; whatever is wrong comes back with everything that was typed."""
    desk = _desk(request)
    if is_unfinished(request.POST):
        return _page(request, unfinished_editor(desk, request.POST), label)
    is_approval = request.POST["action"] == APPROVE
    if is_approval:
        request.actor.require(Right.APPROVE)
    editor = posted_editor(desk, request.POST)
    if not editor.is_valid():
        return _page(request, editor, label)
    try:
        invoice = _save(request, editor, label)
    except RuleBroken as broken:
        return _explain(request, editor, label, broken)
    if is_approval:
        return _approve(request, invoice)
    messages.success(request, _("Szkic zapisany."))
    return redirect("invoices:edit", request.company.slug, invoice.id)


def _save(request: TenantRequest, editor: Editor, label: DraftLabel | None) -> Invoice:
    """Save the draft and the buyer typed with it, or neither."""
    actor = request.actor
    with transaction.atomic():
        contractor_id = editor.chosen_contractor
        if editor.describes_new_buyer:
            contractor_id = save_contractor(actor=actor, details=editor.new_buyer.details()).id
        draft = editor.draft(contractor_id)
        if label is None:
            return save_draft(actor=actor, draft=draft, new_id=_new_id(request.POST))
        return save_draft(actor=actor, draft=draft, invoice_id=label.id, version=_version(request.POST))


def _approve(request: TenantRequest, invoice: Invoice) -> HttpResponse:
    try:
        approve_invoice(actor=request.actor, invoice_id=invoice.id)
    except NotReady as not_ready:
        # The draft is saved by now; the same form comes back, pointing at the saved draft and buyer.
        editor = posted_editor(_desk(request), _with_buyer(request.POST, invoice))
        editor.is_valid()
        for obstacle in not_ready.obstacles:
            editor.add_problem(field=obstacle.field, message=say(obstacle))
        messages.warning(request, _("Szkic jest zapisany, ale nie można go jeszcze zatwierdzić."))
        return _page(request, editor, get_draft_label(invoice.id))
    return redirect("invoices:show", request.company.slug, invoice.id)


def _explain(
    request: TenantRequest, editor: Editor, label: DraftLabel | None, broken: RuleBroken
) -> HttpResponse:
    if broken.code == "not_a_draft" and label is not None:
        return _refuse_edit(request, label.id)
    if broken.code == "already_saved":
        # The second click on a new form finds what the first one made (F37).
        return redirect("invoices:show", request.company.slug, _new_id(request.POST))
    editor.add_problem(field=broken.field, message=say(broken))
    # With the version of now: whoever has read the message may save over what the other person wrote.
    fresh = None if label is None else get_draft_label(label.id)
    context = {"is_stale": broken.code == "stale_version"}
    return _page(request, editor, fresh, **context)


def _refuse_edit(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    # A second click on "Zatwierdź" finds the invoice approved: its page is the answer, not a complaint (F37).
    if request.method == "POST" and request.POST.get("action") != APPROVE:
        messages.warning(request, say(RuleBroken("not_a_draft")))
    return redirect("invoices:show", request.company.slug, invoice_id)


def _page(
    request: TenantRequest, editor: Editor, label: DraftLabel | None, *, is_stale: bool = False
) -> HttpResponse:
    slug = request.company.slug
    context = {
        "editor": editor,
        "invoice": label,
        "is_stale": is_stale,
        "new_id": _new_id(request.POST),
        "totals_url": reverse("invoices:totals", args=[slug]),
        "may_approve": request.actor.may(Right.APPROVE),
        "action_url": reverse("invoices:new", args=[slug])
        if label is None
        else reverse("invoices:edit", args=[slug, label.id]),
    }
    return render(request, "invoices/edit.html", context)


def _desk(request: TenantRequest) -> Desk:
    return Desk(
        today=warsaw_date(timezone.now()),
        buyers=list_buyer_choices(),
        bank_account=request.company.bank_account,
    )


def _with_buyer(data: QueryDict, invoice: Invoice) -> QueryDict:
    data = data.copy()
    data["contractor"] = str(invoice.contractor_id or "")
    for name in [name for name in data if name.startswith(f"{NEW_BUYER}-")]:
        del data[name]
    return data


def _new_id(data: QueryDict) -> uuid.UUID:
    """The id that a form for a new invoice was given when it was drawn."""
    try:
        return uuid.UUID(data.get("new_id", ""))
    except ValueError:
        return uuid.uuid4()


def _version(data: QueryDict) -> int:
    """The version a form was made from; what is no number matches none."""
    text = data.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("2147483648") else 0
