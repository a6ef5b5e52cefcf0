"""Whether a certificate may log in here, and as whom: validity, issuer and fate (section 2.2, status 460)."""

from dataclasses import replace
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ksef.simulator.access.identity import Identity, identify
from ksef.simulator.certificates.authority import ORGANIZATION, find_authority
from ksef.simulator.certificates.records import Certificate, find_certificate
from ksef.simulator.world import World, to_datetime

_INVALID: Final = "Nieważny certyfikat"
_BROKEN_CHAIN: Final = "Błąd weryfikacji łańcucha certyfikatów"
_UNTRUSTED: Final = "Niezaufany łańcuch certyfikatów"
_INCORRECT: Final = "Niepoprawny certyfikat"
_FATES: Final = {
    "Expired": _INVALID,
    "Revoked": "Certyfikat odwołany",
    "Blocked": "Certyfikat zawieszony",
}
_INTERNAL: Final = "InternalCertificate"


def identify_signer(
    world: World, certificate: x509.Certificate, *, by_fingerprint: bool, now: int
) -> Identity:
    """Return who signed; Refusal 21115 or 21406 when the certificate does not say.

    A certificate of KSeF's own carries the identity it was issued for: for one that was asked for after a login by
    fingerprint that is the fingerprint of the certificate of that login.
    """
    issued = find_issued(world, certificate, now=now)
    if issued is None:
        return identify(certificate, by_fingerprint=by_fingerprint)
    if by_fingerprint == (issued.subject_type == "Fingerprint"):
        return Identity(issued.subject_type, issued.subject, _INTERNAL)
    return replace(identify(certificate, by_fingerprint=by_fingerprint), method=_INTERNAL)


def find_problem(world: World, certificate: x509.Certificate, *, verify_chain: bool, now: int) -> str:
    """Return the detail of status 460, or nothing for a certificate that will do."""
    if _names_an_authority_of_ours(certificate):
        return _problem_of_own(world, certificate, now=now)
    # Nobody else's certificates are trusted here; TEST looks at the chain only when asked to (section 1).
    if verify_chain or not world.flavour.takes_self_signed:
        return _UNTRUSTED
    if not certificate.not_valid_before_utc <= to_datetime(now) <= certificate.not_valid_after_utc:
        return _INVALID
    return "" if _stands_for_itself(certificate) else _INCORRECT


def find_issued(world: World, certificate: x509.Certificate, *, now: int) -> Certificate | None:
    """Return the record of a certificate that was issued here, byte for byte."""
    found = find_certificate(world.store, f"{certificate.serial_number:016X}", now=now)
    if found is None or found.content != certificate.public_bytes(Encoding.DER):
        return None
    return found


def note_use(world: World, certificate: x509.Certificate, *, now: int) -> None:
    """Remember when a certificate of KSeF's own was last used."""
    issued = find_issued(world, certificate, now=now)
    if issued is not None:
        world.store.run("UPDATE certificates SET used_at = ? WHERE id = ?", now, issued.id)


def _problem_of_own(world: World, certificate: x509.Certificate, *, now: int) -> str:
    authority = find_authority(world)
    if certificate.issuer != authority.certificate.subject:
        return _UNTRUSTED  # Of another environment of this simulator.
    if not authority.has_issued(certificate):
        return _BROKEN_CHAIN
    issued = find_issued(world, certificate, now=now)
    # One that logs nobody in (Offline) and one from before a reset are equally no certificates for a login.
    if issued is None or issued.kind != "Authentication":
        return _INCORRECT
    if now < issued.valid_from:
        return _INVALID
    return _FATES.get(issued.status_at(now), "")


def _names_an_authority_of_ours(certificate: x509.Certificate) -> bool:
    names = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return [name.value for name in names] == [ORGANIZATION]


def _stands_for_itself(certificate: x509.Certificate) -> bool:
    """Return whether a certificate that says it signed itself did; one of a foreign centre is not looked into."""
    if certificate.issuer != certificate.subject:
        return True
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
