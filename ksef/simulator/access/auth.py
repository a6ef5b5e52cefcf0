"""Logging in: the challenge, and a signed request or a KSeF token that answers it (sections 2.1 to 2.3)."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Final

from ksef.simulator import bearer, keys
from ksef.simulator.access import xades
from ksef.simulator.access.identity import Identity
from ksef.simulator.access.outcomes import Outcome, outcome_of_signature, outcome_of_token
from ksef.simulator.access.policy import Policy, policy_of_body
from ksef.simulator.access.redeeming import issue_bearer
from ksef.simulator.access.token_request import CONTEXTS, TokenRequest, read_token_request
from ksef.simulator.certificates.trust import identify_signer
from ksef.simulator.errors import Refusal
from ksef.simulator.identifiers import Identifier, has_valid_digits
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.numbers import new_reference
from ksef.simulator.permissions.peppol import register_provider
from ksef.simulator.routing import Call
from ksef.simulator.world import as_milliseconds, iso, warsaw_date

_PERSONS: Final = frozenset({"Nip", "Pesel", "Fingerprint"})
# An EU entity is known by a fingerprint alone, a Peppol provider by its certificate of that kind.
_SUBJECTS_OF_CONTEXT: Final = {
    "Nip": _PERSONS,
    "InternalId": _PERSONS,
    "NipVatUe": frozenset({"Fingerprint"}),
    "PeppolId": frozenset({"PeppolId"}),
}


@dataclass(frozen=True, slots=True)
class _Login:
    context: Identifier
    policy: Policy
    outcome: Outcome
    document_hash: str | None = None


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
    signed = xades.verify(document)
    request = read_token_request(signed.root)
    _use_challenge(call, request.challenge)
    identity = identify_signer(
        call.world, signed.certificate, by_fingerprint=request.by_fingerprint, now=call.now
    )
    _check_context(call, request, identity=identity)
    outcome = outcome_of_signature(call, request=request, identity=identity, certificate=signed.certificate)
    if identity.kind == "PeppolId" and outcome.permissions:
        register_provider(call.world, certificate=signed.certificate, peppol_id=identity.value)
    login = _Login(
        context=(request.context_type, request.context),
        policy=request.policy,
        outcome=outcome,
        document_hash=base64.b64encode(hashlib.sha256(document).digest()).decode("ascii"),
    )
    return _begin(call, login)


def _check_context(call: Call, request: TokenRequest, *, identity: Identity) -> None:
    """Refusal 21117 for a subject that this type of context does not know, and for wrong check digits."""
    checks_nip = call.world.flavour.checks_nip
    if identity.kind not in _SUBJECTS_OF_CONTEXT[request.context_type] or not has_valid_digits(
        request.context_type, request.context, checks_nip=checks_nip
    ):
        raise Refusal(21117)


def log_in_by_token(call: Call) -> Response:
    """POST /auth/ksef-token; a token that will not do is found out in the status (450), as in KSeF."""
    fields = Fields.of(call.request)
    challenge = fields.text("challenge", length=(36, 36))
    checks_nip = call.world.flavour.checks_nip
    context = fields.identifier("contextIdentifier", kinds=tuple(CONTEXTS), checks_nip=checks_nip)
    policy = policy_of_body(fields)
    key_id = fields.text("publicKeyId", length=(44, 44)) if fields.has("publicKeyId") else None
    ciphertext = fields.base64("encryptedToken")
    issued_at = _use_challenge(call, challenge)
    plain = keys.decrypt(call.world.store, ciphertext, key_id=key_id, usage=keys.TOKENS)
    outcome = outcome_of_token(call, plain, issued_at=issued_at, context=context)
    return _begin(call, _Login(context=context, policy=policy, outcome=outcome))


def _use_challenge(call: Call, challenge: str) -> int:
    """Take a challenge out of use and return when it was issued; Refusal 21111 unless known, fresh and unused."""
    row = call.world.store.row("SELECT * FROM challenges WHERE challenge = ?", challenge)
    lifetime = as_milliseconds(call.world.options.challenge_lifetime)
    if row is None or row["used"] or call.now > row["issued_at"] + lifetime:
        raise Refusal(21111)
    call.world.store.run("UPDATE challenges SET used = 1 WHERE challenge = ?", challenge)
    return int(row["issued_at"])


def _begin(call: Call, login: _Login) -> Response:
    reference = new_reference("AU", on=warsaw_date(call.now))
    outcome = login.outcome
    options = call.world.options
    call.world.store.insert(
        "authentications",
        reference=reference,
        context_type=login.context[0],
        context=login.context[1],
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
        document_hash=login.document_hash,
        policy=login.policy.as_text(),
        certificate=outcome.certificate,
    )
    claims = bearer.Claims(
        kind=bearer.Kind.AUTHENTICATION,
        reference=reference,
        permissions=outcome.permissions,
        context=login.context,
        method=outcome.identity.method,
    )
    token = issue_bearer(call, claims, seconds=options.authentication_token_lifetime)
    return json_response({"referenceNumber": reference, "authenticationToken": token}, status=202)
