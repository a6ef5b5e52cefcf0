"""Forms of the KSeF tab; every message is Polish and stands at its field, and no password is ever shown again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, override

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, KSeFCredential
from accounts.services.ksef_certificates import CertificateFiles
from accounts.services.ksef_parameters import KSeFParameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.files.uploadedfile import UploadedFile
    from django.utils.functional import _StrPromise

    from accounts.selectors import CompanyLink
    from accounts.selectors.environments import EnvironmentChoice

# A chain in PKCS#12 takes some ten thousand bytes; ksef.certificates refuses beyond this too.
_MOST_BYTES: Final = 64_000
_LONGEST_PASSWORD: Final = 256
# The ministry's rule for passwords of certificates: 15 to 32 characters, of every sort.
_SORTS: Final = (r"[a-ząćęłńóśźż]", r"[A-ZĄĆĘŁŃÓŚŹŻ]", r"\d", r"[^\w\s]")


def _password_field(label: _StrPromise, *, autocomplete: str = "off", **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=_LONGEST_PASSWORD,
        # render_value stays off: what was typed never comes back to the page (S25).
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete, "spellcheck": "false"}),
        **options,
    )


class SmallFileField(forms.FileField):
    """A certificate or a key, whatever it is called (S32): its content decides later."""

    @override
    def clean(self, data: Any, initial: Any = None) -> bytes | None:
        file: UploadedFile[Any] | None = super().clean(data, initial)
        if not file:
            return None
        if file.size is None or file.size > _MOST_BYTES:
            raise forms.ValidationError(_("Ten plik jest za duży na certyfikat lub klucz."), code="too_large")
        content: bytes = file.read()
        return content


class EnvironmentForm(forms.Form):
    """S3: demo, production and back; the first step into production asks for a deliberate yes."""

    environment = forms.ChoiceField(label=_("Środowisko KSeF"), widget=forms.RadioSelect)
    is_confirmed = forms.BooleanField(
        label=_("Tak, faktury tej firmy mają od teraz trafiać do obiegu prawnego."), required=False
    )

    def __init__(self, *args: Any, choices: Sequence[EnvironmentChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["environment"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- for the type checker
        field.choices = [(choice.code, choice.label) for choice in choices]


class MethodForm(forms.Form):
    """S15: exactly two ways."""

    method = forms.ChoiceField(
        label=_("Sposób uwierzytelniania"),
        choices=[
            (KSeFCredential.Kind.CERTIFICATE.value, KSeFCredential.Kind.CERTIFICATE.label),
            (KSeFCredential.Kind.TOKEN.value, KSeFCredential.Kind.TOKEN.label),
        ],
        widget=forms.RadioSelect,
    )


class TokenForm(forms.Form):
    token = forms.CharField(
        label=_("Token"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Wklej token wygenerowany w Aplikacji Podatnika KSeF: zakładka „Tokeny”, „Generuj token”."
        ),
    )


class CertificateForm(forms.Form):
    """S21, S22: the certificate, its key and the password; one PKCS#12 file may hold both."""

    certificate = SmallFileField(
        label=_("Plik certyfikatu"),
        help_text=_("Plik *.cert, .crt, .cer lub .pem; może być też jeden plik .p12 lub .pfx z kluczem."),
    )
    key = SmallFileField(
        label=_("Plik klucza"),
        required=False,
        help_text=_("Plik *.key, pobrany razem z certyfikatem. Zbędny przy pliku .p12 lub .pfx."),
    )
    password = _password_field(
        _("Hasło do certyfikatu"),
        help_text=_(
            "Zapamiętaj je: co tydzień trzeba je podać, aby odświeżyć dostęp. Kwit go nie przechowuje."
        ),
    )
    also = forms.MultipleChoiceField(
        label=_("Połącz tym certyfikatem także"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Certyfikat jest Twój, nie firmy: może służyć wszędzie, gdzie masz uprawnienia w KSeF."),
    )

    def __init__(self, *args: Any, others: Sequence[CompanyLink] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["also"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 -- for the type checker
        field.choices = [(link.slug, f"{link.name} (NIP {link.nip})") for link in others]
        if not others:
            del self.fields["also"]

    def upload(self) -> CertificateFiles:
        data = self.cleaned_data
        return CertificateFiles(data["certificate"], data["key"], data["password"])


class RenewalForm(forms.Form):
    """S35: the password and nothing else."""

    password = _password_field(_("Hasło do certyfikatu"))


class OfflineCertificateForm(forms.Form):
    """S42, S43: two files and no password."""

    certificate = SmallFileField(
        label=_("Plik certyfikatu offline"), help_text=_("Plik *.cert, .crt, .cer lub .pem.")
    )
    key = SmallFileField(
        label=_("Plik klucza"),
        help_text=_("Plik *.key. Hasło będzie potrzebne dopiero przy wydruku faktury bez numeru KSeF."),
    )


class ParametersForm(forms.Form):
    """Section J: scope, natural persons, automatic fetching (S91-S101)."""

    scope = forms.ChoiceField(
        label=_("Zakres współpracy z KSeF"), choices=Company.Scope.choices, widget=forms.RadioSelect
    )
    sends_consumer_invoices = forms.BooleanField(
        label=_("Wysyłka faktur dla osób fizycznych"),
        required=False,
        help_text=_(
            "Wysyłanie faktur wystawionych osobom fizycznym jest dobrowolne. Gdy to pole jest puste, takie faktury "
            "dostają przy zatwierdzeniu status „KSeF: nie podlega” i nie są wysyłane."
        ),
    )
    fetches_at_login = forms.BooleanField(
        label=_("Automatyczne pobieranie faktur z KSeF"),
        required=False,
        help_text=_(
            "Przy każdym logowaniu Kwit sprawdza, czy w KSeF są nowe faktury kosztowe dla NIP firmy."
        ),
    )

    recall_minutes = forms.IntegerField(
        label=_("Okno namysłu, w minutach"),
        required=False,
        min_value=0,
        max_value=30,
        help_text=_(
            "Od 0 do 30. Tyle czeka zatwierdzona faktura, zanim sama pójdzie do KSeF; do tej chwili można ją cofnąć. "
            "Przed północą czeka krócej, żeby dzień wystawienia pozostał dniem wysłania."
        ),
    )

    def clean_recall_minutes(self) -> int:
        return self.cleaned_data["recall_minutes"] or 0

    def parameters(self) -> KSeFParameters:
        return KSeFParameters(**self.cleaned_data)


class EnrollmentForm(forms.Form):
    """A new certificate made here: the key is born in the portal and locked at once under this password."""

    name = forms.RegexField(
        label=_("Nazwa certyfikatu"),
        regex=re.compile(r"\A[A-Za-z0-9ĄĆĘŁŃÓŚŹŻąćęłńóśźż _-]{5,100}\Z"),
        error_messages={"invalid": _("Nazwa ma od 5 do 100 znaków: litery, cyfry, spacje, _ i -.")},
        help_text=_("Tak będzie się nazywał w Aplikacji Podatnika KSeF."),
    )
    password = _password_field(
        _("Hasło do nowego certyfikatu"),
        autocomplete="new-password",
        help_text=_(
            "Od 15 do 32 znaków: małe i wielkie litery, cyfry i znaki specjalne. Kwit go nie przechowuje."
        ),
    )
    repeated = _password_field(_("Powtórz hasło"), autocomplete="new-password")

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not 15 <= len(password) <= 32 or not all(re.search(sort, password) for sort in _SORTS):  # noqa: PLR2004 -- the ministry's bounds
            raise forms.ValidationError(
                _("Hasło musi mieć od 15 do 32 znaków, w tym małą i wielką literę, cyfrę i znak specjalny.")
            )
        return password

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "password" in data and "repeated" in data and data["password"] != data["repeated"]:
            self.add_error("repeated", _("Hasła różnią się od siebie."))
        return data


class HelpAnswerForm(forms.Form):
    """S110: "Czy ten artykuł był pomocny?"."""

    is_helpful = forms.TypedChoiceField(
        label=_("Czy ten artykuł był pomocny?"),
        choices=[("yes", _("Tak")), ("no", _("Nie"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(
        label=_("Czego zabrakło?"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
