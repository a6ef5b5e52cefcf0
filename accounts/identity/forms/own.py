"""Forms about a person: the name, a password or code to confirm with, a passkey's name."""

from __future__ import annotations

from typing import Any, override

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.identity.services.passkeys import NAME_LENGTH


class ProfileForm(forms.Form):
    full_name = forms.CharField(
        label=_("Imię i nazwisko"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Hasło"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Kod z aplikacji"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
        ),
    )

    @override
    def __init__(self, *args: Any, takes_recovery_codes: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if takes_recovery_codes:
            self.fields["code"].label = _("Kod z aplikacji albo kod zapasowy")


class PasskeyForm(forms.Form):
    """What the browser has got from the key; static/js/passkeys.js fills it in."""

    credential = forms.CharField(widget=forms.HiddenInput, max_length=20_000)


class NewPasskeyForm(PasskeyForm):
    name = forms.CharField(
        label=_("Nazwa klucza"),
        max_length=NAME_LENGTH,
        help_text=_("Po niej poznasz go na liście, na przykład „telefon” albo „laptop w biurze”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PasskeyNameForm(forms.Form):
    name = forms.CharField(
        label=_("Nazwa klucza"), max_length=NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
