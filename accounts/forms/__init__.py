"""Forms for people and companies; every message is Polish and stands at its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, override

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.identifiers import (
    format_account,
    is_valid_account,
    is_valid_nip,
    normalise_account,
    normalise_nip,
)
from accounts.domain.text import collapse_spaces, find_forbidden_character
from accounts.services.companies import CompanyDetails

if TYPE_CHECKING:
    from accounts.models import Company, User


class LegalTextField(forms.CharField):
    """Text that ends up in an FA(3) document: spaces collapsed, characters KSeF refuses named (protocol 13)."""

    @override
    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value) or "")
        forbidden = find_forbidden_character(text)
        if forbidden is not None:
            raise forms.ValidationError(
                _("KSeF nie przyjmuje znaku U+%(code)s. Usuń go i wpisz tekst ponownie."),
                code="forbidden_character",
                params={"code": f"{ord(forbidden):04X}"},
            )
        return collapse_spaces(text)


class NIPField(forms.CharField):
    """Ten digits with a right check digit; PL, spaces and dashes are forgiven."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("NIP"))
        super().__init__(max_length=20, **kwargs)

    @override
    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        nip = normalise_nip(text)
        if not is_valid_nip(nip):
            raise forms.ValidationError(
                _("Ten NIP jest nieprawidłowy: nie zgadza się liczba cyfr lub cyfra kontrolna."), code="nip"
            )
        return nip


class AccountField(forms.CharField):
    """A bank account: 26 digits of a Polish one or an IBAN."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Numer rachunku"))
        super().__init__(max_length=60, required=False, **kwargs)

    @override
    def clean(self, value: Any) -> str:
        account = normalise_account(super().clean(value))
        if account and not is_valid_account(account):
            raise forms.ValidationError(
                _("Ten numer rachunku jest nieprawidłowy: sprawdź liczbę cyfr i cyfry kontrolne."),
                code="account",
            )
        return account


class SignUpForm(forms.Form):
    """What signing up asks beyond allauth's own fields."""

    full_name = forms.CharField(
        label=_("Imię i nazwisko"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def signup(self, _request: object, user: User) -> None:
        user.full_name = self.cleaned_data["full_name"]
        user.save()


class CompanyForm(forms.Form):
    name = LegalTextField(
        label=_("Nazwa firmy"),
        max_length=512,
        help_text=_("Dokładnie taka, jaka ma być na fakturze."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    nip = NIPField(widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
    address_line1 = LegalTextField(
        label=_("Ulica i numer"),
        max_length=512,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    address_line2 = LegalTextField(
        label=_("Kod pocztowy i miejscowość"),
        max_length=512,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    bank_account = AccountField(
        help_text=_("Podpowiadany na każdej nowej fakturze."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, company: Company | None = None, **kwargs: Any) -> None:
        if company is not None:
            kwargs["initial"] = {name: getattr(company, name) for name in self.base_fields}
            kwargs["initial"]["bank_account"] = format_account(company.bank_account)
        super().__init__(*args, **kwargs)
        if company is not None:
            # A taxpayer is its NIP: another NIP is another company.
            self.fields["nip"].disabled = True

    def details(self) -> CompanyDetails:
        return CompanyDetails(**cast("dict[str, str]", self.cleaned_data))
