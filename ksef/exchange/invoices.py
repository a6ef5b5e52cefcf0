"""Asking for invoices and what KSeF tells of them: filters, metadata, exports (section 7).

What goes out is an enumeration; what comes in is a plain text, since KSeF may add values at any time.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ksef.exchange.archives import Compression, SymmetricKey

LONGEST_RANGE = timedelta(days=100)


class SubjectType(StrEnum):
    """In which part the asking company stands on the invoice."""

    SELLER = "Subject1"
    BUYER = "Subject2"
    THIRD = "Subject3"
    AUTHORIZED = "SubjectAuthorized"


class DateType(StrEnum):
    ISSUE = "Issue"
    INVOICING = "Invoicing"
    PERMANENT_STORAGE = "PermanentStorage"  # The only one that is safe for a synchronisation.


class SortOrder(StrEnum):
    ASCENDING = "Asc"
    DESCENDING = "Desc"


class AmountType(StrEnum):
    GROSS = "Brutto"
    NET = "Netto"
    VAT = "Vat"


class BuyerIdentifierType(StrEnum):
    NIP = "Nip"
    VAT_UE = "VatUe"
    OTHER = "Other"
    NONE = "None"


class InvoicingMode(StrEnum):
    ONLINE = "Online"
    OFFLINE = "Offline"


class FormType(StrEnum):
    FA = "FA"
    PEF = "PEF"
    FA_RR = "FA_RR"


class InvoiceType(StrEnum):
    VAT = "Vat"
    ZAL = "Zal"
    KOR = "Kor"
    ROZ = "Roz"
    UPR = "Upr"
    KOR_ZAL = "KorZal"
    KOR_ROZ = "KorRoz"
    VAT_PEF = "VatPef"
    VAT_PEF_SP = "VatPefSp"
    KOR_PEF = "KorPef"
    VAT_RR = "VatRr"
    KOR_VAT_RR = "KorVatRr"


@dataclass(frozen=True, slots=True)
class DateRange:
    """From `since` to `until`, both included; without `until` up to now, or up to the HWM when restricted."""

    kind: DateType
    since: datetime
    until: datetime | None = None
    is_restricted_to_hwm: bool = False

    def __post_init__(self) -> None:
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("a moment without its offset means another one elsewhere (section 7.1)")
        if self.until is not None and not self.since <= self.until <= self.since + LONGEST_RANGE:
            raise ValueError("a range runs forward, at most 100 days")


@dataclass(frozen=True, slots=True)
class AmountRange:
    kind: AmountType
    least: Decimal | None = None
    most: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BuyerIdentifier:
    kind: BuyerIdentifierType
    value: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceFilters:
    """What both the metadata query and the export understand; None asks for nothing."""

    subject: SubjectType
    dates: DateRange
    ksef_number: str | None = None
    invoice_number: str | None = None
    amount: AmountRange | None = None
    seller_nip: str | None = None
    buyer: BuyerIdentifier | None = None
    currencies: tuple[str, ...] = ()
    invoicing_mode: InvoicingMode | None = None
    is_self_invoicing: bool | None = None
    form_type: FormType | None = None
    invoice_types: tuple[InvoiceType, ...] = ()
    has_attachment: bool | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on an invoice; a NIP is an identifier of type "Nip"."""

    identifier_type: str
    identifier: str | None
    name: str | None
    role: int | None = None


@dataclass(frozen=True, slots=True)
class FormCode:
    system_code: str
    schema_version: str
    value: str


@dataclass(frozen=True, slots=True)
class InvoiceMetadata:
    """What KSeF knows of an invoice without its XML; the hash is that of the XML's exact bytes."""

    ksef_number: str
    invoice_number: str
    issue_date: date
    invoicing_date: datetime
    acquisition_date: datetime
    permanent_storage_date: datetime
    seller: Party
    buyer: Party
    net_amount: Decimal
    gross_amount: Decimal
    vat_amount: Decimal  # In PLN, whatever the currency.
    currency: str
    invoicing_mode: str
    invoice_type: str
    form_code: FormCode
    is_self_invoicing: bool
    has_attachment: bool
    invoice_hash: bytes
    hash_of_corrected_invoice: bytes | None
    third_parties: tuple[Party, ...]
    authorized_party: Party | None


@dataclass(frozen=True, slots=True)
class MetadataPage:
    """`hwm`: everything stored up to then is complete; None for other kinds of dates."""

    invoices: tuple[InvoiceMetadata, ...]
    has_more: bool
    is_truncated: bool
    hwm: datetime | None


@dataclass(frozen=True, slots=True)
class ExportRequest:
    filters: InvoiceFilters
    compression: Compression = Compression.TAR_GZ
    only_metadata: bool = False  # Only the list of the invoices, none of them.


@dataclass(frozen=True, slots=True)
class Export:
    """An export that has begun; store both before asking for its status, the secret encrypted."""

    reference: str
    secret: SymmetricKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExportPart:
    """One encrypted cut of the package; the address serves without a token until it expires."""

    ordinal: int
    method: str
    url: str = field(repr=False)
    size: int
    sha256: bytes = field(repr=False)
    encrypted_size: int
    encrypted_sha256: bytes = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ExportPackage:
    """Of the last dates only that of the asked kind is there, and only when the package was truncated."""

    invoice_count: int
    size: int
    parts: tuple[ExportPart, ...]
    compression: str
    is_truncated: bool
    last_issue_date: date | None
    last_invoicing_date: datetime | None
    last_permanent_storage_date: datetime | None
    hwm: datetime | None


@dataclass(frozen=True, slots=True)
class ExportStatus:
    """What ksef.status.export_fate judges."""

    code: int
    description: str
    details: tuple[str, ...]
    completed_at: datetime | None
    expires_at: datetime | None
    package: ExportPackage | None
