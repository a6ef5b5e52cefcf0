"""One invoice for its page: where it stands, what may be done next, what happened, and the document itself."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.selectors import get_company
from accounts.services.ksef_access import endpoint_for
from invoices.domain.lifecycle import MOVING, Mode, State
from invoices.domain.money import format_money
from invoices.models import UPO, Invoice, InvoiceDocument, InvoiceLine, Submission
from invoices.selectors.environment_wording import environment_notice
from invoices.selectors.history import list_events, tell_history
from invoices.selectors.next_steps import Situation, list_actions, make_notice
from invoices.selectors.offline_wording import tell_clock
from invoices.selectors.rendering import read_paper
from invoices.selectors.rendering_draft import draft_paper
from invoices.selectors.state_wording import state_label
from ksef.fa3.reader import read
from ksef.qr import kod_i_url, qr_svg

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from invoices.selectors.environment_wording import EnvironmentNotice
    from invoices.selectors.history import HistoryEntry
    from invoices.selectors.next_steps import Action, Notice
    from invoices.selectors.offline_wording import LegalClock
    from invoices.selectors.rendering import Paper
    from invoices.selectors.state_wording import StateLabel
    from roles.access import Actor

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_WAITING_FOR_NUMBER = frozenset({State.APPROVED, State.QUEUED, State.SENDING, State.OFFLINE})
# KSeF has the UPO ready within seconds of the number; later it is late, and a page need not hurry for it.
_UPO_USUALLY_COMES_WITHIN = timedelta(minutes=1)
# Documents that were never issued, or that KSeF shall not have, carry no code that leads to KSeF.
_WITHOUT_CODE = frozenset({State.DRAFT, State.REJECTED, State.EXEMPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All of the page that changes while the invoice travels; `fingerprint` changes whenever one of it does."""

    state: StateLabel
    number: str
    buyer: str
    gross: str
    ksef_number: str
    has_upo: bool
    actions: tuple[Action, ...]
    notice: Notice | None
    history: tuple[HistoryEntry, ...]
    clock: LegalClock | None
    # What stands under KOD I; empty when the document carries no code.
    code_caption: str
    # S13: whose number it is, said beside it unless it is the legal one.
    environment: str
    # 0: nothing moves any more, so the page need not ask again (S81).
    poll_seconds: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KSeFCode:
    """KOD I or KOD II (ksef-protocol 9): the address it leads to and its picture as a data address."""

    url: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedInvoice:
    label: str
    number: str
    state: StateLabel
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage:
    id: uuid.UUID
    file_stem: str
    is_draft: bool
    environment: EnvironmentNotice
    sha256: str
    # R4: what the print-out is called.
    print_title: str
    # What a print-out must admit about a document that KSeF does not have; empty when it has it.
    standing: str
    progress: Progress
    paper: Paper
    # The frozen document behind the paper; empty for a draft.
    xml: bytes
    code: KSeFCode | None
    # S44: a print-out without a KSeF number bears a second code, signed by whoever prints it.
    needs_issuer: bool
    # The document that this one corrects, and those that correct it.
    related: tuple[RelatedInvoice, ...]
    issuer_code: KSeFCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Bytes as they were sent or received, and a name a file system can hold."""

    name: str
    content: bytes


def get_invoice(invoice_id: uuid.UUID) -> Invoice:
    """The invoice of the active company; 404 for everybody else's."""
    invoice = Invoice.objects.select_related("created_by").filter(id=invoice_id).first()
    if invoice is None:
        raise Http404
    return invoice


def get_progress(*, actor: Actor, slug: str, invoice_id: uuid.UUID) -> Progress:
    return _progress(get_invoice(invoice_id), actor=actor, slug=slug)


def get_invoice_page(*, actor: Actor, slug: str, invoice_id: uuid.UUID) -> InvoicePage:
    """The page of one invoice, its document read from the frozen bytes; a draft is read from the form's rows."""
    invoice = get_invoice(invoice_id)
    document = None if invoice.state == State.DRAFT else _latest_document(invoice)
    sha256 = bytes(document.sha256) if document else b""
    xml = bytes(document.xml) if document else b""
    paper = read_paper(xml) if xml else draft_paper(invoice, _lines(invoice))
    is_confirmation = _is_confirmation(invoice, xml)
    return InvoicePage(
        id=invoice.id,
        file_stem=file_stem(invoice),
        is_draft=invoice.state == State.DRAFT,
        environment=environment_notice(invoice.environment),
        sha256=sha256.hex(),
        print_title=_("Potwierdzenie transakcji") if is_confirmation else paper.title,
        standing=_standing(State(invoice.state), is_confirmation=is_confirmation),
        progress=_progress(invoice, actor=actor, slug=slug),
        paper=paper,
        xml=xml,
        code=_code(invoice, document),
        needs_issuer=needs_issuer(invoice),
        related=tuple(_related(invoice, slug)),
    )


def _related(invoice: Invoice, slug: str) -> Iterator[RelatedInvoice]:
    """S11: from an invoice to its corrections and back, the newest last."""
    pairs = [(_("Koryguje fakturę"), invoice.original)] if invoice.original else []
    pairs += [(_("Korekta"), one) for one in invoice.corrections.order_by("created_at")]
    for label, other in pairs:
        yield RelatedInvoice(
            label=label,
            number=other.number or _("szkic"),
            state=state_label(other.state),
            url=reverse("invoices:show", args=[slug, other.id]),
        )


