"""What it means when KSeF does not serve us: for its operator, for the access, for the next try."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from accounts.services import ksef_access
from invoices.services.pacing import Paced
from ksef.errors import AccessExpired, ContractBroken, KSeFError, Limited, Refused
from ksef.status import ACCESS_DENIED, is_own_trouble

if TYPE_CHECKING:
    import uuid

    from accounts.models import Company

log = structlog.get_logger()

LONGEST_WAIT_SECONDS = 900
_PACED_SECONDS = 60.0
_TURNED_AWAY = "turned_away"


def note_setback(error: KSeFError, *, company: Company, environment: str, user_id: uuid.UUID) -> None:
    """Write down what the error means beyond the one document: an alarm, a token that is over.

    How long KSeF wants none of these calls, the gate has kept already (F8).
    """
    if isinstance(error, Paced):
        return  # Our own patience, not KSeF's.
    problem = problem_of(error)
    # Neither can be mended by waiting: KSeF has changed, or something stands between (F52).
    if isinstance(error, ContractBroken):
        log.error("KSeF gave an answer that breaks its contract", problem=problem, error=str(error))
    elif problem == _TURNED_AWAY:
        log.error("KSeF turned away what this program asked", problem=problem, error=str(error))
    else:
        log.warning("KSeF did not serve us", problem=problem, error=str(error))
    if isinstance(error, AccessExpired):
        ksef_access.forget_access(company=company, environment=environment, user_id=user_id)


def problem_of(error: KSeFError) -> str:
    """The code under which the person reads why the document waits."""
    match error:
        case Paced():
            return "paced"
        case Limited():
            return "limited"
        case AccessExpired():
            return "access_expired"
        case ContractBroken():
            return "unreadable"
        case Refused(code=code) if not is_own_trouble(code):
            return "refused" if code == ACCESS_DENIED else _TURNED_AWAY
        case _:
            return "unavailable"


def pause_after(error: KSeFError, *, problem_before: str, attempt: int) -> float:
    """Seconds until the next try; a new token is worth an immediate one, but not twice in a row (F12)."""
    if isinstance(error, Paced):
        # Asked again soon, though KSeF is not: another way may be open before this one is.
        return min(error.retry_after, _PACED_SECONDS)
    if isinstance(error, Limited):
        return error.retry_after
    if isinstance(error, AccessExpired) and problem_before != problem_of(error):
        return 0
    return backoff(attempt)


def backoff(attempt: int) -> float:
    """5, 10, 20 s and so on, up to a quarter of an hour."""
    return float(min(LONGEST_WAIT_SECONDS, 5 * 2 ** min(attempt - 1, 8)))
