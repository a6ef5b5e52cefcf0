"""PKCS#10 requests of a visitor's own making, with any key and any algorithm, right or wrong in one place."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from tests.contract.ministry import PrivateKey

type Sha2 = hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512

OIDS = {
    "commonName": "2.5.4.3",
    "surname": "2.5.4.4",
    "serialNumber": "2.5.4.5",
    "countryName": "2.5.4.6",
    "organizationName": "2.5.4.10",
    "givenName": "2.5.4.42",
    "uniqueIdentifier": "2.5.4.45",
    "organizationIdentifier": "2.5.4.97",
}
SHA1: hashes.HashAlgorithm = hashes.SHA1()  # noqa: S303 - KSeF's list of algorithms has it.
RSA_WITH = {
    "sha1": (SHA1, "2a864886f70d010105"),
    "sha224": (hashes.SHA224(), "2a864886f70d01010e"),
    "sha256": (hashes.SHA256(), "2a864886f70d01010b"),
    "sha384": (hashes.SHA384(), "2a864886f70d01010c"),
    "sha512": (hashes.SHA512(), "2a864886f70d01010d"),
}
ECDSA_WITH = {
    "sha1": (SHA1, "2a8648ce3d0401"),
    "sha224": (hashes.SHA224(), "2a8648ce3d040301"),
    "sha256": (hashes.SHA256(), "2a8648ce3d040302"),
    "sha384": (hashes.SHA384(), "2a8648ce3d040303"),
    "sha512": (hashes.SHA512(), "2a8648ce3d040304"),
}


def name_of(attributes: Iterable[tuple[str, str]]) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(x509.ObjectIdentifier(OIDS[name]), value) for name, value in attributes]
    )


def make_request(
    data: Mapping[str, str], key: PrivateKey | Ed25519PrivateKey, *, reverse: bool = False
) -> bytes:
    """A request as any client would make it."""
    attributes = list(data.items())
    name = name_of(reversed(attributes) if reverse else attributes)
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    algorithm = hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else None
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def make_request_with(data: Mapping[str, str], key: PrivateKey, *, digest: str) -> bytes:
    """A request signed by hand: no library makes one with SHA-1 any more."""
    body = _body(data, key)
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm, oid = RSA_WITH[digest]
        return assemble(
            body, f"06{len(oid) // 2:02x}{oid}0500", key.sign(body, padding.PKCS1v15(), algorithm)
        )
    algorithm, oid = ECDSA_WITH[digest]
    return assemble(body, f"06{len(oid) // 2:02x}{oid}", key.sign(body, ec.ECDSA(algorithm)))


def make_default_pss_request(data: Mapping[str, str], key: rsa.RSAPrivateKey) -> bytes:
    """RSASSA-PSS with SHA-1 throughout, which are its parameters where none are given."""
    body = _body(data, key)
    pss = padding.PSS(mgf=padding.MGF1(SHA1), salt_length=SHA1.digest_size)
    return assemble(body, "06092a864886f70d01010a3000", key.sign(body, pss, SHA1))


def make_pss_request(data: Mapping[str, str], key: rsa.RSAPrivateKey, algorithm: Sha2) -> bytes:
    pss = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)
    builder = x509.CertificateSigningRequestBuilder().subject_name(name_of(data.items()))
    return builder.sign(key, algorithm, rsa_padding=pss).public_bytes(Encoding.DER)


def _body(data: Mapping[str, str], key: PrivateKey) -> bytes:
    return x509.load_der_x509_csr(make_request(data, key)).tbs_certrequest_bytes


def assemble(body: bytes, algorithm: str, signature: bytes) -> bytes:
    """CertificationRequest: body, AlgorithmIdentifier, BIT STRING."""
    return _der(0x30, body, _der(0x30, bytes.fromhex(algorithm)), _der(0x03, b"\0", signature))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def as_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
