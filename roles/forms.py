"""The role form ("formularz Roli", S67): a name, and a box for each right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, override

from django import forms
from django.utils.translation import gettext_lazy as _

from roles.access import Right
from roles.selectors.wording import RIGHT_GROUPS, RIGHT_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.forms import BoundField
    from django.utils.functional import _StrPromise

    from roles.selectors import RoleFacts

# Whoever may do anything may look, so nobody is asked about that right.
CHOSEN: Final = tuple(right for right in Right if right is not Right.VIEW)

_HELP: Final[dict[Right, _StrPromise]] = {
    Right.SEND: _(
        "Na żądanie: na fakturze i na liście pojawia się „Wyślij do KSeF”, a po przyjęciu faktury można pobrać UPO."
    ),
    Right.SEND_AUTOMATICALLY: _(
        "Zatwierdzenie faktury od razu ją wysyła. Działa tylko razem z uprawnieniem powyżej."
    ),
}


class RoleForm(forms.Form):
    name = forms.CharField(
        label=_("Nazwa roli"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    # The state that the form was opened with; a new role has none.
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for right in CHOSEN:
            self.fields[right.value] = forms.BooleanField(
                label=RIGHT_NAMES[right], required=False, help_text=_HELP.get(right, "")
            )
        # S76: the page takes the box away while the first one is empty; without a script the server says so.
        self.fields[Right.SEND_AUTOMATICALLY.value].widget.attrs["data-needs"] = "id_send"

    def groups(self) -> Iterator[tuple[str, list[BoundField]]]:
        """The boxes as the page groups them; the group of the right that every role has comes without."""
        for group in RIGHT_GROUPS:
            yield str(group.name), [self[right.value] for right in group.rights if right in CHOSEN]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get(Right.SEND_AUTOMATICALLY.value) and not data.get(Right.SEND.value):
            self.add_error(
                Right.SEND_AUTOMATICALLY.value,
                _("To uprawnienie działa tylko razem z pierwszym: zaznacz oba albo usuń zaznaczenie."),
            )
        return data

    def follow(self, version: int) -> None:
        """Let the same entries replace the state that is there now, which whoever sends them again has been told of."""
        self.data = {**self.data, "version": str(version)}

    def rights(self) -> frozenset[Right]:
        return frozenset(right for right in CHOSEN if self.cleaned_data[right.value]) | {Right.VIEW}


def values_of(role: RoleFacts) -> dict[str, Any]:
    """The form of a role that exists."""
    return {"name": role.name, "version": role.version, **{right.value: True for right in role.rights}}
