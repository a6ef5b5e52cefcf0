"""A key and its certificate made together, as the ministry's own application hands them out (section 3)."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from ksef.simulator.certificates.issuing import VALIDITY, Wish, issue
from ksef.simulator.certificates.records import find_certificate
from ksef.simulator.certificates.subjects import SubjectData
from ksef.simulator.world import World, to_datetime

KEY_KINDS: Final = ("ec", "rsa")

type _PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class PairWish:
    """Without a password the key comes in clear, which only tests and the demo ask for."""

    holder: tuple[str, str]
    name: str
    kind: str
    subject: SubjectData
    key_kind: str = "ec"
    password: str | None = field(default=None, repr=False)
    validity: timedelta = VALIDITY


@dataclass(frozen=True, slots=True)
class Pair:
    """PEM texts; the key is in no other place."""

    serial: str
    certificate_pem: str
    key_pem: str = field(repr=False)


def make_pair(world: World, wish: PairWish, *, now: int) -> Pair:
    """Make a key, issue its certificate at once and return both; the key is not kept."""
    key = _make_key(wish.key_kind)
    valid_from = to_datetime(now)
    serial = issue(
        world,
        Wish(
            holder=wish.holder,
            name=wish.name,
            kind=wish.kind,
            subject=wish.subject,
            key=key.public_key(),
            valid_from=valid_from,
            valid_to=valid_from + wish.validity,
        ),
        now=now,
    )
    issued = find_certificate(world.store, serial, now=now)
    if issued is None:
        raise LookupError(serial)
    return Pair(serial, _certificate_pem(issued.content), _key_pem(key, password=wish.password))


def _make_key(kind: str) -> _PrivateKey:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _certificate_pem(content: bytes) -> str:
    return x509.load_der_x509_certificate(content).public_bytes(Encoding.PEM).decode("ascii")


def _key_pem(key: _PrivateKey, *, password: str | None) -> str:
    """PKCS#8: the passphrase makes it an ENCRYPTED PRIVATE KEY."""
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode("ascii")
