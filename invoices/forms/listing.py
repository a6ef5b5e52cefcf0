"""What the list of invoices may be asked for; an unknown wish is left out rather than answered with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from invoices.selectors.listing import InvoiceFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEARCH = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})


class InvoiceFilterForm(forms.Form):
    szukaj = forms.CharField(label=_("Numer lub nabywca"), max_length=100, required=False, widget=_SEARCH)
    stan = forms.ChoiceField(label=_("Stan"), required=False)
    miesiac = forms.ChoiceField(label=_("Miesiąc"), required=False)
    po = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, states: Sequence[tuple[str, str]], months: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, everything, choices in (
            ("stan", _("wszystkie"), states),
            ("miesiac", _("wszystkie"), months),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- declared above
            field.choices = [("", everything), *choices]

    def wanted(self) -> InvoiceFilter:
        self.is_valid()
        asked = self.cleaned_data
        return InvoiceFilter(
            text=asked.get("szukaj", ""),
            state=asked.get("stan", ""),
            month=asked.get("miesiac", ""),
            after=asked.get("po", ""),
        )


class ContractorFilterForm(forms.Form):
    szukaj = forms.CharField(label=_("Nazwa lub NIP"), max_length=100, required=False, widget=_SEARCH)
    strona = forms.IntegerField(min_value=1, max_value=100_000, required=False, widget=forms.HiddenInput)

    def wanted(self) -> tuple[str, int]:
        """The words searched for and the number of the page."""
        self.is_valid()
        return self.cleaned_data.get("szukaj", ""), self.cleaned_data.get("strona") or 1
