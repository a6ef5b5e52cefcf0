"""Addresses of the lighthouse."""

from typing import Final

from ksef.simulator.routing import Route

ROUTES: Final[tuple[Route, ...]] = ()
