"""The view model of a document: every value already written; templates only arrange it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from invoices.selectors.rendering.wording import Wording


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    name: str
    identifier: str
    heading: str = ""
    address: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    details: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    position: str
    name: str
    quantity: str
    unit: str
    price: str
    discount: str
    value: str
    rate: str
    details: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTable:
    """The lines of an order; the invoice's own lines stand in the paper itself."""

    heading: str
    is_gross: bool
    has_discounts: bool
    lines: tuple[PaperLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRate:
    label: str
    net: str
    vat: str
    gross: str
    # The tax in PLN of an invoice in another currency.
    vat_pln: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row with one cell in a wider table is a heading among the rows."""

    cells: tuple[Cell, ...]
    is_heading: bool = False
    is_total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[GridRow, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A labelled part of the document, with parts of its own."""

    heading: str
    facts: tuple[Fact, ...] = ()
    paragraphs: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    sections: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Section]:
        yield self
        for section in self.sections:
            yield from section.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document with every value written in its language."""

    words: Wording
    title: str
    number: str
    dates: tuple[Fact, ...] = ()
    seller: Party | None = None
    buyer: Party | None = None
    # Recipients, payers, factors, and the parties as they were before a correction.
    others: tuple[Party, ...] = ()
    # What a correction is about stands before the lines.
    reasons: tuple[Section, ...] = ()
    is_gross: bool = False
    has_discounts: bool = False
    lines: tuple[PaperLine, ...] = ()
    order: LineTable | None = None
    rates: tuple[PaperRate, ...] = ()
    net: str = ""
    vat: str = ""
    vat_pln: str = ""
    due_label: str = ""
    gross: str = ""
    currency: str = ""
    payment: tuple[Fact, ...] = ()
    annotations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    # What nobody looks for and nothing may lose: data of the file, and everything the document denies.
    fine_print: tuple[Fact, ...] = ()

    @property
    def row_count(self) -> int:
        """How much there is to lay out (V43)."""
        grids = (
            len(grid.rows)
            for top in (*self.reasons, *self.sections)
            for section in top.walk()
            for grid in section.grids
        )
        return len(self.lines) + (len(self.order.lines) if self.order else 0) + sum(grids)
