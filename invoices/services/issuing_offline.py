"""Issuing offline by choice (R1): the buyer gets the document now, KSeF by the day that the law sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.selectors import get_company
from invoices import outbox
from invoices.domain.deadlines import offline_mode_of
from invoices.domain.lifecycle import Mode, State
from invoices.models import Submission
from invoices.selectors.outages import list_outages
from invoices.services._transition import lock_invoice
from invoices.services.legal_clock import issue_offline
from invoices.services.submission import end_recall_window, goes_by_itself, queue_submission
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from invoices.models import Invoice
    from roles.access import Actor


def issue_invoice_offline(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Make an approved or queued invoice an offline one, in offline24 or in the mode of the announced outage.

    It goes to KSeF by itself where the actor's sending is automatic (R2). One that is offline is returned
    unchanged (S90). Raises RuleBroken: already_sending_online, not_for_offline,
    receive_only.
    """
    actor.require(Right.APPROVE)
    submission = Submission.objects.filter(invoice_id=invoice_id, closed_at=None).first()
    # The entry first, as workers do: whoever holds it decides what becomes of the invoice.
    entry = outbox.lock_unheld(submission.id) if submission else None
    invoice = lock_invoice(invoice_id)
    if invoice.mode != Mode.ONLINE:
        return invoice
    if invoice.state not in {State.APPROVED, State.QUEUED, State.SENDING}:
        raise RuleBroken("not_for_offline")
    company = get_company(actor.company_id)
    if not company.sends:
        raise RuleBroken("receive_only")
    submission = Submission.objects.filter(invoice_id=invoice_id, closed_at=None).first()
    if submission is not None and (
        entry is None or entry.target_id != submission.id or submission.session_reference
    ):
        raise RuleBroken("already_sending_online")
    if submission is not None:
        end_recall_window(invoice)
    now, outages = timezone.now(), list_outages(invoice.environment)
    mode = offline_mode_of(now, outages)
    issue_offline(invoice, mode=mode, issued_at=now, outages=outages, actor_id=actor.user_id)
    if submission is None and goes_by_itself(invoice, actor=actor, company=company):
        queue_submission(invoice, actor=actor)
    return invoice