def needs_issuer(invoice: Invoice) -> bool:
    """Whether printing it asks for the issuer's certificate: issued, meant for KSeF, and still without a number."""
    return State(invoice.state) in _WAITING_FOR_NUMBER and not invoice.ksef_number


def get_xml(invoice_id: uuid.UUID) -> StoredFile:
    """The frozen document, byte for byte; 404 while there is none."""
    invoice = get_invoice(invoice_id)
    document = _latest_document(invoice)
    if document is None:
        raise Http404
    return StoredFile(name=f"{file_stem(invoice)}.xml", content=bytes(document.xml))


def file_stem(invoice: Invoice) -> str:
    """The number as a file name: FV/12/11/2026 becomes FV-12-11-2026."""
    return safe_stem(invoice.number) or "faktura"


def safe_stem(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-")


def _progress(invoice: Invoice, *, actor: Actor, slug: str) -> Progress:
    events = list_events(invoice)
    submission = (
        Submission.objects.select_related("batch").filter(invoice_id=invoice.id, closed_at=None).first()
    )
    has_upo = UPO.objects.filter(invoice_id=invoice.id).exists()
    company = get_company(actor.company_id)
    situation = Situation(
        invoice=invoice,
        actor=actor,
        slug=slug,
        events=tuple(events),
        submission=submission,
        has_upo=has_upo,
        sends=company.sends,
        roles_decide=company.roles_decide_sending,
        needs_issuer=needs_issuer(invoice),
    )
    return Progress(
        state=state_label(invoice.state),
        number=invoice.number,
        buyer=invoice.buyer_name,
        gross=format_money(invoice.gross),
        ksef_number=invoice.ksef_number,
        has_upo=has_upo,
        actions=list_actions(situation),
        notice=make_notice(situation),
        history=tell_history(invoice, events),
        clock=tell_clock(invoice, events, now=timezone.now()),
        # KSeF wants the number under the code, or this word while there is none (ksef-protocol 9).
        code_caption="" if invoice.state in _WITHOUT_CODE else invoice.ksef_number or "OFFLINE",
        environment=environment_notice(invoice.environment).label,
        poll_seconds=_poll_seconds(situation),
        fingerprint=_fingerprint(len(events), submission, has_upo=has_upo),
    )


def _is_confirmation(invoice: Invoice, xml: bytes) -> bool:
    """R4: a domestic taxpayer gets the invoice itself from KSeF, in the failure mode from the seller (art. 106nf)."""
    if not xml or not needs_issuer(invoice) or invoice.mode == Mode.FAILURE:
        return False
    return read(xml).Podmiot2.DaneIdentyfikacyjne.NIP is not None


def _standing(state: State, *, is_confirmation: bool) -> str:
    if is_confirmation:
        return _(
            "Potwierdzenie transakcji nie jest fakturą i nie daje prawa do odliczenia VAT. "
            "Fakturę nabywca otrzyma w KSeF, gdy zostanie jej nadany numer."
        )
    if state is State.REJECTED:
        return _("KSeF odrzucił ten dokument: nie jest fakturą")
    if state in {State.APPROVED, State.QUEUED, State.SENDING}:
        return _("Dokument nie został jeszcze przyjęty przez KSeF")
    return ""


def _poll_seconds(situation: Situation) -> int:
    """Every second while something is about to happen; more rarely while it waits for KSeF or for a late UPO."""
    invoice, submission = situation.invoice, situation.submission
    if invoice.state in MOVING:
        return 1 if submission and not submission.problem else 5
    if invoice.state != State.ACCEPTED or situation.has_upo:
        return 0
    return 1 if timezone.now() - situation.events[-1].at < _UPO_USUALLY_COMES_WITHIN else 5


def _fingerprint(events: int, submission: Submission | None, *, has_upo: bool) -> str:
    waiting = ""
    if submission and submission.next_attempt_at:
        waiting = f"{submission.problem}-{submission.next_attempt_at:%H%M%S}"
    return f"{events}-{int(has_upo)}-{waiting}"


def _latest_document(invoice: Invoice) -> InvoiceDocument | None:
    return InvoiceDocument.objects.filter(invoice_id=invoice.id).order_by("-revision").first()


def _lines(invoice: Invoice) -> list[InvoiceLine]:
    return list(invoice.lines.order_by("position"))


def _code(invoice: Invoice, document: InvoiceDocument | None) -> KSeFCode | None:
    if document is None or invoice.state in _WITHOUT_CODE:
        return None
    faktura = read(bytes(document.xml))
    url = kod_i_url(
        qr_url=endpoint_for(invoice.environment).qr_url,
        seller_nip=faktura.Podmiot1.DaneIdentyfikacyjne.NIP,
        issue_date=faktura.Fa.P_1,
        sha256=bytes(document.sha256),
    )
    return picture_of(url)


def picture_of(url: str) -> KSeFCode:
    return KSeFCode(
        url=url, image=f"data:image/svg+xml;base64,{b64encode(qr_svg(url).encode()).decode('ascii')}"
    )
