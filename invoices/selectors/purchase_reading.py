"""What a purchase needs of a received XML: sums of each rate, lines, terms of payment; and all of it as a tree.

FA(2) and FA(3) name these elements alike, so they are found by their names in whatever namespace; what is not there or
cannot be read stays empty, and nothing is lost: the bytes are kept, and the tree shows every text of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from lxml import etree

from invoices.domain.money import ZERO, parse_decimal
from ksef.fa3.parsing import UnsafeXML, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

# Net, tax, tax in PLN where the invoice is in another currency, and what people call the rate (ksef-protocol 15.1).
_BUCKETS: Final = (
    ("P_13_1", "P_14_1", "P_14_1W", "23%"),
    ("P_13_2", "P_14_2", "P_14_2W", "8%"),
    ("P_13_3", "P_14_3", "P_14_3W", "5%"),
    ("P_13_4", "P_14_4", "P_14_4W", "4%"),
    ("P_13_5", "P_14_5", "", "OSS"),
    ("P_13_6_1", "", "", "0%"),
    ("P_13_6_2", "", "", "0% WDT"),
    ("P_13_6_3", "", "", "0% eksport"),
    ("P_13_7", "", "", "zw"),
    ("P_13_8", "", "", "np I"),
    ("P_13_9", "", "", "np II"),
    ("P_13_10", "", "", "oo"),
    ("P_13_11", "", "", "marża"),
)
_LARGEST: Final = 10_000_000  # The highest that a context's limit can be raised to (ksef.exports).
_DEEPEST: Final = 8  # As deep as the page draws it.


@dataclass(frozen=True, slots=True)
class RateSum:
    """`vat` is in PLN, as the register wants it."""

    rate: str
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    name: str
    unit: str
    quantity: Decimal | None
    price: Decimal | None
    value: Decimal | None
    rate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseFacts:
    rates: tuple[RateSum, ...] = ()
    lines: tuple[ReadLine, ...] = ()
    due_date: date | None = None
    paid_on: date | None = None
    bank_account: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One element of the tree: how deep it stands, its name, and its text when it has one."""

    depth: int
    name: str
    text: str


def read_purchase(xml: bytes) -> PurchaseFacts:
    """What can be read of it; empty for a document of another kind."""
    try:
        root = parse(xml, largest=_LARGEST)
    except UnsafeXML:
        return PurchaseFacts()
    texts = _texts(_child(root, "Fa"))
    payment = _child(_child(root, "Fa"), "Platnosc")
    return PurchaseFacts(
        rates=tuple(_rates(texts)),
        lines=tuple(_line(_texts(row)) for row in _children(_child(root, "Fa"), "FaWiersz")),
        due_date=_day(_text(_child(_child(payment, "TerminPlatnosci"), "Termin"))),
        paid_on=_day(_texts(payment).get("DataZaplaty", "")),
        bank_account=_text(_child(_child(payment, "RachunekBankowy"), "NrRB"))[:34],
    )


def read_tree(xml: bytes) -> tuple[Leaf, ...]:
    """Every element with its text and attributes, in the order of the document; raises UnsafeXML."""
    return tuple(_leaves(parse(xml, largest=_LARGEST), depth=0))


def _leaves(element: etree._Element, *, depth: int) -> Iterator[Leaf]:
    own = (element.text or "").strip()
    yield Leaf(depth=min(depth, _DEEPEST), name=_name(element), text=own)
    for name, value in element.attrib.items():
        yield Leaf(depth=min(depth + 1, _DEEPEST), name=f"@{etree.QName(name).localname}", text=str(value))
    for child in element.iterchildren(tag=etree.Element):
        yield from _leaves(child, depth=depth + 1)
        if tail := (child.tail or "").strip():
            yield Leaf(depth=min(depth, _DEEPEST), name=_name(element), text=tail)


def _rates(texts: dict[str, str]) -> Iterator[RateSum]:
    for net_field, tax_field, pln_field, label in _BUCKETS:
        net = _decimal(texts.get(net_field, ""))
        if net is not None:
            tax = _decimal(texts.get(pln_field, "")) or _decimal(texts.get(tax_field, "")) or ZERO
            yield RateSum(label, net, tax)


def _line(texts: dict[str, str]) -> ReadLine:
    rate = texts.get("P_12", texts.get("P_12_XII", ""))
    return ReadLine(
        name=texts.get("P_7", "")[:512],
        unit=texts.get("P_8A", "")[:256],
        quantity=_decimal(texts.get("P_8B", "")),
        price=_decimal(texts.get("P_9A", texts.get("P_9B", ""))),
        value=_decimal(texts.get("P_11", texts.get("P_11A", ""))),
        rate=f"{rate}%" if rate.isdigit() else rate[:20],
    )


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _children(element: etree._Element | None, name: str) -> Iterator[etree._Element]:
    if element is not None:
        yield from (child for child in element.iterchildren(tag=etree.Element) if _name(child) == name)


def _child(element: etree._Element | None, name: str) -> etree._Element | None:
    return next(_children(element, name), None)


def _text(element: etree._Element | None) -> str:
    return "" if element is None else (element.text or "").strip()


def _texts(element: etree._Element | None) -> dict[str, str]:
    """The first text under each name."""
    found: dict[str, str] = {}
    if element is not None:
        for child in element.iterchildren(tag=etree.Element):
            found.setdefault(_name(child), _text(child))
    return found


def _decimal(text: str) -> Decimal | None:
    try:
        return parse_decimal(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
