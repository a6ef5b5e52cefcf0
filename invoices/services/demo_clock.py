"""The past, for the demo's seed: one time for this process and for the KSeF simulator, given back at the end."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
from django.conf import settings
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

# The seed waits for nothing that only imitates slowness.
_IMPATIENT: Final = {"processing": 0, "authentication": 0, "storage": 0}


class NoSimulator(Exception):
    """The demo's year has to be sent somewhere, and the simulator does not answer."""


@dataclass(frozen=True, slots=True)
class SimulatedTime:
    """A simulator that is ready to live in the past."""

    http: httpx.Client

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Inside, it is this moment here and at the simulator, and time goes on from it."""
        self.control("POST", "clock", {"now": moment.isoformat()})
        started, real_now = time.monotonic(), timezone.now
        # The whole portal asks django.utils.timezone for the time; only this process, which is the seed's own,
        # is told another.
        timezone.now = lambda: moment + timedelta(seconds=time.monotonic() - started)
        try:
            yield
        finally:
            timezone.now = real_now

    def control(self, method: str, what: str, body: object = None) -> Any:
        response = self.http.request(method, f"_control/{what}", json=body)
        response.raise_for_status()
        return response.json()


@contextmanager
def simulated_time() -> Iterator[SimulatedTime]:
    """Borrow the simulator's clock and settings; whatever happens, they are as before at the end."""
    # The one that stands behind the environment of a new company.
    _api_url, base_url = settings.KSEF_ADDRESSES[settings.KSEF_ENVIRONMENTS[0]]
    with httpx.Client(base_url=base_url, timeout=settings.KSEF_TIMEOUT) as http:
        simulator = SimulatedTime(http)
        try:
            options = simulator.control("GET", "options")
        except httpx.TransportError as error:
            raise NoSimulator(base_url) from error
        try:
            simulator.control("POST", "options", _IMPATIENT)
            yield simulator
        finally:
            simulator.control("POST", "clock", {"offset": 0})
            simulator.control("POST", "options", {name: options[name] for name in _IMPATIENT})
