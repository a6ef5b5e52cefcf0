"""Addresses of the control API."""

from typing import Final

from ksef.simulator.control.world import CONTROL_ROUTES

ROUTES: Final = CONTROL_ROUTES
