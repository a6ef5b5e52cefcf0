"""What KSeF wants encrypted: session keys and KSeF tokens with RSA-OAEP, invoices with AES-256-CBC."""

import hashlib
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ksef.errors import ContractBroken
from ksef.exchange.archives import SymmetricKey

KEY_BYTES = 32
BLOCK_BYTES = 16


class KeyUsage(StrEnum):
    TOKEN = "KsefTokenEncryption"  # noqa: S105 - the name of a usage, not a secret.
    SYMMETRIC_KEY = "SymmetricKeyEncryption"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One entry of the ministry's list of certificates (section 2.3)."""

    public_key_id: str
    certificate: bytes  # DER
    valid_from: datetime
    valid_to: datetime
    usages: frozenset[str]


def choose_public_key(keys: Iterable[PublicKey], *, usage: KeyUsage, at: datetime) -> PublicKey | None:
    """The key for the usage, valid now, that began last: a rotation lists old and new together (F21)."""
    fitting = [key for key in keys if usage in key.usages and key.valid_from <= at < key.valid_to]
    return max(fitting, key=lambda key: key.valid_from, default=None)


def encrypt_for_ksef(secret: bytes, *, public_key: PublicKey) -> bytes:
    """RSA-OAEP with SHA-256 in both places; raises `ContractBroken` when the listed key is not RSA."""
    try:
        key = x509.load_der_x509_certificate(public_key.certificate).public_key()
    except ValueError as error:
        raise ContractBroken("a public key certificate of KSeF cannot be read") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise ContractBroken("a public key of KSeF is not an RSA key")
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    return key.encrypt(secret, oaep)


def token_plaintext(token: str, *, timestamp_ms: int) -> bytes:
    """The challenge's milliseconds go in literally (section 2.1)."""
    return f"{token}|{timestamp_ms}".encode()


def new_symmetric_key() -> SymmetricKey:
    return SymmetricKey(key=secrets.token_bytes(KEY_BYTES), iv=secrets.token_bytes(BLOCK_BYTES))


def encrypt_document(document: bytes, *, key: bytes, iv: bytes) -> bytes:
    """AES-256-CBC with PKCS#7; the IV travels beside the ciphertext, not in front of it (trap 1)."""
    encryption = Encryption(SymmetricKey(key=key, iv=iv))
    return encryption.update(document) + encryption.finish()


class Encryption:
    """The same cipher piece by piece, so that a part of a package never stands in memory as a whole."""

    def __init__(self, secret: SymmetricKey) -> None:
        self._padder = PKCS7(BLOCK_BYTES * 8).padder()
        self._encryptor = Cipher(AES256(secret.key), CBC(secret.iv)).encryptor()

    def update(self, piece: bytes) -> bytes:
        return self._encryptor.update(self._padder.update(piece))

    def finish(self) -> bytes:
        return self._encryptor.update(self._padder.finalize()) + self._encryptor.finalize()


class Decryption:
    """The way back; `finish` raises ValueError when the padding is wrong or a block is not whole."""

    def __init__(self, secret: SymmetricKey) -> None:
        self._unpadder = PKCS7(BLOCK_BYTES * 8).unpadder()
        self._decryptor = Cipher(AES256(secret.key), CBC(secret.iv)).decryptor()

    def update(self, piece: bytes) -> bytes:
        return self._unpadder.update(self._decryptor.update(piece))

    def finish(self) -> bytes:
        return self._unpadder.update(self._decryptor.finalize()) + self._unpadder.finalize()


def decrypt_blocks(blocks: bytes, *, key: bytes, before: bytes) -> bytes:
    """Whole blocks from the middle of a ciphertext; `before` is the block in front of them, or the IV."""
    decryptor = Cipher(AES256(key), CBC(before)).decryptor()
    return decryptor.update(blocks) + decryptor.finalize()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def to_base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Strict: raises ValueError on anything outside the standard alphabet."""
    return b64decode(text.encode("ascii"), validate=True)
