"""Reads the bytes of any document of KSeF into a plain tree that keeps every text, known or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from lxml import etree

from ksef.fa3.parsing import LARGEST_DOCUMENT, UnsafeXML, parse
from ksef.fa3.reader import UnreadableInvoice
from ksef.fa3.schema import NAMESPACE as FA_3
from ksef.upo import NAMESPACE as UPO_4_3

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURES: Final = "http://www.w3.org/2000/09/xmldsig#"
# Where a program may look for the schema: of the file, not of the document.
_SCHEMA_HINTS: Final = "http://www.w3.org/2001/XMLSchema-instance"
_FA_2: Final = "http://crd.gov.pl/wzor/2023/06/29/12648/"
_FA_RR_1: Final = "http://crd.gov.pl/wzor/2026/03/06/14189/"
# The deepest official element stands eight levels down; who draws a tree should not run out of stack.
_DEEPEST: Final = 24


class Kind(Enum):
    """The structures that can be read; the value is how people call them."""

    FA_3 = "FA(3)"
    FA_2 = "FA(2)"
    FA_RR = "FA_RR(1)"
    UPO = "UPO"


_KINDS: Final = {
    (FA_3, "Faktura"): Kind.FA_3,
    (_FA_2, "Faktura"): Kind.FA_2,
    (_FA_RR_1, "Faktura"): Kind.FA_RR,
    (UPO_4_3, "Potwierdzenie"): Kind.UPO,
}


class UnknownDocument(UnreadableInvoice):
    """Well-formed XML that is neither an invoice of KSeF nor a UPO."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One element: two are the same only if they stand in the same place."""

    name: str
    namespace: str
    text: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Node, ...]

    def named(self, name: str) -> tuple[Node, ...]:
        return tuple(child for child in self.children if child.name == name)

    def child(self, name: str) -> Node | None:
        return next((child for child in self.children if child.name == name), None)

    def find(self, path: str) -> Node | None:
        """The first element at a path as ``Fa/Platnosc``."""
        found: Node | None = self
        for step in path.split("/"):
            found = found.child(step) if found else None
        return found

    def value(self, path: str) -> str:
        """The text at a path, empty when there is none."""
        found = self.find(path)
        return found.text if found else ""

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Document:
    kind: Kind
    root: Node


def read_document(xml: bytes, *, largest: int = LARGEST_DOCUMENT) -> Document:
    """Read a document of any kind.

    Raises UnsafeXML for bytes that may not be parsed or lie too deep, UnknownDocument for any other XML.
    """
    element = parse(xml, largest=largest)
    kind = _KINDS.get((etree.QName(element).namespace or "", etree.QName(element).localname))
    if kind is None:
        raise UnknownDocument(f"{element.tag} is no document of KSeF")
    return Document(kind, _node(element, depth=1))


def _node(element: etree._Element, *, depth: int) -> Node:
    if depth > _DEEPEST:
        raise UnsafeXML("Elementy dokumentu są zagnieżdżone zbyt głęboko.", line=_line(element))
    name = etree.QName(element)
    return Node(
        name=name.localname,
        namespace=name.namespace or "",
        text=_text(element),
        attributes=tuple(
            (etree.QName(key).localname, str(text))
            for key, text in element.attrib.items()
            if etree.QName(key).namespace != _SCHEMA_HINTS
        ),
        children=tuple(_node(child, depth=depth + 1) for child in element.iterchildren(tag=etree.Element)),
    )


def _line(element: etree._Element) -> int | None:
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _text(element: etree._Element) -> str:
    """The element's own text, also what stands between its children or after a comment."""
    parts = (element.text or "", *(child.tail or "" for child in element))
    return "".join(parts).strip(" \t\r\n")
