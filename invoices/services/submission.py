"""Queueing an approved invoice for KSeF: by approval itself, or on demand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.selectors import find_connection, get_company
from invoices import outbox
from invoices.domain.lifecycle import Event, State
from invoices.models import Invoice, InvoiceDocument, OutboxEntry, Submission
from invoices.services._transition import apply_event, lock_invoice
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from accounts.models import Company
    from roles.access import Actor


def submit_invoice(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Send an approved invoice on demand (S83, S88), in the actor's own name.

    One that is on its way or has arrived is returned unchanged (S90); one that may still be taken back goes now.
    Raises RuleBroken: not_subject (S98), receive_only (S92), not_approved, not_connected.
    """
    actor.require(Right.SEND)
    invoice = lock_invoice(invoice_id)
    if invoice.state == State.QUEUED:
        end_recall_window(invoice)
    if invoice.state in {State.QUEUED, State.SENDING, State.ACCEPTED} or is_on_its_way(invoice):
        return invoice
    if invoice.state == State.EXEMPT:
        raise RuleBroken("not_subject")
    if invoice.state not in {State.APPROVED, State.OFFLINE}:
        raise RuleBroken("not_approved")
    if not get_company(actor.company_id).sends:
        raise RuleBroken("receive_only")
    if find_connection(actor=actor, environment=invoice.environment) is None:
        raise RuleBroken("not_connected")
    queue_submission(invoice, actor=actor)
    return invoice


def is_on_its_way(invoice: Invoice) -> bool:
    """Whether somebody has given it for sending, and that has not ended."""
    return Submission.objects.filter(invoice_id=invoice.id, closed_at=None).exists()


def goes_by_itself(invoice: Invoice, *, actor: Actor, company: Company) -> bool:
    """S75, S80: approval by somebody whose sending is automatic starts it; S92: where anything is sent at all."""
    if not company.sends or not actor.may(Right.SEND_AUTOMATICALLY):
        return False
    return find_connection(actor=actor, environment=invoice.environment) is not None


def end_recall_window(invoice: Invoice) -> None:
    submission = Submission.objects.select_for_update().get(invoice_id=invoice.id, closed_at=None)
    if submission.problem == Submission.RECALL_WINDOW:
        submission.problem, submission.next_attempt_at = "", None
        submission.save(update_fields=["problem", "next_attempt_at"])
        outbox.hasten(submission.id)


def queue_submission(invoice: Invoice, *, actor: Actor, delay: timedelta = timedelta()) -> None:
    """Event, submission and outbox entry in the caller's transaction; the doorbell rings after its commit.

    A delay is the time in which the invoice may be taken back ("Okno namysłu").
    """
    document = InvoiceDocument.objects.get(invoice_id=invoice.id, revision=invoice.revision)
    submission = Submission.objects.create(
        company_id=invoice.company_id,
        invoice=invoice,
        document=document,
        user_id=actor.user_id,
        environment=invoice.environment,
        problem=Submission.RECALL_WINDOW if delay else "",
        next_attempt_at=timezone.now() + delay if delay else None,
    )
    apply_event(invoice, Event.QUEUED, actor_id=actor.user_id)
    outbox.enqueue(
        kind=OutboxEntry.Kind.DELIVER,
        company_id=invoice.company_id,
        user_id=actor.user_id,
        target_id=submission.id,
        delay=delay,
        # An online document has to arrive on its own day.
        deadline=invoice.send_by or invoice.issue_date,
    )
