"""Private keys: opened within bounds, judged, and locked again under a password for keeping."""

import secrets

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from ksef.certificates.cost import check_work
from ksef.certificates.der import INTEGER, OCTET_STRING, NotDER, decode, encode, oid, sequence
from ksef.certificates.files import KeyFile, read_contents
from ksef.certificates.flaws import Flaw, UnusableFile

type SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

MIN_RSA_BITS = 2048
MIN_EC_BITS = 256
# Checking the primes of a larger one takes seconds, and no authority issues certificates for it.
_MAX_RSA_BITS = 4096

# Parameters that OWASP recommends, with 16 MiB: what a small worker can spare.
_SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_LANES = 2**14, 8, 5
_SALT_BYTES = 16
_PBES2, _SCRYPT = oid("1.2.840.113549.1.5.13"), oid("1.3.6.1.4.1.11591.4.11")
_AES_256_CBC = oid("2.16.840.1.101.3.4.1.42")


def inspect_key(content: bytes) -> KeyFile:
    """The one private key in a file, not opened: no password is needed (S43), and its cost is known to be fair.

    Raises `UnusableFile`.
    """
    contents = read_contents(content)
    if not contents.keys:
        found_other = contents.certificates or contents.store
        raise UnusableFile(Flaw.CERTIFICATE_AS_KEY if found_other else Flaw.KEY_UNREADABLE)
    if len(contents.keys) > 1:
        raise UnusableFile(Flaw.SEVERAL_KEYS)
    (key,) = contents.keys
    _check_cost(key)
    return key


def open_key(content: bytes, *, password: str | None) -> SigningKey:
    """The key in a file of any form that `inspect_key` takes; a password that is not needed is not looked at."""
    return load_key(inspect_key(content), password=password)


def load_key(file: KeyFile, *, password: str | None) -> SigningKey:
    """Raises `UnusableFile`: the password missing or wrong, the key unreadable, weak or of another kind."""
    _check_cost(file)
    if file.is_encrypted and not password:
        raise UnusableFile(Flaw.PASSWORD_NEEDED)
    secret = password.encode() if password and file.is_encrypted else None
    load = load_pem_private_key if file.der is None else load_der_private_key
    # The causes are cut off: what a parser says about a key has no place in a log.
    try:
        # The primes are checked below, once their size is known.
        key = load(file.der or file.pem, password=secret, unsafe_skip_rsa_key_validation=True)
    except UnsupportedAlgorithm:
        raise UnusableFile(Flaw.UNSUPPORTED_KEY) from None
    except (ValueError, TypeError):
        raise UnusableFile(Flaw.WRONG_PASSWORD if file.is_encrypted else Flaw.KEY_UNREADABLE) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise UnusableFile(Flaw.UNSUPPORTED_KEY)
    return _judge(key)


def lock_key(key: SigningKey, *, password: str) -> bytes:
    """Encrypted PKCS#8 (DER) under a key derived with scrypt; `open_key` is the reverse."""
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, iv = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_SALT_BYTES)
    scrypt = Scrypt(salt=salt, length=32, n=_SCRYPT_COST, r=_SCRYPT_BLOCK, p=_SCRYPT_LANES)
    encryptor = Cipher(AES256(scrypt.derive(password.encode())), CBC(iv)).encryptor()
    padder = PKCS7(128).padder()
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    numbers = (_SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_LANES)
    derivation = sequence(encode(OCTET_STRING, salt), *(_encode_integer(number) for number in numbers))
    scheme = sequence(
        sequence(_SCRYPT.encoded, derivation), sequence(_AES_256_CBC.encoded, encode(OCTET_STRING, iv))
    )
    return sequence(sequence(_PBES2.encoded, scheme), encode(OCTET_STRING, encrypted))


def is_strong(
    key: rsa.RSAPrivateKey | rsa.RSAPublicKey | ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey,
) -> bool:
    """Long enough for KSeF (section 2.2)."""
    is_rsa = isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey)
    return key.key_size >= (MIN_RSA_BITS if is_rsa else MIN_EC_BITS)


def _check_cost(file: KeyFile) -> None:
    """The older PEM derives its key with a single MD5, so it has no price."""
    if not file.is_encrypted or file.der is None:
        return
    try:
        algorithm, _encrypted = decode(file.der).sequence()
        check_work(algorithm)
    except (NotDER, ValueError):
        raise UnusableFile(Flaw.KEY_UNREADABLE) from None


def _judge(key: SigningKey) -> SigningKey:
    if not is_strong(key):
        raise UnusableFile(Flaw.WEAK_KEY)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    if key.key_size > _MAX_RSA_BITS:
        raise UnusableFile(Flaw.UNSUPPORTED_KEY)
    try:
        return key.private_numbers().private_key()
    except ValueError:
        raise UnusableFile(Flaw.KEY_UNREADABLE) from None


def _encode_integer(number: int) -> bytes:
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1))
