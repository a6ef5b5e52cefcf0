"""Issuing a certificate: the one place where a serial number is given and a record is written."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ksef.simulator.certificates.authority import PublicKey, Template, certify, find_authority
from ksef.simulator.certificates.subjects import SubjectData
from ksef.simulator.world import World, to_milliseconds

VALIDITY: Final = timedelta(days=2 * 365)


@dataclass(frozen=True, slots=True)
class Wish:
    """A certificate to be issued; it is there after `delay` milliseconds."""

    holder: tuple[str, str]
    name: str
    kind: str
    subject: SubjectData
    key: PublicKey
    valid_from: datetime
    valid_to: datetime
    delay: int = 0


def issue(world: World, wish: Wish, *, now: int) -> str:
    """Issue, remember and return the serial number."""
    authority = find_authority(world)
    serial = _new_serial()
    # A certificate knows whole seconds only, and the record says the same.
    valid_from, valid_to = wish.valid_from.replace(microsecond=0), wish.valid_to.replace(microsecond=0)
    certificate = certify(
        authority,
        Template(
            serial=serial,
            subject=wish.subject.as_name(),
            key=wish.key,
            may_log_in=wish.kind == "Authentication",
            valid_from=valid_from.astimezone(UTC),
            valid_to=valid_to.astimezone(UTC),
        ),
    )
    world.store.insert(
        "certificates",
        serial=serial,
        name=wish.name,
        kind=wish.kind,
        subject_type=wish.holder[0],
        subject=wish.holder[1],
        common_name=wish.subject.common_name,
        content=certificate.public_bytes(Encoding.DER),
        key_hash=key_hash(wish.key),
        requested_at=now,
        ready_at=now + wish.delay,
        valid_from=to_milliseconds(valid_from),
        valid_to=to_milliseconds(valid_to),
    )
    return serial


def key_hash(key: PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _new_serial() -> str:
    """Sixteen upper-case digits that begin with 0, as KSeF's do: who does not pad loses one."""
    return f"01{secrets.token_hex(7).upper()}"
