"""The keys of the simulated ministry: the RSA key that clients encrypt with, and the seal that signs UPOs."""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Response, json_response
from ksef.simulator.routing import Call
from ksef.simulator.state import Store
from ksef.simulator.world import as_milliseconds, iso, to_datetime

TOKENS: Final = "KsefTokenEncryption"
SYMMETRIC: Final = "SymmetricKeyEncryption"

_VALIDITY: Final = timedelta(days=2 * 365)
_OAEP: Final = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)

type _PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def ensure_keys(store: Store, *, now: int) -> None:
    """Make the keys on the first start; one RSA key serves both usages."""
    if store.row("SELECT key_id FROM encryption_keys LIMIT 1") is None:
        add_encryption_key(store, usage=(TOKENS, SYMMETRIC), valid_from=now - as_milliseconds(86_400))
    if store.setting("seal_key") is None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key, name="Symulator KSeF: pieczęć UPO", valid_from=now - 86_400_000)
        store.set_setting("seal_key", _pem(key).decode())
        store.set_setting("seal_certificate", certificate.public_bytes(serialization.Encoding.PEM).decode())


def add_encryption_key(
    store: Store, *, usage: tuple[str, ...], valid_from: int, key: rsa.RSAPrivateKey | None = None
) -> str:
    """Publish a certificate, of a new key or again of an old one, and return its publicKeyId."""
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _self_signed(key, name="Symulator KSeF: szyfrowanie", valid_from=valid_from)
    key_id = _digest(
        key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    store.insert(
        "encryption_keys",
        key_id=key_id,
        certificate=certificate.public_bytes(serialization.Encoding.DER),
        private_key=_pem(key),
        usage=json.dumps(usage),
        valid_from=valid_from,
        valid_to=valid_from + as_milliseconds(_VALIDITY.total_seconds()),
    )
    return key_id


def keep_first_key(store: Store) -> None:
    """Undo all rotations."""
    store.run("DELETE FROM encryption_keys WHERE rowid > (SELECT min(rowid) FROM encryption_keys)")
    store.run("UPDATE encryption_keys SET withdrawn_at = NULL")


def withdraw_keys(store: Store, *, now: int) -> None:
    """Emergency rotation: every key so far is unknown at once (section 2.3)."""
    store.run("UPDATE encryption_keys SET withdrawn_at = ? WHERE withdrawn_at IS NULL", now)


def recertify(store: Store, *, now: int) -> str:
    """Publish a new certificate of the newest key: the publicKeyId stays."""
    newest = _active(store)[0]
    key = serialization.load_pem_private_key(newest["private_key"], None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(newest["key_id"])
    return add_encryption_key(store, usage=tuple(json.loads(newest["usage"])), valid_from=now, key=key)


def list_public_keys(call: Call) -> Response:
    """GET /security/public-key-certificates."""
    keys = [key for key in _active(call.world.store) if key["valid_to"] > call.now]
    return json_response([_as_json(key) for key in keys])


def decrypt(store: Store, ciphertext: bytes, *, key_id: str | None, usage: str) -> bytes | None:
    """Return the plaintext or None; Refusal 21470 when the named key is not one of ours for this usage."""
    keys = [key for key in _active(store) if usage in json.loads(key["usage"])]
    if key_id is not None:
        keys = [key for key in keys if key["key_id"] == key_id]
        if not keys:
            raise Refusal(21470, f"Klucz o identyfikatorze {key_id} nie jest wspierany.")
    return next((text for key in keys if (text := _open(key, ciphertext)) is not None), None)


def _open(key: dict[str, Any], ciphertext: bytes) -> bytes | None:
    private = serialization.load_pem_private_key(key["private_key"], None)
    if not isinstance(private, rsa.RSAPrivateKey):
        return None
    try:
        return private.decrypt(ciphertext, _OAEP)
    except ValueError:
        return None


def _active(store: Store) -> list[dict[str, Any]]:
    return store.rows(
        "SELECT * FROM encryption_keys WHERE withdrawn_at IS NULL ORDER BY valid_from DESC, rowid DESC"
    )


def _as_json(key: dict[str, Any]) -> dict[str, object]:
    return {
        "certificate": base64.b64encode(key["certificate"]).decode("ascii"),
        "certificateId": _digest(key["certificate"]),
        "publicKeyId": key["key_id"],
        "validFrom": iso(key["valid_from"]),
        "validTo": iso(key["valid_to"]),
        "usage": json.loads(key["usage"]),
    }


def _digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")


def _pem(key: _PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _self_signed(key: _PrivateKey, *, name: str, valid_from: int) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Symulator KSeF"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    start = to_datetime(valid_from)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + _VALIDITY)
    return builder.sign(key, hashes.SHA256())
