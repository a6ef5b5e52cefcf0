"""Our own brake before KSeF's limits: the calls of the last hour, kept with the company (F8, I7)."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from invoices.models import Receiving
from ksef.errors import Limited
from ksef.pacing import Lane, Pacer, RateGroup
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator


class Paced(Limited):
    """We held the call back ourselves: KSeF was not asked, so nothing else of the company need wait."""


class StoredGate:
    """A gate of ksef.pacing for all workers together; each look at it is a short transaction of its own."""

    def __init__(self, *, receiving_id: uuid.UUID, company_id: uuid.UUID, user_id: uuid.UUID) -> None:
        self._receiving_id = receiving_id
        self._company_id = company_id
        self._user_id = user_id

    def enter(self, group: RateGroup) -> None:
        with self._pacer() as pacer:
            wait = pacer.wait(group)
            if wait > 0:
                raise Paced(wait)
            pacer.enter(group)

    def limited(self, group: RateGroup, *, retry_after: float) -> None:
        with self._pacer() as pacer:
            pacer.limited(group, retry_after=retry_after)

    @contextmanager
    def _pacer(self) -> Iterator[Pacer]:
        with tenant_transaction(self._company_id, user_id=self._user_id):
            row = Receiving.objects.select_for_update().get(id=self._receiving_id)
            lanes = {RateGroup(name): Lane.load(text) for name, text in row.lanes.items()}
            pacer = Pacer(now=time.time, lanes=lanes)
            yield pacer
            row.lanes = {group.value: lane.dump() for group, lane in pacer.lanes.items()}
            row.save(update_fields=["lanes"])
