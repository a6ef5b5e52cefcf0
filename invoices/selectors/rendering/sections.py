"""The general listing: whatever no special place was made for, labelled and in the document's own order."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from invoices.selectors.rendering.formats import format_moment, write_moment
from invoices.selectors.rendering.model import Cell, Column, Fact, Grid, GridRow, Section
from ksef.papers.codes import is_number
from ksef.papers.signature import find_certificate, find_signing_time
from ksef.papers.tree import SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from invoices.selectors.rendering.reading import Reading
    from ksef.papers.tree import Node

_MOST_COLUMNS: Final = 8


def list_rest(reading: Reading, node: Node, *, heading: str = "") -> tuple[Section, ...]:
    """What is left of an element as one section; nothing when all of it has found its place."""
    if reading.is_placed(node):
        return ()
    if node.namespace == SIGNATURES:
        return (_signature(reading, node),)
    reading.place(node)
    facts, grids, sections = _contents(reading, node)
    paragraphs = (node.text,) if node.text else ()
    if not (facts or grids or sections or paragraphs):
        return ()
    if not (facts or grids or paragraphs) and len(sections) == 1:
        # A lone part needs no heading above its own.
        return sections
    section = Section(
        heading=heading or reading.words.label(node.name),
        facts=facts,
        paragraphs=paragraphs,
        grids=grids,
        sections=sections,
    )
    return (section,)


def list_parts(reading: Reading, node: Node, *, heading: str) -> tuple[Section, ...]:
    """What is left of an element: its own values under the heading, each of its parts beside them."""
    reading.place(node)
    facts, grids, sections = _contents(reading, node)
    paragraphs = (node.text,) if node.text else ()
    if not (facts or grids or paragraphs):
        return sections
    return (Section(heading=heading, facts=facts, paragraphs=paragraphs, grids=grids), *sections)


def list_alike(reading: Reading, nodes: Sequence[Node]) -> tuple[tuple[Grid, ...], tuple[Section, ...]]:
    """Elements of one name: as a table when they are plain enough, else one by one."""
    if _is_table(reading, nodes):
        return (_grid(reading, nodes, caption=reading.words.label(nodes[0].name)),), ()
    return (), tuple(section for node in nodes for section in list_rest(reading, node))


def take_rest(reading: Reading, node: Node | None) -> tuple[Fact, ...]:
    """What is left below an element as facts alone, whatever its depth."""
    if node is None or reading.is_placed(node):
        return ()
    reading.place(node)
    if not node.children and not node.attributes:
        return ()
    own = (Fact(reading.words.label(node.name), node.text),) if node.text else ()
    return (*own, *_attributes(reading, node), *_facts_below(reading, node))


def _facts_below(reading: Reading, node: Node) -> tuple[Fact, ...]:
    found: list[Fact] = []
    for child in node.children:
        found.extend(_leaf(reading, child, parent=node) if _is_leaf(child) else take_rest(reading, child))
    return tuple(found)


def _contents(reading: Reading, node: Node) -> tuple[tuple[Fact, ...], tuple[Grid, ...], tuple[Section, ...]]:
    facts = list(_attributes(reading, node))
    grids: list[Grid] = []
    sections: list[Section] = []
    for _name, group in groupby(node.children, key=lambda child: (child.namespace, child.name)):
        same = [child for child in group if not reading.is_placed(child)]
        if all(_is_leaf(child) for child in same):
            facts.extend(_joined(fact for child in same for fact in _leaf(reading, child, parent=node)))
        else:
            tables, parts = list_alike(reading, same)
            grids.extend(tables)
            sections.extend(parts)
    return tuple(facts), tuple(grids), tuple(sections)


def _is_leaf(node: Node) -> bool:
    return not node.children


def _leaf(reading: Reading, node: Node, *, parent: Node) -> tuple[Fact, ...]:
    if reading.is_placed(node):
        return ()
    reading.place(node)
    own = (reading.fact(node, parent=parent),) if node.text else ()
    if reading.is_denial(node):
        reading.fine_print.extend(own)
        return ()
    return (*own, *_attributes(reading, node))


def _attributes(reading: Reading, node: Node) -> tuple[Fact, ...]:
    return tuple(Fact(reading.words.label(name), text) for name, text in node.attributes if text)


def _joined(facts: Iterable[Fact]) -> list[Fact]:
    """One fact for a repeated element."""
    texts: dict[str, list[str]] = {}
    for fact in facts:
        texts.setdefault(fact.label, []).append(fact.text)
    return [Fact(label, ", ".join(several)) for label, several in texts.items()]


def _is_table(reading: Reading, nodes: Sequence[Node]) -> bool:
    """Whether the elements are records alike, each with plain values that stand once."""
    if len(nodes) < 2:  # noqa: PLR2004 - One record reads better as a list.
        return False
    if any(node.text or node.attributes for node in nodes):
        return False
    children = [child for node in nodes for child in node.children]
    if any(child.children or child.attributes or reading.is_placed(child) for child in children):
        return False
    if any(len({child.name for child in node.children}) < len(node.children) for node in nodes):
        return False
    return len({child.name for child in children}) <= _MOST_COLUMNS


def _grid(reading: Reading, nodes: Sequence[Node], *, caption: str) -> Grid:
    # The longest record says the order best; what only others have follows it.
    order = sorted(nodes, key=lambda node: -len(node.children))
    names = list(dict.fromkeys(child.name for node in order for child in node.children))
    for node in nodes:
        reading.place(node)
    return Grid(
        caption=caption,
        columns=tuple(
            Column(reading.words.label(name, parent=nodes[0].name), is_number(reading.kind, name))
            for name in names
        ),
        rows=tuple(_row(reading, node, names=names) for node in nodes),
    )


def _row(reading: Reading, node: Node, *, names: Sequence[str]) -> GridRow:
    cells = {child.name: reading.write(child) for child in node.children}
    return GridRow(tuple(Cell(cells.get(name, ""), is_number(reading.kind, name)) for name in names))


def _signature(reading: Reading, node: Node) -> Section:
    """Who signed and when; the digits of the signature mean nothing to a reader and stay in the XML."""
    reading.place(node)
    words, certificate = reading.words, find_certificate(node)
    facts = []
    if certificate is not None:
        valid = f"{format_moment(certificate.valid_from)} – {format_moment(certificate.valid_to)}"
        facts = [
            Fact(words["signer"], certificate.subject),
            Fact(words["certifier"], certificate.issuer),
            Fact(words["serial"], certificate.serial),
            Fact(words["valid"], valid),
        ]
    if moment := find_signing_time(node):
        facts.append(Fact(words["signed_at"], write_moment(moment)))
    return Section(heading=words["signature"], facts=tuple(facts), paragraphs=(words["signature_note"],))
