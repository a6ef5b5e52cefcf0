"""Addresses of permissions."""

from typing import Final

from ksef.simulator.routing import Route

ROUTES: Final[tuple[Route, ...]] = ()
