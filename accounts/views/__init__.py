"""Pages about people and companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import CompanyForm
from accounts.selectors import find_demo_user, list_companies
from accounts.services.companies import create_company, update_company
from roles.access import Right

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User
    from roles.middleware import TenantRequest


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


@require_POST
def demo_login(request: HttpRequest) -> HttpResponse:
    """Log a demo person in with one click; the address exists in a demo installation only."""
    user = find_demo_user(request.POST.get("person", "")) if settings.DEMO else None
    if user is None:
        raise Http404
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")
