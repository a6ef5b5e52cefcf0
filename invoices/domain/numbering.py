"""Number patterns of invoice series: what they look like and when their counter starts again."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from accounts.domain.text import collapse_spaces, find_forbidden_character

# P_2 is a TZnakowy: at most 256 characters.
_LONGEST_NUMBER: Final = 256
_LARGEST_SEQUENCE: Final = 999_999_999

_TOKEN = re.compile(r"\{(?P<name>numer|miesiac|rok)(?::(?P<width>[1-9]))?\}")


class PatternFault(StrEnum):
    """What can be wrong with a pattern."""

    NUMBER_MISSING = "number_missing"
    NUMBER_REPEATED = "number_repeated"
    YEAR_MISSING = "year_missing"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 - the name of a fault, not a secret.
    FORBIDDEN_CHARACTER = "forbidden_character"
    TOO_LONG = "too_long"

    @property
    def label(self) -> str:
        return {
            PatternFault.NUMBER_MISSING: "Wzór musi zawierać {numer}.",
            PatternFault.NUMBER_REPEATED: "Wzór może zawierać {numer} tylko raz.",
            PatternFault.YEAR_MISSING: "Wzór z {miesiac} musi zawierać też {rok}.",
            PatternFault.UNKNOWN_TOKEN: "W nawiasach klamrowych mogą stać: numer, numer:4, miesiac, rok.",
            PatternFault.FORBIDDEN_CHARACTER: "Wzór zawiera znak, którego KSeF nie przyjmuje.",
            PatternFault.TOO_LONG: "Numer według tego wzoru miałby ponad 256 znaków.",
        }[self]


class BadPattern(ValueError):
    """The pattern could give numbers that KSeF refuses or that repeat."""

    def __init__(self, reason: PatternFault) -> None:
        super().__init__(reason.label)
        self.reason = reason


def _find_fault(text: str) -> PatternFault | None:
    tokens = [match.groupdict() for match in _TOKEN.finditer(text)]
    names = [token["name"] for token in tokens]
    literal = _TOKEN.sub("", text)
    padded_date = any(token["width"] and token["name"] != "numer" for token in tokens)
    if padded_date or "{" in literal or "}" in literal:
        return PatternFault.UNKNOWN_TOKEN
    if names.count("numer") != 1:
        return PatternFault.NUMBER_REPEATED if "numer" in names else PatternFault.NUMBER_MISSING
    # Without the year the numbers of one month would come again a year later, and KSeF answers 440.
    if "miesiac" in names and "rok" not in names:
        return PatternFault.YEAR_MISSING
    if find_forbidden_character(text):
        return PatternFault.FORBIDDEN_CHARACTER
    return None


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """A checked pattern; distinct (period, sequence) pairs always give distinct numbers."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "NumberPattern":
        """Check a pattern as ``FV/{numer}/{miesiac}/{rok}`` or ``{rok}-{numer:4}``; raises BadPattern."""
        pattern = cls(collapse_spaces(text))
        fault = _find_fault(pattern.text)
        if fault is None and len(pattern._fill(_LARGEST_SEQUENCE, date.max)) > _LONGEST_NUMBER:
            fault = PatternFault.TOO_LONG
        if fault is not None:
            raise BadPattern(fault)
        return pattern

    def format(self, sequence: int, day: date) -> str:
        """Return the number of the ``sequence``-th invoice in the period of its issue date."""
        if not 1 <= sequence <= _LARGEST_SEQUENCE:
            raise ValueError("a sequence starts at 1 and has at most 9 digits")
        return self._fill(sequence, day)

    def period(self, day: date) -> str:
        """Name the period one counter serves: ``2026-11``, ``2026``, or empty when it never starts again."""
        if "{rok}" not in self.text:
            return ""
        return f"{day:%Y-%m}" if "{miesiac}" in self.text else f"{day:%Y}"

    def _fill(self, sequence: int, day: date) -> str:
        values = {"miesiac": f"{day.month:02}", "rok": f"{day.year:04}"}

        def value(match: re.Match[str]) -> str:
            if match["name"] == "numer":
                return str(sequence).zfill(int(match["width"] or 1))
            return values[match["name"]]

        return _TOKEN.sub(value, self.text)
