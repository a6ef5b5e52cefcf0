"""What KSeF checks besides the schema and a client can check before sending (ksef-protocol 13)."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from lxml import etree

from ksef.fa3.characters import code_point, find_forbidden_character
from ksef.fa3.parsing import UnsafeXML, parse
from ksef.fa3.violation import Violation

# An invoice without an attachment; attachments go in batch sessions and may reach 3 000 000 bytes.
LARGEST_INVOICE: Final = 1_000_000

_BOM = b"\xef\xbb\xbf"
_INSTRUCTION = etree.ProcessingInstruction


def check(xml: bytes, *, largest: int = LARGEST_INVOICE) -> tuple[Violation, ...]:
    """Return what KSeF would refuse though the schema allows it; never raises.

    Checked: size, UTF-8 without BOM, a prolog that declares nothing else, no processing instruction, no
    discouraged character. Not checked, because they need a clock or a history: P_1 and uniqueness.
    """
    try:
        root = parse(xml, largest=largest)
    except UnsafeXML as refused:
        return (Violation(path="", message=refused.message, line=refused.line),)
    return tuple(_faults(xml=xml, root=root))


def _faults(*, xml: bytes, root: etree._Element) -> Iterator[Violation]:
    if xml.startswith(_BOM):
        yield Violation(path="", message="Dokument zaczyna się znacznikiem BOM.", line=1)
    if _has_instruction(root):
        yield Violation(path="", message="Dokument zawiera instrukcję przetwarzania.", line=None)
    text = xml.removeprefix(_BOM).decode()
    character = find_forbidden_character(text)
    if character is not None:
        line = text.count("\n", 0, text.index(character)) + 1
        yield Violation(path="", message=_refused(character), line=line)
    elif "&#" in text and (character := _find_referenced_character(root)) is not None:
        yield Violation(path="", message=_refused(character), line=None)


def _has_instruction(root: etree._Element) -> bool:
    beside_root = chain(root.itersiblings(_INSTRUCTION, preceding=True), root.itersiblings(_INSTRUCTION))
    return any(True for _ in chain(root.iter(_INSTRUCTION), beside_root))


def _refused(character: str) -> str:
    return f"Dokument zawiera niedozwolony znak {code_point(character)}."


def _find_referenced_character(root: etree._Element) -> str | None:
    """Look also at what character references such as ``&#x80;`` stand for."""
    for element in root.iter(etree.Element):
        texts = (element.text, element.tail, *element.attrib.values())
        if (character := find_forbidden_character("".join(str(text or "") for text in texts))) is not None:
            return character
    return None
