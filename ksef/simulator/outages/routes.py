"""Addresses of the lighthouse."""

from typing import Final

from ksef.simulator.outages import lighthouse
from ksef.simulator.routing import Route

ROUTES: Final = (
    Route("GET", "/latarnia/status", lighthouse.show_status),
    Route("GET", "/latarnia/messages", lighthouse.show_messages),
)
