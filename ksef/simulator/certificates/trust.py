"""Whether a certificate may log in here: its validity, its issuer and its fate (section 2.2, status 460)."""

from cryptography import x509

from ksef.simulator.world import World, to_datetime


def find_problem(world: World, certificate: x509.Certificate, *, verify_chain: bool, now: int) -> str:
    """Return the detail of status 460, or nothing for a certificate that will do."""
    # Nothing here is issued by a trusted centre; TEST looks at the chain only when asked to (section 1).
    if verify_chain or not world.flavour.takes_self_signed:
        return "Niezaufany łańcuch certyfikatów"
    if not certificate.not_valid_before_utc <= to_datetime(now) <= certificate.not_valid_after_utc:
        return "Nieważny certyfikat"
    return ""
