"""The identifiers of KSeF: their patterns and the check digits that a pattern cannot see (sections 2.2 and 11)."""

import re
from typing import Final

from ksef.simulator.numbers import has_valid_check_digit

type Identifier = tuple[str, str]
"""A type of the contract, such as Nip or Fingerprint, and a value."""

_NIP: Final = r"[1-9]((\d[1-9])|([1-9]\d))\d{7}"
# Number formats per country, as the schema of AuthTokenRequest and the query of EU entities list them.
_VAT_UE: Final = (
    r"ATU\d{8}|BE[01]\d{9}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DE\d{9}|DK\d{8}|EE\d{9}|EL\d{9}"
    r"|ES([A-Z]\d{8}|\d{8}[A-Z]|[A-Z]\d{7}[A-Z])|FI\d{8}|FR[A-Z0-9]{2}\d{9}|HR\d{11}|HU\d{8}"
    r"|IE(\d{7}[A-Z]{2}|\d[A-Z0-9+*]\d{5}[A-Z])|IT\d{11}|LT(\d{9}|\d{12})|LU\d{8}|LV\d{11}|MT\d{8}"
    r"|NL[A-Z0-9+*]{12}|PT\d{9}|RO\d{2,10}|SE\d{12}|SI\d{8}|SK\d{10}|XI(\d{9}|\d{12}|(GD|HA)\d{3})"
)
_MONTHS: Final = r"(0[1-9]|1[0-2]|2[1-9]|3[0-2]|4[1-9]|5[0-2]|6[1-9]|7[0-2]|8[1-9]|9[0-2])"

PATTERNS: Final = {
    "Nip": re.compile(_NIP, re.ASCII),
    "Pesel": re.compile(rf"\d{{2}}{_MONTHS}\d{{7}}", re.ASCII),
    "Fingerprint": re.compile(r"[0-9A-F]{64}"),
    "InternalId": re.compile(rf"{_NIP}-\d{{5}}", re.ASCII),
    "VatUe": re.compile(_VAT_UE, re.ASCII),
    "NipVatUe": re.compile(rf"{_NIP}-({_VAT_UE})", re.ASCII),
    "PeppolId": re.compile(r"P[A-Z]{2}[0-9]{6}"),
}
_NIP_LENGTH: Final = 10


def has_form(kind: str, value: str) -> bool:
    """Return whether the value looks like an identifier of this type."""
    pattern = PATTERNS.get(kind)
    return pattern is not None and pattern.fullmatch(value) is not None


def has_valid_digits(kind: str, value: str, *, checks_nip: bool) -> bool:
    """Return whether the check digits hold: a unit's always, a NIP's where the environment asks (section 1)."""
    if kind == "InternalId" and not _has_valid_unit_digit(value):
        return False
    holds_nip = kind in {"Nip", "InternalId", "NipVatUe"}
    return not (checks_nip and holds_nip) or has_valid_check_digit(nip_of(value))


def nip_of(value: str) -> str:
    """Return the NIP an identifier is, or begins with."""
    return value[:_NIP_LENGTH]


def _has_valid_unit_digit(value: str) -> bool:
    """Weights 1, 3, 1, 3 ... over the fourteen digits before the last, modulo ten (section 2.2)."""
    digits = [int(digit) for digit in value if digit != "-"]
    total = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits[:-1]))
    return total % 10 == digits[-1]
