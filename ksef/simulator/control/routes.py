"""Addresses of the control API."""

from typing import Final

from ksef.simulator.control.certificates import CERTIFICATE_ROUTES
from ksef.simulator.control.endings import ENDINGS_ROUTES
from ksef.simulator.control.expiry import EXPIRY_ROUTES
from ksef.simulator.control.exports import EXPORT_ROUTES
from ksef.simulator.control.faults import FAULT_ROUTES
from ksef.simulator.control.index import Index
from ksef.simulator.control.invoices import INVOICE_ROUTES
from ksef.simulator.control.outages import OUTAGE_ROUTES
from ksef.simulator.control.peppol import PEPPOL_ROUTES
from ksef.simulator.control.sessions import SESSION_ROUTES
from ksef.simulator.control.world import CONTROL_ROUTES
from ksef.simulator.routing import Route

_OPERATIONS: Final = (
    *CERTIFICATE_ROUTES,
    *CONTROL_ROUTES,
    *ENDINGS_ROUTES,
    *EXPIRY_ROUTES,
    *EXPORT_ROUTES,
    *FAULT_ROUTES,
    *INVOICE_ROUTES,
    *OUTAGE_ROUTES,
    *PEPPOL_ROUTES,
    *SESSION_ROUTES,
)

ROUTES: Final = (*_OPERATIONS, Route("GET", "/_control/", Index(_OPERATIONS)))
