"""The lines of the editor together with their sums, as far as what is typed can be counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from invoices.domain.money import ZERO, format_money
from invoices.domain.vat import PriceMethod
from invoices.forms.lines import COLUMNS, CheckedLine, check_lines, find_count_problem
from invoices.selectors.drafts import TypedLine
from invoices.services.drafting import price_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoices.domain.vat import Totals
    from invoices.services.drafting import LineDraft

_MOST_NAMED: Final = 20
_MOST_LIVE_AMOUNTS: Final = 200
_UNKNOWN: Final = "–"
# Every field has an entry, because a template finds a missing one slowly, ten thousand times over.
_NO_ERRORS: Final = dict.fromkeys(COLUMNS, "")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend: where the link of the summary leads, what it says."""

    target: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line ready for its template; ids and labels are counted from what the person sees."""

    index: int
    number: int
    typed: TypedLine
    errors: dict[str, str]
    amount: str
    has_focus: bool = False


@dataclass(frozen=True, slots=True)
class RateRow:
    label: str
    net: str
    vat: str
    gross: str


@dataclass(frozen=True, slots=True)
class Sums:
    rates: tuple[RateRow, ...]
    net: str
    vat: str
    gross: str


@dataclass(frozen=True, slots=True)
class LineSheet:
    """All lines, checked and priced. `drafts` is what would be saved; lines with errors are not in it."""

    rows: tuple[LineRow, ...]
    drafts: tuple[LineDraft, ...]
    sums: Sums
    problems: tuple[Problem, ...]
    left_out: str
    is_gross: bool

    @property
    def has_live_amounts(self) -> bool:
        """Beyond some number of lines their amounts are not sent with each keystroke."""
        return len(self.rows) <= _MOST_LIVE_AMOUNTS


def lay_out(typed: Sequence[TypedLine], *, method: PriceMethod, marks_errors: bool = True) -> LineSheet:
    """Check and price the lines; `marks_errors` is off while a person is still typing them."""
    lines = check_lines(typed or (TypedLine(),), method)
    drafts = tuple(line.draft for line in lines if line.draft is not None)
    amounts, totals, sum_problem = _price(drafts, method)
    shown = iter(amounts)
    rows = tuple(
        LineRow(
            index=index,
            number=index + 1,
            typed=line.typed,
            errors=_NO_ERRORS | line.errors if marks_errors and line.errors else _NO_ERRORS,
            amount=_UNKNOWN if line.draft is None else next(shown, _UNKNOWN),
        )
        for index, line in enumerate(lines)
    )
    return LineSheet(
        rows=rows,
        drafts=drafts,
        sums=_sums(totals),
        problems=(*_whole_problems(typed, sum_problem), *_line_problems(lines)),
        left_out=_name_numbers([index for index, line in enumerate(lines, start=1) if line.errors]),
        is_gross=method is PriceMethod.GROSS,
    )


def with_focus_on_last(sheet: LineSheet) -> LineSheet:
    """The line just added is the one to type in."""
    return replace(sheet, rows=(*sheet.rows[:-1], replace(sheet.rows[-1], has_focus=True)))


def _price(drafts: tuple[LineDraft, ...], method: PriceMethod) -> tuple[tuple[str, ...], Totals | None, str]:
    try:
        amounts, totals = price_lines(drafts, method)
    except ValueError:
        return (), None, _("Suma faktury jest większa, niż mieści dokument FA(3).")
    values = ((line.net if method is PriceMethod.NET else line.gross) for line in amounts)
    return tuple(format_money(value) for value in values), totals, ""


def _sums(totals: Totals | None) -> Sums:
    if totals is None:
        return Sums(rates=(), net=_UNKNOWN, vat=_UNKNOWN, gross=_UNKNOWN)
    return Sums(
        rates=tuple(
            RateRow(
                label=total.rate.label,
                net=format_money(total.net),
                vat=_UNKNOWN if total.rate.percent is None else format_money(total.vat),
                gross=format_money(total.gross),
            )
            for total in totals.rates
        ),
        net=format_money(totals.net),
        vat=format_money(totals.vat or ZERO),
        gross=format_money(totals.gross),
    )


def _whole_problems(typed: Sequence[TypedLine], sum_problem: str) -> list[Problem]:
    messages = [message for message in (find_count_problem(typed), sum_problem) if message]
    return [Problem("lines", _("Pozycje"), message) for message in messages]


def _line_problems(lines: Sequence[CheckedLine]) -> list[Problem]:
    labels = {
        "name": _("nazwa"),
        "unit": _("jednostka"),
        "quantity": _("ilość"),
        "price": _("cena"),
        "discount": _("rabat"),
        "rate": _("stawka VAT"),
    }
    found = [
        (index, name, message) for index, line in enumerate(lines) for name, message in line.errors.items()
    ]
    named = [
        Problem(
            f"line-{index}-{name}",
            _("Pozycja %(number)s, %(field)s") % {"number": index + 1, "field": labels[name]},
            message,
        )
        for index, name, message in found[:_MOST_NAMED]
    ]
    if len(found) > _MOST_NAMED:
        rest = _("Błędów jest więcej: jeszcze %(count)s.") % {"count": len(found) - _MOST_NAMED}
        named.append(Problem("lines", _("Pozycje"), rest))
    return named


def _name_numbers(numbers: Sequence[int]) -> str:
    named = ", ".join(str(number) for number in numbers[:_MOST_NAMED])
    return f"{named}…" if len(numbers) > _MOST_NAMED else named
