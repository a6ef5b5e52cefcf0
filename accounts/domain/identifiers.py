"""Numbers that name a taxpayer or a bank account, with their check digits."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_SEPARATORS = re.compile(r"[\s\-.]+")
_NIP = re.compile(r"[1-9](?:[0-9][1-9]|[1-9][0-9])[0-9]{7}", re.ASCII)
_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_POLISH_ACCOUNT = re.compile(r"[0-9]{26}", re.ASCII)

# Poland is left out on purpose: a Polish NIP in the EU-VAT field passes KSeF and never reaches the buyer
# (polish-vat-facts 5). Greece is EL and Northern Ireland XI, as in the schema's own list.
EU_COUNTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AT": "Austria",
        "BE": "Belgia",
        "BG": "Bułgaria",
        "HR": "Chorwacja",
        "CY": "Cypr",
        "CZ": "Czechy",
        "DK": "Dania",
        "EE": "Estonia",
        "FI": "Finlandia",
        "FR": "Francja",
        "EL": "Grecja",
        "ES": "Hiszpania",
        "IE": "Irlandia",
        "XI": "Irlandia Północna",
        "LT": "Litwa",
        "LU": "Luksemburg",
        "LV": "Łotwa",
        "MT": "Malta",
        "NL": "Niderlandy",
        "DE": "Niemcy",
        "PT": "Portugalia",
        "RO": "Rumunia",
        "SK": "Słowacja",
        "SI": "Słowenia",
        "SE": "Szwecja",
        "HU": "Węgry",
        "IT": "Włochy",
    }
)

_BRITISH_NUMBER = r"[0-9]{9}|[0-9]{12}|GD[0-4][0-9]{2}|HA[5-9][0-9]{2}"
_EU_VAT_NUMBERS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        country: re.compile(pattern, re.ASCII)
        for country, pattern in {
            "AT": r"U[0-9]{8}",
            "BE": r"[01][0-9]{9}",
            "BG": r"[0-9]{9,10}",
            "HR": r"[0-9]{11}",
            "CY": r"[0-9]{8}[A-Z]",
            "CZ": r"[0-9]{8,10}",
            "DK": r"[0-9]{8}",
            "EE": r"[0-9]{9}",
            "FI": r"[0-9]{8}",
            "FR": r"[0-9A-HJ-NP-Z]{2}[0-9]{9}",
            "EL": r"[0-9]{9}",
            "ES": r"[0-9A-Z][0-9]{7}[0-9A-Z]",
            "IE": r"[0-9]{7}[A-Z]{1,2}|[0-9][A-Z+*][0-9]{5}[A-Z]",
            "XI": _BRITISH_NUMBER,
            "LT": r"[0-9]{9}|[0-9]{12}",
            "LU": r"[0-9]{8}",
            "LV": r"[0-9]{11}",
            "MT": r"[0-9]{8}",
            "NL": r"[0-9A-Z+*]{12}",
            "DE": r"[0-9]{9}",
            "PT": r"[0-9]{9}",
            "RO": r"[1-9][0-9]{1,9}",
            "SK": r"[0-9]{10}",
            "SI": r"[0-9]{8}",
            "SE": r"[0-9]{12}",
            "HU": r"[0-9]{8}",
            "IT": r"[0-9]{11}",
        }.items()
    }
)


def _without_separators(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()


def normalise_nip(text: str) -> str:
    """Strip the PL prefix, dashes and spaces; does not check anything."""
    return _without_separators(text).removeprefix("PL")


def is_valid_nip(nip: str) -> bool:
    """Check the shape the schema wants and the check digit (ksef-protocol 13.4)."""
    if not _NIP.fullmatch(nip):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_NIP_WEIGHTS, nip[:9], strict=True))
    return total % 11 == int(nip[9])


def normalise_eu_vat(*, country: str, number: str) -> str:
    """Strip separators and the country's own prefix from an EU VAT number."""
    return _without_separators(number).removeprefix(country)


def is_valid_eu_vat(country: str, number: str) -> bool:
    """Check the national shape of an EU VAT number given without its prefix; never true for Poland."""
    pattern = _EU_VAT_NUMBERS.get(country)
    return pattern is not None and pattern.fullmatch(number) is not None


def normalise_account(text: str) -> str:
    """Strip separators; a Polish account loses its PL prefix and keeps 26 digits."""
    account = _without_separators(text)
    domestic = account.removeprefix("PL")
    return domestic if _POLISH_ACCOUNT.fullmatch(domestic) else account


def is_valid_account(account: str) -> bool:
    """Check a normalised account: 26 Polish digits or a foreign IBAN, both by ISO 13616 modulo 97."""
    iban = f"PL{account}" if _POLISH_ACCOUNT.fullmatch(account) else account
    if not _IBAN.fullmatch(iban) or (iban.startswith("PL") and len(iban) != len("PL") + 26):
        return False
    rearranged = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1


def format_account(account: str) -> str:
    """Group as banks print it: ``12 3456 7890 ...`` for Polish accounts, blocks of four for an IBAN."""
    head = 2 if _POLISH_ACCOUNT.fullmatch(account) else 4
    blocks = [account[:head], *(account[start : start + 4] for start in range(head, len(account), 4))]
    return " ".join(block for block in blocks if block)
