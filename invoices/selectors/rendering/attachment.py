"""The attachment of an FA(3) invoice: blocks of described data with texts and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoices.selectors.rendering.formats import find_decimal, write_day, write_moment
from invoices.selectors.rendering.model import Cell, Column, Fact, Grid, GridRow, Section
from invoices.selectors.rendering.sections import list_rest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoices.selectors.rendering.reading import Reading
    from ksef.papers.tree import Node

_NUMBERS = frozenset({"dec", "int"})


def list_attachment(reading: Reading, attachment: Node | None) -> tuple[Section, ...]:
    if attachment is None:
        return ()
    blocks = [_block(reading, block) for block in attachment.named("BlokDanych")]
    return (*blocks, *list_rest(reading, attachment))


def _block(reading: Reading, block: Node) -> Section:
    heading = reading.take(block, "ZNaglowek")
    attachment = reading.words["attachment"]
    facts = _described(reading, block, each="MetaDane", key="ZKlucz", value="ZWartosc")
    text = block.child("Tekst")
    paragraphs = tuple(_texts(reading, text, "Akapit")) if text else ()
    grids = tuple(_table(reading, table) for table in block.named("Tabela"))
    return Section(
        heading=f"{attachment}: {heading}" if heading else attachment,
        facts=facts,
        paragraphs=paragraphs,
        grids=grids,
        sections=list_rest(reading, block),
    )


def _described(reading: Reading, parent: Node, *, each: str, key: str, value: str) -> tuple[Fact, ...]:
    return tuple(Fact(reading.take(node, key), reading.take(node, value)) for node in parent.named(each))


def _texts(reading: Reading, parent: Node, name: str) -> list[str]:
    found = []
    while text := reading.take(parent, name):
        found.append(text)
    return found


def _table(reading: Reading, table: Node) -> Grid:
    kinds, columns = [], []
    header = table.child("TNaglowek")
    for column in header.named("Kol") if header else ():
        kind = dict(column.attributes).get("Typ", "txt")
        reading.place(column)
        kinds.append(kind)
        label = " ".join(node.text for node in column.children)
        columns.append(Column(label, kind in _NUMBERS))
    rows = [_row(reading, row, name="WKom", kinds=kinds) for row in table.named("Wiersz")]
    rows += [_row(reading, row, name="SKom", kinds=kinds, is_total=True) for row in table.named("Suma")]
    return Grid(
        caption=reading.take(table, "Opis"),
        columns=tuple(columns),
        rows=tuple(rows),
        facts=_described(reading, table, each="TMetaDane", key="TKlucz", value="TWartosc"),
    )


def _row(reading: Reading, row: Node, *, name: str, kinds: Sequence[str], is_total: bool = False) -> GridRow:
    texts = []
    for cell in row.named(name):
        reading.place(cell)
        texts.append(cell.text)
    padded = [*kinds, *["txt"] * (len(texts) - len(kinds))]
    is_heading = len(texts) == 1 and len(kinds) > 1
    cells = (
        Cell(text if is_heading else _write(text, kind=kind), kind in _NUMBERS and not is_heading)
        for text, kind in zip(texts, padded, strict=False)
    )
    return GridRow(tuple(cells), is_heading=is_heading, is_total=is_total)


def _write(text: str, *, kind: str) -> str:
    """A cell by the type of its column; decimals keep the zeros they were written with."""
    match kind:
        case "date":
            return write_day(text)
        case "datetime":
            return write_moment(text)
        case "dec":
            return text if find_decimal(text) is None else text.replace(".", ",").replace("-", "\u2212")
        case _:
            return text
