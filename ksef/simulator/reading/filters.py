"""InvoiceQueryFilters, which the metadata and the exports share: read from JSON, turned into SQL (section 7.1)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.identifiers import PATTERNS
from ksef.simulator.messages import Fields
from ksef.simulator.reading.currencies import CURRENCIES
from ksef.simulator.reading.facts import SUBJECTS
from ksef.simulator.reading.horizon import horizon
from ksef.simulator.routing import Call
from ksef.simulator.state import Value
from ksef.simulator.world import WARSAW, to_datetime, to_milliseconds, warsaw_date

KSEF_NUMBER: Final = re.compile(
    r"[1-9](\d[1-9]|[1-9]\d)\d{7}-(20[2-9]\d|2[1-9]\d{2}|[3-9]\d{3})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"-[0-9A-F]{6}-?[0-9A-F]{6}-[0-9A-F]{2}",
    re.ASCII,
)
LONGEST_RANGE: Final = timedelta(days=100)

ISSUE: Final = "Issue"
INVOICING: Final = "Invoicing"
STORAGE: Final = "PermanentStorage"
COLUMNS: Final = {ISSUE: "issued_on", INVOICING: "received_at", STORAGE: "stored_at"}
_RESTRICT: Final = "restrictToPermanentStorageHwmDate"
_AMOUNTS: Final = {"Brutto": "gross", "Netto": "net", "Vat": "vat"}
_MODES: Final = ("Online", "Offline")
_FORMS: Final = ("FA", "PEF", "FA_RR")
_BUYERS: Final = ("Nip", "VatUe", "Other", "None")
_TYPES: Final = frozenset(
    {
        "Vat",
        "Zal",
        "Kor",
        "Roz",
        "Upr",
        "KorZal",
        "KorRoz",
        "VatPef",
        "VatPefSp",
        "KorPef",
        "VatRr",
        "KorVatRr",
    }
)

type Condition = tuple[str, tuple[Value, ...]]
type _Reader = Callable[[Fields], Iterator[Condition]]


@dataclass(frozen=True, slots=True)
class Filters:
    """`hwm` is told for PermanentStorage only; `is_beyond` when the range asked for lies wholly behind it."""

    subject: str
    date_type: str
    conditions: tuple[Condition, ...]
    hwm: int | None
    is_beyond: bool

    @property
    def column(self) -> str:
        return COLUMNS[self.date_type]


def read_filters(call: Call, fields: Fields) -> Filters:
    """Return the filters of a request; Refusal 21405 for what cannot be filtered by."""
    subject = fields.choice("subjectType", SUBJECTS)
    dates = fields.child("dateRange")
    date_type = dates.choice("dateType", COLUMNS)
    low = to_milliseconds(dates.moment("from", zone=WARSAW))
    high = to_milliseconds(dates.moment("to", zone=WARSAW)) if dates.has("to") else call.now
    if high < low and dates.has("to"):
        raise Refusal(21405, "dateRange: data początkowa jest późniejsza niż końcowa.")
    if to_datetime(high) - to_datetime(low) > LONGEST_RANGE:
        raise Refusal(21405, f"dateRange: zakres nie może przekraczać {LONGEST_RANGE.days} dni.")
    hwm = horizon(call.world, now=call.now) if date_type == STORAGE else None
    restricted = dates.has(_RESTRICT) and dates.flag(_RESTRICT)
    is_beyond = hwm is not None and restricted and low > hwm
    return Filters(
        subject=subject,
        date_type=date_type,
        conditions=(
            _between(date_type, low, high if hwm is None or not restricted else min(high, hwm)),
            # What is not stored for good yet does not show in any list: its permanentStorageDate is required.
            ("stored_at <= ?", (call.now,)),
            *_read_conditions(fields),
        ),
        hwm=min(hwm, high) if hwm is not None and dates.has("to") else hwm,
        is_beyond=is_beyond,
    )


def _between(date_type: str, low: int, high: int) -> Condition:
    if date_type == ISSUE:
        # P_1 is a Polish day.
        return "issued_on BETWEEN ? AND ?", (warsaw_date(low).isoformat(), warsaw_date(high).isoformat())
    return f"{COLUMNS[date_type]} BETWEEN ? AND ?", (low, high)


def _read_conditions(fields: Fields) -> Iterator[Condition]:
    for name, reader in _READERS.items():
        if fields.has(name):
            yield from reader(fields)


def _read_number(fields: Fields) -> Iterator[Condition]:
    yield "number = ?", (fields.text("invoiceNumber", length=(1, 256)),)


def _read_amount(fields: Fields) -> Iterator[Condition]:
    amount = fields.child("amount")
    column = _AMOUNTS[amount.choice("type", _AMOUNTS)]
    if amount.has("from"):
        yield f"{column} >= ?", (amount.number("from"),)
    if amount.has("to"):
        yield f"{column} <= ?", (amount.number("to"),)


def _read_buyer(fields: Fields) -> Iterator[Condition]:
    identifier = fields.child("buyerIdentifier")
    yield "buyer_type = ?", (identifier.choice("type", _BUYERS),)
    if identifier.has("value"):
        yield "buyer = ?", (identifier.text("value", length=(1, 50)),)


def _text_reader(name: str, *, column: str, pattern: re.Pattern[str]) -> _Reader:
    def read(fields: Fields) -> Iterator[Condition]:
        value = fields.text(name)
        if pattern.fullmatch(value) is None:
            raise Refusal(21405, f"{name}: nieprawidłowy format.")
        yield f"{column} = ?", (value,)

    return read


def _choice_reader(name: str, *, column: str, known: tuple[str, ...]) -> _Reader:
    def read(fields: Fields) -> Iterator[Condition]:
        yield f"{column} = ?", (fields.choice(name, known),)

    return read


def _flag_reader(name: str, *, column: str) -> _Reader:
    def read(fields: Fields) -> Iterator[Condition]:
        yield f"{column} = ?", (int(fields.flag(name)),)

    return read


def _list_reader(name: str, *, column: str, known: frozenset[str]) -> _Reader:
    def read(fields: Fields) -> Iterator[Condition]:
        wanted = sorted(set(fields.texts(name)))
        if not known.issuperset(wanted):
            raise Refusal(21405, f"{name}: nieznana wartość.")
        # An empty list asks for nothing in particular.
        if wanted:
            yield f"{column} IN ({', '.join('?' for _ in wanted)})", tuple(wanted)

    return read


_READERS: Final[dict[str, _Reader]] = {
    "ksefNumber": _text_reader("ksefNumber", column="ksef_number", pattern=KSEF_NUMBER),
    "invoiceNumber": _read_number,
    "amount": _read_amount,
    "sellerNip": _text_reader("sellerNip", column="seller", pattern=PATTERNS["Nip"]),
    "buyerIdentifier": _read_buyer,
    "currencyCodes": _list_reader("currencyCodes", column="currency", known=CURRENCIES),
    "invoiceTypes": _list_reader("invoiceTypes", column="type", known=_TYPES),
    "invoicingMode": _choice_reader("invoicingMode", column="mode", known=_MODES),
    "formType": _choice_reader("formType", column="form", known=_FORMS),
    "isSelfInvoicing": _flag_reader("isSelfInvoicing", column="self_invoicing"),
    "hasAttachment": _flag_reader("hasAttachment", column="attachment"),
}
"""Every member of the filters but the two required ones."""
