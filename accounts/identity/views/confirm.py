"""The page of confirmation, and the second step of a log-in: each by whatever the person has."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.stages import AuthenticateStage
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.identity.forms.own import CodeForm, PasskeyForm, PasswordForm
from accounts.identity.selectors import get_second_factors
from accounts.identity.services import passkeys
from accounts.identity.services.confirming import (
    confirm_by_code,
    confirm_by_passkey,
    confirm_by_password,
    pass_second_step,
)
from accounts.identity.services.limits import TooManyTries
from accounts.identity.views.next_page import next_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


@sensitive_post_parameters("password", "code", "credential")
@login_required
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask once more who it is. Nothing of the request that led here is kept: the way back is a page, not a form."""
    user = cast("User", request.user)
    password, code, passkey = _forms(request)
    if request.method == "POST" and (
        _proves(password, "password", lambda text: confirm_by_password(request, user, password=text))
        or _proves(code, "code", lambda text: confirm_by_code(request, user, code=text))
        or _proves(passkey, "credential", lambda text: confirm_by_passkey(request, user, answer=text))
    ):
        return redirect(next_page(request) or "account")
    context = {
        "password_form": password if user.has_usable_password() else None,
        "code_form": code,
        "passkey_form": passkey,
        "factors": get_second_factors(user.id),
        "are_passkeys_possible": passkeys.are_possible(request),
        "next_page": next_page(request),
    }
    return render(request, "account/reauthenticate.html", context)


@sensitive_post_parameters("code", "credential")
@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]  # allauth has no types
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Between the password and the portal: nobody is signed in yet, and no page but this one knows who it is."""
    stage = request._login_stage  # type: ignore[attr-defined]  # noqa: SLF001 -- allauth's way of handing it over
    user = stage.login.user
    _password, code, passkey = _forms(request)
    if request.method == "POST" and (
        _proves(code, "code", lambda text: pass_second_step(request, user, code=text))
        or _proves(passkey, "credential", lambda text: pass_second_step(request, user, answer=text))
    ):
        finished: HttpResponse = stage.exit()
        return finished
    context = {
        "code_form": code,
        "passkey_form": passkey,
        "factors": get_second_factors(user.id),
        "are_passkeys_possible": passkeys.are_possible(request),
    }
    return render(request, "mfa/authenticate.html", context)


def _forms(request: HttpRequest) -> tuple[PasswordForm, CodeForm, PasskeyForm]:
    """The three forms; only the one that was sent has something to say."""
    sent = request.POST
    return (
        PasswordForm(sent if "password" in sent else None),
        CodeForm(sent if "code" in sent else None),
        PasskeyForm(sent if "credential" in sent else None),
    )


def _proves(form: Form, field: str, attempt: Callable[[str], bool]) -> bool:
    if not form.is_valid():
        return False
    problems = {
        "password": _("To nie jest Twoje hasło."),
        "code": _("Ten kod jest błędny albo został już użyty. Poczekaj na następny."),
        "credential": _("Klucz nie potwierdził, że to Ty. Spróbuj jeszcze raz."),
    }
    try:
        is_proven = attempt(form.cleaned_data[field])
    except TooManyTries:
        form.add_error(None, _("Zbyt wiele prób. Poczekaj pięć minut i spróbuj ponownie."))
        return False
    if not is_proven:
        form.add_error(None if field == "credential" else field, problems[field])
    return is_proven
