"""Tasks only wake services; each may run twice, late or at once with itself."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from invoices import outbox
from invoices.services import sending


@shared_task(name="invoices.tasks.run_entry")
def run_entry(company_id: str, user_id: str, entry_id: str) -> None:  # noqa: ARG001 -- for whoever reads the broker
    """Do one piece of work. The rows, not the message, say which is next, and in whose name."""
    sending.run_next()


@shared_task(name="invoices.tasks.resume_waiting")
def resume_waiting(company_id: str, user_id: str) -> None:
    """Somebody's access to KSeF works again: what waited for it goes on at once (S37)."""
    outbox.resume(company_id=UUID(company_id), user_id=UUID(user_id))


@shared_task(name="invoices.tasks.dispatch_due")
def dispatch_due() -> None:
    """Ring for everything that is due: what a doorbell lost, the sweep finds (F32)."""
    outbox.wake_due()
