"""The official confirmation of receipt as a page: who confirmed what, when, and under which number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoices.selectors.rendering.model import Paper, Section
from invoices.selectors.rendering.sections import list_parts, take_rest

if TYPE_CHECKING:
    from invoices.selectors.rendering.model import Fact
    from invoices.selectors.rendering.reading import Reading

_OF_THE_FORM = ("NazwaStrukturyLogicznej", "KodFormularza")


def lay_out_upo(reading: Reading) -> Paper:
    root = reading.root
    documents = root.named("Dokument")
    is_single = len(documents) == 1
    number = documents[0].value("NumerKSeFDokumentu") if is_single else root.value("NumerReferencyjnySesji")
    form = [fact for name in _OF_THE_FORM for fact in reading.take_fact(root, name)]
    receiver = reading.take_fact(root, "NazwaPodmiotuPrzyjmujacego")
    facts: list[Fact] = [
        *reading.take_fact(root, "NumerReferencyjnySesji"),
        *take_rest(reading, root.child("Uwierzytelnienie")),
        *take_rest(reading, root.child("OpisPotwierdzenia")),
    ]
    confirmation = Section(heading=reading.words.label("Uwierzytelnienie"), facts=tuple(facts))
    parts = list_parts(reading, root, heading=reading.words["documents"])
    return Paper(
        words=reading.words,
        title=reading.words.label("Potwierdzenie"),
        number=number,
        dates=receiver,
        sections=(*parts, confirmation),
        fine_print=(*form, *reading.fine_print),
    )
