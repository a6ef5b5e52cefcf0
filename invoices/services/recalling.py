"""Taking an approved invoice back before KSeF can have seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from invoices import outbox
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import Invoice, Submission
from invoices.services._transition import apply_event, lock_invoice
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from roles.access import Actor


def recall_invoice(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Make an approved or queued invoice a draft again, under its number; a draft is returned unchanged.

    Only while it is certain that nothing of it has reached KSeF, and not when it was issued offline: then its
    buyer may have it. Raises RuleBroken: already_sending, issued_offline, not_recallable.
    """
    actor.require(Right.APPROVE)
    submission = Submission.objects.filter(invoice_id=invoice_id, closed_at=None).first()
    # The entry first, as workers do: whoever holds it decides what becomes of the invoice.
    entry = outbox.lock_unheld(submission.id) if submission else None
    invoice = lock_invoice(invoice_id)
    if invoice.state == State.DRAFT:
        return invoice
    if invoice.mode != Mode.ONLINE:
        raise RuleBroken("issued_offline")
    if invoice.state == State.QUEUED:
        submission = Submission.objects.select_for_update().get(invoice_id=invoice_id, closed_at=None)
        if entry is None or entry.target_id != submission.id or submission.session_reference:
            raise RuleBroken("already_sending")
        entry.delete()
        submission.problem, submission.next_attempt_at = "", None
        submission.closed_at = timezone.now()
        submission.save(update_fields=["problem", "next_attempt_at", "closed_at"])
    elif invoice.state == State.SENDING:
        raise RuleBroken("already_sending")
    elif invoice.state != State.APPROVED:
        raise RuleBroken("not_recallable")
    apply_event(invoice, Event.RECALLED, actor_id=actor.user_id)
    return invoice
