"""Secrets at rest: an AES-256-GCM envelope bound to the company, the user, the object and the purpose."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

if TYPE_CHECKING:
    import uuid

_VERSION = 1
_NONCE = 12
_WRAPPED_KEY = 32 + 16


class CannotOpen(Exception):
    """The blob was sealed for something else, was changed, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a secret belongs to. A blob moved to another row, tenant, user or purpose does not open."""

    company_id: uuid.UUID
    user_id: uuid.UUID | None
    object_id: uuid.UUID
    purpose: str

    def as_bytes(self) -> bytes:
        return f"kwit:{_VERSION}:{self.company_id}:{self.user_id}:{self.object_id}:{self.purpose}".encode()


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """What a person's own secret belongs to, in whatever company that person acts: a second factor."""

    user_id: uuid.UUID
    purpose: str
    object_id: uuid.UUID | None = None

    def as_bytes(self) -> bytes:
        return f"kwit:{_VERSION}:own:{self.user_id}:{self.object_id}:{self.purpose}".encode()


def seal(plaintext: bytes, *, label: Label | OwnLabel) -> bytes:
    """Encrypt with a fresh data key, itself wrapped by the current key-encryption key."""
    key_id, wrapping_key = next(iter(settings.KWIT_KEYS.items()))
    name = key_id.encode()
    head = struct.pack("!BB", _VERSION, len(name)) + name
    data_key = secrets.token_bytes(32)
    wrap_nonce, nonce = secrets.token_bytes(_NONCE), secrets.token_bytes(_NONCE)
    wrapped = AESGCM(wrapping_key).encrypt(wrap_nonce, data_key, head + label.as_bytes())
    sealed = AESGCM(data_key).encrypt(nonce, plaintext, head + label.as_bytes())
    return head + wrap_nonce + wrapped + nonce + sealed


def unseal(blob: bytes, *, label: Label | OwnLabel) -> bytes:
    """The plaintext; raises CannotOpen for a wrong label, a changed bit, a missing key."""
    try:
        version, length = struct.unpack_from("!BB", blob)
        head, rest = blob[: 2 + length], blob[2 + length :]
        wrapping_key = settings.KWIT_KEYS[head[2:].decode()]
        if version != _VERSION:
            raise CannotOpen(f"version {version}")
        wrap_nonce, rest = rest[:_NONCE], rest[_NONCE:]
        wrapped, rest = rest[:_WRAPPED_KEY], rest[_WRAPPED_KEY:]
        nonce, sealed = rest[:_NONCE], rest[_NONCE:]
        data_key = AESGCM(wrapping_key).decrypt(wrap_nonce, wrapped, head + label.as_bytes())
        return AESGCM(data_key).decrypt(nonce, sealed, head + label.as_bytes())
    except (InvalidTag, KeyError, ValueError, struct.error) as error:
        raise CannotOpen(label.purpose) from error
