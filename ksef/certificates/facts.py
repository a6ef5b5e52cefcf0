"""What a certificate says about itself, for showing it and for judging it (S31, S50)."""

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ksef.certificates.flaws import Flaw, UnusableFile
from ksef.exchange.certificates import CertificateKind
from ksef.exchange.identifiers import Identifier, IdentifierKind

# The patterns of section 2.2; the number is what follows the mark first.
_PESEL = re.compile(r"(?:PNOPL|PESEL).*?([0-9]{11})")
_PERSONAL_NIP = re.compile(r"(?:TINPL|NIP).*?([0-9]{10})")
_COMPANY_NIP = re.compile(r"VATPL.*?([0-9]{10})")
# What the library raises, sooner or later, for a certificate that contradicts its own format.
BROKEN = (ValueError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """`kind` is None when the key may be used for both purposes of KSeF, or for neither."""

    common_name: str
    identity: Identifier
    serial_number: str  # As KSeF writes it: at least 16 upper-case hex digits.
    issuer: str
    kind: CertificateKind | None
    valid_from: datetime
    valid_to: datetime
    fingerprint: str  # As permissions name it (section 3).


def describe(certificate: x509.Certificate) -> CertificateFacts:
    """Raises CERTIFICATE_UNREADABLE for one that contradicts its own format."""
    try:
        fingerprint = certificate.fingerprint(hashes.SHA256()).hex().upper()
        return CertificateFacts(
            common_name=_find(certificate.subject, NameOID.COMMON_NAME),
            identity=_identify(certificate.subject, fingerprint=fingerprint),
            serial_number=f"{certificate.serial_number:016X}",
            issuer=_find(certificate.issuer, NameOID.COMMON_NAME) or certificate.issuer.rfc4514_string(),
            kind=_sole(purposes_of(certificate)),
            valid_from=certificate.not_valid_before_utc,
            valid_to=certificate.not_valid_after_utc,
            fingerprint=fingerprint,
        )
    except BROKEN:
        raise UnusableFile(Flaw.CERTIFICATE_UNREADABLE) from None


def check_usable(certificate: x509.Certificate, *, kind: CertificateKind, now: datetime) -> CertificateFacts:
    """The facts of a certificate that serves this purpose today; raises `UnusableFile` otherwise."""
    facts = describe(certificate)
    purposes = purposes_of(certificate)
    if not purposes:
        raise UnusableFile(Flaw.NO_PURPOSE)
    if len(purposes) > 1:
        raise UnusableFile(Flaw.BOTH_PURPOSES)
    if kind not in purposes:
        raise UnusableFile(Flaw.WRONG_PURPOSE)
    if now < facts.valid_from:
        raise UnusableFile(Flaw.NOT_YET_VALID)
    if now > facts.valid_to:
        raise UnusableFile(Flaw.EXPIRED)
    return facts


def purposes_of(certificate: x509.Certificate) -> frozenset[CertificateKind]:
    """From keyUsage: KSeF marks each certificate for one purpose (section 3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset()
    marked = {
        CertificateKind.AUTHENTICATION: usage.digital_signature,
        CertificateKind.OFFLINE: usage.content_commitment,
    }
    return frozenset(kind for kind, is_marked in marked.items() if is_marked)


def _sole(purposes: frozenset[CertificateKind]) -> CertificateKind | None:
    return next(iter(purposes)) if len(purposes) == 1 else None


def _identify(subject: x509.Name, *, fingerprint: str) -> Identifier:
    """A person by PESEL or NIP, a company by its NIP, anybody else by the certificate itself (section 2.2)."""
    serial = _find(subject, NameOID.SERIAL_NUMBER)
    organization = _find(subject, NameOID.ORGANIZATION_IDENTIFIER)
    candidates = (
        (IdentifierKind.PESEL, _PESEL.search(serial)),
        (IdentifierKind.NIP, _PERSONAL_NIP.search(serial)),
        (IdentifierKind.NIP, _COMPANY_NIP.search(organization)),
    )
    for kind, match in candidates:
        if match:
            return Identifier(kind, match[1])
    return Identifier(IdentifierKind.FINGERPRINT, fingerprint)


def _find(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return next((str(entry.value) for entry in name.get_attributes_for_oid(oid)), "")
