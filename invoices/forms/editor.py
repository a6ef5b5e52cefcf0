"""The invoice editor as a whole: head, new buyer and lines; it keeps whatever was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils.translation import gettext as _

from invoices.domain.vat import PriceMethod
from invoices.forms.contractor import ContractorForm
from invoices.forms.invoice import InvoiceForm, blank_values, stored_values
from invoices.forms.lines import read_lines
from invoices.forms.sheet import LineSheet, Problem, lay_out, with_focus_on_last
from invoices.selectors.drafts import TypedLine
from invoices.services.drafting import InvoiceDraft

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from django import forms
    from django.http import QueryDict

    from invoices.selectors.drafts import StoredDraft

NEW_BUYER: Final = "nowy"
SAVE: Final = "save"
APPROVE: Final = "approve"
ADD_LINE: Final = "add_line"
REMOVE_LINE: Final = "remove"
_MOST_DIGITS: Final = 6
_ABOVE_LINES: Final = frozenset({"id_contractor", "id_method"})


@dataclass(frozen=True, slots=True)
class Desk:
    """What the editor needs to know besides the invoice."""

    today: date
    buyers: Sequence[tuple[str, str]]
    bank_account: str


class Editor:
    """One invoice on the desk. The forms inside are bound only when their errors are to be said."""

    def __init__(self, *, header: InvoiceForm, new_buyer: ContractorForm, sheet: LineSheet) -> None:
        self.header = header
        self.new_buyer = new_buyer
        self.sheet = sheet
        self._problems: list[Problem] = []

    @property
    def shows_buyers(self) -> bool:
        """With nobody to choose from the list only stands in the way, unless something is said about it."""
        return self.header.has_buyers or bool(self.header["contractor"].errors)

    @property
    def is_new_buyer_open(self) -> bool:
        """Open where somebody began to type, and where there is nobody to choose yet."""
        typed = any(self.new_buyer.initial.get(name) for name in ("name", "tax_id"))
        return self.new_buyer.is_bound or typed or not self.header.has_buyers

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong, for the summary on top, in the order of the page: buyer, lines, the rest."""
        head = tuple(_form_problems(self.header))
        return (
            *self._problems,
            *(problem for problem in head if problem.target in _ABOVE_LINES),
            *_form_problems(self.new_buyer),
            *(self.sheet.problems if self.header.is_bound else ()),
            *(problem for problem in head if problem.target not in _ABOVE_LINES),
        )

    @property
    def line_problems(self) -> tuple[str, ...]:
        """What is said about the lines as a whole, beside their heading."""
        return tuple(problem.message for problem in self.problems if problem.target == "lines")

    @property
    def describes_new_buyer(self) -> bool:
        return self.new_buyer.is_bound

    @property
    def chosen_contractor(self) -> UUID | None:
        chosen = self.header.cleaned_data["contractor"]
        return UUID(chosen) if chosen else None

    def is_valid(self) -> bool:
        header_fits = self.header.is_valid()
        buyer_fits = not self.new_buyer.is_bound or self.new_buyer.is_valid()
        if self.new_buyer.is_bound and header_fits and self.header.cleaned_data["contractor"]:
            self.header.add_error(
                "contractor", _("Wybrano nabywcę z listy i wpisano nowego. Zostaw jednego z nich.")
            )
        return not self.header.errors and buyer_fits and not self.sheet.problems

    def add_problem(self, *, field: str, message: str) -> None:
        """Say what a service found, at its field; the header must have been validated."""
        if field in self.header.fields:
            self.header.add_error(field, message)
        else:
            label = _("Pozycje") if field == "lines" else ""
            self._problems.append(Problem("lines" if field == "lines" else "", label, message))

    def draft(self, contractor_id: UUID | None) -> InvoiceDraft:
        """What a valid editor says, with the buyer chosen or just kept."""
        cleaned = self.header.cleaned_data
        return InvoiceDraft(
            issue_date=cleaned["issue_date"],
            supply_date=cleaned["supply_date"],
            method=PriceMethod(cleaned["method"]),
            contractor_id=contractor_id,
            exemption_kind=cleaned["exemption_kind"],
            exemption_text=cleaned["exemption_text"],
            payment_form=cleaned["payment_form"],
            due_date=cleaned["due_date"],
            bank_account=cleaned["bank_account"],
            note=cleaned["note"],
            lines=self.sheet.drafts,
            correction_reason=cleaned["correction_reason"],
            correction_effect=cleaned["correction_effect"],
        )


def blank_editor(desk: Desk) -> Editor:
    values = blank_values(today=desk.today, bank_account=desk.bank_account)
    return Editor(
        header=InvoiceForm(initial=values, today=desk.today, buyers=desk.buyers),
        new_buyer=ContractorForm(prefix=NEW_BUYER),
        sheet=lay_out((), method=PriceMethod.NET),
    )


def stored_editor(desk: Desk, draft: StoredDraft) -> Editor:
    return Editor(
        header=InvoiceForm(initial=stored_values(draft), today=desk.today, buyers=desk.buyers),
        new_buyer=ContractorForm(prefix=NEW_BUYER),
        sheet=lay_out(draft.lines, method=PriceMethod(draft.method)),
    )


def posted_editor(desk: Desk, data: QueryDict) -> Editor:
    """The form as sent, to be checked. A new buyer nobody began to describe is not asked for."""
    new_buyer = ContractorForm(data, prefix=NEW_BUYER)
    return Editor(
        header=InvoiceForm(data, today=desk.today, buyers=desk.buyers),
        new_buyer=new_buyer if new_buyer.is_filled else ContractorForm(prefix=NEW_BUYER),
        sheet=lay_out(read_lines(data), method=read_method(data)),
    )


def unfinished_editor(desk: Desk, data: QueryDict) -> Editor:
    """The form as sent while somebody is still at it: lines added, removed or counted, the rest left alone."""
    return Editor(
        header=InvoiceForm(initial=data.dict(), today=desk.today, buyers=desk.buyers),
        new_buyer=ContractorForm(prefix=NEW_BUYER, initial=_typed_values(data)),
        sheet=edited_sheet(data),
    )


def edited_sheet(data: QueryDict) -> LineSheet:
    """The lines after the button that was pressed: one more, one less, or just counted."""
    lines = list(read_lines(data))
    method = read_method(data)
    index = _index(data.get(REMOVE_LINE, ""))
    if index is not None:
        return lay_out([*lines[:index], *lines[index + 1 :]], method=method, marks_errors=False)
    if data.get("action") == ADD_LINE:
        return with_focus_on_last(lay_out([*lines, TypedLine()], method=method, marks_errors=False))
    return lay_out(lines, method=method)


def is_unfinished(data: QueryDict) -> bool:
    """Tell whether the button pressed only works on the form, and saves nothing."""
    return REMOVE_LINE in data or data.get("action") not in {SAVE, APPROVE}


def read_method(data: QueryDict) -> PriceMethod:
    return PriceMethod.GROSS if data.get("method") == PriceMethod.GROSS else PriceMethod.NET


def _typed_values(data: QueryDict) -> dict[str, str]:
    start = f"{NEW_BUYER}-"
    return {name.removeprefix(start): data.get(name, "") for name in data if name.startswith(start)}


def _index(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _form_problems(form: forms.Form) -> Iterable[Problem]:
    if not form.is_bound:
        return
    for name, errors in form.errors.items():
        for message in errors:
            field = form[name] if name in form.fields else None
            yield Problem(field.auto_id if field else "", str(field.label) if field else "", str(message))
