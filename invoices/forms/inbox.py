"""What the lists of received documents may be asked for, and what is done with them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from invoices.domain.inbox import Move
from invoices.models import PurchaseInvoice, VatEntry
from invoices.selectors.inbox_listing import SALES, InboxFilter
from invoices.services.sorting import Posting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict

    from invoices.selectors.receiving_status import FetchDefaults

_SEARCH = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
_ACTS = [(move.value, move.value) for move in Move if move is not Move.RECEIVED]


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def read_ids(texts: Sequence[str]) -> list[UUID]:
    """Each document once; what is no id of ours is left out."""
    found: dict[UUID, None] = {}
    for text in texts:
        with suppress(ValueError):
            found[UUID(text)] = None
    return list(found)


class InboxFilterForm(forms.Form):
    """An unknown wish is left out rather than answered with an error."""

    szukaj = forms.CharField(
        label=_("Sprzedawca, numer lub numer KSeF"), max_length=100, required=False, widget=_SEARCH
    )
    miejsce = forms.ChoiceField(label=_("Miejsce"), required=False)
    miesiac = forms.ChoiceField(label=_("Otrzymane w"), required=False)
    rodzaj = forms.ChoiceField(
        label=_("Rodzaj"), required=False, choices=[("", _("zakupy")), (SALES, _("sprzedaż spoza Kwitu"))]
    )
    po = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, places: Sequence[tuple[str, str]], months: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, everything, choices in (
            ("miejsce", _("do zrobienia"), places),
            ("miesiac", _("wszystkie"), months),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- declared above
            field.choices = [("", everything), *choices]

    def wanted(self) -> InboxFilter:
        self.is_valid()
        asked = self.cleaned_data
        return InboxFilter(
            text=asked.get("szukaj", ""),
            place=asked.get("miejsce", ""),
            month=asked.get("miesiac", ""),
            kind=asked.get("rodzaj", ""),
            after=asked.get("po", ""),
        )


class MoveForm(forms.Form):
    """The button pressed; the documents ticked beside it are read by `ids`."""

    move = forms.ChoiceField(choices=_ACTS)
    is_confirmed = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self._ticked = data.getlist("document")

    def ids(self) -> list[UUID]:
        return read_ids(self._ticked)

    def chosen(self) -> Move:
        return Move(self.cleaned_data["move"])


class FetchForm(forms.Form):
    """R7: from the first of the month, later from the last document fetched, up to today."""

    since = forms.DateField(label=_("Przyjęte przez KSeF od"), widget=_day())
    until = forms.DateField(label=_("do"), widget=_day())

    def __init__(self, data: Any, *, defaults: FetchDefaults) -> None:
        super().__init__(data, initial={"since": defaults.since, "until": defaults.until})


class PostingForm(forms.Form):
    """How a document enters the VAT register."""

    deduction = forms.ChoiceField(label=_("Odliczenie VAT"), choices=VatEntry.Deduction.choices)
    period = forms.CharField(
        label=_("Miesiąc odliczenia"), widget=forms.TextInput(attrs={"type": "month"}), max_length=7
    )

    def clean_period(self) -> date:
        try:
            return date.fromisoformat(f"{self.cleaned_data['period']}-01")
        except ValueError as error:
            raise forms.ValidationError(
                _("Podaj miesiąc jako rok i miesiąc, na przykład 2026-11.")
            ) from error

    def posting(self) -> Posting:
        return Posting(deduction=self.cleaned_data["deduction"], period=self.cleaned_data["period"])


class PurchaseForm(forms.Form):
    category = forms.ChoiceField(label=_("Kategoria kosztu"), choices=PurchaseInvoice.Category.choices)
    paid_on = forms.DateField(label=_("Zapłacono dnia"), required=False, widget=_day())
