"""Requests of logging in (section 2). All but the redeeming of tokens may be repeated freely."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ksef.client.parts import read_status, without_none, write_identifier
from ksef.client.reading import Fields
from ksef.client.transport import Answer, Call, Transport
from ksef.crypto import PublicKey, to_base64
from ksef.exchange import AccessToken
from ksef.exchange.logins import AllowedAddresses, LoginScope
from ksef.exchange.status import OperationStatus


@dataclass(frozen=True, slots=True)
class Challenge:
    text: str
    timestamp: datetime
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Login:
    """A login that has begun; its token only serves to follow and finish it."""

    reference: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    access: AccessToken
    refresh: AccessToken


def get_challenge(transport: Transport) -> Challenge:
    return transport.run(Call("POST", "/auth/challenge"), _read_challenge)


def start_with_signature(transport: Transport, signed_request: bytes) -> Login:
    return transport.run(Call("POST", "/auth/xades-signature", xml=signed_request), _read_login)


def start_with_token(
    transport: Transport, *, challenge: str, scope: LoginScope, encrypted_token: bytes, public_key: PublicKey
) -> Login:
    body = without_none(
        {
            "challenge": challenge,
            "contextIdentifier": write_identifier(scope.context),
            "encryptedToken": to_base64(encrypted_token),
            "publicKeyId": public_key.public_key_id,
            "authorizationPolicy": _write_policy(scope.addresses) if scope.addresses else None,
        }
    )
    return transport.run(Call("POST", "/auth/ksef-token", json=body), _read_login)


def get_status(transport: Transport, login: Login) -> OperationStatus:
    path = f"/auth/{quote(login.reference, safe='')}"
    return transport.run(Call("GET", path, bearer=login.token), _read_status)


def redeem(transport: Transport, login: Login) -> Tokens:
    """Works once (trap 6): when the answer is lost the tokens are lost with it, hence `Ambiguous` (F14)."""
    call = Call("POST", "/auth/token/redeem", bearer=login.token, is_repeatable=False)
    return transport.run(call, _read_tokens)


def refresh(transport: Transport, refresh_token: str) -> AccessToken:
    return transport.run(Call("POST", "/auth/token/refresh", bearer=refresh_token), _read_refreshed)


def _write_policy(addresses: AllowedAddresses) -> dict[str, Any]:
    named = {
        "ip4Addresses": addresses.addresses,
        "ip4Ranges": addresses.ranges,
        "ip4Masks": addresses.masks,
    }
    return {"allowedIps": {name: list(values) for name, values in named.items() if values}}


def _read_challenge(answer: Answer) -> Challenge:
    fields = Fields.parse(answer.body)
    return Challenge(
        text=fields.text("challenge"),
        timestamp=fields.moment("timestamp"),
        timestamp_ms=fields.integer("timestampMs"),
    )


def _read_login(answer: Answer) -> Login:
    fields = Fields.parse(answer.body)
    return Login(
        reference=fields.text("referenceNumber"), token=fields.object("authenticationToken").text("token")
    )


def _read_status(answer: Answer) -> OperationStatus:
    return read_status(Fields.parse(answer.body).object("status"))


def _read_tokens(answer: Answer) -> Tokens:
    fields = Fields.parse(answer.body)
    return Tokens(
        access=_read_token(fields.object("accessToken")), refresh=_read_token(fields.object("refreshToken"))
    )


def _read_refreshed(answer: Answer) -> AccessToken:
    return _read_token(Fields.parse(answer.body).object("accessToken"))


def _read_token(fields: Fields) -> AccessToken:
    return AccessToken(token=fields.text("token"), valid_until=fields.moment("validUntil"))
