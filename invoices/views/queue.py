"""The queue to KSeF: the page, the part of it that refreshes itself, and the UPO of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from invoices.selectors.queue import find_session_upo, get_queue
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from invoices.selectors.queue import QueuePage
    from roles.middleware import TenantRequest


@require_safe
def show(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.VIEW)
    return render(request, "invoices/queue.html", {"queue": _queue(request)})


@require_safe
def state(request: TenantRequest) -> HttpResponse:
    """What the page asks for every few seconds."""
    request.actor.require(Right.VIEW)
    return render(request, "invoices/_queue.html", {"queue": _queue(request)})


def _queue(request: TenantRequest) -> QueuePage:
    return get_queue(company=request.company, after=request.GET.get("po", ""), now=timezone.now())


@require_safe
def session_upo(request: TenantRequest, page_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.VIEW)
    file = find_session_upo(page_id)
    if file is None:
        raise Http404
    disposition = content_disposition_header(as_attachment=True, filename=file.name)
    return HttpResponse(
        file.content,
        content_type="application/xml",
        headers={"Content-Disposition": disposition or "attachment"},
    )
