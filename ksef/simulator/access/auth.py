"""Logging in: challenge, signed request or KSeF token, status, redeem, refresh and the list of logins (section 2)."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ksef.simulator import bearer, keys
from ksef.simulator.access import xades
from ksef.simulator.access.authentications import (
    Authentication,
    find_authentication,
    list_active_authentications,
)
from ksef.simulator.access.identity import Identity
from ksef.simulator.access.ksef_tokens import check_token, is_revoked
from ksef.simulator.access.token_request import CONTEXTS, TokenRequest, read_token_request
from ksef.simulator.certificates.trust import find_problem, identify_signer, note_use
from ksef.simulator.errors import Gone, Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content, without_empty
from ksef.simulator.numbers import new_reference
from ksef.simulator.paging import read_page
from ksef.simulator.permissions.effect import permissions_of
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import is_blocked, is_deceased
from ksef.simulator.world import as_milliseconds, iso, iso_or_none, warsaw_date

_NO_PERMISSIONS: Final = "Brak przypisanych uprawnień"
_DECEASED: Final = "Próba wykorzystania metod autoryzacyjnych osoby zmarłej"
_BLOCKED: Final = "Skontaktuj się z Ministerstwem Finansów"
_METHODS: Final = {
    "InternalCertificate": "Certyfikat KSeF",
    "PeppolSignature": "Podpis dostawcy usług Peppol",
    "QualifiedSeal": "Pieczęć kwalifikowana",
    "Token": "Token KSeF",
}
_ENCODING: Final = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a login will end, and who it was."""

    code: int
    detail: str
    identity: Identity
    category: str
    permissions: tuple[str, ...]
    token: str | None = None
    certificate: bytes | None = None


def issue_challenge(call: Call) -> Response:
    """POST /auth/challenge."""
    challenge = new_reference("CR", on=warsaw_date(call.now))
    call.world.store.insert("challenges", challenge=challenge, issued_at=call.now)
    return json_response(
        {
            "challenge": challenge,
            "timestamp": iso(call.now),
            "timestampMs": call.now,
            "clientIp": call.request.client_ip,
        }
    )


def log_in_by_signature(call: Call) -> Response:
    """POST /auth/xades-signature."""
    document = call.request.body
    if (declared := _ENCODING.match(document)) and declared[1].lower() != b"utf-8":
        raise Refusal(21217)
    signed = xades.verify(document)
    request = read_token_request(signed.root)
    _use_challenge(call, request.challenge)
    identity = identify_signer(
        call.world, signed.certificate, by_fingerprint=request.by_fingerprint, now=call.now
    )
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode("ascii")
    outcome = _outcome_of_signature(call, request=request, identity=identity, certificate=signed.certificate)
    return _begin(
        call, context=(request.context_type, request.context), outcome=outcome, document_hash=digest
    )


def _outcome_of_signature(
    call: Call, *, request: TokenRequest, identity: Identity, certificate: x509.Certificate
) -> _Outcome:
    context = (request.context_type, request.context)
    verify_chain = (call.request.query_value("verifyCertificateChain") or "").lower() == "true"

    def ends(code: int, detail: str, permissions: tuple[str, ...] = ()) -> _Outcome:
        der = certificate.public_bytes(Encoding.DER)
        return _Outcome(code, detail, identity, "XadesSignature", permissions, certificate=der)

    if problem := find_problem(call.world, certificate, verify_chain=verify_chain, now=call.now):
        return ends(460, problem)
    if is_deceased(call.world, identity):
        return ends(470, _DECEASED)
    if is_blocked(call.world, context=context):
        return ends(480, _BLOCKED)
    permissions = permissions_of(call.world, identity, context=context)
    if permissions:
        note_use(call.world, certificate, now=call.now)
    return ends(200, "", permissions) if permissions else ends(415, _NO_PERMISSIONS)


def log_in_by_token(call: Call) -> Response:
    """POST /auth/ksef-token; a token that will not do is found out in the status (450), as in KSeF."""
    fields = Fields.of(call.request)
    challenge = fields.text("challenge", length=(36, 36))
    context = fields.child("contextIdentifier")
    context_type, value = context.text("type"), context.text("value")
    if context_type not in CONTEXTS or CONTEXTS[context_type].fullmatch(value) is None:
        raise Refusal(21405, "contextIdentifier: nieprawidłowy typ lub wartość.")
    key_id = fields.text("publicKeyId", length=(44, 44)) if fields.has("publicKeyId") else None
    ciphertext = fields.base64("encryptedToken")
    issued_at = _use_challenge(call, challenge)
    plain = keys.decrypt(call.world.store, ciphertext, key_id=key_id, usage=keys.TOKENS)
    outcome = _outcome_of_token(call, plain, issued_at=issued_at, context=(context_type, value))
    return _begin(call, context=(context_type, value), outcome=outcome, document_hash=None)


def _outcome_of_token(
    call: Call, plain: bytes | None, *, issued_at: int, context: tuple[str, str]
) -> _Outcome:
    check = check_token(call.world.store, plain, now=call.now, issued_at=issued_at, context=context)
    identity = Identity("Nip", context[1][:10], "Token")
    if is_blocked(call.world, context=context):
        return _Outcome(480, _BLOCKED, identity, "Token", ())
    if check.token is None:
        return _Outcome(450, check.problem, identity, "Token", ())
    return _Outcome(
        200,
        "",
        Identity(check.token.author_type, check.token.author, "Token"),
        "Token",
        check.token.granted,
        token=check.token.reference,
    )


