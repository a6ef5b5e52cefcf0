"""KSeF numbers and collective identifiers: shape and CRC-8, so that a damaged one is never stored as proof."""

import re
from datetime import date
from typing import Self

# Section 8 of the protocol; the hyphen inside the technical part is the 36-character form of KSeF 1.0.
_SHAPE = re.compile(
    r"(?P<nip>[1-9](?:\d[1-9]|[1-9]\d)\d{7})-(?P<date>\d{8})-(?P<technical>[0-9A-F]{6}-?[0-9A-F]{6})-(?P<crc>[0-9A-F]{2})",
    re.ASCII,
)
_COLLECTIVE_SHAPE = re.compile(
    r"[1-9](?:\d[1-9]|[1-9]\d)\d{7}-IZ(?P<year>\d{4})(?P<month>\d{2})-[0-9A-F]{12}-(?P<crc>[0-9A-F]{2})",
    re.ASCII,
)
_FIRST_YEAR = 2020  # The first one that the official pattern allows.
_MONTHS = frozenset(f"{month:02}" for month in range(1, 13))
_POLYNOMIAL = 0x07


class NotKSeFNumber(ValueError):
    """The text is no KSeF number: wrong shape, impossible date or wrong checksum."""


class KSeFNumber(str):
    """A number that passed `parse`; it is its own text."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accept the text unchanged or raise `NotKSeFNumber`; nothing is trimmed or repaired."""
        match = _SHAPE.fullmatch(text)
        if match is None:
            raise NotKSeFNumber(f"not of the shape of a KSeF number: {text[:40]!r}")
        _parse_date(match["date"])
        if crc8(text[:-3].encode("ascii")) != int(match["crc"], 16):
            raise NotKSeFNumber(f"wrong checksum: {text!r}")
        return cls(text)

    @property
    def seller_nip(self) -> str:
        return self[:10]

    @property
    def accepted_on(self) -> date:
        return _parse_date(self[11:19])


def is_valid_ksef_number(text: str) -> bool:
    try:
        KSeFNumber.parse(text)
    except NotKSeFNumber:
        return False
    return True


class NotCollectiveIdentifier(ValueError):
    """The text is no collective identifier: wrong shape, impossible month or wrong checksum."""


class CollectiveIdentifier(str):
    """The number under which many invoices of one seller are paid together (section 7.5)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accept the text unchanged or raise `NotCollectiveIdentifier`."""
        match = _COLLECTIVE_SHAPE.fullmatch(text)
        if match is None:
            raise NotCollectiveIdentifier(f"not of the shape of a collective identifier: {text[:40]!r}")
        if int(match["year"]) < _FIRST_YEAR or match["month"] not in _MONTHS:
            raise NotCollectiveIdentifier(f"impossible month: {text!r}")
        if crc8(text[:-3].encode("ascii")) != int(match["crc"], 16):
            raise NotCollectiveIdentifier(f"wrong checksum: {text!r}")
        return cls(text)

    @property
    def seller_nip(self) -> str:
        return self[:10]

    @property
    def created_in(self) -> tuple[int, int]:
        """Year and month."""
        return int(self[13:17]), int(self[17:19])


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x07 and nothing reflected (CRC-8/SMBUS), over all before the last hyphen."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register << 1) ^ (_POLYNOMIAL if register & 0x80 else 0)
            register &= 0xFF
    return register


def _parse_date(digits: str) -> date:
    try:
        accepted_on = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise NotKSeFNumber(f"impossible date: {digits}") from error
    if accepted_on.year < _FIRST_YEAR:
        raise NotKSeFNumber(f"before KSeF: {digits}")
    return accepted_on
