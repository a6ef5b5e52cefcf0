"""Lines as repeated fields: read in order, checked one by one, quick enough for ten thousand of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from accounts.domain.text import code_point, collapse_spaces, find_forbidden_character
from invoices.domain.money import parse_decimal
from invoices.domain.readiness import MOST_LINES
from invoices.domain.vat import PriceMethod, VatRate
from invoices.selectors.drafts import TypedLine
from invoices.services.drafting import LineDraft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import QueryDict

# What FA(3) holds: P_7, P_8A, and the decimals of P_8B, P_9A/P_9B and of a percentage.
_LONGEST_NAME: Final = 512
_LONGEST_UNIT: Final = 256
_QUANTITY_PLACES: Final = 6
_PRICE_PLACES: Final = 8
_DISCOUNT_PLACES: Final = 2
_ANY_PLACES: Final = 1000
_LONGEST_NUMBER: Final = 14
_WHOLE: Final = Decimal(100)
_NOTHING: Final = Decimal(0)
COLUMNS: Final = ("name", "unit", "quantity", "price", "discount", "rate")


class _Unfit(Exception):
    """A value cannot stand on an invoice; the text says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A typed line with what is wrong in it, by field, or the line it means; a blank one has neither."""

    typed: TypedLine
    draft: LineDraft | None = None
    errors: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Reads the fields of one line and collects what is wrong, so that all of it is said at once."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def read[T](self, name: str, text: str, read: Callable[[str], T], fallback: T) -> T:
        try:
            return read(text)
        except _Unfit as problem:
            self.errors[name] = problem.message
            return fallback


def read_lines(data: QueryDict) -> tuple[TypedLine, ...]:
    """The lines of a posted form, blank ones included, in the order of the page."""
    columns = [data.getlist(f"line_{name}") for name in COLUMNS]
    return tuple(TypedLine(*row) for row in zip_longest(*columns, fillvalue=""))


def check_lines(lines: Sequence[TypedLine], method: PriceMethod) -> tuple[CheckedLine, ...]:
    return tuple(_check(line, method) for line in lines)


def find_count_problem(lines: Sequence[TypedLine]) -> str:
    """What to say, once, when there are more lines than FA(3) takes; empty when there are not."""
    count = sum(not line.is_blank for line in lines)
    if count <= MOST_LINES:
        return ""
    return _(
        "Faktura może mieć najwyżej %(most)s pozycji, a ta ma %(count)s. Podziel ją na kilka faktur."
    ) % {
        "most": _grouped(MOST_LINES),
        "count": _grouped(count),
    }


def _check(line: TypedLine, method: PriceMethod) -> CheckedLine:
    if line.is_blank:
        return CheckedLine(line)
    reader = _Reader()
    draft = LineDraft(
        name=reader.read("name", line.name, _name, ""),
        unit=reader.read("unit", line.unit, _unit, ""),
        quantity=reader.read("quantity", line.quantity, _quantity, _NOTHING),
        unit_price=reader.read("price", line.price, _price, _NOTHING),
        discount_percent=reader.read("discount", line.discount, _discount, _NOTHING),
        rate=reader.read("rate", line.rate, _rate, VatRate.R23),
    )
    if reader.errors:
        return CheckedLine(line, errors=reader.errors)
    try:
        draft.amounts(method)
    except ValueError:
        return CheckedLine(line, errors={"price": _("Wartość tej pozycji jest większa, niż mieści faktura.")})
    return CheckedLine(line, draft)


def _name(text: str) -> str:
    return _text(text, longest=_LONGEST_NAME, missing=_("Wpisz nazwę towaru lub usługi."))


def _unit(text: str) -> str:
    return _text(text, longest=_LONGEST_UNIT, missing=_("Wpisz jednostkę, np. szt."))


def _text(text: str, *, longest: int, missing: str) -> str:
    forbidden = find_forbidden_character(text)
    if forbidden is not None:
        raise _Unfit(
            _("KSeF nie przyjmuje znaku %(code)s. Usuń go i wpisz tekst ponownie.")
            % {"code": code_point(forbidden)}
        )
    text = collapse_spaces(text)
    if not text:
        raise _Unfit(missing)
    if len(text) > longest:
        raise _Unfit(
            _("Najwyżej %(most)s znaków, a jest ich %(count)s.") % {"most": longest, "count": len(text)}
        )
    return text


def _quantity(text: str) -> Decimal:
    if not text.strip():
        raise _Unfit(_("Wpisz ilość."))
    quantity = _number(text, places=_QUANTITY_PLACES)
    if quantity <= 0:
        raise _Unfit(_("Ilość musi być większa od zera."))
    return quantity


def _price(text: str) -> Decimal:
    if not text.strip():
        raise _Unfit(_("Wpisz cenę."))
    price = _number(text, places=_PRICE_PLACES)
    if price < 0:
        raise _Unfit(_("Cena nie może być ujemna. Obniżkę wpisz jako rabat."))
    return price


def _discount(text: str) -> Decimal:
    if not text.strip():
        return _NOTHING
    discount = _number(text, places=_DISCOUNT_PLACES)
    if not 0 <= discount <= _WHOLE:
        raise _Unfit(_("Rabat musi być od 0 do 100%."))
    return discount


def _number(text: str, *, places: int) -> Decimal:
    try:
        number = parse_decimal(text, places=_ANY_PLACES)
    except ValueError:
        too_long = sum(character.isdigit() for character in text) > _LONGEST_NUMBER
        raise _Unfit(_("Ta liczba jest za duża.") if too_long else _("Wpisz liczbę, np. 12,5.")) from None
    try:
        return parse_decimal(text, places=places) if number else number
    except ValueError:
        raise _Unfit(_("Za dużo cyfr po przecinku: najwyżej %(places)s.") % {"places": places}) from None


def _rate(text: str) -> VatRate:
    try:
        return VatRate(text)
    except ValueError:
        raise _Unfit(_("Wybierz stawkę VAT z listy.")) from None


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\u00a0")
