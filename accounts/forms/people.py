"""Forms about the people of a company: whom to invite, in which role, on which plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Company

if TYPE_CHECKING:
    from collections.abc import Sequence

    from roles.selectors import RoleLine


class MemberRoleForm(forms.Form):
    """One of the company's roles; `seen` is the one that the person had when the form was opened."""

    role = forms.ChoiceField(label=_("Rola"), widget=forms.RadioSelect)
    seen = forms.UUIDField(widget=forms.HiddenInput, required=False)

    @override
    def __init__(self, *args: Any, roles: Sequence[RoleLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- for the type checker
        field.choices = [(str(role.id), role.name) for role in roles]


class InvitationForm(MemberRoleForm):
    email = forms.EmailField(
        label=_("Adres e-mail"),
        max_length=254,
        help_text=_("Zaproszenie działa tylko dla konta o tym adresie."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("email", "role")


class PlanForm(forms.Form):
    """The plan to change to, and the one that the page of consequences was drawn for."""

    plan = forms.ChoiceField(choices=Company.Plan.choices)
    seen = forms.ChoiceField(choices=Company.Plan.choices)
