"""Files made to occupy a worker for hours are refused before any computing begins (F43)."""

from __future__ import annotations

from base64 import encodebytes
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ksef.certificates import Flaw, UnusableFile, Upload, inspect_key, open_key, read_certificate, read_upload
from ksef.exchange.certificates import CertificateKind

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
PLAIN_KEY = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PASSWORD = "haslo"
HOURS = 2**31 - 1
FAIR = 2_000


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content).to_bytes(3)
    return bytes((tag, 0x83)) + size + content if len(content) > 127 else bytes((tag, len(content))) + content


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def name(dotted: str) -> bytes:
    return asn1.encode_der(x509.ObjectIdentifier(dotted))


def number(value: int) -> bytes:
    return asn1.encode_der(value)


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


AES = seq(name("2.16.840.1.101.3.4.1.42"), octets(bytes(16)))
HMAC_SHA256 = seq(name("1.2.840.113549.2.9"), tlv(0x05))
DATA, ENCRYPTED_DATA = name("1.2.840.113549.1.7.1"), name("1.2.840.113549.1.7.6")
BAGS = "1.2.840.113549.1.12.10.1"


def pbes2(derivation: bytes) -> bytes:
    return seq(name("1.2.840.113549.1.5.13"), seq(derivation, AES))


def pbkdf2(rounds: int, *more: bytes) -> bytes:
    parameters = seq(octets(b"saltsalt"), number(rounds), *more, HMAC_SHA256)
    return pbes2(seq(name("1.2.840.113549.1.5.12"), parameters))


def scrypt(cost: int, block: int, lanes: int) -> bytes:
    parameters = seq(octets(b"saltsalt"), number(cost), number(block), number(lanes))
    return pbes2(seq(name("1.3.6.1.4.1.11591.4.11"), parameters))


def simple(scheme: str, rounds: int) -> bytes:
    return seq(name(f"1.2.840.113549.1.{scheme}"), seq(octets(b"saltsalt"), number(rounds)))


def locked(scheme: bytes, content: bytes = bytes(48)) -> bytes:
    return seq(scheme, octets(content))


@contextmanager
def in_no_time() -> Iterator[None]:
    """Of our own process, so that a busy machine does not matter; what is refused would take minutes to days."""
    start = process_time()
    yield
    assert process_time() - start < 5


COSTLY = {
    "PBKDF2 rounds": pbkdf2(HOURS),
    "PBKDF2 rounds beyond 64 bits": pbkdf2(2**100),
    "PBKDF2 length": pbkdf2(FAIR, number(10**9)),
    "scrypt cost": scrypt(2**24, 8, 1),
    "scrypt memory": scrypt(2**18, 8, 1),
    "scrypt block": scrypt(2, 2**30, 1),
    "scrypt lanes": scrypt(2**10, 8, 10_000),
    "scrypt memory of lanes": scrypt(2, 2**14, 2**14),
    "3DES of PKCS#12": simple("12.1.3", HOURS),
    "RC2 of PKCS#12": simple("12.1.6", HOURS),
    "DES of PKCS#5": simple("5.3", HOURS),
}


@pytest.mark.parametrize("scheme", COSTLY)
@pytest.mark.parametrize("as_pem", [False, True], ids=["DER", "PEM"])
def test_costly_key_is_refused_unopened(scheme: str, as_pem: bool) -> None:
    content = locked(COSTLY[scheme])
    if as_pem:
        content = pem(content)
    for act in (lambda: inspect_key(content), lambda: open_key(content, password=PASSWORD)):
        with in_no_time(), pytest.raises(UnusableFile) as caught:
            act()
        assert caught.value.flaw is Flaw.TOO_COSTLY


def pem(content: bytes) -> bytes:
    lines = (
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
        encodebytes(content),
        b"-----END ENCRYPTED PRIVATE KEY-----",
    )
    return b"".join(lines)


UNKNOWN = {
    "no rounds": pbkdf2(0),
    "negative rounds": pbkdf2(-5),
    "unknown scheme": simple("99.1", FAIR),
    "unknown derivation": pbes2(seq(name("1.2.3.4"), seq(number(1)))),
    "derivation without parameters": pbes2(seq(name("1.2.840.113549.1.5.12"), seq())),
    "scheme without parameters": seq(name("1.2.840.113549.1.5.13")),
    "not an algorithm": seq(),
}


@pytest.mark.parametrize("scheme", UNKNOWN)
def test_key_whose_price_cannot_be_read_is_refused(scheme: str) -> None:
    with pytest.raises(UnusableFile) as caught:
        inspect_key(locked(UNKNOWN[scheme]))
    assert caught.value.flaw is Flaw.KEY_UNREADABLE


def info(content: bytes) -> bytes:
    return seq(DATA, tlv(0xA0, octets(content)))


def bag(kind: int, value: bytes) -> bytes:
    return seq(name(f"{BAGS}.{kind}"), tlv(0xA0, value))


