"""A thread that processes what was sent between the requests, in the program (mounted in a test there is none)."""

import threading
import traceback
from typing import Final

from ksef.simulator.sending.processing import Processing
from ksef.simulator.sending.waiting import has_little_to_do
from ksef.simulator.world import World

_TICK: Final = 0.05
_AFTER_A_FAULT: Final = 1.0
_PATIENCE: Final = 2.0


class Background:
    """What there is to do stands in the database, so stopping loses nothing, and killing does not either."""

    def __init__(self, world: World, processing: Processing) -> None:
        self._world = world
        self._processing = processing
        self._changed = threading.Condition()
        self._asked = 0
        self._done = 0
        self._is_stopping = False
        self._thread = threading.Thread(
            target=self._run, name=f"processing-{world.flavour.name}", daemon=True
        )
        self._thread.start()

    def settle(self, *, now: int) -> None:
        """Wait until little work is done; leave much work to its time, so that nobody waits for others."""
        if not self._has_little_to_do(now=now):
            return
        with self._changed:
            self._asked += 1
            ticket = self._asked
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._done >= ticket or self._is_stopping, timeout=_PATIENCE)

    def stop(self) -> None:
        """End after the piece of work at hand."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _has_little_to_do(self, *, now: int) -> bool:
        with self._world.store.transaction():
            return has_little_to_do(self._world.store, now=now)

    def _run(self) -> None:
        while not self._is_stopping:
            with self._changed:
                self._changed.wait_for(lambda: self._asked > self._done or self._is_stopping, timeout=_TICK)
                ticket = self._asked
            try:
                self._work()
            except Exception:  # noqa: BLE001 - the edge of the program: told on the terminal, tried again.
                traceback.print_exc()
                self._rest()
            self._tell(ticket)

    def _work(self) -> None:
        while not self._is_stopping and self._processing.live_step():
            ticket = self._asked
            # Whoever waits for little does not wait for a package or an export that is at hand, too.
            if ticket > self._done and not self._has_little_to_do(now=self._world.now()):
                self._tell(ticket)

    def _tell(self, ticket: int) -> None:
        with self._changed:
            self._done = ticket
            self._changed.notify_all()

    def _rest(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopping, timeout=_AFTER_A_FAULT)
