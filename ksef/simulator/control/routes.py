"""Addresses of the control API."""

from typing import Final

from ksef.simulator.control.certificates import CERTIFICATE_ROUTES
from ksef.simulator.control.outages import OUTAGE_ROUTES
from ksef.simulator.control.world import CONTROL_ROUTES

ROUTES: Final = (*CERTIFICATE_ROUTES, *CONTROL_ROUTES, *OUTAGE_ROUTES)
