"""What printing without a KSeF number asks: the password of the offline certificate, each time anew (S44)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class IssuerPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Hasło do certyfikatu offline"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Jest użyte raz, do tego wydruku, i nie jest nigdzie zapisywane."),
    )
