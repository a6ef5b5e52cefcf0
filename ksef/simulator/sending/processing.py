"""Judging what was sent, once its processing time is over: by the clock, at the next request, without a thread."""

import json
from dataclasses import dataclass
from typing import Final

from ksef.simulator.numbers import new_ksef_number
from ksef.simulator.sending.records import SUCCESS, Invoice, Session, find_session, list_by_hash
from ksef.simulator.sending.verification import (
    Facts,
    Limits,
    Rejected,
    check_dates,
    check_identifiers,
    read_invoice,
)
from ksef.simulator.state import Store
from ksef.simulator.world import World, as_milliseconds, warsaw_date

_DUPLICATE: Final = 440


@dataclass(frozen=True, slots=True)
class _Original:
    session: str
    ksef_number: str


def settle(world: World, *, now: int) -> None:
    """Judge every invoice whose time has come, in the order of arrival."""
    rows = world.store.rows(
        "SELECT * FROM invoices WHERE code IS NULL AND due_at <= ? ORDER BY due_at, id", now
    )
    for row in rows:
        _judge(world, Invoice(**row))


def _judge(world: World, invoice: Invoice) -> None:
    session = find_session(world.store, invoice.session)
    if session is None:
        raise LookupError(invoice.session)
    facts: Facts | None = None
    try:
        _check_planned(world)
        facts = read_invoice(_plain(invoice), limits=_limits(world))
        _check_sending(world, invoice, session=session, facts=facts)
    except Rejected as rejection:
        _reject(world.store, invoice, facts=facts, rejection=rejection)
        return
    original = _find_original(world.store, facts)
    if original is None:
        _accept(world, invoice, facts=facts)
    else:
        duplicate = Rejected(
            _DUPLICATE,
            f"Duplikat faktury. Faktura o numerze KSeF: {original.ksef_number} została już prawidłowo"
            f" przesłana do systemu w sesji: {original.session}",
        )
        _reject(world.store, invoice, facts=facts, rejection=duplicate, original=original)


def _check_planned(world: World) -> None:
    """Some codes are KSeF's own trouble and no fault of the invoice: tests plan them through the control API."""
    if world.verdicts:
        raise Rejected(world.verdicts.popleft())


def _plain(invoice: Invoice) -> bytes:
    if invoice.content is None:
        raise Rejected(435)
    return invoice.content


def _limits(world: World) -> Limits:
    return Limits(world.options.max_invoice_bytes, world.options.max_invoice_bytes_with_attachment)


def _check_sending(world: World, invoice: Invoice, *, session: Session, facts: Facts) -> None:
    """The rules about this sending: attachments (8), who may issue for the seller (9), dates (3), NIPs (4)."""
    if facts.has_attachment and invoice.corrected_hash is None:
        raise Rejected(415)
    if (session.context_type, session.context) != ("Nip", facts.seller):
        raise Rejected(410, f"Brak uprawnień do wystawienia faktury w imieniu podmiotu {facts.seller}.")
    check_dates(facts, accepted_on=warsaw_date(invoice.received_at))
    if session.checks_nip:
        check_identifiers(facts)
    if invoice.corrected_hash is not None and _has_accepted(world.store, invoice.corrected_hash):
        raise Rejected(450, "Faktura posiada już przetworzoną prawidłowo korektę techniczną.")


def _has_accepted(store: Store, corrected_hash: str) -> bool:
    """Return whether the rejected document has a correction that went through while this one waited."""
    found = store.row(
        "SELECT id FROM invoices WHERE corrected_hash = ? AND code = ?", corrected_hash, SUCCESS
    )
    return found is not None or any(other.code == SUCCESS for other in list_by_hash(store, corrected_hash))


def _find_original(store: Store, facts: Facts) -> _Original | None:
    """Seller, kind and number are unique in all of KSeF (13.2); a rejected invoice does not block its number."""
    row = store.row(
        "SELECT session, ksef_number FROM invoices WHERE seller = ? AND kind = ? AND number = ? AND code = ?",
        facts.seller,
        facts.kind,
        facts.number,
        SUCCESS,
    )
    return None if row is None else _Original(**row)


def _accept(world: World, invoice: Invoice, *, facts: Facts) -> None:
    accepted_on = warsaw_date(invoice.received_at)
    # KSeF itself turns an invoice of an earlier day offline (section 10).
    offline = bool(invoice.offline) or facts.issue_date < accepted_on
    world.store.run(
        "UPDATE invoices SET code = ?, mode = ?, ksef_number = ?, acquired_at = ?, stored_at = ? WHERE id = ?",
        SUCCESS,
        "Offline" if offline else "Online",
        new_ksef_number(seller=facts.seller, on=accepted_on),
        invoice.due_at,
        invoice.due_at + as_milliseconds(world.options.storage),
        invoice.id,
    )
    _keep_facts(world.store, invoice, facts)


def _reject(
    store: Store,
    invoice: Invoice,
    *,
    facts: Facts | None,
    rejection: Rejected,
    original: _Original | None = None,
) -> None:
    store.run(
        "UPDATE invoices SET code = ?, details = ?, original_session = ?, original_number = ? WHERE id = ?",
        rejection.code,
        json.dumps(rejection.details, ensure_ascii=False),
        original.session if original else None,
        original.ksef_number if original else None,
        invoice.id,
    )
    if facts is not None:
        _keep_facts(store, invoice, facts)


def _keep_facts(store: Store, invoice: Invoice, facts: Facts) -> None:
    store.run(
        "UPDATE invoices SET seller = ?, seller_name = ?, buyer = ?, kind = ?, number = ?, issue_date = ?,"
        " gross = ?, currency = ? WHERE id = ?",
        facts.seller,
        facts.seller_name,
        facts.buyer,
        facts.kind,
        facts.number,
        facts.issue_date.isoformat(),
        facts.gross,
        facts.currency,
        invoice.id,
    )
