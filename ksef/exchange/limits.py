"""How much and how often: the limits KSeF sets a context and a subject, and its rate limits (section 12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

_MEGABYTE = 1_000_000  # SI, as everywhere in KSeF (section 0).


class RateGroup(StrEnum):
    """Calls that are counted together; the keys of `GET /rate-limits`."""

    ONLINE_SESSION = "onlineSession"
    ONLINE_SESSION_CLOSE = "onlineSessionClose"
    BATCH_SESSION = "batchSession"
    BATCH_SESSION_CLOSE = "batchSessionClose"
    INVOICE_SEND = "invoiceSend"
    INVOICE_STATUS = "invoiceStatus"
    SESSION_LIST = "sessionList"
    SESSION_INVOICE_LIST = "sessionInvoiceList"
    SESSION_MISC = "sessionMisc"
    INVOICE_METADATA = "invoiceMetadata"
    INVOICE_EXPORT = "invoiceExport"
    INVOICE_EXPORT_STATUS = "invoiceExportStatus"
    INVOICE_DOWNLOAD = "invoiceDownload"
    COLLECTIVE_IDENTIFIER = "collectiveIdentifier"
    OTHER = "other"
    ANONYMOUS = "anonymous"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """None: no such limit; KSeF writes -1."""

    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None


# What KSeF publishes for everybody; a context may have been granted more.
PUBLISHED_RATES: Mapping[RateGroup, RateLimit] = MappingProxyType(
    {
        RateGroup.ONLINE_SESSION: RateLimit(10, 30, 120),
        RateGroup.ONLINE_SESSION_CLOSE: RateLimit(20, 60, 240),
        RateGroup.BATCH_SESSION: RateLimit(10, 20, 60),
        RateGroup.BATCH_SESSION_CLOSE: RateLimit(20, 40, 120),
        RateGroup.INVOICE_SEND: RateLimit(10, 30, 180),
        RateGroup.INVOICE_STATUS: RateLimit(30, 120, 1200),
        RateGroup.SESSION_LIST: RateLimit(5, 10, 60),
        RateGroup.SESSION_INVOICE_LIST: RateLimit(10, 20, 200),
        RateGroup.SESSION_MISC: RateLimit(10, 120, 1200),
        RateGroup.INVOICE_METADATA: RateLimit(8, 16, 20),
        RateGroup.INVOICE_EXPORT: RateLimit(8, 16, 20),
        RateGroup.INVOICE_EXPORT_STATUS: RateLimit(10, 60, 600),
        RateGroup.INVOICE_DOWNLOAD: RateLimit(8, 16, 64),
        RateGroup.COLLECTIVE_IDENTIFIER: RateLimit(20, 120, 240),
        RateGroup.OTHER: RateLimit(10, 30, 120),
        RateGroup.ANONYMOUS: RateLimit(60),
        RateGroup.GLOBAL: RateLimit(),
    }
)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The limits of a context; a group it says nothing about has the published ones."""

    told: Mapping[RateGroup, RateLimit] = field(default_factory=dict)

    def of(self, group: RateGroup) -> RateLimit:
        return self.told.get(group, PUBLISHED_RATES[group])


@dataclass(frozen=True, slots=True)
class SessionLimits:
    invoice_megabytes: int
    invoice_with_attachment_megabytes: int
    invoices: int

    @property
    def invoice_bytes(self) -> int:
        return self.invoice_megabytes * _MEGABYTE

    @property
    def invoice_with_attachment_bytes(self) -> int:
        return self.invoice_with_attachment_megabytes * _MEGABYTE


@dataclass(frozen=True, slots=True)
class ContextLimits:
    online: SessionLimits
    batch: SessionLimits
    collective_identifier_invoices: int


@dataclass(frozen=True, slots=True)
class SubjectLimits:
    enrollments: int | None
    certificates: int | None
