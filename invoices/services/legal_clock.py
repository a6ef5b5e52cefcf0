"""What makes a document an offline one, and what moves or lifts the day by which KSeF must have it.

The caller holds the invoice's lock. Days come from invoices.domain.deadlines and from published outages alone (F49).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from invoices import outbox
from invoices.domain.calendar import midnight_after
from invoices.domain.deadlines import Deadline, Waiting, find_deadline
from invoices.domain.lifecycle import Event, Mode, State
from invoices.models import Submission
from invoices.services._transition import apply_event, lock_invoice

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import date, datetime

    from invoices.models import Invoice, OutboxEntry
    from ksef.exchange.outages import Outage

# What is on its way may be in KSeF already: it is judged when it comes back.
RELEASABLE = frozenset({State.APPROVED, State.QUEUED, State.OFFLINE})
MOVABLE = frozenset({State.APPROVED, State.OFFLINE, State.SENDING, State.REJECTED})


def make_offline(invoice: Invoice, *, mode: Mode, issued_at: datetime, outages: Sequence[Outage]) -> Deadline:
    """Give the invoice its offline mode and its deadline, and store them."""
    invoice.mode, invoice.issued_at = mode, issued_at
    deadline = reckon(invoice, outages)
    invoice.send_by, invoice.deadline_basis = deadline.day, deadline.basis
    invoice.save(update_fields=["mode", "issued_at", "send_by", "deadline_basis"])
    return deadline


def issue_offline(
    invoice: Invoice,
    *,
    mode: Mode,
    issued_at: datetime,
    outages: Sequence[Outage],
    actor_id: uuid.UUID | None,
) -> None:
    """An approved or queued invoice becomes an offline one, with the event that says so."""
    deadline = make_offline(invoice, mode=mode, issued_at=issued_at, outages=outages)
    apply_event(
        invoice, Event.ISSUED_OFFLINE, actor_id=actor_id, data={"mode": mode.value, **_facts(deadline)}
    )


def reckon(invoice: Invoice, outages: Sequence[Outage]) -> Deadline:
    """The deadline of the invoice as it stands, by what has been published."""
    return find_deadline(Waiting(Mode(invoice.mode), invoice.issue_date, issue_moment(invoice)), outages)


def issue_moment(invoice: Invoice) -> datetime:
    """When it was issued; of invoices older than the column only the day is known."""
    return invoice.issued_at or midnight_after(invoice.issue_date - timedelta(days=1))


def settle(invoice_id: uuid.UUID, outages: Sequence[Outage]) -> bool:
    """Carry out what was published since: another deadline, or none at all. Tells whether anything changed."""
    waiting = Submission.objects.filter(invoice_id=invoice_id, closed_at=None).first()
    # The entry first, as workers do: whoever holds it decides what becomes of the invoice.
    entry = outbox.lock_unheld(waiting.id) if waiting else None
    invoice = lock_invoice(invoice_id)
    deadline = reckon(invoice, outages)
    if deadline.is_lifted:
        return _release(invoice, entry, deadline)
    known = (invoice.send_by, invoice.deadline_basis)
    if invoice.mode == Mode.ONLINE or invoice.state not in MOVABLE or known == (deadline.day, deadline.basis):
        return False
    facts = _facts(deadline) | {"former": _text(invoice.send_by)}
    invoice.send_by, invoice.deadline_basis = deadline.day, deadline.basis
    invoice.save(update_fields=["send_by", "deadline_basis"])
    apply_event(invoice, Event.DEADLINE_MOVED, actor_id=None, data=facts)
    return True


def release(invoice: Invoice, deadline: Deadline) -> None:
    """A total failure was announced: the invoice leaves the way to KSeF for good (art. 106ng)."""
    facts = _facts(deadline) | {"former": _text(invoice.send_by)}
    invoice.send_by, invoice.deadline_basis = None, deadline.basis
    invoice.save(update_fields=["send_by", "deadline_basis"])
    apply_event(invoice, Event.RELEASED, actor_id=None, data=facts)


def _release(invoice: Invoice, entry: OutboxEntry | None, deadline: Deadline) -> bool:
    """Unless a worker holds it at this moment: that one finds the failure itself before it sends anything."""
    if invoice.state not in RELEASABLE:
        return False
    submission = Submission.objects.filter(invoice_id=invoice.id, closed_at=None).first()
    if submission is not None:
        if entry is None or entry.target_id != submission.id or submission.session_reference:
            return False
        entry.delete()
        submission.problem, submission.next_attempt_at = "", None
        submission.closed_at = timezone.now()
        submission.save(update_fields=["problem", "next_attempt_at", "closed_at"])
    release(invoice, deadline)
    return True


def _facts(deadline: Deadline) -> dict[str, Any]:
    return {
        "send_by": _text(deadline.day),
        "basis": deadline.basis.value,
        "messages": list(deadline.message_ids),
    }


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""
