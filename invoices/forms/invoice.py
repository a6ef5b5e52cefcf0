"""The head of an invoice: buyer, dates, method, payment, note."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, override

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.identifiers import format_account
from accounts.domain.text import code_point, find_forbidden_character
from accounts.forms import AccountField, LegalTextField
from invoices.domain.snapshot import CorrectionEffect, ExemptionKind, PaymentForm
from invoices.domain.vat import PriceMethod

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoices.selectors.drafts import StoredDraft

# The dates FA(3) takes for a payment (TData); an invoice in KSeF has no use for earlier ones either.
_EARLIEST: Final = date(2016, 7, 1)
_LATEST: Final = date(2050, 1, 1)
_USUAL_TERM: Final = timedelta(days=14)


class LegalDateField(forms.DateField):
    """A day that FA(3) can hold; typed, or chosen from the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(error_messages={"invalid": _("Wpisz datę, np. 31.12.2026.")}, **kwargs)

    @override
    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not _EARLIEST <= day <= _LATEST:
            raise forms.ValidationError(_("Podaj datę od 1.07.2016 do 1.01.2050."), code="date_range")
        return day


class NoteField(forms.CharField):
    """A note keeps its lines; characters that KSeF refuses are named (protocol 13)."""

    widget = forms.Textarea(attrs={"rows": 3})

    @override
    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value) or "").replace("\r\n", "\n")
        forbidden = find_forbidden_character(text)
        if forbidden is not None:
            raise forms.ValidationError(
                _("KSeF nie przyjmuje znaku %(code)s. Usuń go i wpisz tekst ponownie."),
                code="forbidden_character",
                params={"code": code_point(forbidden)},
            )
        return text


class InvoiceForm(forms.Form):
    """Only what makes a draft readable is required; approval asks for the rest."""

    contractor = forms.ChoiceField(label=_("Nabywca"), required=False)
    issue_date = LegalDateField(label=_("Data wystawienia"))
    supply_date = LegalDateField(
        label=_("Data sprzedaży"), required=False, help_text=_("Jeśli inna niż data wystawienia.")
    )
    method = forms.ChoiceField(label=_("Ceny"), choices=[(m.value, m.label) for m in PriceMethod])
    exemption_kind = forms.ChoiceField(
        label=_("Rodzaj podstawy zwolnienia"),
        choices=[(kind.value, kind.label) for kind in ExemptionKind],
        required=False,
    )
    exemption_text = LegalTextField(
        label=_("Przepis"),
        max_length=256,
        required=False,
        help_text=_("Np. art. 113 ust. 1 ustawy o VAT."),
    )
    payment_form = forms.TypedChoiceField(
        label=_("Forma płatności"),
        choices=[("", _("nie podawaj")), *((form.value, form.label) for form in PaymentForm)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    due_date = LegalDateField(label=_("Termin płatności"), required=False)
    bank_account = AccountField(widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
    note = NoteField(label=_("Uwagi na fakturze"), max_length=3500, required=False)

    correction_reason = LegalTextField(
        label=_("Przyczyna korekty"),
        max_length=256,
        required=False,
        help_text=_("Np. zwrot części towaru, pomyłka w cenie."),
    )
    correction_effect = forms.TypedChoiceField(
        label=_("Skutek korekty"),
        choices=[("", _("wybierz")), *((effect.value, effect.label) for effect in CorrectionEffect)],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_(
            "Zmniejszenie rozlicza się w dacie wystawienia korekty, pomyłkę w dacie ujęcia faktury pierwotnej."
        ),
    )

    use_required_attribute = False

    def __init__(
        self, *args: Any, today: date, buyers: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.has_buyers = bool(buyers)
        contractor = self.fields["contractor"]
        assert isinstance(contractor, forms.ChoiceField)  # noqa: S101 -- the field declared above
        contractor.choices = [("", _("Wybierz nabywcę")), *buyers]

    def clean_issue_date(self) -> date:
        day: date = self.cleaned_data["issue_date"]
        if day > self.today:
            raise forms.ValidationError(
                _("Data wystawienia nie może być późniejsza niż dzisiejsza."), code="future_date"
            )
        return day


def blank_values(*, today: date, bank_account: str) -> dict[str, Any]:
    """What a new invoice starts with, so that it needs a buyer, a name and a price only."""
    return {
        "issue_date": today,
        "method": PriceMethod.NET.value,
        "exemption_kind": ExemptionKind.ACT.value,
        "payment_form": PaymentForm.TRANSFER.value,
        "due_date": today + _USUAL_TERM,
        "bank_account": format_account(bank_account),
    }


def stored_values(draft: StoredDraft) -> dict[str, Any]:
    return {
        "contractor": draft.contractor,
        "issue_date": draft.issue_date,
        "supply_date": draft.supply_date,
        "method": draft.method,
        "exemption_kind": draft.exemption_kind or ExemptionKind.ACT.value,
        "exemption_text": draft.exemption_text,
        "payment_form": draft.payment_form,
        "due_date": draft.due_date,
        "bank_account": format_account(draft.bank_account),
        "note": draft.note,
        "correction_reason": draft.correction_reason,
        "correction_effect": draft.correction_effect,
    }
