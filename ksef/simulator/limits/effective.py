"""The limits of size and number that hold for one context (section 12)."""

from dataclasses import dataclass

from ksef.simulator.world import World


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