def certificate() -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return builder.add_extension(usage, critical=True).public_key(KEY.public_key()).sign(KEY, hashes.SHA256())


CERTIFICATE = certificate()
CERTIFICATE_BAG = bag(
    3, seq(name("1.2.840.113549.1.9.22.1"), tlv(0xA0, octets(CERTIFICATE.public_bytes(Encoding.DER))))
)
OPEN_KEY = bag(1, PLAIN_KEY)
HIDDEN = bag(2, locked(pbkdf2(HOURS)))


def encrypted(scheme: bytes, content: bytes = bytes(48)) -> bytes:
    part = seq(DATA, scheme, tlv(0x80, content))
    return seq(ENCRYPTED_DATA, tlv(0xA0, seq(number(0), part)))


def truly_encrypted(content: bytes) -> bytes:
    """As a program would that knows the password, under fair parameters."""
    derived = PBKDF2HMAC(hashes.SHA256(), 32, b"saltsalt", FAIR).derive(PASSWORD.encode())
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES256(derived), CBC(bytes(16))).encryptor()
    hidden = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    return encrypted(pbkdf2(FAIR), hidden)


def store(*infos: bytes, checksum: bytes = b"") -> bytes:
    return seq(number(3), info(seq(*infos)), checksum)


def read(content: bytes) -> Upload:
    return read_upload(
        certificate=content, key=None, password=PASSWORD, kind=CertificateKind.AUTHENTICATION, now=NOW
    )


COSTLY_STORES = {
    "the key": store(info(seq(bag(2, locked(pbkdf2(HOURS)))))),
    "the certificates": store(encrypted(simple("12.1.6", HOURS)), info(seq(OPEN_KEY))),
    "many parts together": store(*[encrypted(pbkdf2(500_000))] * 20, info(seq(OPEN_KEY))),
}


@pytest.mark.parametrize("part", COSTLY_STORES)
def test_costly_store_is_refused_unopened(part: str) -> None:
    with in_no_time(), pytest.raises(UnusableFile) as caught:
        read(COSTLY_STORES[part])
    assert caught.value.flaw is Flaw.TOO_COSTLY


@pytest.mark.parametrize("order", [0, 1], ids=["before the key", "after the key"])
def test_costly_key_hidden_among_the_certificates_is_never_touched(order: int) -> None:
    """Its parameters are encrypted themselves, so nobody can refuse it; it must only not be opened."""
    parts = [truly_encrypted(seq(HIDDEN, CERTIFICATE_BAG)), info(seq(OPEN_KEY))]
    with in_no_time():
        found = read(store(*(parts if order == 0 else reversed(parts))))
    assert found.certificate == CERTIFICATE


def test_costly_checksum_is_not_computed() -> None:
    """The key fits its certificate, which says more than a checksum under the same password."""
    sha1 = seq(seq(name("1.3.14.3.2.26"), tlv(0x05)), octets(bytes(20)))
    checksum = seq(sha1, octets(b"saltsalt"), number(HOURS))
    with in_no_time():
        found = read(store(info(seq(OPEN_KEY)), truly_encrypted(seq(CERTIFICATE_BAG)), checksum=checksum))
    assert found.certificate == CERTIFICATE


@pytest.mark.parametrize(
    "content",
    [
        store(),
        seq(number(3), info(b"")),
        seq(number(3), seq(name("1.2.840.113549.1.7.2"), tlv(0xA0, seq()))),
        store(info(seq(seq()))),
        store(seq(DATA)),
        store(info(seq(OPEN_KEY)), encrypted(pbkdf2(FAIR))),
    ],
    ids=["empty", "nothing", "signed", "empty bag", "no content", "noise"],
)
def test_store_of_another_shape_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableFile) as caught:
        read(content)
    assert caught.value.flaw in {Flaw.CERTIFICATE_UNREADABLE, Flaw.KEY_MISSING}


def test_giant_rsa_key_is_refused_before_its_primes_are_checked() -> None:
    giant = (1 << 16_000) + 1
    half = (1 << 8_000) + 1
    content = seq(*(number(part) for part in (0, giant, 65537, giant - 2, half, half, half, half, half)))
    with in_no_time(), pytest.raises(UnusableFile) as caught:
        open_key(content, password=None)
    assert caught.value.flaw in {Flaw.UNSUPPORTED_KEY, Flaw.KEY_UNREADABLE}


@pytest.mark.parametrize(
    "line", [b"-----BEGIN A-----", b"-----BEGIN ", b"-----", b"-----BEGIN A-----\n-----END "]
)
def test_endless_beginnings_are_read_once(line: bytes) -> None:
    content = (line * 64_000)[:64_000]
    with in_no_time(), pytest.raises(UnusableFile) as caught:
        read_certificate(content)
    assert caught.value.flaw is Flaw.CERTIFICATE_UNREADABLE
