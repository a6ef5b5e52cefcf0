"""The invoice as people read it, made from the frozen XML: what is shown and printed is what KSeF has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from accounts.domain.identifiers import EU_COUNTRIES, format_account
from invoices.domain.money import ZERO, format_money, format_quantity, round_to_grosz
from invoices.domain.snapshot import PaymentForm
from invoices.domain.vat import VatRate
from ksef.fa3.document import YES
from ksef.fa3.reader import read

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from ksef.fa3.document import (
        Adnotacje,
        Adres,
        DaneKontaktowe,
        DaneNabywcy,
        Fa,
        Faktura,
        FaWiersz,
        Platnosc,
        Podmiot1,
        Podmiot2,
    )

# Where FA(3) keeps the sums of each rate (ksef-protocol 15.1): net, tax, what people call it. A rate of zero has
# a tax of zero; outside the scale there is no tax to show (_NO_TAX).
_NO_TAX: Final = "no tax"
_BUCKETS: Final = (
    ("P_13_1", "P_14_1", "23%"),
    ("P_13_2", "P_14_2", "8%"),
    ("P_13_3", "P_14_3", "5%"),
    ("P_13_4", "P_14_4", "4%"),
    ("P_13_5", "P_14_5", "OSS"),
    ("P_13_6_1", "", "0%"),
    ("P_13_6_2", "", "0% WDT"),
    ("P_13_6_3", "", "0% eksport"),
    ("P_13_7", _NO_TAX, "zw"),
    ("P_13_8", _NO_TAX, "np I"),
    ("P_13_9", _NO_TAX, "np II"),
    ("P_13_10", _NO_TAX, "oo"),
    ("P_13_11", _NO_TAX, "marża"),
)
_ISO_OF_GREECE: Final = "GR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    name: str
    identifier: str
    address: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    position: str
    name: str
    quantity: str
    unit: str
    price: str
    discount: str
    value: str
    rate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRate:
    label: str
    net: str
    vat: str
    gross: str


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An invoice with every value already written the Polish way; templates only arrange it."""

    number: str
    dates: tuple[Fact, ...]
    seller: Party | None
    buyer: Party | None
    is_gross: bool
    has_discounts: bool
    lines: tuple[PaperLine, ...]
    rates: tuple[PaperRate, ...]
    net: str
    vat: str
    gross: str
    currency: str
    payment: tuple[Fact, ...]
    annotations: tuple[str, ...]
    notes: tuple[str, ...]


