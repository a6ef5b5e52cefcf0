"""From bytes to a parsed document: size, encoding, DOCTYPE and instructions are judged before parsing (13.1, F43)."""

import re
from typing import Final

from lxml import etree

from ksef.simulator.limits.effective import SessionLimits
from ksef.simulator.sending.rejected import Rejected

_BOM: Final = b"\xef\xbb\xbf"
_PROLOG: Final = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING: Final = re.compile(r"\sencoding\s*=\s*[\"']([^\"']*)[\"']")
_VERSION: Final = re.compile(r"\sversion\s*=\s*[\"']([^\"']*)[\"']")
# U+007F-0084, U+0086-009F, U+FDD0-FDEF and the last two code points of planes 1 to 16; U+0085 is allowed.
# U+0000 is no character of XML at all: for its sake a parser might take the file for UTF-16 or UCS-4.
_REFUSED_CHARACTER: Final = re.compile(
    "[\x00\x7f-\x84\x86-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_OPENING: Final = re.compile(r"<(?:!--|!\[CDATA\[|!DOCTYPE|\?)")
_CLOSING: Final = {"<!--": "-->", "<![CDATA[": "]]>"}
"""Inside a comment or a CDATA section "<" opens nothing."""
_ATTACHMENT: Final = b"Zalacznik"


def parse(content: bytes, *, limits: SessionLimits) -> etree._Element:
    """Return the root of a clean and well-formed document; Rejected 430 otherwise."""
    # Before parsing all one can tell of an attachment is that its name must occur.
    check_size(content, limits=limits, has_attachment=_ATTACHMENT in content[: _largest(limits)])
    text = _decode(content)
    _check_prolog(text)
    _check_characters(text)
    _check_markup(text)
    root = _parse(content)
    if "&#" in text:
        # A character reference names what the bytes do not show.
        _check_characters(etree.tostring(root.getroottree(), encoding="unicode"))
    return root


def check_size(content: bytes, *, limits: SessionLimits, has_attachment: bool) -> None:
    """Rejected 430 for more bytes than the context may send (13.5)."""
    limit = limits.invoice_bytes_with_attachment if has_attachment else limits.invoice_bytes
    if len(content) > limit:
        raise Rejected(430, f"Rozmiar pliku faktury przekracza dozwolone {limit} bajtów.")


def _largest(limits: SessionLimits) -> int:
    return max(limits.invoice_bytes, limits.invoice_bytes_with_attachment)


def _decode(content: bytes) -> str:
    if content.startswith(_BOM):
        raise Rejected(430, "Plik nie może zaczynać się znacznikiem BOM.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected(430, f"Plik nie jest zapisany w UTF-8 (bajt {error.start}).") from error


def _check_prolog(text: str) -> None:
    prolog = _PROLOG.match(text)
    if prolog is None:
        return
    encoding, version = _ENCODING.search(prolog[0]), _VERSION.search(prolog[0])
    if encoding is not None and encoding[1].upper() != "UTF-8":
        raise Rejected(430, "Prolog XML może deklarować wyłącznie kodowanie UTF-8.")
    if version is not None and version[1] != "1.0":
        raise Rejected(430, "Plik musi być dokumentem XML w wersji 1.0.")


def _check_characters(text: str) -> None:
    if found := _REFUSED_CHARACTER.search(text):
        raise Rejected(430, f"Plik zawiera niedozwolony znak U+{ord(found[0]):04X}.")


def _check_markup(text: str) -> None:
    """Refuse DOCTYPE and processing instructions in one pass, which no unclosed comment can make slow."""
    prolog = _PROLOG.match(text)
    position = prolog.end() if prolog else 0
    while found := _OPENING.search(text, position):
        closing = _CLOSING.get(found[0])
        if closing is None:
            what = "deklaracji DOCTYPE" if found[0] == "<!DOCTYPE" else "instrukcji przetwarzania"
            raise Rejected(430, f"Plik nie może zawierać {what}.")
        end = text.find(closing, found.end())
        if end < 0:
            raise Rejected(430, "Plik nie jest poprawnym dokumentem XML: niezamknięty komentarz lub CDATA.")
        position = end + len(closing)


def _parse(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Rejected(430, f"Plik nie jest poprawnym dokumentem XML: {error}.") from error
