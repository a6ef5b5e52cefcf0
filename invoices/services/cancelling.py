"""Cancelling a practice document: a mark of ours, since KSeF has no such call (S7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.domain.environments import has_legal_effect
from accounts.domain.errors import RuleBroken
from invoices.domain.lifecycle import Event, State
from invoices.services._transition import apply_event, lock_invoice
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from invoices.models import Invoice
    from roles.access import Actor


def cancel_invoice(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Mark a document without legal effect as cancelled; one that is cancelled already is returned unchanged.

    Raises RuleBroken: legal_document (S10: what production KSeF may have is corrected, never cancelled),
    not_cancellable (a draft is deleted, and what is on its way has to arrive first).
    """
    actor.require(Right.APPROVE)
    invoice = lock_invoice(invoice_id)
    if has_legal_effect(invoice.environment):
        raise RuleBroken("legal_document")
    if invoice.state == State.CANCELLED:
        return invoice
    if invoice.state not in {State.APPROVED, State.ACCEPTED}:
        raise RuleBroken("not_cancellable")
    apply_event(invoice, Event.CANCELLED, actor_id=actor.user_id)
    return invoice
