"""Our rejected invoice beside the one that bears its number in KSeF (440): what is the same and what differs (F19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import Http404
from django.utils.translation import gettext as _

from invoices.domain.lifecycle import Event, State, is_duplicate
from invoices.models import ConflictingDocument
from invoices.selectors.document import StoredFile, get_invoice, get_xml
from invoices.selectors.rendering import read_paper
from ksef.fa3.parsing import UnsafeXML
from ksef.fa3.reader import UnreadableInvoice

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from invoices.selectors.rendering import Fact, Paper, PaperLine, Party


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part of the two documents, as both are printed."""

    label: str
    ours: str
    theirs: str

    @property
    def differs(self) -> bool:
        return self.ours != self.theirs


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both documents side by side; no parts when theirs is not to be had or not to be read."""

    number: str
    ksef_number: str
    parts: tuple[Comparison, ...]
    has_file: bool
    may_be_renumbered: bool


def get_conflict(invoice_id: uuid.UUID) -> Conflict:
    """The comparison for the conflict's page; 404 for an invoice whose number nobody else was found to bear."""
    invoice = get_invoice(invoice_id)
    rejection = invoice.events.filter(type=Event.REJECTED).order_by("seq").last()
    if rejection is None or not is_duplicate(rejection.data):
        raise Http404
    theirs = _theirs(invoice_id)
    return Conflict(
        number=invoice.number or _("Szkic bez numeru"),
        ksef_number=rejection.data.get("original_ksef_number", ""),
        parts=_compare(get_xml(invoice_id).content, bytes(theirs.xml)) if theirs else (),
        has_file=theirs is not None,
        may_be_renumbered=invoice.state == State.REJECTED,
    )


def get_conflicting_xml(invoice_id: uuid.UUID) -> StoredFile:
    """The other document, byte for byte; 404 when it is not to be had."""
    get_invoice(invoice_id)
    theirs = _theirs(invoice_id)
    if theirs is None:
        raise Http404
    return StoredFile(name=f"{theirs.ksef_number}.xml", content=bytes(theirs.xml))


def _theirs(invoice_id: uuid.UUID) -> ConflictingDocument | None:
    return ConflictingDocument.objects.filter(invoice_id=invoice_id).order_by("-fetched_at").first()


def _compare(ours: bytes, theirs: bytes) -> tuple[Comparison, ...]:
    try:
        mine, other = read_paper(ours), read_paper(theirs)
    except (UnreadableInvoice, UnsafeXML):
        return ()
    return tuple(_parts(mine, other))


def _parts(ours: Paper, theirs: Paper) -> Iterator[Comparison]:
    yield Comparison(_("Daty"), _facts(ours.dates), _facts(theirs.dates))
    yield Comparison(_("Nabywca"), _party(ours.buyer), _party(theirs.buyer))
    for place in range(max(len(ours.lines), len(theirs.lines))):
        label = _("Pozycja %(place)s") % {"place": place + 1}
        yield Comparison(label, _line(ours.lines, place), _line(theirs.lines, place))
    yield Comparison(_("Netto"), ours.net, theirs.net)
    yield Comparison(_("VAT"), ours.vat, theirs.vat)
    yield Comparison(_("Do zapłaty"), f"{ours.gross} {ours.currency}", f"{theirs.gross} {theirs.currency}")
    yield Comparison(_("Płatność"), _facts(ours.payment), _facts(theirs.payment))
    yield Comparison(_("Uwagi"), " ".join(ours.notes), " ".join(theirs.notes))


def _facts(facts: tuple[Fact, ...]) -> str:
    return ", ".join(f"{fact.label}: {fact.text}" for fact in facts)


def _party(party: Party | None) -> str:
    return ", ".join(filter(None, (party.name, party.identifier, *party.address))) if party else ""


def _line(lines: tuple[PaperLine, ...], place: int) -> str:
    if place >= len(lines):
        return ""
    line = lines[place]
    return f"{line.name}: {line.quantity} {line.unit}, {line.value}, VAT {line.rate}"
