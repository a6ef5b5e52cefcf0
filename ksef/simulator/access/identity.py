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


@dataclass(frozen=True, slots=True)
class Identity:
    """`kind` is Nip, Pesel or Fingerprint; `method` is the deprecated authenticationMethod of the contract."""

    kind: str
    value: str
    method: str


def identify(certificate: x509.Certificate, *, by_fingerprint: bool) -> Identity:
    """Return the identity; Refusal 21115 when the subject holds none and a fingerprint was not asked for."""
    if by_fingerprint:
        return Identity(
            "Fingerprint", certificate.fingerprint(hashes.SHA256()).hex().upper(), "QualifiedSignature"
        )
    is_person = bool(_value(certificate, NameOID.GIVEN_NAME) and _value(certificate, NameOID.SURNAME))
    found = _person(certificate) if is_person else _seal(certificate)
    complete = _value(certificate, NameOID.COMMON_NAME) and _value(certificate, NameOID.COUNTRY_NAME)
    if found is None or not complete:
        raise Refusal(21115, "Certyfikat nie zawiera identyfikatora NIP ani PESEL.")
    return found


def _person(certificate: x509.Certificate) -> Identity | None:
    serial = _value(certificate, NameOID.SERIAL_NUMBER)
    for kind, pattern in (("Nip", _PERSON_NIP), ("Pesel", _PERSON_PESEL)):
        if found := pattern.search(serial):
            return Identity(kind, found[1], "QualifiedSignature")
    return None


def _seal(certificate: x509.Certificate) -> Identity | None:
    if _value(certificate, NameOID.GIVEN_NAME) or _value(certificate, NameOID.SURNAME):
        return None
    found = _SEAL_NIP.search(_value(certificate, NameOID.ORGANIZATION_IDENTIFIER))
    if found is None or not _value(certificate, NameOID.ORGANIZATION_NAME):
        return None
    return Identity("Nip", found[1], "QualifiedSeal")


def _value(certificate: x509.Certificate, name: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(name)
    return str(found[0].value) if found else ""
