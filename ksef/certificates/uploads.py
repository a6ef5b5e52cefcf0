"""The files of a certificate as a person uploads them, read and judged together (S21, S31, S32, S50)."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ksef.certificates.facts import BROKEN, CertificateFacts, check_usable
from ksef.certificates.files import Contents, read_contents
from ksef.certificates.flaws import Flaw, UnusableFile
from ksef.certificates.keys import SigningKey, is_strong, load_key, open_key
from ksef.certificates.stores import open_store
from ksef.exchange import CertificateCredential
from ksef.exchange.certificates import CertificateKind


@dataclass(frozen=True, slots=True)
class Upload:
    """A certificate that may be used today, with its key."""

    facts: CertificateFacts
    certificate: x509.Certificate = field(repr=False)
    key: SigningKey = field(repr=False)

    def credential(self) -> CertificateCredential:
        """For `Gateway.log_in`; the key is in clear, so it lives in memory and nowhere else."""
        return CertificateCredential(
            certificate_pem=self.certificate.public_bytes(Encoding.PEM),
            key_pem=self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )


def read_upload(
    *, certificate: bytes, key: bytes | None, password: str | None, kind: CertificateKind, now: datetime
) -> Upload:
    """From a certificate and its key, or from one PKCS#12 file or PEM that holds both (`key` is None then).

    Raises `UnusableFile` with the first flaw found.
    """
    contents = read_contents(certificate)
    if contents.store is not None:
        store = open_store(contents.store, password=password)
        chosen = _choose(store.certificates, store.key)
        return Upload(facts=check_usable(chosen, kind=kind, now=now), certificate=chosen, key=store.key)
    loaded = _load_certificate(contents)
    facts = check_usable(loaded, kind=kind, now=now)
    opened = _open_beside(contents, password) if key is None else open_key(key, password=password)
    check_pair(loaded, opened)
    return Upload(facts=facts, certificate=loaded, key=opened)


def read_certificate(content: bytes) -> x509.Certificate:
    """The one certificate in a PEM or DER file, without its key; raises `UnusableFile`.

    PKCS#12 is PASSWORD_NEEDED here: only `read_upload` opens it.
    """
    contents = read_contents(content)
    if contents.store is not None:
        raise UnusableFile(Flaw.PASSWORD_NEEDED)
    return _load_certificate(contents)


def check_pair(certificate: x509.Certificate, key: SigningKey) -> None:
    if not _belongs(certificate, key):
        raise UnusableFile(Flaw.MISMATCH)


def _load_certificate(contents: Contents) -> x509.Certificate:
    if not contents.certificates:
        raise UnusableFile(Flaw.KEY_AS_CERTIFICATE if contents.keys else Flaw.CERTIFICATE_UNREADABLE)
    if len(contents.certificates) > 1:
        raise UnusableFile(Flaw.SEVERAL_CERTIFICATES)
    try:
        certificate = x509.load_der_x509_certificate(contents.certificates[0])
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        raise UnusableFile(Flaw.UNSUPPORTED_KEY) from None
    except BROKEN:
        raise UnusableFile(Flaw.CERTIFICATE_UNREADABLE) from None
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise UnusableFile(Flaw.UNSUPPORTED_KEY)
    if not is_strong(key):
        raise UnusableFile(Flaw.WEAK_KEY)
    return certificate


def _open_beside(contents: Contents, password: str | None) -> SigningKey:
    if not contents.keys:
        raise UnusableFile(Flaw.KEY_MISSING)
    if len(contents.keys) > 1:
        raise UnusableFile(Flaw.SEVERAL_KEYS)
    return load_key(contents.keys[0], password=password)


def _choose(certificates: tuple[x509.Certificate, ...], key: SigningKey) -> x509.Certificate:
    """Of a chain the one that belongs to the key; those above it only vouch."""
    if not certificates:
        raise UnusableFile(Flaw.CERTIFICATE_MISSING)
    chosen = next((one for one in certificates if _belongs(one, key)), None)
    if chosen is None:
        raise UnusableFile(Flaw.MISMATCH)
    return chosen


def _belongs(certificate: x509.Certificate, key: SigningKey) -> bool:
    try:
        public = certificate.public_key()
    except (*BROKEN, UnsupportedAlgorithm):
        return False
    if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public.public_bytes(*form) == key.public_key().public_bytes(*form)
