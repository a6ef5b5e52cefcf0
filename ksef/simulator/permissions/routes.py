"""Addresses of permissions and of the registry of Peppol providers."""

from typing import Final

from ksef.simulator.permissions import peppol, roles
from ksef.simulator.permissions.scopes import MANAGE, MANAGE_UNITS
from ksef.simulator.routing import ACCESS, Route

_SEE: Final = frozenset({MANAGE, "CredentialsRead"})
_SEE_UNITS: Final = _SEE | {MANAGE_UNITS}
_ROOT: Final = "/v2/permissions"

ROUTES: Final = (
    Route("GET", "/v2/peppol/query", peppol.query_providers, group="anonymous"),
    Route("GET", f"{_ROOT}/attachments/status", roles.show_attachment_consent, ACCESS, _SEE),
    Route("GET", f"{_ROOT}/query/entities/roles", roles.query_roles, ACCESS, _SEE),
    Route("POST", f"{_ROOT}/query/subordinate-entities/roles", roles.query_subordinates, ACCESS, _SEE_UNITS),
)
