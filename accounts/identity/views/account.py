"""The page "Konto": oneself, and everything that protects it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.identity.forms.own import ProfileForm
from accounts.identity.selectors import get_address, get_second_factors, list_sessions
from accounts.identity.services import browser_sessions
from accounts.identity.services.profile import rename_person

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, initial={"full_name": user.full_name})
    if request.method == "POST" and form.is_valid():
        rename_person(user, full_name=form.cleaned_data["full_name"])
        messages.success(request, _("Imię i nazwisko zapisane."))
        return redirect("account")
    context = {
        "form": form,
        "address": get_address(user),
        "factors": get_second_factors(user.id),
        "sessions": list_sessions(user_id=user.id, current=browser_sessions.current_id(request)),
        "has_password": user.has_usable_password(),
    }
    return render(request, "account/overview.html", context)


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    user = cast("User", request.user)
    if browser_sessions.end(user_id=user.id, session_id=session_id):
        messages.success(request, _("Sesja zakończona."))
    return redirect("account")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    browser_sessions.end_others(user_id=user.id, keep=browser_sessions.current_id(request))
    messages.success(request, _("Pozostałe sesje zakończone."))
    return redirect("account")
