"""Pages about people, companies and their connection with KSeF."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.errors import RuleBroken
from accounts.forms import CompanyForm, TokenForm
from accounts.forms.wording import explain, say
from accounts.selectors import find_connection, find_demo_user, get_company, list_companies
from accounts.services import ksef_connecting
from accounts.services.companies import create_company, update_company
from identity.confirmation import recently_confirmed
from ksef.errors import KSeFError
from roles.access import Right
from roles.middleware import TenantRequest, own_transactions
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front door: the landing page, the first company, or the founding of one."""
    if not request.user.is_authenticated:
        return render(request, "landing.html")
    companies = list_companies(request.user.pk)
    if not companies:
        return redirect("new_company")
    return redirect("dashboard", companies[0].slug)


@login_required
@require_http_methods(["GET", "POST"])
def new_company(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        company = create_company(user_id=cast("User", request.user).id, details=form.details())
        messages.success(request, _("Firma jest gotowa. Połącz ją teraz z KSeF."))
        return redirect("accounts:ksef", company.slug)
    return render(request, "accounts/new_company.html", {"form": form})


@require_http_methods(["GET", "POST"])
def company_settings(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.VIEW)
    may_edit = request.actor.may(Right.SETTINGS)
    if request.method == "POST":
        request.actor.require(Right.SETTINGS)
    form = CompanyForm(request.POST or None, company=request.company)
    if request.method == "POST" and form.is_valid():
        update_company(actor=request.actor, details=form.details())
        messages.success(request, _("Dane firmy zapisane."))
        return redirect("accounts:settings", request.company.slug)
    return render(request, "accounts/settings.html", {"form": form, "may_edit": may_edit})


@require_safe
def ksef_settings(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.VIEW)
    return _ksef_page(request)


@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
@recently_confirmed
@own_transactions
def connect_token(request: TenantRequest) -> HttpResponse:
    """Check a pasted token against KSeF and keep it; a refusal is said at the field (S61)."""
    request.actor.require(Right.SEND)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            ksef_connecting.connect_with_token(
                actor=request.actor,
                company=get_company(request.actor.company_id),
                token=form.cleaned_data["token"].strip(),
            )
        except RuleBroken as broken:
            form.add_error("token", say(broken))
        except KSeFError as error:
            form.add_error("token", explain(error).text)
        else:
            messages.success(request, _("Połączono z KSeF."))
            return redirect("accounts:ksef", request.company.slug)
    return render(request, "accounts/connect_token.html", {"form": form})


@require_POST
@recently_confirmed(form="accounts:ksef")
@own_transactions
def connect_certificate(request: TenantRequest) -> HttpResponse:
    """Practise without files: a self-signed certificate, where KSeF takes one."""
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    try:
        ksef_connecting.connect_with_self_signed_certificate(actor=request.actor, company=company)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    except KSeFError as error:
        messages.error(request, explain(error).text)
    else:
        messages.success(request, _("Połączono z KSeF."))
    return redirect("accounts:ksef", company.slug)


@require_POST
def disconnect(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SEND)
    ksef_connecting.disconnect(
        actor=request.actor,
        environment=request.company.environment,
        kind=request.POST.get("kind", ""),
    )
    messages.success(request, _("Połączenie z KSeF usunięte."))
    return redirect("accounts:ksef", request.company.slug)


@require_POST
def demo_login(request: HttpRequest) -> HttpResponse:
    """Log a demo person in with one click; the address exists in a demo installation only."""
    user = find_demo_user(request.POST.get("person", "")) if settings.DEMO else None
    if user is None:
        raise Http404
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")


def _ksef_page(request: TenantRequest) -> HttpResponse:
    actor, company = request.actor, request.company
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        connection = find_connection(actor=actor, environment=company.environment)
    context = {
        "connection": connection,
        "may_connect": actor.may(Right.SEND),
        "may_use_self_signed": company.environment in ksef_connecting.SELF_SIGNED_ENVIRONMENTS,
        "api_url": settings.KSEF_ADDRESSES[company.environment][0],
    }
    return render(request, "accounts/ksef.html", context)
