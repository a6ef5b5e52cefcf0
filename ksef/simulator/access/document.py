"""A signed document before anything in it is believed: what may not be parsed, and parsing itself (section 2.2)."""

import re
from typing import Final

from lxml import etree

from ksef.simulator.errors import Refusal

_MOST_BYTES: Final = 1_000_000
# A request with its signature has some fifty elements, one with archived certificates some hundreds. Canonical XML
# costs elements times namespaces, so both are counted before a parser sees them.
_MOST_TAGS: Final = 10_000
_MOST_NAMESPACES: Final = 50
_DECLARED: Final = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)[\"']")
_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"


def read_document(content: bytes) -> etree._Element:
    """Return the root; Refusal 9101, 21001, 21217 or 21401 for what is no document of ours."""
    _check_encoding(content)
    if len(content) > _MOST_BYTES or content.count(b"<") > _MOST_TAGS:
        raise Refusal(9101, "Dokument jest za duży.")
    if content.count(b"xmlns") > _MOST_NAMESPACES:
        raise Refusal(9101, "Dokument deklaruje zbyt wiele przestrzeni nazw.")
    # Looked for in the bytes, which are UTF-8 by now: entities and foreign files never reach a parser.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refusal(9101, "Dokument nie może zawierać deklaracji DOCTYPE.")
    root = parse(content)
    _check_nodes(root)
    return root


def parse(content: bytes) -> etree._Element:
    """Parse without entities, DTD or network, and not deeper than libxml2's 256 levels."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refusal(21001, f"Dokument nie jest poprawnym XML: {error}") from error


def _check_encoding(content: bytes) -> None:
    declared = _DECLARED.match(content.removeprefix(_UTF_8_MARK))
    if declared is not None and declared[1].lower() != b"utf-8":
        raise Refusal(21217)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(21217) from error
    # UTF-16 of plain ASCII is UTF-8 too, with a zero beside every letter.
    if "\0" in text:
        raise Refusal(21217)


def _check_nodes(root: etree._Element) -> None:
    """Refuse processing instructions, and attributes whose value holds for what stands below them.

    The schema has no place for either; xml:base and its like would let the canonical form of a part hang on what
    stands around it.
    """
    siblings = [*root.itersiblings(), *root.itersiblings(preceding=True)]
    nodes = [*siblings, *root.iter()]
    if any(isinstance(node, etree._ProcessingInstruction) for node in nodes):  # noqa: SLF001 - lxml exports the class only so.
        raise Refusal(9101, "Dokument nie może zawierać instrukcji przetwarzania.")
    if any(str(name).startswith(_XML) for node in root.iter(etree.Element) for name in node.attrib):
        raise Refusal(21401, "Atrybuty przestrzeni nazw xml nie są dozwolone.")
