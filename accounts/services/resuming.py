"""Letting queued documents go on at once when their sender's access works again (S37)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from accounts.services.credential_store import Owner

log = structlog.get_logger()

# The queue belongs to the app above; it is rung by name, as every worker is.
_RESUME = "invoices.tasks.resume_waiting"


def resume_sending(owner: Owner) -> None:
    """Ring for what waits in this person's name; without a broker it goes on at its next try, minutes later."""
    try:
        current_app.send_task(_RESUME, args=[str(owner.company_id), str(owner.user_id)], retry=False)
    except OperationalError as error:
        log.warning("the doorbell is away; the queue goes on by itself", error=str(error))
