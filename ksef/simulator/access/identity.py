"""Who a certificate speaks for (section 2.2: Certificate -> identity)."""

import re
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ksef.simulator.errors import Refusal

_PERSON_NIP: Final = re.compile(r"(?:TINPL|NIP).*?(\d{10})")
_PERSON_PESEL: Final = re.compile(r"(?:PNOPL|PESEL).*?(\d{11})")
_SEAL_NIP: Final = re.compile(r"VATPL.*?(\d{10})")
_PEPPOL: Final = re.compile(r"P[A-Z]{2}\d{6}")


@dataclass(frozen=True, slots=True)
class Identity:
    """`kind` is Nip, Pesel, Fingerprint or PeppolId; `method` is the deprecated authenticationMethod."""

    kind: str
    value: str
    method: str


def identify(certificate: x509.Certificate, *, by_fingerprint: bool) -> Identity:
    """Return the identity of a certificate that is not KSeF's own.

    Refusal 21115 when the subject lacks what such a certificate must hold, 21406 when all is there but the request
    says certificateSubject and no identifier can be read (issue 169 of the official repository).
    """
    if by_fingerprint:
        return Identity("Fingerprint", fingerprint(certificate), "QualifiedSignature")
    found = _person(certificate) if _is_personal(certificate) else _seal(certificate)
    if found is None:
        raise Refusal(21406, "Podmiot certyfikatu nie zawiera identyfikatora NIP ani PESEL.")
    return found


def fingerprint(certificate: x509.Certificate) -> str:
    """Return SHA-256 of the DER certificate in upper-case hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex().upper()


def _is_personal(certificate: x509.Certificate) -> bool:
    return bool(_value(certificate, NameOID.GIVEN_NAME) or _value(certificate, NameOID.SURNAME))


def _person(certificate: x509.Certificate) -> Identity | None:
    _require(certificate, NameOID.GIVEN_NAME, NameOID.SURNAME, NameOID.SERIAL_NUMBER)
    serial = _value(certificate, NameOID.SERIAL_NUMBER)
    for kind, pattern in (("Nip", _PERSON_NIP), ("Pesel", _PERSON_PESEL)):
        if found := pattern.search(serial):
            return Identity(kind, found[1], "QualifiedSignature")
    return None


def _seal(certificate: x509.Certificate) -> Identity | None:
    """A company's seal; one of a Peppol provider carries the provider's identifier as its common name."""
    _require(certificate, NameOID.ORGANIZATION_NAME)
    identifier = _value(certificate, NameOID.ORGANIZATION_IDENTIFIER)
    name = _value(certificate, NameOID.COMMON_NAME)
    if identifier in {"", name} and _PEPPOL.fullmatch(name):
        return Identity("PeppolId", name, "PeppolSignature")
    _require(certificate, NameOID.ORGANIZATION_IDENTIFIER)
    found = _SEAL_NIP.search(identifier)
    return None if found is None else Identity("Nip", found[1], "QualifiedSeal")


def _require(certificate: x509.Certificate, *names: x509.ObjectIdentifier) -> None:
    if not all(_value(certificate, name) for name in (*names, NameOID.COMMON_NAME, NameOID.COUNTRY_NAME)):
        raise Refusal(21115, "Podmiot certyfikatu nie zawiera wszystkich wymaganych atrybutów.")


def _value(certificate: x509.Certificate, name: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(name)
    return str(found[0].value) if found else ""
