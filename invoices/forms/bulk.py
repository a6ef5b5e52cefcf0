"""What is asked of many invoices at once, and what became of each, in words (S72)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.domain.errors import RuleBroken
from invoices.domain.lifecycle import State
from invoices.forms.wording import say
from invoices.selectors.state_wording import StateLabel, state_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import QueryDict

    from invoices.domain.readiness import NotReady
    from invoices.services.bulk import BulkResult

CHOSEN: Final = "wybrane"
ALL_TO_SEND: Final = "wszystkie"
# What one click may move: a request must end while somebody still looks at it.
MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class ResultRow:
    number: str
    buyer: str
    url: str
    state: StateLabel
    problem: str


def chosen_ids(data: QueryDict) -> tuple[uuid.UUID, ...]:
    """The ids of the invoices that were ticked; whatever is no id was written by no form of ours."""
    found = []
    for text in data.getlist(CHOSEN)[:MOST_AT_ONCE]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return tuple(found)


def tell_results(results: Iterable[BulkResult], *, slug: str) -> tuple[ResultRow, ...]:
    """One row for each invoice, those that could not go first."""
    rows = [_row(result, slug) for result in results]
    return tuple(sorted(rows, key=lambda row: not row.problem))


def _row(result: BulkResult, slug: str) -> ResultRow:
    invoice = result.invoice
    page = "invoices:edit" if invoice.state == State.DRAFT else "invoices:show"
    return ResultRow(
        number=invoice.number or _("Szkic bez numeru"),
        buyer=invoice.buyer_name,
        url=reverse(page, args=[slug, invoice.id]),
        state=state_label(invoice.state),
        problem=_say(result.problem),
    )


def _say(problem: RuleBroken | NotReady | None) -> str:
    if problem is None:
        return ""
    if isinstance(problem, RuleBroken):
        return say(problem)
    return " ".join(say(obstacle) for obstacle in problem.obstacles)
