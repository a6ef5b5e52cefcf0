"""Reference numbers and KSeF numbers (sections 0 and 8 of the digest)."""

import secrets
from datetime import date
from typing import Final

_CHECK_WEIGHTS: Final = (6, 5, 7, 2, 3, 4, 5, 6, 7)


def new_reference(kind: str, *, on: date) -> str:
    """Return 36 characters such as 20250901-SO-47FA636000-5960B49115-9D."""
    text = secrets.token_hex(11).upper()
    return f"{on:%Y%m%d}-{kind}-{text[:10]}-{text[10:20]}-{text[20:]}"


def new_ksef_number(*, seller: str, on: date) -> str:
    """Return a KSeF number with a random technical part and its CRC-8."""
    head = f"{seller}-{on:%Y%m%d}-{secrets.token_hex(6).upper()}"
    return f"{head}-{crc8(head.encode('ascii')):02X}"


def new_collective_number(*, seller: str, on: date) -> str:
    """Return a collective identifier such as 1111111111-IZ202607-65ED02180000-E7 (section 7.5)."""
    head = f"{seller}-IZ{on:%Y%m}-{secrets.token_hex(6).upper()}"
    return f"{head}-{crc8(head.encode('ascii')):02X}"


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x07 and nothing else: no reflection, start or end value (section 8)."""
    register = 0
    for byte in data:
        register = _REMAINDERS[register ^ byte]
    return register


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1) ^ (0x107 if byte & 0x80 else 0)
    return byte


_REMAINDERS: Final = tuple(_remainder(byte) for byte in range(256))


def has_valid_check_digit(nip: str) -> bool:
    """Return whether the tenth digit of a NIP is right; a remainder of 10 never is."""
    if len(nip) != 10 or not nip.isascii() or not nip.isdigit():  # noqa: PLR2004 - a NIP has ten digits.
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_CHECK_WEIGHTS, nip, strict=False))
    return total % 11 == int(nip[9])
