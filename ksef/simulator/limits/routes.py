"""Addresses of limits."""

from typing import Final

from ksef.simulator.limits import published
from ksef.simulator.routing import ACCESS, Route

ROUTES: Final = (
    Route("GET", "/v2/limits/context", published.show_context_limits, ACCESS),
    Route("GET", "/v2/limits/subject", published.show_subject_limits, ACCESS),
    Route("GET", "/v2/rate-limits", published.show_rate_limits, ACCESS),
)
