"""The only way bytes become a tree here: as UTF-8, without a DTD, within a size, without the network."""

import re
from typing import Final

from lxml import etree

LARGEST_DOCUMENT: Final = 3_000_000

_BOM = b"\xef\xbb\xbf"
_DECLARED_ENCODING = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([^"'>]*)["']""")


class UnsafeXML(ValueError):
    """The bytes are refused before or while parsing; the message is Polish and may be shown."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def parse(xml: bytes, *, largest: int = LARGEST_DOCUMENT) -> etree._Element:
    """Parse an untrusted document; UnsafeXML for anything that is not plain, small, well-formed UTF-8 XML.

    Document type declarations are refused wherever the text stands: entities, and so every kind of expansion
    bomb, need one, and no FA(3) document has one. Foreign encodings could hide it, so they are refused first.
    """
    _refuse_before_parsing(xml, largest=largest)
    # The parser is told the encoding and does not ask the document. A parser serves one thread: it is new.
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise UnsafeXML("Dokument nie jest poprawnym plikiem XML.", line=error.lineno or None) from error


def _refuse_before_parsing(xml: bytes, *, largest: int) -> None:
    if len(xml) > largest:
        raise UnsafeXML(f"Dokument ma więcej niż {largest} bajtów.")
    declared = _DECLARED_ENCODING.match(xml.removeprefix(_BOM))
    if declared is not None and declared[1].upper() != b"UTF-8":
        raise UnsafeXML("Dokument deklaruje inne kodowanie niż UTF-8.", line=1)
    try:
        xml.decode("utf-8")
    except UnicodeDecodeError as error:
        line = xml.count(b"\n", 0, error.start) + 1
        raise UnsafeXML("Dokument nie jest zapisany w UTF-8.", line=line) from error
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise UnsafeXML("Dokument zawiera deklarację typu dokumentu (DTD).")
