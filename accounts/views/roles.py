"""The pages of roles: the list, and the form ("formularz Roli") with what a change means for whom (S65-S77)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.errors import RuleBroken
from accounts.forms.wording import say
from accounts.identity.confirmation import recently_confirmed
from roles.access import Right
from roles.forms import RoleForm, values_of
from roles.selectors import find_role, foresee_rights, get_role, list_roles
from roles.services.roles import change_role, create_role, delete_role

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponse

    from roles.middleware import TenantRequest
    from roles.selectors import RoleFacts


@require_safe
def index(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.USERS)
    context = {
        "roles": list_roles(request.company.id),
        "roles_decide_sending": request.company.roles_decide_sending,
    }
    return render(request, "accounts/roles/index.html", context)


@require_http_methods(["GET", "POST"])
@recently_confirmed
def new(request: TenantRequest) -> HttpResponse:
    """An empty form, or a copy of the role that the address names ("wzor")."""
    request.actor.require(Right.USERS)
    pattern = find_role(request.GET.get("wzor", ""))
    form = RoleForm(request.POST or None, initial=_copy_of(pattern) if pattern else {})
    if request.method == "POST" and form.is_valid():
        try:
            role = create_role(actor=request.actor, name=form.cleaned_data["name"], rights=form.rights())
        except RuleBroken as broken:
            form.add_error(broken.field or None, say(broken))
        else:
            messages.success(request, _("Dodano rolę: %(name)s.") % {"name": role.name})
            return redirect("users:roles", request.company.slug)
    return render(request, "accounts/roles/form.html", _context(request, form))


@require_http_methods(["GET", "POST"])
@recently_confirmed
def edit(request: TenantRequest, role_id: uuid.UUID) -> HttpResponse:
    """Name and rights; what touches people is shown person by person before it is saved."""
    request.actor.require(Right.USERS)
    role = get_role(role_id)
    form = RoleForm(request.POST or None, initial=values_of(role))
    if request.method == "POST" and form.is_valid():
        effects = foresee_rights(company_id=request.company.id, role_id=role.id, rights=form.rights())
        if effects and "confirmed" not in request.POST:
            context = {"form": form, "effects": effects, "title": role.name}
            return render(request, "accounts/people/confirm.html", context)
        try:
            _save(request, role, form)
        except RuleBroken as broken:
            form.add_error(broken.field or None, say(broken))
            form.follow(role.version)
        else:
            messages.success(request, _("Rola zapisana: %(name)s.") % {"name": form.cleaned_data["name"]})
            return redirect("users:roles", request.company.slug)
    return render(request, "accounts/roles/form.html", _context(request, form, role))


@require_POST
@recently_confirmed(form="users:roles")
def delete(request: TenantRequest, role_id: uuid.UUID) -> HttpResponse:
    request.actor.require(Right.USERS)
    role = get_role(role_id)
    version = request.POST.get("version", "")
    try:
        delete_role(actor=request.actor, role_id=role.id, version=int(version) if version.isdecimal() else 0)
    except RuleBroken as broken:
        messages.error(request, say(broken))
        return redirect("users:role", request.company.slug, role.id)
    messages.success(request, _("Usunięto rolę: %(name)s.") % {"name": role.name})
    return redirect("users:roles", request.company.slug)


def _save(request: TenantRequest, role: RoleFacts, form: RoleForm) -> None:
    change_role(
        actor=request.actor,
        role_id=role.id,
        name=form.cleaned_data["name"],
        rights=form.rights(),
        version=form.cleaned_data["version"] or 0,
    )


def _copy_of(role: RoleFacts) -> dict[str, object]:
    return values_of(role) | {"name": _("Kopia: %(name)s") % {"name": role.name}, "version": None}


def _context(request: TenantRequest, form: RoleForm, role: RoleFacts | None = None) -> dict[str, object]:
    return {"form": form, "role": role, "roles_decide_sending": request.company.roles_decide_sending}
