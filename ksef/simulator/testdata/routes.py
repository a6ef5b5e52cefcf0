"""Addresses of the test data of TEST."""

from typing import Final

from ksef.simulator.routing import Route

ROUTES: Final[tuple[Route, ...]] = ()
