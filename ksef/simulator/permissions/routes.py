"""Addresses of permissions and of the registry of Peppol providers."""

from typing import Final

from ksef.simulator.permissions import (
    granting,
    operations,
    peppol,
    queries_of_entities,
    queries_of_persons,
    revoking,
    roles,
    units,
)
from ksef.simulator.permissions.scopes import MANAGE, MANAGE_UNITS, MANAGE_VAT_UE
from ksef.simulator.routing import ACCESS, Route

_ROOT: Final = "/v2/permissions"
_QUERY: Final = f"{_ROOT}/query"
_GIVE: Final = frozenset({MANAGE})
_GIVE_IN_UNITS: Final = frozenset({MANAGE_UNITS})
_GIVE_IN_VAT_UE: Final = frozenset({MANAGE_VAT_UE})
_SEE: Final = frozenset({MANAGE, "CredentialsRead"})
_SEE_UNITS: Final = _SEE | _GIVE_IN_UNITS
_SEE_VAT_UE: Final = _SEE | _GIVE_IN_VAT_UE
_SEE_AUTHORIZATIONS: Final = _SEE | {"PefInvoiceWrite"}
_REVOKE: Final = _GIVE | _GIVE_IN_UNITS | _GIVE_IN_VAT_UE


ROUTES: Final = (
    Route("POST", f"{_ROOT}/persons/grants", granting.grant_to_person, ACCESS, _GIVE),
    Route("POST", f"{_ROOT}/entities/grants", granting.grant_to_entity, ACCESS, _GIVE),
    Route("POST", f"{_ROOT}/authorizations/grants", granting.grant_authorization, ACCESS, _GIVE),
    Route("POST", f"{_ROOT}/indirect/grants", granting.grant_indirectly, ACCESS, _GIVE),
    Route("POST", f"{_ROOT}/subunits/grants", units.grant_to_unit_administrator, ACCESS, _GIVE_IN_UNITS),
    Route(
        "POST",
        f"{_ROOT}/eu-entities/administration/grants",
        units.grant_to_vat_ue_administrator,
        ACCESS,
        _GIVE,
    ),
    Route(
        "POST", f"{_ROOT}/eu-entities/grants", units.grant_to_vat_ue_representative, ACCESS, _GIVE_IN_VAT_UE
    ),
    Route("DELETE", f"{_ROOT}/common/grants/{{permission}}", revoking.revoke_common, ACCESS, _REVOKE),
    Route(
        "DELETE",
        f"{_ROOT}/authorizations/grants/{{permission}}",
        revoking.revoke_authorization,
        ACCESS,
        _GIVE,
    ),
    Route("GET", f"{_ROOT}/operations/{{reference}}", operations.show_operation, ACCESS),
    Route("GET", f"{_ROOT}/attachments/status", roles.show_attachment_consent, ACCESS, _SEE),
    Route("POST", f"{_QUERY}/personal/grants", queries_of_persons.query_own, ACCESS),
    Route("POST", f"{_QUERY}/persons/grants", queries_of_persons.query_persons, ACCESS, _SEE_UNITS),
    Route(
        "POST", f"{_QUERY}/subunits/grants", queries_of_entities.query_unit_administrators, ACCESS, _SEE_UNITS
    ),
    Route("POST", f"{_QUERY}/entities/grants", queries_of_entities.query_received, ACCESS, _SEE),
    Route("GET", f"{_QUERY}/entities/roles", roles.query_roles, ACCESS, _SEE),
    Route("POST", f"{_QUERY}/subordinate-entities/roles", roles.query_subordinates, ACCESS, _SEE_UNITS),
    Route(
        "POST",
        f"{_QUERY}/authorizations/grants",
        queries_of_entities.query_authorizations,
        ACCESS,
        _SEE_AUTHORIZATIONS,
    ),
    Route("POST", f"{_QUERY}/eu-entities/grants", queries_of_entities.query_vat_ue, ACCESS, _SEE_VAT_UE),
    Route("GET", "/v2/peppol/query", peppol.query_providers, group="anonymous"),
)
