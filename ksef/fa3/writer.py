"""Writes a document as canonical bytes: the same document always gives the same bytes, ready to be hashed.

UTF-8 without BOM, one XML declaration, the FA(3) namespace as the default one, no white space between
elements. Numbers take their shortest plain form: a dot, no exponent, no plus, no zeros at the end (``2051``,
``0.95``); moments are UTC with a Z.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from ksef.fa3.characters import code_point, find_forbidden_character
from ksef.fa3.document import Faktura
from ksef.fa3.layout import Place, Slot, layout
from ksef.fa3.schema import NAMESPACE

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

# A bare CR would come back as LF: XML parsers normalise line ends.
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)


class UnwritableDocument(ValueError):
    """The document holds something that no XML, or no FA(3), can carry."""


def write(faktura: Faktura) -> bytes:
    """Return the canonical bytes; UnwritableDocument when a text or a number cannot be written at all."""
    parts: list[str] = []
    _write_record(faktura, name="Faktura", attributes=f' xmlns="{NAMESPACE}"', parts=parts)
    text = _HEAD + "".join(parts)
    if (character := find_forbidden_character(text)) is not None:
        raise UnwritableDocument(f"the text holds {code_point(character)}")
    return text.encode()


def _write_record(record: object, *, name: str, attributes: str, parts: list[str]) -> None:
    inside: list[str] = []
    for slot in layout(type(record)):
        value = getattr(record, slot.field)
        if value is None:
            continue
        if slot.place is Place.ATTRIBUTE:
            attributes += f' {slot.name}="{value.translate(_ATTRIBUTE)}"'
        elif slot.place is Place.CONTENT:
            inside.append(value.translate(_TEXT))
        else:
            _write_element(slot=slot, value=value, parts=inside)
    parts += f"<{name}{attributes}>", *inside, f"</{name}>"


def _write_element(*, slot: Slot, value: Any, parts: list[str]) -> None:
    for one in value if slot.is_many else (value,):
        if slot.is_record:
            _write_record(one, name=slot.name, attributes="", parts=parts)
        else:
            parts.append(f"<{slot.name}>{_TO_TEXT[slot.kind](one)}</{slot.name}>")


def _string(value: str) -> str:
    return value.translate(_TEXT)


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise UnwritableDocument("a number must be finite")
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _moment(value: datetime) -> str:
    if value.utcoffset() is None:
        raise UnwritableDocument("a moment needs a time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


_TO_TEXT: Final[dict[type[Any], Callable[[Any], str]]] = {
    str: _string,
    int: str,
    Decimal: _decimal,
    date: date.isoformat,
    datetime: _moment,
}
