"""Runs the official schema over a document and says in Polish what does not fit, and where."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, Protocol, cast

from lxml import etree

from ksef.fa3.parsing import UnsafeXML, parse
from ksef.fa3.schema import NAMESPACE, fa3_schema
from ksef.fa3.violation import Violation

__all__ = ["Violation", "validate"]

_PREFIX: Final = f"{{{NAMESPACE}}}"
_MOST_FAULTS: Final = 200
_MOST_NAMES: Final = 6

_EXPECTED = re.compile(r"Expected is (?:one of )?\( (?P<names>[^)]*) \)")
_LAST_QUOTED = re.compile(r"'(?P<value>[^']*)'\)?\.?\s*$")
_ATTRIBUTE = re.compile(r"attribute '(?P<name>[^']*)'")

_MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SCHEMAV_CVC_MAXLENGTH_VALID": "Tekst jest za długi: dozwolona długość: {limit}.",
        "SCHEMAV_CVC_MINLENGTH_VALID": "Pole jest puste lub tekst za krótki: wymagana długość: {limit}.",
        "SCHEMAV_CVC_PATTERN_VALID": "Wartość ma niedozwoloną postać.",
        "SCHEMAV_CVC_ENUMERATION_VALID": "Wartość spoza listy dozwolonych.",
        "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "Za dużo cyfr po przecinku: dozwolone {limit}.",
        "SCHEMAV_CVC_TOTALDIGITS_VALID": "Liczba ma za dużo cyfr: dozwolone {limit}.",
        "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "Wartość jest za duża: najwyżej {limit}.",
        "SCHEMAV_CVC_MININCLUSIVE_VALID": "Wartość jest za mała: co najmniej {limit}.",
        "SCHEMAV_CVC_MINEXCLUSIVE_VALID": "Wartość musi być większa niż {limit}.",
        "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "To nie jest poprawna wartość tego pola (data lub liczba).",
        "SCHEMAV_CVC_TYPE_3_1_2": "Pole nie może zawierać innych elementów.",
        "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "Między elementami stoi tekst, którego nie może tu być.",
        "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "Tego atrybutu nie może tu być.",
        "SCHEMAV_CVC_COMPLEX_TYPE_4": "Brakuje wymaganego atrybutu.",
        "SCHEMAV_CVC_AU": "Wartość atrybutu musi być równa {limit}.",
        "SCHEMAV_CVC_ELT_1": "Dokument nie jest fakturą FA(3).",
    }
)


class _Entry(Protocol):
    """An entry of lxml's error log, which the stubs leave out."""

    message: str
    path: str | None
    line: int
    type_name: str


def validate(xml: bytes) -> tuple[Violation, ...]:
    """Return how a document departs from FA(3), the first fault of each place; never raises."""
    try:
        root = parse(xml)
    except UnsafeXML as refused:
        return (Violation(path="", message=refused.message, line=refused.line),)
    schema = fa3_schema()
    if schema.validate(root):
        return ()
    # One place often fails several facets at once, and the first of them says it best.
    found: dict[str, Violation] = {}
    prefixes = _prefixes(root)
    entries = cast("Iterable[_Entry]", schema.error_log)
    for entry in islice(entries, _MOST_FAULTS):
        violation = _violation(entry, element=_find(root, path=entry.path, prefixes=prefixes))
        found.setdefault(violation.path, violation)
    return tuple(found.values())


def _violation(entry: _Entry, *, element: etree._Element | None) -> Violation:
    path = "" if element is None else _path(element)
    if (attribute := _ATTRIBUTE.search(entry.message)) is not None:
        path = f"{path}/@{attribute['name']}"
    return Violation(path=path, message=_message(entry, element=element), line=entry.line or None)


def _message(entry: _Entry, *, element: etree._Element | None) -> str:
    if entry.type_name == "SCHEMAV_ELEMENT_CONTENT":
        return _misplaced(entry.message, element=element)
    quoted = _LAST_QUOTED.search(entry.message)
    template = _MESSAGES.get(entry.type_name, "Wartość nie jest zgodna ze schemą FA(3).")
    return template.format(limit=quoted["value"] if quoted else "")


def _misplaced(message: str, *, element: etree._Element | None) -> str:
    expected = _EXPECTED.search(message)
    names = expected["names"].replace(_PREFIX, "").split(", ") if expected else []
    wanted = ", ".join(names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")
    if "Missing child" in message:
        return f"Brakuje elementu: {wanted}."
    unexpected = "" if element is None else f" {etree.QName(element).localname}"
    refused = f"Elementu{unexpected} nie może być w tym miejscu."
    return f"{refused} Oczekiwano: {wanted}." if wanted else refused


def _prefixes(root: etree._Element) -> dict[str, str]:
    return {
        prefix: uri for element in root.iter(etree.Element) for prefix, uri in element.nsmap.items() if prefix
    }


def _find(root: etree._Element, *, path: str | None, prefixes: Mapping[str, str]) -> etree._Element | None:
    """Find the element lxml names by position, as in ``/*/*[4]/*[15]`` or ``/t:Faktura/t:Fa``."""
    found = cast("list[Any]", root.xpath(path or ".", namespaces=prefixes))
    first: etree._Element | None = next(iter(found), None)
    return first


def _path(element: etree._Element) -> str:
    """Name the place from the root's children down, with a number where an element repeats."""
    steps = [_step(element), *(_step(ancestor) for ancestor in element.iterancestors())]
    return "/".join(reversed(steps[:-1]))


def _step(element: etree._Element) -> str:
    name = etree.QName(element).localname
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    repeats = before or next(element.itersiblings(element.tag), None) is not None
    return f"{name}[{before + 1}]" if repeats else name
