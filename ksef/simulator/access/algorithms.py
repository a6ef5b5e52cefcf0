"""What a signature may be computed with: digests, signature methods and keys (section 2.2)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ksef.simulator.errors import Refusal

_MIN_RSA_BITS: Final = 2048
_MIN_EC_BITS: Final = 256

_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_ENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_MORE_2021: Final = "http://www.w3.org/2021/04/xmldsig-more#"

_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - on KSeF's list, so this witness takes it, too.
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3-256": hashes.SHA3_256(),
    "sha3-384": hashes.SHA3_384(),
    "sha3-512": hashes.SHA3_512(),
}
_DIGESTS: Final = {
    f"{_DS}sha1": "sha1",
    f"{_ENC}sha256": "sha256",
    f"{_MORE}sha384": "sha384",
    f"{_ENC}sha512": "sha512",
    f"{_MORE_2007}sha3-256": "sha3_256",
    f"{_MORE_2007}sha3-384": "sha3_384",
    f"{_MORE_2007}sha3-512": "sha3_512",
}
_PKCS1: Final = {f"{_DS}rsa-sha1": "sha1"} | {
    f"{_MORE}rsa-{name}": name for name in ("sha256", "sha384", "sha512")
}
_PSS: Final = {f"{_MORE_2007}{name}-rsa-MGF1": name for name in _HASHES}
_ECDSA: Final = {f"{_MORE}ecdsa-{name}": name for name in ("sha1", "sha256", "sha384", "sha512")} | {
    f"{_MORE_2021}ecdsa-{name}": name for name in ("sha3-256", "sha3-384", "sha3-512")
}


def bad_signature(why: str) -> Refusal:
    return Refusal(9105, f"Podpis odrzucony: {why}.")


def has_digest(content: bytes, *, method: str, value: bytes) -> bool:
    name = _DIGESTS.get(method)
    if name is None:
        raise bad_signature("niedozwolony algorytm skrótu")
    return hmac.compare_digest(hashlib.new(name, content).digest(), value)


def read_certificate(content: bytes) -> x509.Certificate:
    """Return a certificate of which every part can be read, for the library reads most of them late; else 21115."""
    try:
        certificate = x509.load_der_x509_certificate(content)
        parts = (
            certificate.subject,
            certificate.issuer,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            certificate.public_key(),
        )
    except (TypeError, ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise Refusal(21115, "Nie można odczytać certyfikatu.") from error
    if not all(parts):
        raise Refusal(21115, "Certyfikat nie ma podmiotu, wystawcy albo okresu ważności.")
    return certificate


def check_key_strength(certificate: x509.Certificate) -> None:
    """Refusal 21115 unless the key is RSA of at least 2048 bits or EC of at least 256."""
    key = certificate.public_key()
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _MIN_EC_BITS
    )
    if not strong:
        raise Refusal(21115, "Wymagany jest klucz RSA co najmniej 2048 bitów lub EC co najmniej 256 bitów.")


def check_signature(certificate: x509.Certificate, *, value: bytes, signed: bytes, method: str) -> None:
    """Refusal 9105 unless the value is this certificate's signature by one of the listed methods."""
    try:
        _verify(certificate, value=value, signed=signed, method=method)
    except InvalidSignature as error:
        raise bad_signature("wartość podpisu nie zgadza się") from error


def _verify(certificate: x509.Certificate, *, value: bytes, signed: bytes, method: str) -> None:
    key = certificate.public_key()
    if method in _PKCS1 and isinstance(key, rsa.RSAPublicKey):
        key.verify(value, signed, padding.PKCS1v15(), _HASHES[_PKCS1[method]])
    elif method in _PSS and isinstance(key, rsa.RSAPublicKey):
        digest = _HASHES[_PSS[method]]
        # The salt is as long as the digest and MGF1 uses the same one (RFC 9231).
        key.verify(value, signed, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    elif method in _ECDSA and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(_as_der(value, bits=key.key_size), signed, ec.ECDSA(_HASHES[_ECDSA[method]]))
    elif method in _PKCS1 or method in _PSS or method in _ECDSA:
        raise bad_signature("algorytm podpisu nie pasuje do klucza")
    else:
        raise bad_signature(f"niedozwolony algorytm podpisu {method}")


def _as_der(value: bytes, *, bits: int) -> bytes:
    """XML signatures carry R and S side by side; a DER value is one of the classic mistakes (trap 3)."""
    size = (bits + 7) // 8
    if len(value) != 2 * size:
        raise bad_signature("wartość podpisu ECDSA musi mieć postać R||S")
    return encode_dss_signature(int.from_bytes(value[:size]), int.from_bytes(value[size:]))
