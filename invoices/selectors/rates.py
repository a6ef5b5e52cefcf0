"""How much of KSeF's limits is left for a taxpayer, as all workers together have counted (section 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.db import connection

from invoices.models import RateAllowance, RateLane
from ksef.pacing import Lane, RateGroup, RateLimit, RateLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger()


def find_allowance(*, environment: str, nip: str) -> RateAllowance | None:
    return RateAllowance.objects.filter(environment=environment, context=nip).first()


def limits_of(allowance: RateAllowance | None) -> RateLimits:
    """What KSeF told, else what it publishes."""
    told: Mapping[str, list[int | None]] = allowance.told if allowance else {}
    known = set(RateGroup)
    return RateLimits({RateGroup(name): RateLimit(*limit) for name, limit in told.items() if name in known})


def place_of(group: RateGroup, *, environment: str, nip: str) -> dict[str, str]:
    """Where calls of this group are counted."""
    # KSeF counts these by our address alone, whoever the caller is.
    is_everybodys = group in {RateGroup.ANONYMOUS, RateGroup.GLOBAL}
    return {"environment": environment, "context": "" if is_everybodys else nip, "group": group.value}


def read_lane(row: RateLane | None) -> Lane:
    if row is None:
        return Lane()
    try:
        return Lane.load(row.counted)
    except ValueError:
        log.exception("the count of calls cannot be read and begins anew", group=row.group)
        return Lane()


def find_lane(group: RateGroup, *, environment: str, nip: str) -> Lane:
    place = place_of(group, environment=environment, nip=nip)
    return read_lane(RateLane.objects.filter(**place).first())


def database_time() -> float:
    """Seconds since 1970 by the one clock that all workers share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])
