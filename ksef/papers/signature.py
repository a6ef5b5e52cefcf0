"""Who signed a document and when, as its own signature says; whether that is true is for ksef.upo to check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from ksef.crypto import from_base64

if TYPE_CHECKING:
    from datetime import datetime

    from ksef.papers.tree import Node

_NAMED_BY: Final = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerCertificate:
    subject: str
    issuer: str
    serial: str
    valid_from: datetime
    valid_to: datetime


def find_certificate(signature: Node) -> SignerCertificate | None:
    """The certificate that a signature carries; None when there is none that can be read."""
    text = _first(signature, "X509Certificate")
    try:
        certificate = x509.load_der_x509_certificate(from_base64("".join(text.split())))
    except ValueError:
        return None
    return SignerCertificate(
        subject=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        serial=f"{certificate.serial_number:X}",
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
    )


def find_signing_time(signature: Node) -> str:
    """The moment as the signer wrote it, empty when there is none."""
    return _first(signature, "SigningTime")


def _first(signature: Node, name: str) -> str:
    return next((node.text for node in signature.walk() if node.name == name), "")


def _name(name: x509.Name) -> str:
    parts = (str(part.value) for kind in _NAMED_BY for part in name.get_attributes_for_oid(kind))
    return ", ".join(dict.fromkeys(parts)) or name.rfc4514_string()
