"""One received document for its page: what it says, read from its exact bytes, where it is, who did what (S105)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from invoices.domain.inbox import MOVES_OF_PLAN, Move, Place, can_move
from invoices.domain.money import format_money
from invoices.models import PurchaseInvoice, ReceivedDocument, ReceivedEvent, ReceivedFile, VatEntry
from invoices.selectors.document import StoredFile
from invoices.selectors.history import HistoryEntry
from invoices.selectors.inbox_wording import (
    PlaceLabel,
    done_label,
    move_label,
    place_label,
    role_label,
)
from invoices.selectors.purchase_reading import Leaf, read_tree
from invoices.selectors.rendering import Fact, format_date, format_minute, read_paper
from ksef.fa3.parsing import UnsafeXML
from ksef.fa3.reader import UnreadableInvoice

if TYPE_CHECKING:
    import uuid

    from accounts.models import Company
    from invoices.selectors.rendering import Paper

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: what it does and what it is called."""

    move: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPage:
    id: uuid.UUID
    number: str
    seller: str
    gross: str
    ksef_number: str
    place: PlaceLabel
    place_url: str
    facts: tuple[Fact, ...]
    paper: Paper | None
    # Every text of the XML, when it is no document that is laid out here.
    tree: tuple[Leaf, ...]
    history: tuple[HistoryEntry, ...]
    offers: tuple[Offer, ...]
    may_register: bool
    received_month: str
    sha256: str


def get_received(document_id: uuid.UUID) -> ReceivedDocument:
    """The document of the active company; 404 for everybody else's."""
    document = ReceivedDocument.objects.filter(id=document_id).first()
    if document is None:
        raise Http404
    return document


def get_received_page(*, company: Company, document_id: uuid.UUID) -> ReceivedPage:
    document = get_received(document_id)
    file = ReceivedFile.objects.get(document_id=document.id)
    xml = bytes(file.xml)
    paper = _paper(xml)
    offers = _offers(document, company.plan)
    return ReceivedPage(
        id=document.id,
        number=document.number or document.ksef_number,
        seller=document.seller_name or document.seller_nip,
        gross=f"{format_money(document.gross)} {'zł' if document.currency == 'PLN' else document.currency}",
        ksef_number=document.ksef_number,
        place=place_label(document.place, plan=company.plan),
        place_url=_place_url(document, company.slug),
        facts=_facts(document),
        paper=paper,
        tree=() if paper else _tree(xml),
        history=_history(document),
        offers=tuple(offer for offer in offers if offer.move != Move.REGISTERED),
        may_register=any(offer.move == Move.REGISTERED for offer in offers),
        received_month=f"{document.received_on:%Y-%m}",
        sha256=bytes(file.sha256).hex(),
    )


def get_received_xml(document_id: uuid.UUID) -> StoredFile:
    document = get_received(document_id)
    file = ReceivedFile.objects.get(document_id=document.id)
    return StoredFile(name=f"{_UNSAFE.sub('-', document.ksef_number)}.xml", content=bytes(file.xml))


def _offers(document: ReceivedDocument, plan: str) -> tuple[Offer, ...]:
    place = Place(document.place)
    return tuple(
        Offer(move.value, move_label(move))
        for move in MOVES_OF_PLAN[plan]
        if can_move(place, move, role=document.role)
    )


def _paper(xml: bytes) -> Paper | None:
    try:
        return read_paper(xml)
    except (UnreadableInvoice, UnsafeXML):
        return None


def _tree(xml: bytes) -> tuple[Leaf, ...]:
    try:
        return read_tree(xml)
    except UnsafeXML:
        return ()


def _facts(document: ReceivedDocument) -> tuple[Fact, ...]:
    facts = [
        Fact(_("Data otrzymania"), format_date(document.received_on)),
        Fact(_("Data wystawienia"), format_date(document.issue_date)),
        Fact(_("Rola firmy"), role_label(document.role)),
        Fact(_("Wzór"), " ".join(filter(None, [document.form_code, document.schema_version]))),
        Fact(_("Pobrana"), format_minute(document.fetched_at)),
    ]
    if document.has_attachment:
        facts.append(Fact(_("Załącznik"), _("w pliku XML")))
    return tuple(facts)


def _place_url(document: ReceivedDocument, slug: str) -> str:
    """Where what was made of it is to be seen."""
    entry = VatEntry.objects.filter(document_id=document.id).first()
    if entry is not None:
        return reverse("register:index", args=[slug], query={"miesiac": f"{entry.period:%Y-%m}"})
    purchase = PurchaseInvoice.objects.filter(document_id=document.id).first()
    return reverse("purchases:show", args=[slug, purchase.id]) if purchase else ""


def _history(document: ReceivedDocument) -> tuple[HistoryEntry, ...]:
    events = ReceivedEvent.objects.filter(document_id=document.id).select_related("actor").order_by("-seq")
    return tuple(
        HistoryEntry(
            what=done_label(event.type),
            note="",
            who=str(event.actor) if event.actor else "KSeF",
            when=format_minute(event.at),
            machine_when=event.at.isoformat(),
            icon="download" if event.type == Move.RECEIVED else "approved",
        )
        for event in events
    )
