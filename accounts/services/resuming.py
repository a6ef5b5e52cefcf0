"""Ringing for the app above, by name: what waited for an access goes on (S37), a log-in looks for costs (S101)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

from accounts.models import Company

if TYPE_CHECKING:
    import uuid

    from accounts.services.credential_store import Owner

log = structlog.get_logger()

# The queue belongs to the app above; it is rung by name, as every worker is.
_RESUME = "invoices.tasks.resume_waiting"
_CHECK = "invoices.tasks.check_at_login"


def resume_sending(owner: Owner) -> None:
    """Ring for what waits in this person's name; without a broker it goes on at its next try, minutes later."""
    _ring(_RESUME, [str(owner.company_id), str(owner.user_id)])


def check_received(user_id: uuid.UUID) -> None:
    """Ring for what this person's companies received, where they want it at each log-in (S101).

    The log-in neither waits for an answer nor fails when there is none; without a broker the schedule finds it.
    """
    companies = Company.objects.filter(
        memberships__user_id=user_id, memberships__is_active=True, fetches_at_login=True
    )
    for company_id in companies.values_list("id", flat=True):
        if not _ring(_CHECK, [str(company_id), str(user_id)]):
            return


def _ring(task: str, arguments: list[str]) -> bool:
    """Whether the broker took it."""
    try:
        current_app.send_task(task, args=arguments, retry=False)
    except OperationalError as error:
        log.warning("the doorbell is away; the queue goes on by itself", task=task, error=str(error))
        return False
    return True