def _use_challenge(call: Call, challenge: str) -> int:
    """Take a challenge out of use and return when it was issued; Refusal 21111 unless known, fresh and unused."""
    row = call.world.store.row("SELECT * FROM challenges WHERE challenge = ?", challenge)
    lifetime = as_milliseconds(call.world.options.challenge_lifetime)
    if row is None or row["used"] or call.now > row["issued_at"] + lifetime:
        raise Refusal(21111)
    call.world.store.run("UPDATE challenges SET used = 1 WHERE challenge = ?", challenge)
    return int(row["issued_at"])


def _begin(call: Call, *, context: tuple[str, str], outcome: _Outcome, document_hash: str | None) -> Response:
    reference = new_reference("AU", on=warsaw_date(call.now))
    options = call.world.options
    call.world.store.insert(
        "authentications",
        reference=reference,
        context_type=context[0],
        context=context[1],
        subject_type=outcome.identity.kind,
        subject=outcome.identity.value,
        category=outcome.category,
        method=outcome.identity.method,
        permissions=json.dumps(outcome.permissions),
        started_at=call.now,
        ready_at=call.now + as_milliseconds(options.authentication),
        code=outcome.code,
        detail=outcome.detail,
        token=outcome.token,
        document_hash=document_hash,
        certificate=outcome.certificate,
    )
    claims = bearer.Claims(
        kind=bearer.Kind.AUTHENTICATION,
        reference=reference,
        permissions=outcome.permissions,
        context=context,
        method=outcome.identity.method,
    )
    token = _issue(call, claims, seconds=options.authentication_token_lifetime)
    return json_response({"referenceNumber": reference, "authenticationToken": token}, status=202)


def _issue(call: Call, claims: bearer.Claims, *, seconds: float) -> dict[str, object]:
    valid_until = call.now + as_milliseconds(seconds)
    token = bearer.issue(
        call.world.store, claims, issuer=call.world.flavour.issuer, now=call.now, valid_until=valid_until
    )
    return {"token": token, "validUntil": iso(valid_until)}


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
    return json_response(_as_json(authentication, now=call.now))


def _as_json(authentication: Authentication, *, now: int) -> dict[str, object]:
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
    refresh = _issue_for(call, bearer.Kind.REFRESH, seconds=call.world.options.refresh_token_lifetime)
    access = _issue_for(call, bearer.Kind.ACCESS, seconds=call.world.options.access_token_lifetime)
    return json_response({"accessToken": access, "refreshToken": refresh})


def refresh(call: Call) -> Response:
    """POST /auth/token/refresh: reusable, until the login or its KSeF token is revoked."""
    _require_success(call, "odświeżenie tokenu dostępowego")
    call.world.store.run(
        "UPDATE authentications SET refreshed_at = ? WHERE id = ?", call.now, call.caller.authentication.id
    )
    access = _issue_for(call, bearer.Kind.ACCESS, seconds=call.world.options.access_token_lifetime)
    return json_response({"accessToken": access})


def _issue_for(call: Call, kind: bearer.Kind, *, seconds: float) -> dict[str, object]:
    authentication = call.caller.authentication
    claims = bearer.Claims(
        kind=kind,
        reference=authentication.reference,
        permissions=authentication.granted,
        context=(authentication.context_type, authentication.context),
        method=authentication.method,
    )
    return _issue(call, claims, seconds=seconds)


def _require_success(call: Call, purpose: str) -> None:
    authentication = call.caller.authentication
    code = authentication.code_at(call.now)
    if code != 200:  # noqa: PLR2004 - the status code of success.
        raise Refusal(21301, f"Status uwierzytelniania ({code}) nie pozwala na {purpose}.")
    if authentication.token is not None and is_revoked(call.world.store, authentication.token):
        raise Refusal(21301, "Token KSeF został unieważniony.")


def list_logins(call: Call) -> Response:
    """GET /auth/sessions: the logins of this subject to this context, newest first."""
    current = call.caller.authentication
    found = list_active_authentications(call.world.store, like=current, now=call.now)
    page = read_page(call, low=10, high=100)
    items = [
        {
            **_as_json(item, now=call.now),
            "referenceNumber": item.reference,
            "isCurrent": item.reference == current.reference,
        }
        for item in page.cut(found)
    ]
    return json_response(without_empty({"continuationToken": page.next_token(len(found)), "items": items}))


def end_current_login(call: Call) -> Response:
    """DELETE /auth/sessions/current; access tokens out there stay valid until they expire (section 2.4)."""
    return _revoke(call, call.caller.authentication)


def end_login(call: Call) -> Response:
    """DELETE /auth/sessions/{referenceNumber}."""
    found = find_authentication(call.world.store, call.parts["reference"])
    mine = call.caller.authentication
    if found is None or (found.context_type, found.context, found.subject) != (
        mine.context_type,
        mine.context,
        mine.subject,
    ):
        raise Refusal(21405, "Sesja uwierzytelnienia nie została znaleziona.")
    return _revoke(call, found)


def _revoke(call: Call, authentication: Authentication) -> Response:
    call.world.store.run(
        "UPDATE authentications SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
        call.now,
        authentication.id,
    )
    return no_content()
