"""How much fits into one package of a batch session, and the two ways of not fitting (section 5)."""

from dataclasses import dataclass


class NotPackable(ValueError):
    """An item, or their number, that no package can take: an unfit name, a name twice, nothing at all."""


class PackageFull(NotPackable):
    """One more item does not fit; the sender spreads its documents over several packages."""


@dataclass(frozen=True, slots=True)
class PackingLimits:
    """The contract's figures; they may be lowered, and raised where KSeF has raised them for a context."""

    invoices: int = 10_000
    invoice_bytes: int = 3_000_000  # With an attachment; see `GET /limits/context` for the true value.
    archive_bytes: int = 5_000_000_000
    parts: int = 50
    part_bytes: int = 100_000_000  # Before encryption.