def format_date(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def format_price(price: Decimal) -> str:
    """A unit price with two decimals, or with more where the person typed more."""
    return format_money(price) if price == round_to_grosz(price) else format_quantity(price)


def format_tax(tax: Decimal | None) -> str:
    """A dash where the invoice shows no tax at all."""
    return "–" if tax is None else format_money(tax)


def read_paper(xml: bytes) -> Paper:
    """Lay out a frozen document; raises what ksef.fa3.reader raises when the bytes are no FA(3) invoice."""
    return _paper(read(xml))


def _paper(faktura: Faktura) -> Paper:
    fa = faktura.Fa
    rates = _rates(fa)
    return Paper(
        number=fa.P_2,
        dates=_dates(fa),
        seller=_seller(faktura.Podmiot1),
        buyer=_buyer(faktura.Podmiot2),
        is_gross=any(row.P_9B is not None for row in fa.FaWiersz),
        has_discounts=any(row.P_10 for row in fa.FaWiersz),
        lines=tuple(_line(row) for row in fa.FaWiersz),
        rates=tuple(
            PaperRate(
                label=label,
                net=format_money(net),
                vat=format_tax(vat),
                gross=format_money(net + (vat or ZERO)),
            )
            for label, net, vat in rates
        ),
        net=format_money(sum((net for _label, net, _vat in rates), ZERO)),
        vat=format_money(sum((vat or ZERO for _label, _net, vat in rates), ZERO)),
        gross=format_money(fa.P_15),
        currency=fa.KodWaluty,
        payment=_payment(fa.Platnosc) if fa.Platnosc else (),
        annotations=_annotations(fa.Adnotacje),
        notes=_notes(faktura),
    )


def _dates(fa: Fa) -> tuple[Fact, ...]:
    facts = [Fact(_("Data wystawienia"), format_date(fa.P_1))]
    if fa.P_1M:
        facts.append(Fact(_("Miejsce wystawienia"), fa.P_1M))
    if fa.P_6:
        facts.append(Fact(_("Data sprzedaży"), format_date(fa.P_6)))
    if fa.OkresFa:
        period = f"{format_date(fa.OkresFa.P_6_Od)} – {format_date(fa.OkresFa.P_6_Do)}"
        facts.append(Fact(_("Okres sprzedaży"), period))
    return tuple(facts)


def _seller(party: Podmiot1) -> Party:
    return Party(
        name=party.DaneIdentyfikacyjne.Nazwa,
        identifier=f"NIP {party.PrefiksPodatnika or ''}{party.DaneIdentyfikacyjne.NIP}",
        address=_address(party.Adres),
        contacts=_contacts(party.DaneKontaktowe),
    )


def _buyer(party: Podmiot2) -> Party:
    return Party(
        name=party.DaneIdentyfikacyjne.Nazwa or "",
        identifier=_identifier(party.DaneIdentyfikacyjne),
        address=_address(party.Adres) if party.Adres else (),
        contacts=_contacts(party.DaneKontaktowe),
    )


def _identifier(buyer: DaneNabywcy) -> str:
    if buyer.NIP:
        return f"NIP {buyer.NIP}"
    if buyer.NrVatUE:
        return f"VAT UE {buyer.KodUE}{buyer.NrVatUE}"
    if buyer.NrID:
        return _("Nr identyfikacyjny %(number)s") % {"number": f"{buyer.KodKraju or ''} {buyer.NrID}".strip()}
    return ""


def _address(address: Adres) -> tuple[str, ...]:
    lines = [address.AdresL1, address.AdresL2 or ""]
    if address.KodKraju != "PL":
        code = "EL" if address.KodKraju == _ISO_OF_GREECE else address.KodKraju
        lines.append(EU_COUNTRIES.get(code, address.KodKraju))
    return tuple(line for line in lines if line)


def _contacts(contacts: tuple[DaneKontaktowe, ...]) -> tuple[str, ...]:
    return tuple(text for contact in contacts for text in (contact.Email, contact.Telefon) if text)


def _line(row: FaWiersz) -> PaperLine:
    price = row.P_9A if row.P_9B is None else row.P_9B
    value = row.P_11 if row.P_11A is None else row.P_11A
    return PaperLine(
        position=str(row.NrWierszaFa),
        name=row.P_7 or "",
        quantity="" if row.P_8B is None else format_quantity(row.P_8B),
        unit=row.P_8A or "",
        price="" if price is None else format_price(price),
        discount=format_money(row.P_10) if row.P_10 else "",
        value="" if value is None else format_money(value),
        rate=_rate_label(row.P_12),
    )


def _rate_label(text: str | None) -> str:
    if text is None:
        return ""
    return VatRate(text).label if text in VatRate else text


def _rates(fa: Fa) -> list[tuple[str, Decimal, Decimal | None]]:
    found = []
    for net_field, tax_field, label in _BUCKETS:
        net: Decimal | None = getattr(fa, net_field)
        if net is not None:
            found.append((label, net, _tax(fa, tax_field)))
    return found


def _tax(fa: Fa, field: str) -> Decimal | None:
    if field == _NO_TAX:
        return None
    tax: Decimal | None = getattr(fa, field) if field else ZERO
    return tax


def _payment(payment: Platnosc) -> tuple[Fact, ...]:
    facts = []
    if payment.FormaPlatnosci:
        facts.append(Fact(_("Sposób płatności"), PaymentForm(payment.FormaPlatnosci).label))
    if payment.DataZaplaty:
        facts.append(Fact(_("Zapłacono"), format_date(payment.DataZaplaty)))
    terms = (term.Termin for term in payment.TerminPlatnosci if term.Termin)
    facts.extend(Fact(_("Termin płatności"), format_date(term)) for term in terms)
    facts.extend(Fact(_("Rachunek"), format_account(account.NrRB)) for account in payment.RachunekBankowy)
    return tuple(facts)


def _annotations(notes: Adnotacje) -> tuple[str, ...]:
    """What the law wants printed in words (art. 106e(1)(16)-(19))."""
    flags = (
        (notes.P_16, _("metoda kasowa")),
        (notes.P_17, _("samofakturowanie")),
        (notes.P_18, _("odwrotne obciążenie")),
        (notes.P_18A, _("mechanizm podzielonej płatności")),
        (notes.P_23, _("VAT: faktura WE uproszczona na mocy art. 135–138 ustawy o VAT")),
    )
    exemption = notes.Zwolnienie.P_19A or notes.Zwolnienie.P_19B or notes.Zwolnienie.P_19C
    texts = [text for flag, text in flags if flag == YES]
    if exemption:
        texts.append(_("podstawa zwolnienia z VAT: %(basis)s") % {"basis": exemption})
    return tuple(texts)


def _notes(faktura: Faktura) -> tuple[str, ...]:
    extra = [f"{entry.Klucz}: {entry.Wartosc}" for entry in faktura.Fa.DodatkowyOpis]
    footer = faktura.Stopka.Informacje if faktura.Stopka else ()
    return (*extra, *(info.StopkaFaktury for info in footer if info.StopkaFaktury))
