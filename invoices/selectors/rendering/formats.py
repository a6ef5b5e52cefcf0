"""Days, moments, prices and numbers the Polish way; a text that is none of them stays as it is."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from invoices.domain.money import LARGEST_AMOUNT, format_money, format_quantity, round_to_grosz

_WARSAW: Final = ZoneInfo("Europe/Warsaw")
# As many digits as the widest official type holds: longer texts are no numbers of an invoice.
_DECIMAL: Final = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,8})?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def format_minute(moment: datetime) -> str:
    return f"{moment.astimezone(_WARSAW):%d.%m.%Y, %H:%M}"


def format_date(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def format_price(price: Decimal) -> str:
    """A unit price with two decimals, or with more where the person typed more."""
    return format_money(price) if price == round_to_grosz(price) else format_quantity(price)


def format_tax(tax: Decimal | None) -> str:
    """A dash where the invoice shows no tax at all."""
    return "–" if tax is None else format_money(tax)


def format_moment(moment: datetime) -> str:
    """The moment in Poland, with as much of the second as was written."""
    local = moment.astimezone(_WARSAW)
    fraction = f",{local.microsecond:06}".rstrip("0") if local.microsecond else ""
    return f"{local:%d.%m.%Y, %H:%M:%S}{fraction}"


def find_decimal(text: str) -> Decimal | None:
    """The number that a text of the document holds; None when it holds none that can be written out."""
    if not _DECIMAL.fullmatch(text):
        return None
    number = Decimal(text)
    return number if abs(number) < LARGEST_AMOUNT else None


def write_amount(text: str) -> str:
    number = find_decimal(text)
    return text if number is None else format_price(number)


def write_number(text: str) -> str:
    number = find_decimal(text)
    return text if number is None else format_quantity(number)


def write_day(text: str) -> str:
    if not _DAY.fullmatch(text):
        return text
    try:
        return format_date(date.fromisoformat(text))
    except ValueError:
        return text


def write_moment(text: str) -> str:
    """A moment without a zone may be of any place, so it stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
        return text if moment.utcoffset() is None else format_moment(moment)
    except (ValueError, OverflowError):
        return text
