"""Reads from a document class which elements it has, in which order and how often."""

import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

SCALARS = (str, int, Decimal, date, datetime)

_PLACE = "place"
_NAME = "name"


class Place(Enum):
    """Where in the XML a field stands."""

    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a document class, ready for writer and reader; ``kind`` is a scalar or another class."""

    field: str
    name: str
    place: Place
    kind: type[Any]
    is_record: bool
    is_many: bool
    is_required: bool


def attribute(name: str, *, default: str) -> str:
    """Declare a field written as an XML attribute."""
    declared: str = field(default=default, metadata={_PLACE: Place.ATTRIBUTE, _NAME: name})
    return declared


def content(*, default: str) -> str:
    """Declare the field that is the text of an element which also has attributes."""
    declared: str = field(default=default, metadata={_PLACE: Place.CONTENT})
    return declared


def _read_hint(hint: object) -> tuple[type[Any], bool, bool]:
    """Split ``X``, ``X | None`` and ``tuple[X, ...]`` into X, whether many, and whether it must be there."""
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True, False
    if get_origin(hint) in {Union, types.UnionType}:
        return next(part for part in get_args(hint) if part is not types.NoneType), False, False
    if isinstance(hint, type):
        return hint, False, True
    raise TypeError(f"a document field cannot be {hint!r}")


_layouts: dict[type[Any], tuple[Slot, ...]] = {}


def layout(cls: type[Any]) -> tuple[Slot, ...]:
    """Return the slots of a document class in the order of the schema; each class is read once."""
    slots = _layouts.get(cls)
    if slots is None:
        slots = _layouts[cls] = tuple(_slots(cls))
    return slots


def _slots(cls: type[Any]) -> Iterator[Slot]:
    # Module names only: inside the class a field of the same name would hide its type.
    hints = get_type_hints(cls, globalns=vars(sys.modules[cls.__module__]), localns={})
    for declared in fields(cls):
        kind, is_many, is_required = _read_hint(hints[declared.name])
        if kind not in SCALARS and not is_dataclass(kind):
            raise TypeError(f"{cls.__name__}.{declared.name} is neither a scalar nor a document class")
        yield Slot(
            field=declared.name,
            name=declared.metadata.get(_NAME, declared.name),
            place=declared.metadata.get(_PLACE, Place.ELEMENT),
            kind=kind,
            is_record=is_dataclass(kind),
            is_many=is_many,
            is_required=is_required,
        )
