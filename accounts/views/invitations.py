"""Inviting people, and the page that the link in their letter opens."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.errors import MailFailed, RuleBroken
from accounts.forms.people import InvitationForm
from accounts.forms.wording import say
from accounts.identity.confirmation import recently_confirmed
from accounts.identity.services.limits import TooManyTries, count_try
from accounts.selectors.invitations import Ended, find_offer, get_invitation
from accounts.services.invitations import (
    accept_invitation,
    invite_person,
    resend_invitation,
    withdraw_invitation,
)
from roles.access import Right
from roles.middleware import TenantRequest, own_transactions
from roles.selectors import list_roles
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from accounts.selectors.invitations import Offer


@require_http_methods(["GET", "POST"])
@recently_confirmed
@own_transactions
def invite(request: TenantRequest) -> HttpResponse:
    """S66: somebody new, in a role; the letter goes when the invitation is safely kept."""
    request.actor.require(Right.USERS)
    actor = request.actor
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        roles = list_roles(actor.company_id)
    form = InvitationForm(request.POST or None, roles=roles)
    if request.method == "POST" and form.is_valid():
        email, role_id = form.cleaned_data["email"], form.cleaned_data["role"]
        try:
            _deliver(request, email, lambda: invite_person(actor=actor, email=email, role_id=role_id))
        except RuleBroken as broken:
            form.add_error(broken.field or None, say(broken))
        except TooManyTries:
            form.add_error(None, _("Zbyt wiele zaproszeń. Poczekaj pięć minut i spróbuj ponownie."))
        else:
            return redirect("users:index", request.company.slug)
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        return render(request, "accounts/people/invite.html", {"form": form})


@require_POST
@own_transactions
def resend(request: TenantRequest, invitation_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.USERS)
    actor = request.actor
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        email = get_invitation(invitation_id).email
    try:
        _deliver(request, email, lambda: resend_invitation(actor=actor, invitation_id=invitation_id))
    except RuleBroken as broken:
        messages.error(request, say(broken))
    except TooManyTries:
        messages.error(request, _("Zbyt wiele zaproszeń. Poczekaj pięć minut i spróbuj ponownie."))
    return redirect("users:index", request.company.slug)


@require_POST
def withdraw(request: TenantRequest, invitation_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.USERS)
    invitation = get_invitation(invitation_id)
    try:
        withdraw_invitation(actor=request.actor, invitation_id=invitation.id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    else:
        messages.success(request, _("Zaproszenie wycofane: %(email)s.") % {"email": invitation.email})
    return redirect("users:index", request.company.slug)


@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """What the link leads to: the offer, or why there is none (any more); joining by the button only."""
    offer = find_offer(token)
    if isinstance(offer, Ended):
        return _ended_page(request, offer.value)
    if request.method == "POST" and request.user.is_authenticated:
        try:
            company = accept_invitation(user=request.user, token=token)
        except RuleBroken as broken:
            if broken.code != Ended.WRONG_ACCOUNT:
                return _ended_page(request, broken.code)
            return _offer_page(request, offer, status=HTTPStatus.FORBIDDEN)
        messages.success(request, _("Witaj w firmie %(name)s.") % {"name": company.name})
        return redirect("dashboard", company.slug)
    return _offer_page(request, offer)


def _ended_page(request: HttpRequest, reason: str) -> HttpResponse:
    return render(request, "accounts/people/invitation_ended.html", {"reason": reason})


def _offer_page(request: HttpRequest, offer: Offer, *, status: int = HTTPStatus.OK) -> HttpResponse:
    is_for_me = request.user.is_authenticated and offer.is_for(request.user)
    context = {"offer": offer, "is_for_me": is_for_me, "here": request.path}
    return render(request, "accounts/people/invitation.html", context, status=status)


def _deliver(request: TenantRequest, email: str, act: Callable[[], object]) -> None:
    """Count the letter against the address it goes to and the one it comes from, send it, and say how it went.

    Raises TooManyTries.
    """
    count_try(request, action="invite", account=email.lower())
    try:
        act()
    except MailFailed:
        text = _("Zaproszenie jest zapisane, ale poczta teraz nie działa. Wyślij je ponownie z listy.")
        messages.warning(request, text)
    else:
        messages.success(request, _("Zaproszenie wysłane: %(email)s.") % {"email": email})
