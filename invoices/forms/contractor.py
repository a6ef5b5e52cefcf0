"""A contractor: what must be told depends on how the buyer is identified (ksef-protocol 15.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, override

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.identifiers import is_valid_eu_vat, is_valid_nip, normalise_eu_vat, normalise_nip
from accounts.forms import LegalTextField
from invoices.domain.snapshot import BuyerKind
from invoices.forms.countries import COUNTRIES, POLAND, country_of_prefix, vat_prefix
from invoices.services.contractors import ContractorDetails

if TYPE_CHECKING:
    from invoices.selectors.contractors import StoredContractor

_LONGEST_NUMBER: Final = 50  # NrID of FA(3)
_NORTHERN_IRELAND: Final = "XI"
_BRITAIN: Final = "GB"


class ContractorForm(forms.Form):
    """Used on a page of its own and, with a prefix, inside the invoice editor."""

    kind = forms.ChoiceField(label=_("Rodzaj"), choices=[(kind.value, kind.label) for kind in BuyerKind])
    tax_id = LegalTextField(
        label=_("NIP lub inny numer podatkowy"),
        max_length=_LONGEST_NUMBER,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = LegalTextField(label=_("Nazwa lub imię i nazwisko"), max_length=512)
    country = forms.ChoiceField(label=_("Kraj"), choices=list(COUNTRIES.items()), required=False)
    address_line1 = LegalTextField(label=_("Ulica i numer"), max_length=512, required=False)
    address_line2 = LegalTextField(label=_("Kod pocztowy i miejscowość"), max_length=512, required=False)
    email = forms.EmailField(label=_("Adres e-mail"), required=False)

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"kind": BuyerKind.DOMESTIC.value, "country": POLAND} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    @property
    def is_filled(self) -> bool:
        """Whether somebody began to describe a buyer here; the choices alone say nothing."""
        return any(
            self.data.get(self.add_prefix(name), "").strip()
            for name in ("tax_id", "name", "address_line1", "address_line2", "email")
        )

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        kind = cleaned.get("kind")
        if kind and {"tax_id", "country"} <= cleaned.keys():
            cleaned["country"] = cleaned["country"] or POLAND
            self._check_identity(BuyerKind(kind))
        # Art. 106e(1)(3): the buyer's address; a private person may leave it out.
        if kind != BuyerKind.CONSUMER and cleaned.get("address_line1") == "":
            self.add_error("address_line1", _("Wpisz adres: musi być na fakturze dla firmy."))
        return cleaned

    def details(self) -> ContractorDetails:
        cleaned = self.cleaned_data
        country: str = cleaned["country"]
        return ContractorDetails(
            kind=cleaned["kind"],
            name=cleaned["name"],
            tax_id=cleaned["tax_id"],
            tax_country=_tax_country(kind=cleaned["kind"], country=country, number=cleaned["tax_id"]),
            # Northern Ireland is a country of its own in VAT only.
            country=_BRITAIN if country == _NORTHERN_IRELAND else country,
            address_line1=cleaned["address_line1"],
            address_line2=cleaned["address_line2"],
            email=cleaned["email"],
        )

    def _check_identity(self, kind: BuyerKind) -> None:
        match kind:
            case BuyerKind.DOMESTIC:
                self._check_domestic()
            case BuyerKind.EU:
                self._check_eu()
            case BuyerKind.FOREIGN:
                self._check_foreign()
            case BuyerKind.CONSUMER:
                self._check_consumer()

    def _check_domestic(self) -> None:
        nip = normalise_nip(self.cleaned_data["tax_id"])
        self.cleaned_data |= {"country": POLAND, "tax_id": nip}
        if not nip:
            self.add_error("tax_id", _("Wpisz NIP. Jeśli nabywca go nie ma, zmień rodzaj."))
        elif not is_valid_nip(nip):
            self.add_error(
                "tax_id", _("Ten NIP jest nieprawidłowy: nie zgadza się liczba cyfr lub cyfra kontrolna.")
            )

    def _check_eu(self) -> None:
        prefix = vat_prefix(self.cleaned_data["country"])
        if not prefix:
            self.add_error("country", _("Wybierz kraj Unii Europejskiej inny niż Polska."))
            return
        number = normalise_eu_vat(country=prefix, number=self.cleaned_data["tax_id"])
        self.cleaned_data["tax_id"] = number
        if not is_valid_eu_vat(prefix, number):
            self.add_error(
                "tax_id", _("To nie jest numer VAT UE tego kraju: sprawdź liczbę cyfr i liter oraz kraj.")
            )

    def _check_foreign(self) -> None:
        if self.cleaned_data["country"] == POLAND:
            self.add_error("country", _("Wybierz kraj inny niż Polska albo zmień rodzaj."))

    def _check_consumer(self) -> None:
        # S100: a buyer with a NIP is never a private person.
        if self.cleaned_data["tax_id"]:
            self.add_error("tax_id", _("Konsument nie podaje NIP. Usuń numer albo zmień rodzaj na firmę."))


def values_of(contractor: StoredContractor) -> dict[str, str]:
    """What the form of an existing contractor starts with."""
    return {
        "kind": contractor.kind,
        "tax_id": contractor.tax_id,
        "name": contractor.name,
        "country": country_of_prefix(contractor.tax_country) or contractor.country,
        "address_line1": contractor.address_line1,
        "address_line2": contractor.address_line2,
        "email": contractor.email,
    }


def _tax_country(*, kind: str, country: str, number: str) -> str:
    if kind == BuyerKind.EU:
        return vat_prefix(country)
    return country if kind == BuyerKind.FOREIGN and number else ""
