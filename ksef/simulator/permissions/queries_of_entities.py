"""Queries about entities: administrators of units, received and given rights, EU entities (section 11)."""

from typing import Final

from ksef.simulator.identifiers import nip_of
from ksef.simulator.messages import Fields, Response
from ksef.simulator.permissions.records import Grant, Kind, grants_by, grants_in, grants_to
from ksef.simulator.permissions.scopes import AUTHORIZATIONS, VAT_UE_ADMINISTRATOR
from ksef.simulator.permissions.shown import answer, as_json, common, fits, read_wanted
from ksef.simulator.routing import Call

_VAT_UE_KINDS: Final = frozenset({Kind.VAT_UE_ADMINISTRATOR, Kind.VAT_UE_REPRESENTATIVE})


def query_unit_administrators(call: Call) -> Response:
    """POST /permissions/query/subunits/grants: those appointed from the present context."""
    wanted = Fields.of(call.request).optional_identifier("subunitIdentifier", kinds=("InternalId", "Nip"))
    given = grants_by(call.world.store, call.caller.context, now=call.now)
    found = [grant for grant in given if grant.kind is Kind.SUBUNIT and fits(wanted, grant.context)]
    return answer(call, "permissions", found, shown=_as_administrator)


def _as_administrator(grant: Grant) -> dict[str, object]:
    return {
        **common(grant),
        **grant.unit,
        "authorizedIdentifier": as_json(grant.subject),
        "subunitIdentifier": as_json(grant.context),
        "authorIdentifier": as_json(grant.author),
        "permissionScope": grant.scope,
    }


def query_received(call: Call) -> Response:
    """POST /permissions/query/entities/grants: whose invoices the context's subject may handle."""
    wanted = Fields.of(call.request).optional_identifier("contextIdentifier", kinds=("Nip", "InternalId"))
    received = grants_to(call.world.store, call.caller.context, now=call.now)
    found = [grant for grant in received if grant.kind is Kind.ENTITY and fits(wanted, grant.granted_in)]
    return answer(call, "permissions", found, shown=_as_received)


def _as_received(grant: Grant) -> dict[str, object]:
    return {
        "id": grant.permission_id,
        "contextIdentifier": as_json(grant.granted_in),
        "permissionScope": grant.scope,
        "description": grant.description,
        "startDate": common(grant)["startDate"],
        "canDelegate": grant.can_delegate,
    }


def query_authorizations(call: Call) -> Response:
    """POST /permissions/query/authorizations/grants: given by the context's subject to others, or received."""
    fields = Fields.of(call.request)
    granted = fields.choice("queryType", ("Granted", "Received")) == "Granted"
    authorizing = fields.optional_identifier("authorizingIdentifier", kinds=("Nip",))
    authorized = fields.optional_identifier("authorizedIdentifier", kinds=("Nip", "PeppolId"))
    has_scope = read_wanted(fields, "permissionTypes", AUTHORIZATIONS)
    listed = grants_by if granted else grants_to
    found = [
        grant
        for grant in listed(call.world.store, call.caller.context, now=call.now)
        if grant.kind is Kind.AUTHORIZATION
        and fits(authorizing, grant.granted_in)
        and fits(authorized, grant.subject)
        and has_scope(grant.scope)
    ]
    return answer(call, "authorizationGrants", found, shown=_as_authorization)


def _as_authorization(grant: Grant) -> dict[str, object]:
    return {
        **common(grant),
        "authorIdentifier": as_json(grant.author),
        "authorizedEntityIdentifier": as_json(grant.subject),
        "authorizingEntityIdentifier": as_json(grant.granted_in),
        "authorizationScope": grant.scope,
    }


def query_vat_ue(call: Call) -> Response:
    """POST /permissions/query/eu-entities/grants: a company sees administrators, a composed context everybody."""
    fields = Fields.of(call.request)
    number = fields.matching("vatUeIdentifier", "VatUe") if fields.has("vatUeIdentifier") else None
    part = (
        fields.text("authorizedFingerprintIdentifier")
        if fields.has("authorizedFingerprintIdentifier")
        else ""
    )
    has_scope = read_wanted(fields, "permissionTypes", VAT_UE_ADMINISTRATOR)
    found = [
        grant
        for grant in _of_vat_ue(call)
        if number in {None, _number(grant)} and part in grant.subject[1] and has_scope(grant.scope)
    ]
    return answer(call, "permissions", found, shown=_as_vat_ue)


def _of_vat_ue(call: Call) -> list[Grant]:
    store, now, context = call.world.store, call.now, call.caller.context
    if context[0] == "NipVatUe":
        return [grant for grant in grants_in(store, context, now=now) if grant.kind in _VAT_UE_KINDS]
    return [grant for grant in grants_by(store, context, now=now) if grant.kind is Kind.VAT_UE_ADMINISTRATOR]


def _number(grant: Grant) -> str:
    """Return the second part of the composed context."""
    return grant.context[1].removeprefix(f"{nip_of(grant.context[1])}-")


def _as_vat_ue(grant: Grant) -> dict[str, object]:
    return {
        **common(grant),
        **grant.unit,
        "authorIdentifier": as_json(grant.author),
        "vatUeIdentifier": _number(grant),
        "authorizedFingerprintIdentifier": grant.subject[1],
        "permissionScope": grant.scope,
    }
