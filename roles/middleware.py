"""Every URL with a company in it runs inside that company's transaction, or not at all."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import structlog
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django_htmx.http import HttpResponseClientRedirect

from roles.access import Actor, MissingRight, actor_of, find_membership
from roles.audit import log_refusal
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_htmx.middleware import HtmxDetails

    from roles.models import Membership

_OWN_TRANSACTIONS = "has_own_transactions"


class TenantRequest(HttpRequest):
    """A request whose URL named a company that the signed-in person belongs to."""

    actor: Actor
    company: Any
    htmx: HtmxDetails


def own_transactions[View: Callable[..., HttpResponseBase]](view: View) -> View:
    """Mark a view that talks to KSeF inside the request and therefore opens its transactions itself.

    A test lists these views by name; all others run in one transaction, rendering included.
    """
    setattr(view, _OWN_TRANSACTIONS, True)
    return view


class TenantMiddleware:
    """Finds the company by its slug: 404 for strangers, log-in for the signed-out, 403 logged after rollback."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if "company" not in kwargs:
            return None
        # The view need not know the address of the company; the resolver match keeps it.
        kwargs = dict(kwargs)
        slug = kwargs.pop("company")
        if not request.user.is_authenticated:
            return _ask_to_log_in(request)
        membership = find_membership(user_id=request.user.pk, slug=slug)
        if membership is None:
            raise Http404
        return _run(_enter(request, membership), view, args, kwargs)


def _ask_to_log_in(request: HttpRequest) -> HttpResponse:
    """The log-in page, never inside another page: a fragment that htmx asks for takes its whole page there.

    Sums asked for while somebody types take nobody away: htmx leaves the page as it is on 401.
    """
    htmx = cast("TenantRequest", request).htmx
    if not htmx:
        return redirect_to_login(request.get_full_path())
    if request.method != "GET":
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    return HttpResponseClientRedirect(redirect_to_login(htmx.current_url_abs_path or "/").url)


def _enter(request: HttpRequest, membership: Membership) -> TenantRequest:
    tenant_request = cast("TenantRequest", request)
    tenant_request.actor = actor_of(membership)
    tenant_request.company = membership.company
    structlog.contextvars.bind_contextvars(company=str(membership.company_id))
    return tenant_request


def _run(
    request: TenantRequest,
    view: Callable[..., HttpResponseBase],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> HttpResponseBase:
    actor = request.actor
    try:
        if getattr(view, _OWN_TRANSACTIONS, False):
            return view(request, *args, **kwargs)
        with tenant_transaction(actor.company_id, user_id=actor.user_id):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            return response
    except MissingRight as refusal:
        match = request.resolver_match
        log_refusal(actor=actor, action=match.view_name if match else "", right=refusal.right)
        raise
