"""Passkeys: the challenge that a page asks for, adding one, its name and its end, logging in by it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.identity.confirmation import is_confirmed, recently_confirmed
from accounts.identity.forms.own import NewPasskeyForm, PasskeyForm, PasskeyNameForm
from accounts.identity.selectors import find_passkey, get_second_factors
from accounts.identity.services import passkeys, second_factors
from accounts.identity.services.limits import TooManyTries, count_try
from accounts.identity.services.passkeys import NotProven, Purpose
from accounts.identity.views.next_page import next_page, with_next

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest

    from accounts.models import User


@require_POST
def challenge(request: HttpRequest, purpose: str) -> HttpResponse:
    """What the browser hands to the key, as JSON; whoever has no business with this purpose gets 403."""
    if purpose not in Purpose:
        raise Http404
    return JsonResponse(_options(request, Purpose(purpose)))


@sensitive_post_parameters("credential")
@login_required
@require_http_methods(["GET", "POST"])
@recently_confirmed
def add_passkey(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = NewPasskeyForm(request.POST or None)
    if form.is_valid():
        try:
            second_factors.add_passkey(
                request, user, name=form.cleaned_data["name"], answer=form.cleaned_data["credential"]
            )
        except NotProven:
            form.add_error(None, _("Klucz nie został dodany. Spróbuj jeszcze raz."))
        else:
            messages.success(request, _("Klucz dostępu dodany."))
            seen = get_second_factors(user.id).are_recovery_codes_seen
            return redirect(
                next_page(request) or "account" if seen else with_next("mfa_recovery_codes", request)
            )
    context = {
        "form": form,
        "are_passkeys_possible": passkeys.are_possible(request),
        "next_page": next_page(request),
    }
    return render(request, "mfa/add_passkey.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@recently_confirmed
def edit_passkey(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Give a key another name, or take it away."""
    user = cast("User", request.user)
    passkey = find_passkey(user_id=user.id, key=key)
    if passkey is None:
        raise Http404
    if request.POST.get("action") == "remove":
        second_factors.remove_passkey(request, user, key=key)
        messages.success(request, _("Klucz dostępu usunięty."))
        return redirect("account")
    form = PasskeyNameForm(request.POST or None, initial={"name": passkey.name})
    if form.is_valid():
        passkeys.rename(user_id=user.id, key=key, name=form.cleaned_data["name"])
        messages.success(request, _("Nazwa klucza zapisana."))
        return redirect("account")
    factors = get_second_factors(user.id)
    is_last = factors.app_since is None and len(factors.passkeys) == 1
    return render(request, "mfa/passkey.html", {"form": form, "passkey": passkey, "is_last": is_last})


@sensitive_post_parameters("credential")
@require_POST
def log_in(request: HttpRequest) -> HttpResponse:
    """By a passkey alone: it is held and unlocked by its owner, which is two factors already."""
    form = PasskeyForm(request.POST)
    # What is no credential at all fails like a wrong one.
    answer = form.cleaned_data["credential"] if form.is_valid() else ""
    try:
        count_try(request, action="passkey_login", account="")
        factor = passkeys.prove(request, Purpose.LOG_IN, user_id=None, answer=answer)
    except (NotProven, TooManyTries):
        messages.error(request, _("Nie udało się zalogować tym kluczem. Spróbuj ponownie albo podaj hasło."))
        return redirect(with_next("account_login", request))
    login = Login(user=factor.user, redirect_url=next_page(request) or None)
    entered: HttpResponse = perform_passwordless_login(request, factor, login)
    request.session.set_expiry(0)
    return entered


def _options(request: HttpRequest, purpose: Purpose) -> dict[str, Any]:
    user = request.user
    if purpose is Purpose.LOG_IN:
        return passkeys.begin_proving(request, purpose, None)
    if purpose is Purpose.SECOND_STEP:
        stage = LoginStageController.enter(request, AuthenticateStage.key)
        if stage is not None:
            return passkeys.begin_proving(request, purpose, stage.login.user.pk)
    elif user.is_authenticated and purpose is Purpose.CONFIRM:
        return passkeys.begin_proving(request, purpose, user.pk)
    elif user.is_authenticated and is_confirmed(request):
        return passkeys.begin_adding(request, user)
    raise PermissionDenied
