"""Tasks only wake services; each may run twice, late or at once with itself."""

from __future__ import annotations

from celery import shared_task

from accounts.services import access_timers


@shared_task(name="accounts.tasks.renew_due_access")
def renew_due_access() -> None:
    """C5: renew the access tokens that are in use and about to end."""
    access_timers.renew_due_access()


@shared_task(name="accounts.tasks.raise_due_notices")
def raise_due_notices() -> None:
    """C7: tell people whose access or certificate comes to its end."""
    access_timers.raise_due_notices()
