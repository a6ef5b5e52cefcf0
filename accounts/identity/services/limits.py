"""How often something may be tried, per account and per address; allauth counts, in the database cache (V20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core.internal import ratelimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


class TooManyTries(Exception):
    """The limit is reached; nothing was tried."""


def count_try(request: HttpRequest, *, action: str, account: str) -> Callable[[], None]:
    """Count one try of an action of ACCOUNT_RATE_LIMITS against this account and the address it came from.

    Return what takes the try back after a success: this one only, so that an own account's success does not
    wipe out the failures that the same address had at other accounts. Raises TooManyTries, also when the
    count cannot be read in time.
    """
    usage = ratelimit.consume(
        request, app="allauth.account", action=action, key=f"{action}:{account}", limit_get=True
    )
    if usage is None:
        raise TooManyTries
    take_back: Callable[[], None] = usage.rollback
    return take_back
