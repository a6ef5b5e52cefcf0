"""Clicks that move an invoice: approve, send, reopen. Doing one twice does it once (S90)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.domain.errors import RuleBroken
from invoices.domain.readiness import NotReady
from invoices.forms.wording import say
from invoices.selectors.document import get_invoice
from invoices.services import technical_correction
from invoices.services.approval import approve_invoice
from invoices.services.cancelling import cancel_invoice
from invoices.services.drafting import renumber_invoice, reopen_invoice
from invoices.services.issuing_offline import issue_invoice_offline
from invoices.services.recalling import recall_invoice
from invoices.services.submission import submit_invoice
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_POST
def approve(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """Approve as it was last saved; what is missing is said on the page where it can be mended."""
    request.actor.require(Right.APPROVE)
    get_invoice(invoice_id)
    try:
        approve_invoice(actor=request.actor, invoice_id=invoice_id)
    except NotReady:
        messages.error(request, _("Faktury nie można jeszcze zatwierdzić. Uzupełnij ją i zatwierdź tutaj."))
        return redirect("invoices:edit", request.company.slug, invoice_id)
    return redirect("invoices:show", request.company.slug, invoice_id)


@require_POST
def send(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.SEND)
    get_invoice(invoice_id)
    try:
        submit_invoice(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    return redirect("invoices:show", request.company.slug, invoice_id)


@require_POST
def issue_offline(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """R1: the buyer may have it now; KSeF gets it by the day that the law sets."""
    request.actor.require(Right.APPROVE)
    get_invoice(invoice_id)
    try:
        issue_invoice_offline(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    return redirect("invoices:show", request.company.slug, invoice_id)


@require_POST
def correct_technically(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """The rejected offline document again, with the same content."""
    request.actor.require(Right.SEND)
    get_invoice(invoice_id)
    try:
        technical_correction.correct_technically(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    except NotReady as faulty:
        for obstacle in faulty.obstacles:
            messages.error(request, say(obstacle))
    return redirect("invoices:show", request.company.slug, invoice_id)


@require_POST
def reopen(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.ISSUE)
    get_invoice(invoice_id)
    try:
        reopen_invoice(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    # The page of a draft leads on to its form, also after a second click.
    return redirect("invoices:show", request.company.slug, invoice_id)


@require_POST
def renumber(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """Somebody else used the number in KSeF (440): this invoice gets another one."""
    request.actor.require(Right.ISSUE)
    get_invoice(invoice_id)
    try:
        renumber_invoice(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    return redirect("invoices:show", request.company.slug, invoice_id)


@require_POST
def recall(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """Back to the draft, while nothing of it has reached KSeF."""
    request.actor.require(Right.APPROVE)
    get_invoice(invoice_id)
    try:
        recall_invoice(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    return redirect("invoices:show", request.company.slug, invoice_id)


@require_POST
def cancel(request: TenantRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """S7: practice documents only; a forged request for a legal one is refused (S10)."""
    request.actor.require(Right.APPROVE)
    get_invoice(invoice_id)
    try:
        cancel_invoice(actor=request.actor, invoice_id=invoice_id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    return redirect("invoices:show", request.company.slug, invoice_id)
