"""The lines of an invoice or of an order, with everything a line says besides the usual columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from invoices.selectors.rendering.model import Fact, LineTable, PaperLine
from invoices.selectors.rendering.sections import take_rest
from ksef.papers.tree import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoices.selectors.rendering.reading import Reading
    from ksef.papers.tree import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """Where a kind of line keeps what the columns show; an empty name is a column it does not have."""

    line: str
    position: str
    name: str
    unit: str
    quantity: str
    net_price: str
    net: str
    rate: str
    gross_price: str = ""
    gross: str = ""
    discount: str = ""
    before: str = "StanPrzed"


_OF_INVOICE: Final = _Fields(
    line="FaWiersz",
    position="NrWierszaFa",
    name="P_7",
    unit="P_8A",
    quantity="P_8B",
    net_price="P_9A",
    net="P_11",
    rate="P_12",
    gross_price="P_9B",
    gross="P_11A",
    discount="P_10",
)
_OF_ORDER: Final = _Fields(
    line="ZamowienieWiersz",
    position="NrWierszaZam",
    name="P_7Z",
    unit="P_8AZ",
    quantity="P_8BZ",
    net_price="P_9AZ",
    net="P_11NettoZ",
    rate="P_12Z",
    before="StanPrzedZ",
)
_OF_FARMER: Final = _Fields(
    line="FakturaRRWiersz",
    position="NrWierszaFa",
    name="P_5",
    unit="P_6A",
    quantity="P_6B",
    net_price="P_7",
    net="P_8",
    rate="P_9",
)


def list_lines(reading: Reading, invoice: Node | None) -> LineTable:
    fields = _OF_FARMER if reading.kind is Kind.FA_RR else _OF_INVOICE
    nodes = invoice.named(fields.line) if invoice else ()
    return _table(reading, nodes, fields=fields, heading=reading.words["lines"])


def find_order(reading: Reading, order: Node | None) -> LineTable | None:
    nodes = order.named(_OF_ORDER.line) if order else ()
    return _table(reading, nodes, fields=_OF_ORDER, heading=reading.words["order_lines"]) if nodes else None


def _table(reading: Reading, nodes: Sequence[Node], *, fields: _Fields, heading: str) -> LineTable:
    is_gross = _are_gross(nodes, fields=fields)
    lines = tuple(_line(reading, node, fields=fields, is_gross=is_gross) for node in nodes)
    return LineTable(
        heading=heading, is_gross=is_gross, has_discounts=any(line.discount for line in lines), lines=lines
    )


def _are_gross(nodes: Sequence[Node], *, fields: _Fields) -> bool:
    """Whether most lines count from gross prices; the others then say their net ones in words."""
    gross = sum(1 for node in nodes if _has(node, fields.gross_price, fields.gross))
    net = sum(1 for node in nodes if _has(node, fields.net_price, fields.net))
    return gross > net


def _has(node: Node, *names: str) -> bool:
    return any(child.name in names for child in node.children)


def _line(reading: Reading, node: Node, *, fields: _Fields, is_gross: bool) -> PaperLine:
    is_before = reading.take_flag(node, fields.before)
    before = (Fact(reading.words.label(fields.before), ""),) if is_before else ()
    return PaperLine(
        position=reading.take(node, fields.position),
        name=reading.take(node, fields.name),
        quantity=reading.take(node, fields.quantity),
        unit=reading.take(node, fields.unit),
        price=reading.take(node, fields.gross_price if is_gross else fields.net_price),
        discount=reading.take(node, fields.discount) if fields.discount else "",
        value=reading.take(node, fields.gross if is_gross else fields.net),
        rate=reading.take(node, fields.rate),
        details=(*before, *take_rest(reading, node)),
    )
