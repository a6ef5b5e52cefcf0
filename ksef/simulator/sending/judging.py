"""The verdict on one invoice: what it is, who sends it, and whether KSeF has it already (section 13)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ksef.simulator.access.authentications import Authentication
from ksef.simulator.limits.effective import SessionLimits
from ksef.simulator.numbers import new_ksef_number
from ksef.simulator.permissions.issuing import may_issue
from ksef.simulator.reading.facts import Accepted, remember
from ksef.simulator.reading.horizon import storage_moment
from ksef.simulator.sending.records import SUCCESS, Invoice, Session, list_by_hash
from ksef.simulator.sending.verification import (
    Facts,
    Rejected,
    check_dates,
    check_identifiers,
    read_invoice,
)
from ksef.simulator.state import Store, Value
from ksef.simulator.testdata.registry import may_attach
from ksef.simulator.world import World, warsaw_date

_DUPLICATE: Final = 440


@dataclass(frozen=True, slots=True)
class Case:
    """An invoice whose time has come, with all that reading it needs."""

    invoice: Invoice
    session: Session
    login: Authentication | None
    limits: SessionLimits


@dataclass(frozen=True, slots=True)
class Finding:
    """What the document alone says, or why it cannot be read."""

    case: Case
    facts: Facts | None
    rejection: Rejected | None


@dataclass(frozen=True, slots=True)
class _Original:
    session: str
    ksef_number: str


def read_document(case: Case, *, schemas: Path | None) -> Finding:
    """Read the document; the slow part of judging, which asks the database nothing."""
    form = case.session.form
    try:
        facts = read_invoice(_plain(case), limits=case.limits, form=form, schemas=schemas)
        return Finding(case, facts, None)
    except Rejected as rejection:
        return Finding(case, None, rejection)


def _plain(case: Case) -> bytes:
    if case.invoice.content is not None:
        return case.invoice.content
    if case.invoice.size is None:
        raise Rejected(435)
    # Too long by so much that it was not even kept.
    raise Rejected(
        430,
        f"Rozmiar pliku faktury przekracza dozwolone {case.limits.invoice_bytes_with_attachment} bajtów.",
    )


def judge(world: World, finding: Finding, *, not_before: int) -> int:
    """Write the verdict down and return its code.

    `not_before` is the earliest moment that may be told as the one of acceptance: what was asked for earlier has
    been answered without this invoice.
    """
    invoice = finding.case.invoice
    planned = _planned(world)
    if planned is not None:
        return _reject(world.store, invoice, facts=None, rejection=planned)
    if finding.rejection is not None or finding.facts is None:
        return _reject(world.store, invoice, facts=None, rejection=finding.rejection or Rejected(500))
    facts = finding.facts
    try:
        _check_sending(world, finding.case, facts=facts)
    except Rejected as rejection:
        return _reject(world.store, invoice, facts=facts, rejection=rejection)
    original = find_original(world.store, facts)
    if original is None:
        accept(world, invoice, facts=facts, at=max(invoice.due_at, not_before))
        return SUCCESS
    duplicate = Rejected(
        _DUPLICATE,
        f"Duplikat faktury. Faktura o numerze KSeF: {original.ksef_number} została już prawidłowo"
        f" przesłana do systemu w sesji: {original.session}",
    )
    return _reject(world.store, invoice, facts=facts, rejection=duplicate, original=original)


def _planned(world: World) -> Rejected | None:
    """Some codes are KSeF's own trouble and no fault of the invoice: tests plan them through the control API."""
    return Rejected(world.verdicts.popleft()) if world.verdicts else None


def _check_sending(world: World, case: Case, *, facts: Facts) -> None:
    """The rules about this sending: attachments (8), who may issue for the seller (9), dates (3), NIPs (4)."""
    invoice, session = case.invoice, case.session
    if facts.has_attachment:
        _check_attachment(world, case, facts=facts)
    if case.login is None or not may_issue(world, case.login, facts):
        raise Rejected(410, f"Brak uprawnień do wystawienia faktury w imieniu podmiotu {facts.seller}.")
    check_dates(facts, accepted_on=warsaw_date(invoice.received_at))
    if world.flavour.checks_nip or session.checks_nip:
        check_identifiers(facts)
    if invoice.corrected_hash is not None and _has_accepted(world.store, invoice.corrected_hash):
        raise Rejected(450, "Faktura posiada już przetworzoną prawidłowo korektę techniczną.")


def _check_attachment(world: World, case: Case, *, facts: Facts) -> None:
    """Attachments come in packages only, or in a technical correction, and after notice was given (13.8)."""
    if not case.session.is_batch and case.invoice.corrected_hash is None:
        raise Rejected(415, "Faktura z załącznikiem może zostać przesłana wyłącznie w sesji wsadowej.")
    if not may_attach(world, nip=facts.seller, now=case.invoice.due_at):
        raise Rejected(415, f"Brak zgody na wysyłanie faktur z załącznikiem dla podmiotu {facts.seller}.")


def _has_accepted(store: Store, corrected_hash: str) -> bool:
    """Return whether the rejected document has a correction that went through while this one waited."""
    found = store.row(
        "SELECT id FROM invoices WHERE corrected_hash = ? AND code = ?", corrected_hash, SUCCESS
    )
    return found is not None or any(other.code == SUCCESS for other in list_by_hash(store, corrected_hash))


def find_original(store: Store, facts: Facts) -> _Original | None:
    """Seller, kind and number are unique in all of KSeF (13.2); a rejected invoice does not block its number."""
    row = store.row(
        "SELECT session, ksef_number FROM invoices WHERE seller = ? AND kind = ? AND number = ? AND code = 200",
        facts.seller,
        facts.kind,
        facts.number,
    )
    return None if row is None else _Original(**row)


def accept(world: World, invoice: Invoice, *, facts: Facts, at: int) -> Accepted:
    """Give the invoice its number and keep what can be read of it."""
    accepted_on = warsaw_date(invoice.received_at)
    # KSeF itself turns an invoice of an earlier day offline (section 10).
    offline = bool(invoice.offline) or facts.issue_date < accepted_on
    accepted = Accepted(
        invoice=invoice.id,
        ksef_number=new_ksef_number(seller=facts.seller, on=accepted_on),
        hash=invoice.hash,
        corrected_hash=invoice.corrected_hash,
        mode="Offline" if offline else "Online",
        received_at=invoice.received_at,
        acquired_at=at,
        stored_at=storage_moment(world, acquired_at=at),
    )
    world.store.update(
        "invoices",
        invoice.id,
        code=SUCCESS,
        mode=accepted.mode,
        ksef_number=accepted.ksef_number,
        acquired_at=accepted.acquired_at,
        stored_at=accepted.stored_at,
        **_columns_of(facts),
    )
    remember(world.store, accepted, facts)
    return accepted


def _reject(
    store: Store,
    invoice: Invoice,
    *,
    facts: Facts | None,
    rejection: Rejected,
    original: _Original | None = None,
) -> int:
    store.update(
        "invoices",
        invoice.id,
        code=rejection.code,
        details=json.dumps(rejection.details, ensure_ascii=False),
        original_session=original.session if original else None,
        original_number=original.ksef_number if original else None,
        **(_columns_of(facts) if facts is not None else {}),
    )
    return rejection.code


def _columns_of(facts: Facts) -> dict[str, Value]:
    return {
        "seller": facts.seller,
        "seller_name": facts.seller_name,
        "buyer": facts.buyer.nip,
        "kind": facts.kind,
        "number": facts.number,
        "issue_date": facts.issue_date.isoformat(),
        "gross": str(facts.gross),
        "currency": facts.currency,
    }
