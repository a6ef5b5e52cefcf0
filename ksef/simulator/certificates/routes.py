"""Addresses of KSeF certificates."""

from typing import Final

from ksef.simulator.certificates import enrollment, lists
from ksef.simulator.routing import ACCESS, Route

_ENROLLMENTS: Final = "/v2/certificates/enrollments"

ROUTES: Final = (
    Route("GET", "/v2/certificates/limits", enrollment.show_limits, ACCESS),
    Route("GET", f"{_ENROLLMENTS}/data", enrollment.show_data, ACCESS),
    Route("POST", _ENROLLMENTS, enrollment.enroll, ACCESS),
    Route("GET", f"{_ENROLLMENTS}/{{reference}}", enrollment.show_status, ACCESS),
    Route("POST", "/v2/certificates/retrieve", lists.retrieve, ACCESS),
    Route("POST", "/v2/certificates/query", lists.query, ACCESS),
    Route("POST", "/v2/certificates/{serial}/revoke", lists.revoke_certificate, ACCESS),
    Route("PUT", "/v2/testdata/certificates/{serial}", lists.change_validity, ACCESS),
)
