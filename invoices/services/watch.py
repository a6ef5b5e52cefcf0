"""The daily watch over the invariants: what the tests prove is asked in production as well (I1 to I6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.utils import timezone

from accounts.models import Company
from invoices.selectors.invariants import find_breaches
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid

log = structlog.get_logger()

# Two watches may fail in a row and the third still sees everything.
_LOOKS_BACK = timedelta(days=3)


def check_invariants() -> int:
    """Sound an alarm for each breach, company by company, with ids and nothing else; return how many.

    It changes nothing, so it may run at any time, twice, or beside itself.
    """
    return sum(map(_check, Company.objects.order_by("id").values_list("id", flat=True)))


def _check(company_id: uuid.UUID) -> int:
    now = timezone.now()
    with tenant_transaction(company_id, durable=True):
        breaches = list(find_breaches(now=now, since=now - _LOOKS_BACK))
    for breach in breaches:
        log.error(
            "an invariant does not hold",
            company=str(company_id),
            invariant=breach.invariant,
            fault=breach.fault,
            subject=str(breach.subject),
        )
    return len(breaches)
