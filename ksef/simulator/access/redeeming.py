"""The status of a login, its tokens, once, and new access tokens as often as wanted (section 2.4)."""

import json
from typing import Final

from ksef.simulator import bearer
from ksef.simulator.access.authentications import Authentication, find_authentication
from ksef.simulator.access.ksef_tokens import is_revoked
from ksef.simulator.access.outcomes import current_permissions
from ksef.simulator.errors import Gone, Refusal
from ksef.simulator.messages import Response, json_response, without_empty
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import is_deceased
from ksef.simulator.world import as_milliseconds, iso, iso_or_none

_SUCCESS: Final = 200
_WITHOUT_PERMISSIONS: Final = 415
_METHODS: Final = {
    "Token": "Token KSeF",
    "QualifiedSeal": "Pieczęć kwalifikowana",
    "InternalCertificate": "Certyfikat KSeF",
    "PeppolSignature": "Podpis dostawcy usług Peppol",
}


def show_status(call: Call) -> Response:
    """GET /auth/{referenceNumber}: only for the operation the authentication token belongs to."""
    reference = call.parts["reference"]
    authentication = find_authentication(call.world.store, reference)
    if authentication is None or reference != call.caller.authentication.reference:
        raise Refusal(
            21304, f"Operacja uwierzytelniania o numerze referencyjnym {reference} nie została znaleziona."
        )
    if call.now > authentication.started_at + as_milliseconds(call.world.options.status_retention):
        raise Gone
    return json_response(login_as_json(authentication, now=call.now))


def login_as_json(authentication: Authentication, *, now: int) -> dict[str, object]:
    method = authentication.method
    info = {
        "category": authentication.category,
        "code": method,
        "displayName": _METHODS.get(method, "Podpis kwalifikowany"),
    }
    return without_empty(
        {
            "startDate": iso(authentication.started_at),
            "authenticationMethod": method,
            "authenticationMethodInfo": info,
            "status": authentication.status_at(now),
            "isTokenRedeemed": authentication.redeemed_at is not None,
            "lastTokenRefreshDate": iso_or_none(authentication.refreshed_at),
            "refreshTokenValidUntil": iso_or_none(authentication.refresh_valid_until),
        }
    )


def redeem(call: Call) -> Response:
    """POST /auth/token/redeem: once per operation, a repetition is 21301."""
    authentication = call.caller.authentication
    if authentication.redeemed_at is not None:
        raise Refusal(
            21301, f"Tokeny dla operacji uwierzytelniania {authentication.reference} zostały już pobrane."
        )
    _require_success(call, "pobranie tokenów")
    until = call.now + as_milliseconds(call.world.options.refresh_token_lifetime)
    call.world.store.run(
        "UPDATE authentications SET redeemed_at = ?, refresh_valid_until = ? WHERE id = ?",
        call.now,
        until,
        authentication.id,
    )
    permissions = authentication.granted
    refresh = _issue(call, bearer.Kind.REFRESH, permissions=permissions)
    access = _issue(call, bearer.Kind.ACCESS, permissions=permissions)
    return json_response({"accessToken": access, "refreshToken": refresh})


def refresh(call: Call) -> Response:
    """POST /auth/token/refresh: with the permissions of today; none left, or a revoked login or token, is 21301."""
    purpose = "odświeżenie tokenu dostępowego"
    _require_success(call, purpose)
    permissions = current_permissions(call.world, call.caller.authentication)
    if not permissions:
        raise _forbids(_WITHOUT_PERMISSIONS, purpose)
    call.world.store.run(
        "UPDATE authentications SET refreshed_at = ?, permissions = ? WHERE id = ?",
        call.now,
        json.dumps(permissions),
        call.caller.authentication.id,
    )
    return json_response({"accessToken": _issue(call, bearer.Kind.ACCESS, permissions=permissions)})


def _issue(call: Call, kind: bearer.Kind, *, permissions: tuple[str, ...]) -> dict[str, object]:
    authentication = call.caller.authentication
    options = call.world.options
    seconds = options.refresh_token_lifetime if kind is bearer.Kind.REFRESH else options.access_token_lifetime
    claims = bearer.Claims(
        kind=kind,
        reference=authentication.reference,
        permissions=permissions,
        context=(authentication.context_type, authentication.context),
        method=authentication.method,
    )
    return issue_bearer(call, claims, seconds=seconds)


def issue_bearer(call: Call, claims: bearer.Claims, *, seconds: float) -> dict[str, object]:
    """Return a token as the contract shows one: itself and its end."""
    valid_until = call.now + as_milliseconds(seconds)
    token = bearer.issue(
        call.world.store, claims, issuer=call.world.flavour.issuer, now=call.now, valid_until=valid_until
    )
    return {"token": token, "validUntil": iso(valid_until)}


def _require_success(call: Call, purpose: str) -> None:
    authentication = call.caller.authentication
    code = authentication.code_at(call.now)
    if code != _SUCCESS:
        raise _forbids(code, purpose)
    if authentication.token is not None and is_revoked(call.world.store, authentication.token):
        raise Refusal(21301, "Token KSeF został unieważniony.")
    # Somebody may have died since the login.
    if is_deceased(call.world, authentication.identity):
        raise Refusal(21308)


def _forbids(code: int, purpose: str) -> Refusal:
    return Refusal(21301, f"Status uwierzytelniania ({code}) nie pozwala na {purpose}.")
