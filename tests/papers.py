"""What a document says, element by element, and whether a text says it too; official samples where they are."""

from __future__ import annotations

import os
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from lxml import etree

from ksef.papers.codes import FLAGS, find_code
from ksef.papers.labels import find_label
from ksef.papers.tree import SIGNATURES, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ksef.papers.tree import Kind

OFFICIAL: Final = Path(os.environ.get("KSEF_OFFICIAL", Path(__file__).parents[2] / "shared" / "ksef"))
SAMPLES: Final = sorted(
    [*OFFICIAL.glob("fa3-samples/*.xml"), *OFFICIAL.glob("upo-samples/**/*.xml")], key=lambda path: path.stem
)

_WARSAW: Final = ZoneInfo("Europe/Warsaw")
_NUMBER: Final = re.compile(r"-?\d[\d ]*(?:,\d+)?")
# Flags that the law puts into words of its own, and what those words begin with.
_IN_WORDS: Final = {
    "P_19": "podstawa zwolnienia z vat",
    "P_23": "faktura we uproszczona",
    "P_PMarzy_2": "procedura marży dla biur podróży",
    "P_PMarzy_3_1": "procedura marży: towary używane",
    "P_PMarzy_3_2": "procedura marży: dzieła sztuki",
    "P_PMarzy_3_3": "procedura marży: przedmioty kolekcjonerskie",
}


def squeezed(text: str) -> str:
    """Letters without spaces and case: line ends of a PDF fall anywhere."""
    return re.sub(r"\s+", "", text).replace("\u2212", "-").lower()


def missing_from(xml: bytes, text: str) -> list[str]:
    """The values of the document that the text does not say; the digits of signatures aside."""
    kind = read_document(xml).kind
    page = squeezed(text)
    numbers = _numbers(text)
    return [f"{name}={value}" for name, value in _values(xml) if not _says(page, numbers, kind, name, value)]


def _values(xml: bytes) -> Iterator[tuple[str, str]]:
    for element in etree.fromstring(xml).iter(etree.Element):
        if etree.QName(element).namespace == SIGNATURES or _is_signed_with(element):
            continue
        text = " ".join((element.text or "").split())
        if text:
            yield etree.QName(element).localname, text


def _is_signed_with(element: etree._Element) -> bool:
    return any(etree.QName(above).namespace == SIGNATURES for above in element.iterancestors())


def _says(page: str, numbers: frozenset[Decimal], kind: Kind, name: str, value: str) -> bool:
    if name in FLAGS:
        words = find_label(kind, name)
        return words is not None and (
            squeezed(words.pl) in page or squeezed(_IN_WORDS.get(name, "\0")) in page
        )
    code = find_code(kind, name, value)
    if code is not None:
        return squeezed(code.pl) in page
    return squeezed(value) in page or _says_otherwise(page, numbers, value)


def _says_otherwise(page: str, numbers: frozenset[Decimal], value: str) -> bool:
    """The same day, moment or number written the Polish way."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is not None and len(value) > len("2026-01-01"):
        return f"{moment.astimezone(_WARSAW):%d.%m.%Y,%H:%M:%S}" in page
    if moment is not None:
        return f"{moment:%d.%m.%Y}" in page
    try:
        return Decimal(value) in numbers
    except InvalidOperation:
        return False


def _numbers(text: str) -> frozenset[Decimal]:
    plain = text.replace("\u2212", "-").replace("\u00a0", " ")
    # Columns stand side by side in a PDF's text: a number may be followed by another one, so all readings count.
    found = set()
    for match in _NUMBER.finditer(plain):
        parts = match.group().split(" ")
        for begin in range(len(parts)):
            for end in range(begin + 1, len(parts) + 1):
                found.add(_decimal("".join(parts[begin:end])))
    return frozenset(number for number in found if number is not None)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
