"""Certificates we make ourselves; only KSeF TEST and the simulator welcome them (section 2.2)."""

from datetime import datetime, timedelta
from unicodedata import category

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ksef.exchange import CertificateCredential

# ub-common-name and ub-organization-name of RFC 5280; cryptography counts bytes, and a Polish letter has two.
_NAME_LIMIT = 64
_VALIDITY = timedelta(days=730)
_CLOCK_SKEW = timedelta(minutes=5)


def self_signed_seal(*, nip: str, name: str, now: datetime) -> CertificateCredential:
    """A look-alike of a company seal: KSeF TEST takes its NIP for the owner of that context."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _seal_subject(nip=nip, name=_fit_name(name) or nip)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .sign(key, hashes.SHA256())
    )
    return CertificateCredential(
        certificate_pem=certificate.public_bytes(Encoding.PEM),
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _seal_subject(*, nip: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"VATPL-{nip}"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _fit_name(name: str) -> str:
    """Without control characters and lone surrogates, which no UTF8String may hold, and not too long."""
    printable = "".join(" " if category(character).startswith("C") else character for character in name)
    return " ".join(printable.split()).encode()[:_NAME_LIMIT].decode(errors="ignore").strip()


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
