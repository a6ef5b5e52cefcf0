"""Time-based one-time passwords (RFC 6238): six digits, thirty seconds, SHA-1, as every authenticator app has them."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from datetime import datetime

DIGITS: Final = 6
PERIOD: Final = 30
# A phone's clock may go a little wrong: the code before and the one after are taken too.
_TOLERANCE: Final = 1
_SEED_BYTES: Final = 20


def new_seed() -> str:
    """160 bits in base32, the length of the hash (RFC 4226, 4)."""
    return base64.b32encode(secrets.token_bytes(_SEED_BYTES)).decode()


def code_at(seed: str, step: int) -> str:
    digest = hmac.digest(base64.b32decode(seed), step.to_bytes(8), "sha1")
    offset = digest[-1] & 0x0F
    value = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{value % 10**DIGITS:0{DIGITS}}"


def find_step(seed: str, code: str, *, at: datetime) -> int | None:
    """The step whose code this is, among those that are taken now."""
    now = int(at.timestamp()) // PERIOD
    steps = range(now - _TOLERANCE, now + _TOLERANCE + 1)
    # All are compared, so that the time taken says nothing.
    found = [step for step in steps if hmac.compare_digest(code_at(seed, step).encode(), code.encode())]
    return found[-1] if found else None


def otpauth_url(seed: str, *, account: str, issuer: str) -> str:
    """What the QR code holds (the Key URI format)."""
    label = f"{quote(issuer)}:{quote(account)}"
    return f"otpauth://totp/{label}?{urlencode({'secret': seed, 'issuer': issuer}, quote_via=quote)}"


def in_groups(seed: str) -> str:
    """The seed as a person types it: groups of four."""
    return " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))
