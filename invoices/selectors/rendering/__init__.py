"""Documents as people read them, made from their exact bytes: what is shown and printed is what KSeF has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoices.selectors.rendering.formats import format_date, format_minute, format_price, format_tax
from invoices.selectors.rendering.invoice import lay_out_invoice
from invoices.selectors.rendering.model import (
    Fact,
    Grid,
    GridRow,
    LineTable,
    Paper,
    PaperLine,
    PaperRate,
    Party,
    Section,
)
from invoices.selectors.rendering.reading import Reading
from invoices.selectors.rendering.upo import lay_out_upo
from invoices.selectors.rendering.wording import Language
from ksef.papers.tree import Kind, read_document

if TYPE_CHECKING:
    from ksef.papers.tree import Document

__all__ = [
    "Fact",
    "Grid",
    "GridRow",
    "Language",
    "LineTable",
    "Paper",
    "PaperLine",
    "PaperRate",
    "Party",
    "Section",
    "format_date",
    "format_minute",
    "format_price",
    "format_tax",
    "lay_out",
    "read_paper",
]


def read_paper(xml: bytes, *, language: Language = Language.POLISH) -> Paper:
    """Lay out an FA(3), FA(2) or FA_RR(1) invoice or a UPO so that nothing of it is lost.

    Raises ksef.fa3.parsing.UnsafeXML or ksef.papers.tree.UnknownDocument.
    """
    return lay_out(read_document(xml), language=language)


def lay_out(document: Document, *, language: Language = Language.POLISH) -> Paper:
    """The same for a document that was read already."""
    reading = Reading(document, language)
    return lay_out_upo(reading) if document.kind is Kind.UPO else lay_out_invoice(reading)
