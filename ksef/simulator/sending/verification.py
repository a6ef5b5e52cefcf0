"""What KSeF checks in an invoice beyond asking who sends it (section 13): bytes in, a verdict out."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol, cast

from lxml import etree

from ksef.fa3.schema import NAMESPACE, fa3_schema
from ksef.simulator.numbers import has_valid_check_digit

if TYPE_CHECKING:
    from collections.abc import Iterable

_NS: Final = {"f": NAMESPACE}
_SHOWN_ERRORS: Final = 10

_BOM: Final = b"\xef\xbb\xbf"
_PROLOG: Final = re.compile(rb"<\?xml\s.*?\?>", re.DOTALL)
_PROLOG_ENCODING: Final = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)[\"']")
# U+007F-0084, U+0086-009F, U+FDD0-FDEF and the last two code points of planes 1 to 16; U+0085 is allowed.
_DISCOURAGED: Final = re.compile(
    "[\x7f-\x84\x86-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)


class _Entry(Protocol):
    """A line of lxml's error log, which its stubs leave out."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    bytes_without_attachment: int
    bytes_with_attachment: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What KSeF reads out of a valid invoice."""

    seller: str
    seller_name: str
    buyer: str | None
    kind: str
    number: str
    issue_date: date
    gross: str
    currency: str
    has_attachment: bool
    identifiers: tuple[str, ...]


class Rejected(Exception):
    """The invoice ends with this status code and these details, which are in Polish since 2.6.1."""

    def __init__(self, code: int, *details: str) -> None:
        super().__init__(code, *details)
        self.code = code
        self.details = details


def read_invoice(content: bytes, *, limits: Limits) -> Facts:
    """Return the facts of a well-formed, valid document; Rejected 430 otherwise."""
    _check_bytes(content, limits=limits)
    root = _parse(content)
    _check_characters(etree.tostring(root.getroottree(), encoding="unicode"))
    _check_schema(root)
    facts = _facts(root)
    if not facts.has_attachment and len(content) > limits.bytes_without_attachment:
        raise _too_large(limits.bytes_without_attachment)
    return facts


def check_dates(facts: Facts, *, accepted_on: date) -> None:
    """P_1 may not be later than the day of acceptance in Poland; Rejected 450."""
    if facts.issue_date > accepted_on:
        raise Rejected(
            450,
            f"Data wystawienia faktury (P_1: {facts.issue_date}) nie może być późniejsza"
            f" niż data przyjęcia faktury w systemie KSeF ({accepted_on}).",
        )


def check_identifiers(facts: Facts) -> None:
    """Check digits of every NIP; on TEST only where the session asked for it; Rejected 450."""
    wrong = [nip for nip in facts.identifiers if not has_valid_check_digit(nip)]
    if wrong:
        raise Rejected(450, *(f"Nieprawidłowy numer NIP: {nip}." for nip in wrong))


def _check_bytes(content: bytes, *, limits: Limits) -> None:
    if len(content) > limits.bytes_with_attachment:
        raise _too_large(limits.bytes_with_attachment)
    if content.startswith(_BOM):
        raise Rejected(430, "Plik nie może zaczynać się znacznikiem BOM.")
    if prolog := _PROLOG.match(content):
        encoding = _PROLOG_ENCODING.search(prolog[0])
        if encoding is not None and encoding[1].upper() != b"UTF-8":
            raise Rejected(430, "Prolog XML może deklarować wyłącznie kodowanie UTF-8.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected(430, f"Plik nie jest zapisany w UTF-8 (bajt {error.start}).") from error
    _check_characters(text)


def _too_large(limit: int) -> Rejected:
    return Rejected(430, f"Rozmiar pliku faktury przekracza dozwolone {limit} bajtów.")


def _check_characters(text: str) -> None:
    if found := _DISCOURAGED.search(text):
        raise Rejected(430, f"Plik zawiera niedozwolony znak U+{ord(found[0]):04X}.")


def _parse(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Rejected(430, f"Plik nie jest poprawnym dokumentem XML: {error}.") from error
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise Rejected(430, "Plik nie może zawierać deklaracji DOCTYPE.")
    instructions = tree.xpath("//processing-instruction()")
    if instructions:
        raise Rejected(430, "Plik nie może zawierać instrukcji przetwarzania.")
    return root


def _check_schema(root: etree._Element) -> None:
    schema = fa3_schema()
    if schema.validate(root):
        return
    log = cast("Iterable[_Entry]", schema.error_log)
    shown = (f"Niezgodność ze schematem XSD, wiersz {entry.line}: {entry.message}" for entry in log)
    raise Rejected(430, *islice(shown, _SHOWN_ERRORS))


def _facts(root: etree._Element) -> Facts:
    return Facts(
        seller=_text(root, "f:Podmiot1/f:DaneIdentyfikacyjne/f:NIP"),
        seller_name=_text(root, "f:Podmiot1/f:DaneIdentyfikacyjne/f:Nazwa"),
        buyer=_text(root, "f:Podmiot2/f:DaneIdentyfikacyjne/f:NIP") or None,
        kind=_text(root, "f:Fa/f:RodzajFaktury"),
        number=_text(root, "f:Fa/f:P_2"),
        # An xsd:date may carry a time zone after its ten characters.
        issue_date=date.fromisoformat(_text(root, "f:Fa/f:P_1")[:10]),
        gross=_text(root, "f:Fa/f:P_15"),
        currency=_text(root, "f:Fa/f:KodWaluty"),
        has_attachment=root.find("f:Zalacznik", _NS) is not None,
        identifiers=tuple(
            (node.text or "").strip() for node in root.iterfind("*/f:DaneIdentyfikacyjne/f:NIP", _NS)
        ),
    )


def _text(root: etree._Element, path: str) -> str:
    """Return an element's text as xsd:token reads it: without surrounding or double spaces."""
    return " ".join((root.findtext(path, namespaces=_NS) or "").split())
