"""Passkeys: the two ceremonies of WebAuthn, what is kept of a key, and its use.

The ceremonies stand on fido2 itself and not on allauth's views: what a key leaves here is sealed like every other
factor (V19), so whoever can write to the database still cannot slip in a key; and it is named by a random id (V6).
The rows are allauth's, so that its log-in asks for them.
"""

from __future__ import annotations

import json
import struct
import time
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

import structlog
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http.request import split_domain_port
from fido2.cose import UnsupportedKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.identity.services.own_secrets import open_text, seal_text
from roles.vault import CannotOpen, OwnLabel

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

_log = structlog.stdlib.get_logger("kwit.identity")

_STATE: Final = "passkey_challenge"
_PATIENCE_SECONDS: Final = 300
NAME_LENGTH: Final = 60
# Whatever a browser, or somebody who pretends to be one, may send instead of an answer.
_MALFORMED: Final = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OverflowError),
    *(struct.error, NotImplementedError, RecursionError),
)


class Purpose(StrEnum):
    """What a challenge is for; the answer to one is no answer to another."""

    ADD = "dodanie"
    LOG_IN = "logowanie"
    SECOND_STEP = "drugi-krok"
    CONFIRM = "potwierdzenie"


class NotProven(Exception):
    """The answer does not fit the challenge, the place, or any key of this person."""


@dataclass(frozen=True, slots=True)
class _Key:
    row: Authenticator
    credential: AttestedCredentialData


def are_possible(request: HttpRequest) -> bool:
    """Browsers give keys to places with a name, over HTTPS or on the machine itself; never to a bare address."""
    host = _host(request)
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False


def begin_adding(request: HttpRequest, user: User) -> dict[str, Any]:
    """The options for a new key; a device that holds one for this person refuses a second."""
    options, state = _server(request).register_begin(
        PublicKeyCredentialUserEntity(id=user.id.bytes, name=user.email, display_name=str(user)),
        credentials=[key.credential for key in _keys(user.id)],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    _remember(request, Purpose.ADD, state)
    return dict(options)


def add(request: HttpRequest, user: User, *, name: str, answer: str) -> None:
    """Keep the key that answers the challenge. Raises NotProven."""
    made = _register(request, answer)
    if any(key.credential.credential_id == made.credential_id for key in _keys(user.id)):
        raise NotProven
    key = uuid.uuid4()
    sealed = seal_text(b64encode(made).decode(), label=_label(user.id, key))
    Authenticator.objects.create(
        user_id=user.id,
        type=Authenticator.Type.WEBAUTHN,
        data={"key": str(key), "name": name, "credential": sealed, "count": 0},
    )


def begin_proving(request: HttpRequest, purpose: Purpose, user_id: uuid.UUID | None) -> dict[str, Any]:
    """The options for using a key: one of this person's or, to log in by the key alone, any.

    A key that stands for password and second factor at once must have checked who holds it, by PIN or body.
    """
    is_alone = user_id is None
    options, state = _server(request).authenticate_begin(
        credentials=None if user_id is None else [key.credential for key in _keys(user_id)],
        user_verification=UserVerificationRequirement.REQUIRED
        if is_alone
        else UserVerificationRequirement.PREFERRED,
    )
    _remember(request, purpose, state)
    return dict(options)


def prove(request: HttpRequest, purpose: Purpose, *, user_id: uuid.UUID | None, answer: str) -> Authenticator:
    """The key that answered the challenge. Raises NotProven; a challenge is good for one answer."""
    state = _recall(request, purpose)
    try:
        response = AuthenticationResponse.from_dict(_parse(answer))
        owner = user_id or uuid.UUID(bytes=response.response.user_handle)
        keys = _keys(owner)
        used = _server(request).authenticate_complete(state, [key.credential for key in keys], response)
        count = response.response.authenticator_data.counter
    except _MALFORMED as error:
        raise NotProven from error
    row = next(key.row for key in keys if key.credential.credential_id == used.credential_id)
    return _count_use(row, count)


def rename(*, user_id: uuid.UUID, key: uuid.UUID, name: str) -> None:
    with transaction.atomic():
        row = _row(user_id, key)
        if row is not None:
            row.data["name"] = name
            row.save(update_fields=["data"])


def remove(*, user_id: uuid.UUID, key: uuid.UUID) -> None:
    row = _row(user_id, key)
    if row is not None:
        row.delete()


def _register(request: HttpRequest, answer: str) -> AttestedCredentialData:
    state = _recall(request, Purpose.ADD)
    try:
        made = _server(request).register_complete(state, _parse(answer)).credential_data
    except _MALFORMED as error:
        raise NotProven from error
    # A kind of signature that fido2 cannot check is a key that could never be used.
    if made is None or isinstance(made.public_key, UnsupportedKey):
        raise NotProven
    return made


def _count_use(row: Authenticator, count: int) -> Authenticator:
    """A count that did not grow comes from a copy of the key (WebAuthn, 6.1.1); many keys count nothing: zero."""
    with transaction.atomic():
        locked: Authenticator = Authenticator.objects.select_for_update().get(pk=row.pk)
        if (count or locked.data["count"]) and count <= locked.data["count"]:
            _log.error("a passkey went back in its count", user=str(row.user_id), passkey=row.data["key"])
            raise NotProven
        locked.data["count"] = count
        locked.save(update_fields=["data"])
    return locked


def _row(user_id: uuid.UUID, key: uuid.UUID) -> Authenticator | None:
    rows = Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.WEBAUTHN, data__key=str(key))
    found: Authenticator | None = rows.first()
    return found


def _keys(user_id: uuid.UUID) -> list[_Key]:
    rows = Authenticator.objects.filter(
        user_id=user_id, type=Authenticator.Type.WEBAUTHN, user__is_active=True
    ).select_related("user")
    found = []
    for row in rows:
        try:
            text = open_text(row.data["credential"], label=_label(user_id, uuid.UUID(row.data["key"])))
        except CannotOpen:
            _log.exception("a passkey does not open", user=str(user_id), passkey=row.data["key"])
            continue
        found.append(_Key(row, AttestedCredentialData(b64decode(text))))
    return found


def _label(user_id: uuid.UUID, key: uuid.UUID) -> OwnLabel:
    return OwnLabel(user_id=user_id, purpose="passkey", object_id=key)


def _host(request: HttpRequest) -> str:
    return split_domain_port(request.get_host())[0]


def _server(request: HttpRequest) -> Fido2Server:
    return Fido2Server(PublicKeyCredentialRpEntity(id=_host(request), name="Kwit"))


def _parse(answer: str) -> dict[str, Any]:
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise TypeError(answer)
    return found


def _remember(request: HttpRequest, purpose: Purpose, state: dict[str, Any]) -> None:
    request.session[_STATE] = {"purpose": purpose, "at": time.time(), "state": state}


def _recall(request: HttpRequest, purpose: Purpose) -> dict[str, Any]:
    kept = request.session.pop(_STATE, None)
    if kept is None or kept["purpose"] != purpose or time.time() - kept["at"] > _PATIENCE_SECONDS:
        raise NotProven
    state: dict[str, Any] = kept["state"]
    return state
