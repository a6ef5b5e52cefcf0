"""PKCS#12: one key with its certificate and perhaps the chain above it (S32).

The library is given the certificates only. The key is opened by itself within its bounds, and a throw-away key
goes in front, because the library opens the first key it meets and no other: a key hidden among the encrypted
certificates, whose cost nobody could see, is never touched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

from ksef.certificates.cost import check_work
from ksef.certificates.der import (
    CONTEXT_0,
    INTEGER,
    OCTET_STRING,
    Element,
    NotDER,
    decode,
    encode,
    oid,
    sequence,
)
from ksef.certificates.facts import BROKEN
from ksef.certificates.files import KeyFile
from ksef.certificates.flaws import Flaw, UnusableFile
from ksef.certificates.keys import SigningKey, load_key

_DATA = oid("1.2.840.113549.1.7.1")
_ENCRYPTED_DATA = oid("1.2.840.113549.1.7.6")
_KEY_BAG = oid("1.2.840.113549.1.12.10.1.1")
_SHROUDED_KEY_BAG = oid("1.2.840.113549.1.12.10.1.2")
_VERSION = encode(INTEGER, b"\x03")


@dataclass(frozen=True, slots=True)
class Store:
    certificates: tuple[x509.Certificate, ...]
    key: SigningKey = field(repr=False)


def open_store(store: Element, *, password: str | None) -> Store:
    """Raises `UnusableFile`; without a password nothing is opened, for such files protect nothing."""
    try:
        parts = _read_parts(store)
        keys = tuple(_find_keys(parts))
        check_work(*_find_schemes(parts), *_key_schemes(keys))
    except (NotDER, ValueError):
        raise UnusableFile(Flaw.CERTIFICATE_UNREADABLE) from None
    if not keys:
        raise UnusableFile(Flaw.KEY_MISSING)
    if len(keys) > 1:
        raise UnusableFile(Flaw.SEVERAL_KEYS)
    if not password:
        raise UnusableFile(Flaw.PASSWORD_NEEDED)
    return Store(key=load_key(keys[0], password=password), certificates=_load_certificates(parts, password))


def _read_parts(store: Element) -> tuple[Element, ...]:
    """The content infos; the checksum over them is left out, for it too has a price and the key proves itself."""
    _version, info, *_checksum = store.sequence()
    kind, content = info.sequence()
    if kind != _DATA:
        raise NotDER("a PKCS#12 file signed with a certificate")
    return decode(content.inside().octets()).sequence()


def _find_keys(parts: tuple[Element, ...]) -> Iterator[KeyFile]:
    for part in parts:
        kind, content = part.sequence()
        if kind != _DATA:
            continue
        for bag in decode(content.inside().octets()).sequence():
            bag_kind, value, *_attributes = bag.sequence()
            if bag_kind in {_KEY_BAG, _SHROUDED_KEY_BAG}:
                yield KeyFile(is_encrypted=bag_kind == _SHROUDED_KEY_BAG, der=value.inside().encoded)


def _find_schemes(parts: tuple[Element, ...]) -> Iterator[Element]:
    for part in parts:
        kind, content = part.sequence()
        if kind == _ENCRYPTED_DATA:
            _version, encrypted, *_attributes = content.inside().sequence()
            _kind, scheme, *_bytes = encrypted.sequence()
            yield scheme


def _key_schemes(keys: tuple[KeyFile, ...]) -> Iterator[Element]:
    for key in keys:
        if key.is_encrypted and key.der is not None:
            yield decode(key.der).sequence()[0]


def _load_certificates(parts: tuple[Element, ...], password: str) -> tuple[x509.Certificate, ...]:
    safe = sequence(_throw_away_key(), *(part.encoded for part in parts))
    rebuilt = sequence(_VERSION, _content_info(safe))
    try:
        _key, certificate, others = load_key_and_certificates(rebuilt, password.encode())
    except (*BROKEN, UnsupportedAlgorithm):
        raise UnusableFile(Flaw.CERTIFICATE_UNREADABLE) from None
    return (*((certificate,) if certificate else ()), *others)


def _throw_away_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _content_info(sequence(sequence(_KEY_BAG.encoded, encode(CONTEXT_0, plain))))


def _content_info(content: bytes) -> bytes:
    return sequence(_DATA.encoded, encode(CONTEXT_0, encode(OCTET_STRING, content)))
