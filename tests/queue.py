"""The queue as a worker drains it, and time that passes for everybody at once."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import time_machine
from django.db.models import F, Min
from django.db.models.functions import Now
from django.utils import timezone

from invoices.models import OutboxEntry, RateLane
from invoices.services import sending
from ksef.pacing import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Simulator


def run_queue() -> int:
    """Do what is due, fairly, as workers do when the bell rings; how many pieces of work that were."""
    done = 0
    while sending.run_next():
        done += 1
    return done


def age_queue(seconds: float = 60) -> None:
    """As if everything had been waiting for so long already."""
    OutboxEntry.objects.update(not_before=F("not_before") - timedelta(seconds=seconds))


class Clock:
    """Time for the portal, its database and the simulator together; it passes only when told to."""

    def __init__(self, traveller: time_machine.Traveller, simulator: Simulator) -> None:
        self._traveller = traveller
        self._simulator = simulator
        self.passed = 0.0

    def wait(self, seconds: float) -> None:
        self.passed += seconds
        self._traveller.shift(seconds)
        self._simulator.control("POST", "clock", {"offset": self.passed})
        age_queue(seconds)
        for row in RateLane.objects.all():
            lane = Lane.load(row.counted)
            moved = Lane(
                calls=tuple((at - round(seconds * 1000), count) for at, count in lane.calls),
                blocked_until=max(0, lane.blocked_until - round(seconds * 1000)),
            )
            RateLane.objects.filter(id=row.id).update(counted=moved.dump())

    def wait_for_work(self) -> None:
        """Until something may be due, at the latest until the next sweep of the queue."""
        nearest = OutboxEntry.objects.filter(batch_id=None).aggregate(wait=Min(F("not_before") - Now()))[
            "wait"
        ]
        self.wait(min(15.0, max(1.0, nearest.total_seconds() if nearest else 1.0)))


@contextmanager
def own_clock(simulator: Simulator) -> Iterator[Clock]:
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield Clock(traveller, simulator)
