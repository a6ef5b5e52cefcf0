"""Reads bytes into a document, for showing and comparing.

Elements the document classes do not know are passed over, so what was read must never be written and sent in
place of the original: the exact bytes are the invoice.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from ksef.fa3.document import Faktura
from ksef.fa3.layout import Place, Slot, layout
from ksef.fa3.parsing import parse
from ksef.fa3.schema import NAMESPACE

# What xsd:decimal and xsd:integer allow. Decimal() and int() alone would take 1e5, NaN and 1_000.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class UnreadableInvoice(ValueError):
    """The XML is well-formed, but not an FA(3) invoice in one of the elements read here."""


def read(xml: bytes) -> Faktura:
    """Read an invoice; UnsafeXML when the bytes may not be parsed, UnreadableInvoice when it is not FA(3)."""
    root = parse(xml)
    if root.tag != f"{{{NAMESPACE}}}Faktura":
        raise UnreadableInvoice(f"{root.tag} is not an FA(3) invoice")
    faktura: Faktura = _read_record(root, kind=Faktura)
    return faktura


def _read_record(element: etree._Element, *, kind: type[Any]) -> Any:
    children = _by_name(element)
    values: dict[str, object] = {}
    for slot in layout(kind):
        if slot.place is Place.ATTRIBUTE:
            found: list[object] = list(filter(None, [element.get(slot.name)]))
        elif slot.place is Place.CONTENT:
            found = [_text(element)]
        else:
            found = [_read_value(child, slot=slot) for child in children.get(slot.name, ())]
        values[slot.field] = _fit(found, slot=slot, element=element)
    return kind(**values)


def _by_name(element: etree._Element) -> dict[str, list[etree._Element]]:
    prefix = f"{{{NAMESPACE}}}"
    children: dict[str, list[etree._Element]] = {}
    for child in element.iterchildren(tag=etree.Element):
        if child.tag.startswith(prefix):
            children.setdefault(child.tag.removeprefix(prefix), []).append(child)
    return children


def _fit(found: list[object], *, slot: Slot, element: etree._Element) -> object:
    if slot.is_many:
        return tuple(found)
    if len(found) > 1 or (slot.is_required and not found):
        raise UnreadableInvoice(f"{element.tag}, line {element.sourceline}: {len(found)} times {slot.name}")
    return found[0] if found else None


def _text(element: etree._Element) -> str:
    """Return an element's own text, whatever comments stand in it."""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def _read_value(element: etree._Element, *, slot: Slot) -> object:
    if slot.is_record:
        return _read_record(element, kind=slot.kind)
    try:
        return _FROM_TEXT[slot.kind](_text(element))
    except ValueError as error:
        raise UnreadableInvoice(
            f"{slot.name}, line {element.sourceline}: not a {slot.kind.__name__}"
        ) from error


def _checked(text: str, *, shape: re.Pattern[str]) -> str:
    trimmed = text.strip(" \t\r\n")
    if not shape.fullmatch(trimmed):
        raise ValueError("not of this type")
    return trimmed


def _integer(text: str) -> int:
    return int(_checked(text, shape=_INTEGER))


def _decimal(text: str) -> Decimal:
    return Decimal(_checked(text, shape=_DECIMAL))


def _date(text: str) -> date:
    return date.fromisoformat(_checked(text, shape=_DATE))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    # The schema allows a moment without a zone; the field is defined as UTC.
    return moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment.astimezone(UTC)


_FROM_TEXT: Final[dict[type[Any], Callable[[str], object]]] = {
    str: str,
    int: _integer,
    Decimal: _decimal,
    date: _date,
    datetime: _moment,
}
