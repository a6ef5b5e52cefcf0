"""The limits that hold for one context or subject: the published ones, or those /testdata has put in their place."""

from dataclasses import dataclass
from typing import Final

from ksef.simulator.limits.overrides import Kind, find_override
from ksef.simulator.limits.windows import Rates
from ksef.simulator.world import World

MEGABYTE: Final = 1_000_000

# Section 12. "other" counts each operation by itself, "anonymous" each address; "global" is announced and not enforced.
PRODUCTION_RATES: Final = {
    "onlineSession": Rates(10, 30, 120),
    "onlineSessionClose": Rates(20, 60, 240),
    "batchSession": Rates(10, 20, 60),
    "batchSessionClose": Rates(20, 40, 120),
    "invoiceSend": Rates(10, 30, 180),
    "invoiceStatus": Rates(30, 120, 1200),
    "sessionList": Rates(5, 10, 60),
    "sessionInvoiceList": Rates(10, 20, 200),
    "sessionMisc": Rates(10, 120, 1200),
    "invoiceMetadata": Rates(8, 16, 20),
    "invoiceExport": Rates(8, 16, 20),
    "invoiceExportStatus": Rates(10, 60, 600),
    "invoiceDownload": Rates(8, 16, 64),
    "collectiveIdentifier": Rates(20, 120, 240),
    "other": Rates(10, 30, 120),
    # Per second only; the longer windows follow from it.
    "anonymous": Rates(60, 3600, 216_000),
    "global": Rates(75, 4500, 270_000),
}
RATE_NAMES: Final = ("perSecond", "perMinute", "perHour")

_COMPANY: Final = (300, 100)
_PERSON: Final = (12, 6)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    invoice_bytes: int
    invoice_bytes_with_attachment: int
    invoices: int


@dataclass(frozen=True, slots=True)
class CertificateLimits:
    """How many requests one subject may ever make, and how many certificates it may hold at a time (section 3)."""

    enrollments: int
    certificates: int


def session_limits(world: World, *, context: tuple[str, str], batch: bool) -> SessionLimits:
    """Return what one session of this context may hold."""
    changed = find_override(world.store, Kind.SESSION, owner=context)
    if changed is None:
        options = world.options
        return SessionLimits(
            options.max_invoice_bytes, options.max_invoice_bytes_with_attachment, options.max_invoices
        )
    numbers = changed["batchSession" if batch else "onlineSession"]
    return SessionLimits(
        numbers["maxInvoiceSizeInMB"] * MEGABYTE,
        numbers["maxInvoiceWithAttachmentSizeInMB"] * MEGABYTE,
        numbers["maxInvoices"],
    )


def collective_limit(world: World, *, context: tuple[str, str]) -> int:
    """Return how many invoices one collective identifier may hold (7.5)."""
    changed = find_override(world.store, Kind.SESSION, owner=context)
    return (
        changed["collectiveIdentifier"]["maxInvoices"] if changed else world.options.max_collective_invoices
    )


def certificate_limits(world: World, *, subject_type: str, subject: str) -> CertificateLimits:
    """Return the limits of this subject, whatever context it logs in to."""
    enrollments, certificates = _COMPANY if subject_type == "Nip" else _PERSON
    changed = find_override(world.store, Kind.CERTIFICATE, owner=(subject_type, subject)) or {}
    return CertificateLimits(
        changed.get("enrollment", {}).get("maxEnrollments", enrollments),
        changed.get("certificate", {}).get("maxCertificates", certificates),
    )


def published_rates(world: World, *, context: tuple[str, str]) -> dict[str, Rates]:
    """Return the limits of all groups as GET /rate-limits tells them, counted or not."""
    factor = world.options.rate_factor
    rates = {group: _scaled(values, factor=factor) for group, values in PRODUCTION_RATES.items()}
    changed = find_override(world.store, Kind.RATES, owner=context) or {}
    return rates | {group: _as_rates(numbers) for group, numbers in changed.items()}


def counted_rates(world: World, *, context: tuple[str, str] | None, group: str) -> Rates | None:
    """Return the limit to hold a call against; None where calls are not counted.

    They are counted where the world says so, and for a context that has limits of its own.
    """
    if context is not None:
        changed = find_override(world.store, Kind.RATES, owner=context)
        if changed is not None:
            numbers = changed.get(group)
            return _as_rates(numbers) if numbers else PRODUCTION_RATES[group]
    if not world.options.rate_limits:
        return None
    return _scaled(PRODUCTION_RATES[group], factor=world.options.rate_factor)


def _as_rates(numbers: dict[str, int]) -> Rates:
    return Rates(*(numbers[name] for name in RATE_NAMES))


def _scaled(rates: Rates, *, factor: float) -> Rates:
    if factor == 1:
        return rates
    return Rates(*(max(1, int(limit * factor)) for limit in rates))
