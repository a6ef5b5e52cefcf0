"""Addresses of the control API."""

from typing import Final

from ksef.simulator.control.certificates import CERTIFICATE_ROUTES
from ksef.simulator.control.endings import ENDINGS_ROUTES
from ksef.simulator.control.outages import OUTAGE_ROUTES
from ksef.simulator.control.peppol import PEPPOL_ROUTES
from ksef.simulator.control.world import CONTROL_ROUTES

ROUTES: Final = (*CERTIFICATE_ROUTES, *CONTROL_ROUTES, *ENDINGS_ROUTES, *OUTAGE_ROUTES, *PEPPOL_ROUTES)
