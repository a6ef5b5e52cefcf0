"""Exact decimal amounts: reading what people type, rounding as the VAT Act says, writing the Polish way."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

GROSZ: Final = Decimal("0.01")
ZERO: Final = Decimal("0.00")

# The schema's TKwotowy holds 16 digits before the point.
LARGEST_AMOUNT: Final = Decimal("9999999999999999.99")

# Unit prices (TKwotowy2) hold 14 + 8 digits and quantities (TIlosci) 16 + 6: their product must stay exact.
EXACT: Final = Context(prec=80, rounding=ROUND_HALF_UP, traps=[InvalidOperation])

_MINUS = "\u2212"
_NBSP = "\u00a0"
_SPACES_IN_NUMBERS = re.compile("[ \u00a0\u202f\u2009]")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_INTEGER_DIGITS = 14
_FRACTION_DIGITS = 8


def round_to_grosz(amount: Decimal) -> Decimal:
    """Round half up (away from zero) to a full grosz; ValueError when FA(3) cannot hold the amount."""
    # plus() turns the negative zero that quantize() may leave into an ordinary one.
    rounded = EXACT.plus(amount.quantize(GROSZ, context=EXACT))
    if abs(rounded) > LARGEST_AMOUNT:
        raise ValueError("amount exceeds the 16 digits FA(3) allows")
    return rounded


def _polish(text: str) -> str:
    return text.replace(",", _NBSP).replace(".", ",").replace("-", _MINUS)


def format_money(amount: Decimal) -> str:
    """Write ``1 234,56`` with hard spaces between thousands and U+2212 as the minus sign."""
    return _polish(f"{round_to_grosz(amount):,f}")


def format_quantity(quantity: Decimal) -> str:
    """Write a quantity, a unit price or a percentage with as many decimals as it needs."""
    return _polish(f"{EXACT.plus(EXACT.normalize(quantity)):,f}")


def parse_decimal(text: str, *, places: int = _FRACTION_DIGITS) -> Decimal:
    """Read ``1 234,56``, ``1234.56`` or ``−5``; ValueError for all else, too many digits included.

    Exponents, NaN and infinities are refused, and so is a number with both a comma and a dot: nobody can
    tell which of the two separates thousands. The limits are those of FA(3) unit prices (14 + 8 digits).
    """
    plain = _SPACES_IN_NUMBERS.sub("", text.strip()).replace(_MINUS, "-").replace(",", ".", 1)
    if not _NUMBER.fullmatch(plain):
        raise ValueError("not a decimal number")
    whole, _, fraction = plain.lstrip("-").partition(".")
    if len(whole.lstrip("0")) > _INTEGER_DIGITS or len(fraction.rstrip("0")) > places:
        raise ValueError("more digits than FA(3) allows")
    return Decimal(plain)
