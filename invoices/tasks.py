"""Tasks only wake services; each may run twice, late or at once with itself."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from invoices import outbox
from invoices.services import lighthouses, receiving, sending, watch


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


# It reads for as long as there are companies: acknowledged at its start, or the broker would hand it out again.
@shared_task(name="invoices.tasks.check_invariants", acks_late=False, soft_time_limit=3500, time_limit=3600)
def check_invariants() -> None:
    """Look whether everything holds that must hold, and sound an alarm where it does not (I1 to I6)."""
    watch.check_invariants()


@shared_task(name="invoices.tasks.watch_lighthouses")
def watch_lighthouses() -> None:
    """Read what was published about outages of KSeF, and carry it out."""
    lighthouses.watch_lighthouses()


@shared_task(name="invoices.tasks.check_at_login")
def check_at_login(company_id: str, user_id: str) -> None:
    """C6, S101: somebody has logged in: look for what their company received."""
    receiving.check_at_login(company_id=UUID(company_id), user_id=UUID(user_id))


@shared_task(name="invoices.tasks.schedule_checks")
def schedule_checks() -> None:
    """Let no connected company that wants its purchase invoices be without a place in the queue."""
    receiving.schedule_checks()
