"""The sums per VAT rate and the amount they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from invoices.domain.money import ZERO, format_money
from invoices.selectors.rendering.formats import format_tax
from invoices.selectors.rendering.model import PaperRate

if TYPE_CHECKING:
    from decimal import Decimal

    from invoices.selectors.rendering.reading import Reading
    from ksef.papers.tree import Node

# Where an invoice keeps the sums of each rate (ksef-protocol 15.1): net, tax, what people call it. A rate of zero
# has a tax of zero; outside the scale there is no tax to show (_NO_TAX).
_NO_TAX: Final = "no tax"
_BUCKETS: Final = (
    ("P_13_1", "P_14_1", ("23", "22")),
    ("P_13_2", "P_14_2", ("8", "7")),
    ("P_13_3", "P_14_3", ("5",)),
    ("P_13_4", "P_14_4", ("4", "3")),
    ("P_13_5", "P_14_5", ("OSS",)),
    ("P_13_6_1", "", ("0%",)),
    ("P_13_6_2", "", ("0% WDT",)),
    ("P_13_6_3", "", ("0% eksport",)),
    ("P_13_7", _NO_TAX, ("zw",)),
    ("P_13_8", _NO_TAX, ("np I",)),
    ("P_13_9", _NO_TAX, ("np II",)),
    ("P_13_10", _NO_TAX, ("oo",)),
    ("P_13_11", _NO_TAX, ("marża",)),
)


@dataclass(frozen=True, slots=True)
class Sums:
    rates: tuple[PaperRate, ...] = ()
    net: str = ""
    vat: str = ""
    vat_pln: str = ""


@dataclass(frozen=True, slots=True)
class _Bucket:
    label: str
    net: Decimal
    vat: Decimal | None
    vat_pln: Decimal | None


def read_sums(reading: Reading, invoice: Node | None) -> Sums:
    buckets = _buckets(reading, invoice)
    if not buckets:
        return Sums()
    in_pln = [bucket.vat_pln for bucket in buckets if bucket.vat_pln is not None]
    return Sums(
        rates=tuple(
            PaperRate(
                label=bucket.label,
                net=format_money(bucket.net),
                vat=format_tax(bucket.vat),
                gross=format_money(bucket.net + (bucket.vat or ZERO)),
                vat_pln=format_tax(bucket.vat_pln),
            )
            for bucket in buckets
        ),
        net=format_money(sum((bucket.net for bucket in buckets), ZERO)),
        vat=format_money(sum((bucket.vat or ZERO for bucket in buckets), ZERO)),
        vat_pln=format_money(sum(in_pln, ZERO)) if in_pln else "",
    )


def _buckets(reading: Reading, invoice: Node | None) -> list[_Bucket]:
    used = _rates_of_lines(invoice)
    found = []
    for net_field, tax_field, rates in _BUCKETS:
        net = reading.take_number(invoice, net_field)
        if net is not None:
            label = _label(rates, used=used)
            in_pln = reading.take_number(invoice, f"{tax_field}W") if tax_field else None
            found.append(_Bucket(label, net, _tax(reading, invoice, tax_field), in_pln))
    return found


def _rates_of_lines(invoice: Node | None) -> frozenset[str]:
    if invoice is None:
        return frozenset()
    orders = (line for order in invoice.named("Zamowienie") for line in order.children)
    lines = (*invoice.named("FaWiersz"), *orders)
    return frozenset(line.value("P_12") or line.value("P_12Z") for line in lines)


def _label(rates: tuple[str, ...], *, used: frozenset[str]) -> str:
    """A bucket holds the rate of today and the one before it: the lines say which it was."""
    if not rates[0].isdigit():
        return rates[0]
    return " / ".join(f"{rate}%" for rate in rates if rate in used) or f"{rates[0]}%"


def _tax(reading: Reading, invoice: Node | None, field: str) -> Decimal | None:
    if field == _NO_TAX:
        return None
    return reading.take_number(invoice, field) if field else ZERO
