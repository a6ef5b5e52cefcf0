"""Everything an approved invoice says, as one immutable value: no model, no clock, no settings."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from invoices.domain.vat import LineAmounts, PriceMethod, Totals, VatRate


class BuyerKind(StrEnum):
    """How the buyer is identified (ksef-protocol 15.2)."""

    DOMESTIC = "domestic"
    EU = "eu"
    FOREIGN = "foreign"
    CONSUMER = "consumer"

    @property
    def label(self) -> str:
        return {
            BuyerKind.DOMESTIC: "Firma z Polski (NIP)",
            BuyerKind.EU: "Firma z Unii Europejskiej (VAT UE)",
            BuyerKind.FOREIGN: "Firma spoza Unii Europejskiej",
            BuyerKind.CONSUMER: "Konsument (bez NIP)",
        }[self]


class InvoiceKind(StrEnum):
    """RodzajFaktury of FA(3)."""

    VAT = "VAT"
    CORRECTION = "KOR"

    @property
    def label(self) -> str:
        return {InvoiceKind.VAT: "Faktura", InvoiceKind.CORRECTION: "Faktura korygująca"}[self]


class CorrectionEffect(IntEnum):
    """TypKorekty of FA(3): in which period the correction counts for VAT (art. 29a)."""

    ORIGINAL_PERIOD = 1
    CORRECTION_PERIOD = 2
    OTHER = 3

    @property
    def label(self) -> str:
        return {
            CorrectionEffect.ORIGINAL_PERIOD: "w dacie ujęcia faktury pierwotnej",
            CorrectionEffect.CORRECTION_PERIOD: "w dacie wystawienia korekty",
            CorrectionEffect.OTHER: "w innej dacie, także różnej dla pozycji",
        }[self]


class ExemptionKind(StrEnum):
    """Where the exemption comes from: P_19A, P_19B or P_19C (art. 106e(1)(19))."""

    ACT = "act"
    DIRECTIVE = "directive"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            ExemptionKind.ACT: "Przepis ustawy lub aktu wydanego na jej podstawie",
            ExemptionKind.DIRECTIVE: "Przepis dyrektywy 2006/112/WE",
            ExemptionKind.OTHER: "Inna podstawa prawna",
        }[self]


class PaymentForm(IntEnum):
    """The schema's FormaPlatnosci."""

    CASH = 1
    CARD = 2
    VOUCHER = 3
    CHEQUE = 4
    CREDIT = 5
    TRANSFER = 6
    MOBILE = 7

    @property
    def label(self) -> str:
        return {
            PaymentForm.CASH: "gotówka",
            PaymentForm.CARD: "karta",
            PaymentForm.VOUCHER: "bon",
            PaymentForm.CHEQUE: "czek",
            PaymentForm.CREDIT: "kredyt",
            PaymentForm.TRANSFER: "przelew",
            PaymentForm.MOBILE: "płatność mobilna",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address as FA(3) has it: an ISO 3166 country and two free lines."""

    country: str
    line1: str
    line2: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    nip: str
    name: str
    address: Address
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The buyer; ``tax_id`` is a NIP, an EU VAT number without prefix, another number, or empty.

    ``tax_country`` is the VAT prefix for EU buyers (EL for Greece) and an ISO country, or empty, for others.
    """

    kind: BuyerKind
    name: str
    address: Address | None
    tax_id: str = ""
    tax_country: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line with its amounts already computed by ``vat.compute_line``."""

    name: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    rate: VatRate
    amounts: LineAmounts
    discount_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Exemption:
    """The legal basis named when a line is exempt."""

    kind: ExemptionKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a correction is about; ``lines_before`` are the lines as they stood until now."""

    number: str
    issue_date: date
    # Empty for a document that is not in KSeF.
    ksef_number: str
    reason: str
    effect: CorrectionEffect
    lines_before: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSnapshot:
    """A whole basic VAT invoice; ``created_at`` is UTC, the dates are legal days in Europe/Warsaw.

    For a correction ``lines`` are the lines as they shall stand, and ``totals`` the differences.
    """

    number: str
    issue_date: date
    supply_date: date | None
    created_at: datetime
    seller: Seller
    buyer: Buyer
    method: PriceMethod
    lines: tuple[Line, ...]
    totals: Totals
    exemption: Exemption | None = None
    payment_form: PaymentForm | None = None
    due_date: date | None = None
    bank_account: str = ""
    note: str = ""
    currency: str = "PLN"
    place: str = ""
    correction: Correction | None = None

    def __post_init__(self) -> None:
        if self.created_at.utcoffset() is None:
            raise ValueError("created_at needs a time zone")
        if self.exemption is None and any(line.rate.needs_exemption_basis for line in self.all_lines):
            raise ValueError("an exempt line needs the legal basis of the exemption")

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines that the document names, those of the state before a correction too."""
        return self.lines if self.correction is None else (*self.correction.lines_before, *self.lines)
