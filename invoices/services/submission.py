"""Queueing an approved invoice for KSeF: by approval itself, or on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.domain.errors import RuleBroken
from accounts.selectors import find_connection, get_company
from invoices import outbox
from invoices.domain.lifecycle import Event, State
from invoices.models import Invoice, InvoiceDocument, OutboxEntry, Submission
from invoices.services._transition import apply_event, lock_invoice
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from roles.access import Actor


def submit_invoice(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Send an approved invoice on demand (S83, S88), in the actor's own name.

    One that is on its way or has arrived is returned unchanged (S90).
    Raises RuleBroken: not_subject (S98), receive_only (S92), not_approved, not_connected.
    """
    actor.require(Right.SEND)
    invoice = lock_invoice(invoice_id)
    if invoice.state in {State.QUEUED, State.SENDING, State.OFFLINE, State.ACCEPTED}:
        return invoice
    if invoice.state == State.EXEMPT:
        raise RuleBroken("not_subject")
    if invoice.state != State.APPROVED:
        raise RuleBroken("not_approved")
    if not get_company(actor.company_id).sends:
        raise RuleBroken("receive_only")
    if find_connection(actor=actor, environment=invoice.environment) is None:
        raise RuleBroken("not_connected")
    queue_submission(invoice, actor=actor)
    return invoice


def queue_submission(invoice: Invoice, *, actor: Actor) -> None:
    """Event, submission and outbox entry in the caller's transaction; the doorbell rings after its commit."""
    document = InvoiceDocument.objects.get(invoice_id=invoice.id, revision=invoice.revision)
    submission = Submission.objects.create(
        company_id=invoice.company_id,
        invoice=invoice,
        document=document,
        user_id=actor.user_id,
        environment=invoice.environment,
    )
    apply_event(invoice, Event.QUEUED, actor_id=actor.user_id)
    outbox.enqueue(
        kind=OutboxEntry.Kind.DELIVER,
        company_id=invoice.company_id,
        user_id=actor.user_id,
        target_id=submission.id,
    )
