"""The routing table: every operation, which bearer token it takes and which permissions it asks for."""

from typing import Final

from ksef.simulator.access.routes import ROUTES as ACCESS
from ksef.simulator.certificates.routes import ROUTES as CERTIFICATES
from ksef.simulator.control.routes import ROUTES as CONTROL
from ksef.simulator.limits.routes import ROUTES as LIMITS
from ksef.simulator.outages.routes import ROUTES as OUTAGES
from ksef.simulator.pages.routes import ROUTES as PAGES
from ksef.simulator.permissions.routes import ROUTES as PERMISSIONS
from ksef.simulator.reading.routes import ROUTES as READING
from ksef.simulator.routing import Route
from ksef.simulator.sending.routes import ROUTES as SENDING
from ksef.simulator.testdata.routes import ROUTES as TESTDATA

_ALL: Final[tuple[Route, ...]] = (
    *ACCESS,
    *CERTIFICATES,
    *CONTROL,
    *LIMITS,
    *OUTAGES,
    *PAGES,
    *PERMISSIONS,
    *READING,
    *SENDING,
    *TESTDATA,
)
# The most literal address wins, as the OpenAPI specification asks.
ROUTES: Final = tuple(sorted(_ALL, key=lambda route: route.path.count("{")))
