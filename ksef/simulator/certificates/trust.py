"""Whether a certificate may log in here, and as whom: validity, issuer and fate (section 2.2, status 460)."""

from cryptography import x509

from ksef.simulator.access.identity import Identity, identify
from ksef.simulator.world import World, to_datetime


def identify_signer(world: World, certificate: x509.Certificate, *, by_fingerprint: bool) -> Identity:  # noqa: ARG001 - issued ones.
    """Return who signed; Refusal 21115 or 21406 when the certificate does not say."""
    return identify(certificate, by_fingerprint=by_fingerprint)


def find_problem(world: World, certificate: x509.Certificate, *, verify_chain: bool, now: int) -> str:
    """Return the detail of status 460, or nothing for a certificate that will do."""
    # Nothing here is issued by a trusted centre; TEST looks at the chain only when asked to (section 1).
    if verify_chain or not world.flavour.takes_self_signed:
        return "Niezaufany łańcuch certyfikatów"
    if not certificate.not_valid_before_utc <= to_datetime(now) <= certificate.not_valid_after_utc:
        return "Nieważny certyfikat"
    return ""


def note_use(world: World, certificate: x509.Certificate, *, now: int) -> None:
    """Remember when a certificate of KSeF's own was last used."""
