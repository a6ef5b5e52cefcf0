"""The limits of size and number that hold for one context or one subject (section 12)."""

from dataclasses import dataclass
from typing import Final

from ksef.simulator.world import World

_COMPANY: Final = (300, 100)
_PERSONAL: Final = (12, 6)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    invoice_bytes: int
    invoice_bytes_with_attachment: int
    invoices: int


def session_limits(world: World, *, context: tuple[str, str], batch: bool) -> SessionLimits:  # noqa: ARG001 - overrides.
    """Return what one session of this context may hold."""
    options = world.options
    return SessionLimits(
        options.max_invoice_bytes, options.max_invoice_bytes_with_attachment, options.max_invoices
    )


@dataclass(frozen=True, slots=True)
class CertificateLimits:
    """How many requests one subject may ever make, and how many certificates it may hold at a time (section 3)."""

    enrollments: int
    certificates: int


def certificate_limits(world: World, *, subject_type: str, subject: str) -> CertificateLimits:  # noqa: ARG001 - overrides.
    """Return the limits of this subject, whatever context it logs in to."""
    return CertificateLimits(*(_COMPANY if subject_type == "Nip" else _PERSONAL))
