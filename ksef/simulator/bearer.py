"""The bearer tokens: JWT (HS256) whose claims follow section 2.6, and signatures of pre-signed links."""

import base64
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ksef.simulator.errors import Unauthorized
from ksef.simulator.state import Store

_PARTS: Final = 3
_HEADER: Final = {"alg": "HS256", "typ": "JWT"}
_MILLISECONDS: Final = re.compile(r"[0-9]{1,15}")


class Kind(StrEnum):
    AUTHENTICATION = "AuthenticationToken"
    ACCESS = "ContextToken"
    REFRESH = "RefreshToken"


@dataclass(frozen=True, slots=True)
class Claims:
    kind: Kind
    reference: str
    permissions: tuple[str, ...]
    context: tuple[str, str]
    method: str


def _secret(store: Store) -> bytes:
    """Return the signing secret, made once and kept, so that tokens outlive a restart."""
    found = store.setting("bearer_secret")
    if found is None:
        found = secrets.token_hex(32)
        store.set_setting("bearer_secret", found)
    return bytes.fromhex(str(found))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _mac(store: Store, text: str) -> str:
    return _sign(text, _secret(store))


def _sign(text: str, key: bytes) -> str:
    return _encode(hmac.digest(key, text.encode(), "sha256"))


def issue(store: Store, claims: Claims, *, issuer: str, now: int, valid_until: int) -> str:
    """Return a token; its permissions are fixed here and hold until it expires (section 2.4)."""
    payload = {
        "typ": claims.kind.value,
        "cit": claims.context[0],
        "civ": claims.context[1],
        "aum": claims.method,
        "arn": claims.reference,
        "per": json.dumps(claims.permissions),
        "iat": now // 1000,
        "exp": valid_until // 1000,
        "iss": issuer,
        "aud": issuer,
        "jti": secrets.token_hex(8),
        "gen": _generation(store, claims.kind),
    }
    text = ".".join(_encode(json.dumps(part).encode()) for part in (_HEADER, payload))
    return f"{text}.{_mac(store, text)}"


def read(store: Store, token: str, *, now: int) -> Claims:
    """Return the claims of a token we issued and that still runs; else Unauthorized."""
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_mac(store, text).encode(), signature.encode()):
        raise Unauthorized
    payload = json.loads(_decode(text.split(".")[1]))
    kind = Kind(payload["typ"])
    if payload["exp"] * 1000 <= now or payload.get("gen", 0) < _generation(store, kind):
        raise Unauthorized
    return Claims(
        kind=kind,
        reference=payload["arn"],
        permissions=tuple(json.loads(payload["per"])),
        context=(payload["cit"], payload["civ"]),
        method=payload["aum"],
    )


def expire_all(store: Store, kind: Kind) -> None:
    """Let every token of this kind issued so far be as one that has expired."""
    store.set_setting(f"bearer_generation_{kind}", _generation(store, kind) + 1)


def _generation(store: Store, kind: Kind) -> int:
    return int(store.setting(f"bearer_generation_{kind}") or 0)


def context_of(token: str) -> str:
    """Return the context a bearer token names, unproved and possibly empty: faults are matched by it."""
    parts = token.split(".")
    try:
        payload = json.loads(_decode(parts[1])) if len(parts) == _PARTS else {}
        return str(payload.get("civ", ""))
    except (ValueError, AttributeError):
        return ""


@dataclass(frozen=True, slots=True)
class LinkSigner:
    """Signs links by the thousand: it asks for the secret once."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, store: Store) -> "LinkSigner":
        return cls(_secret(store))

    def sign(self, path: str, *, expires: int) -> str:
        """Return the query of a pre-signed link, which needs no bearer token (section 6)."""
        return f"se={expires}&sig={_sign(f'{path}|{expires}', self.key)}"


def sign_link(store: Store, *, path: str, expires: int) -> str:
    return LinkSigner.of(store).sign(path, expires=expires)


def is_valid_link(store: Store, *, path: str, expires: str, signature: str, now: int) -> bool:
    if _MILLISECONDS.fullmatch(expires) is None or int(expires) <= now:
        return False
    return hmac.compare_digest(_mac(store, f"{path}|{expires}").encode(), signature.encode())
