"""A list of the ministry's public keys, for tests that answer in its place."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "key")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=730))
    signed = builder.public_key(private_key().public_key()).sign(private_key(), hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def public_keys(*ids: str) -> list[dict[str, Any]]:
    """What `GET /security/public-key-certificates` answers."""
    return [
        {
            "certificate": b64encode(_certificate()).decode(),
            "certificateId": "A" * 43 + "=",
            "publicKeyId": key_id,
            "validFrom": "2026-01-01T00:00:00Z",
            "validTo": "2028-01-01T00:00:00Z",
            "usage": ["KsefTokenEncryption", "SymmetricKeyEncryption"],
        }
        for key_id in ids
    ]


def opened(encrypted: bytes) -> bytes:
    """What was meant for the ministry alone."""
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    return private_key().decrypt(encrypted, oaep)
