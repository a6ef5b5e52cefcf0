"""The page "Użytkownicy": who is in the company, in which role, and who may come in no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.errors import RuleBroken
from accounts.forms.people import MemberRoleForm
from accounts.forms.wording import say
from accounts.identity.confirmation import recently_confirmed
from accounts.identity.selectors import last_seen
from accounts.selectors.invitations import list_pending
from accounts.selectors.journal import get_journal
from accounts.selectors.people import list_people
from roles.access import Right
from roles.selectors import foresee_role, get_membership, get_role, list_roles
from roles.services.memberships import change_member_role, deactivate_member, reactivate_member

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponse

    from roles.middleware import TenantRequest
    from roles.models import Membership


@require_safe
def index(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.USERS)
    context = {
        "people": list_people(
            actor=request.actor, company=request.company, seen=last_seen(request.company.id)
        ),
        "invitations": list_pending(),
        "roles_decide_sending": request.company.roles_decide_sending,
    }
    return render(request, "accounts/people/index.html", context)


@require_http_methods(["GET", "POST"])
@recently_confirmed
def member(request: TenantRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Give somebody another role: first what it means for them, then the change."""
    request.actor.require(Right.USERS)
    person = get_membership(company_id=request.company.id, membership_id=membership_id)
    initial = {"role": str(person.role_id), "seen": person.role_id}
    form = MemberRoleForm(request.POST or None, initial=initial, roles=list_roles(request.company.id))
    if request.method == "POST" and form.is_valid():
        effects = foresee_role(member=person, role=get_role(form.cleaned_data["role"]))
        if effects and "confirmed" not in request.POST:
            context = {"form": form, "effects": effects, "title": str(person.user)}
            return render(request, "accounts/people/confirm.html", context)
        try:
            change_member_role(actor=request.actor, membership_id=person.id, **_wanted(form))
        except RuleBroken as broken:
            messages.error(request, say(broken))
            return redirect("users:member", request.company.slug, person.id)
        messages.success(request, _("Rola zmieniona: %(name)s.") % {"name": person.user})
        return _back(request, person)
    return render(request, "accounts/people/member.html", {"form": form, "person": person})


@require_POST
@recently_confirmed(form="users:index")
def deactivate(request: TenantRequest, membership_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.USERS)
    person = get_membership(company_id=request.company.id, membership_id=membership_id)
    try:
        deactivate_member(actor=request.actor, membership_id=person.id)
    except RuleBroken as broken:
        messages.error(request, say(broken))
        return redirect("users:member", request.company.slug, person.id)
    messages.success(request, _("Dostęp wyłączony: %(name)s.") % {"name": person.user})
    return _back(request, person)


@require_POST
@recently_confirmed(form="users:index")
def reactivate(request: TenantRequest, membership_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.USERS)
    person = get_membership(company_id=request.company.id, membership_id=membership_id)
    reactivate_member(actor=request.actor, membership_id=person.id)
    messages.success(request, _("Dostęp przywrócony: %(name)s.") % {"name": person.user})
    return redirect("users:index", request.company.slug)


@require_safe
def journal(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.USERS)
    page = get_journal(slug=request.company.slug, after=request.GET.get("po", ""))
    return render(request, "accounts/people/journal.html", {"page": page})


def _wanted(form: MemberRoleForm) -> dict[str, uuid.UUID]:
    return {"role_id": form.cleaned_data["role"], "seen_role_id": form.cleaned_data["seen"]}


def _back(request: TenantRequest, person: Membership) -> HttpResponse:
    """Back to the list; whoever changed their own place here may not open it any more."""
    if person.user_id == request.actor.user_id:
        return redirect("home")
    return redirect("users:index", request.company.slug)
