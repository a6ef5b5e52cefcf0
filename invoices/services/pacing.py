"""Keeps all workers together below KSeF's limits; the count is in PostgreSQL, and restarts forget nothing (F8, I7)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from invoices.models import RateAllowance, RateLane
from invoices.selectors.rates import database_time, find_allowance, find_lane, limits_of, place_of, read_lane
from ksef.errors import Limited
from ksef.pacing import RateGroup, RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ksef.gateway import Gateway
    from ksef.pacing import Lane, RateLimits

log = structlog.get_logger()

# A worker waits so long for the windows of a second; longer waits are the queue's.
_PATIENCE_SECONDS = 2.0


class Paced(Limited):
    """Our own count says that KSeF would refuse this call: nothing has gone out."""


class Pace:
    """The gate (ksef.pacing.Gate) for one taxpayer in one environment, shared by all processes.

    Every call is counted before it goes out, by the clock of the database. No transaction may be open.
    """

    def __init__(self, *, environment: str, nip: str) -> None:
        self._environment = environment
        self._nip = nip
        self.limits = limits_of(self._find_allowance())

    def enter(self, group: RateGroup) -> None:
        """Count the call that now goes out; raises Paced when it would have to wait longer than a moment."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while wait := self._try(group):
            if time.monotonic() + wait > deadline:
                raise Paced(wait)
            time.sleep(wait)

    def limited(self, group: RateGroup, *, retry_after: float) -> None:
        """KSeF said 429: none of these calls before then, and its limits must be read anew."""
        with transaction.atomic(durable=True):
            row, lane, now = self._lock(group)
            self._save(row, lane.blocked(retry_after=retry_after, now=now))
            RateAllowance.objects.update_or_create(
                environment=self._environment, context=self._nip, defaults={"is_stale": True}
            )
        log.error("KSeF refused a call for coming too soon", group=group.value, retry_after=retry_after)

    def require(self, group: RateGroup) -> None:
        """Raise Paced when a call of this group would have to wait now; counts nothing."""
        wait = self.wait(group)
        if wait > _PATIENCE_SECONDS:
            raise Paced(wait)

    def wait(self, group: RateGroup) -> float:
        """Seconds until a call of this group may go; 0 when it may now."""
        lane = find_lane(group, environment=self._environment, nip=self._nip)
        return lane.wait(self.limits.of(group), now=database_time())

    def keep_up(self, gateway: Gateway, access_token: str) -> None:
        """Read the limits again when a 429 showed that ours are not true any more (F9). Calls KSeF."""
        allowance = self._find_allowance()
        if allowance is None or not allowance.is_stale:
            return
        limits = gateway.limits.get_rate_limits(access_token)
        RateAllowance.objects.filter(id=allowance.id).update(told=_dump(limits), is_stale=False)
        self.limits = limits

    def read_session_size(self, gateway: Gateway, access_token: str) -> None:
        """Ask how many documents a package may have, after one was refused for its number. Calls KSeF."""
        most = gateway.limits.get_context_limits(access_token).batch.invoices
        RateAllowance.objects.update_or_create(
            environment=self._environment, context=self._nip, defaults={"session_invoices": most}
        )

    @property
    def session_invoices(self) -> int | None:
        allowance = self._find_allowance()
        return allowance.session_invoices if allowance else None

    def _find_allowance(self) -> RateAllowance | None:
        return find_allowance(environment=self._environment, nip=self._nip)

    def _try(self, group: RateGroup) -> float:
        """Count the call if it may go now; else the seconds until then."""
        with transaction.atomic(durable=True):
            held = [(one, *self._lock(one)) for one in self._counted_in(group)]
            waits = [lane.wait(self.limits.of(one), now=now) for one, _row, lane, now in held]
            if any(waits):
                return max(waits)
            for one, row, lane, now in held:
                self._save(row, lane.entered(self.limits.of(one), now=now))
        return 0.0

    def _counted_in(self, group: RateGroup) -> Iterator[RateGroup]:
        yield group
        if group is not RateGroup.GLOBAL and self.limits.of(RateGroup.GLOBAL) != RateLimit():
            yield RateGroup.GLOBAL

    def _lock(self, group: RateGroup) -> tuple[RateLane, Lane, float]:
        place = place_of(group, environment=self._environment, nip=self._nip)
        RateLane.objects.bulk_create([RateLane(**place)], ignore_conflicts=True)
        row = RateLane.objects.select_for_update().get(**place)
        # Asked after the lock, so that calls are counted in the order in which they go.
        return row, read_lane(row), database_time()

    def _save(self, row: RateLane, lane: Lane) -> None:
        RateLane.objects.filter(id=row.id).update(counted=lane.dump())


def _dump(limits: RateLimits) -> dict[str, list[int | None]]:
    return {
        group.value: [limit.per_second, limit.per_minute, limit.per_hour]
        for group, limit in limits.told.items()
    }
