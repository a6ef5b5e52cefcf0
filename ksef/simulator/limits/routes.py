"""Addresses of limits, and of their changing on TEST."""

from typing import Final

from ksef.simulator.limits import changing, published
from ksef.simulator.routing import ACCESS, Route

_SESSION: Final = "/v2/testdata/limits/context/session"
_CERTIFICATE: Final = "/v2/testdata/limits/subject/certificate"
_RATES: Final = "/v2/testdata/rate-limits"

ROUTES: Final = (
    Route("GET", "/v2/limits/context", published.show_context_limits, ACCESS),
    Route("GET", "/v2/limits/subject", published.show_subject_limits, ACCESS),
    Route("GET", "/v2/rate-limits", published.show_rate_limits, ACCESS),
    Route("POST", _SESSION, changing.change_session_limits, ACCESS),
    Route("DELETE", _SESSION, changing.restore_session_limits, ACCESS),
    Route("POST", _CERTIFICATE, changing.change_certificate_limits, ACCESS),
    Route("DELETE", _CERTIFICATE, changing.restore_certificate_limits, ACCESS),
    Route("POST", _RATES, changing.change_rates, ACCESS),
    Route("DELETE", _RATES, changing.restore_rates, ACCESS),
    Route("POST", f"{_RATES}/production", changing.use_production_rates, ACCESS),
)
