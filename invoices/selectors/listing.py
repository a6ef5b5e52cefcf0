"""The list of sales invoices: filtered, newest first, one page at a time by key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from invoices.domain.lifecycle import State
from invoices.domain.money import format_money
from invoices.models import Invoice
from invoices.selectors.months import following_month, name_months
from invoices.selectors.rendering import format_date
from invoices.selectors.state_wording import StateLabel, state_label
from roles.access import Right

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Company
    from roles.access import Actor

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What the list was asked for; `after` is where the page before it ended."""

    text: str = ""
    state: str = ""
    month: str = ""
    after: str = ""

    @property
    def is_set(self) -> bool:
        return bool(self.text or self.state or self.month)


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    id: UUID
    number: str
    buyer: str
    issue_date: str
    gross: str
    state: StateLabel
    ksef_number: str
    url: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the list that somebody works through, one click away."""

    label: str
    url: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class InvoicePage:
    rows: tuple[InvoiceRow, ...]
    first_url: str | None
    next_url: str | None
    is_filtered: bool
    # Whether all that is listed waits to be sent, so that it may be sent at one click.
    is_to_send: bool


@dataclass(frozen=True, slots=True)
class _Key:
    """The place of an invoice in the order of the list."""

    issue_date: date
    created_at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> _Key | None:
        """None for whatever no list of ours has written: it then starts from the top."""
        try:
            day, moment, key = text.split("_")
            place = cls(date.fromisoformat(day), datetime.fromisoformat(moment), UUID(key))
        except ValueError:
            return None
        return place if place.created_at.utcoffset() is not None else None

    def write(self) -> str:
        return f"{self.issue_date.isoformat()}_{self.created_at.isoformat()}_{self.id}"


def list_invoices(*, slug: str, environment: str, wanted: InvoiceFilter) -> InvoicePage:
    """One page of the environment's invoices (S13), newest first; always one query, however many rows."""
    rows = _filtered(wanted).filter(environment=environment).order_by("-issue_date", "-created_at", "-id")
    after = _Key.read(wanted.after)
    if after is not None:
        rows = rows.filter(_beyond(after))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    last = _Key(shown[-1].issue_date, shown[-1].created_at, shown[-1].id) if len(found) > PAGE else None
    return InvoicePage(
        rows=tuple(_row(invoice, slug) for invoice in shown),
        first_url=None if after is None else _url(slug, replace(wanted, after="")),
        next_url=None if last is None else _url(slug, replace(wanted, after=last.write())),
        is_filtered=wanted.is_set,
        is_to_send=replace(wanted, after="") == InvoiceFilter(state=State.APPROVED.value),
    )


def list_tabs(*, actor: Actor, company: Company, wanted: InvoiceFilter) -> tuple[Tab, ...]:
    """All of them, what waits for somebody who may send it (S89), and the drafts; none where there is one only."""
    counted = Invoice.objects.filter(environment=company.environment).aggregate(
        to_send=Count("id", filter=Q(state=State.APPROVED)),
        drafts=Count("id", filter=Q(state=State.DRAFT)),
    )
    parts = [(_("Wszystkie"), "", 0)]
    if company.sends and actor.may(Right.SEND):
        parts.append((_("Do wysłania"), State.APPROVED.value, counted["to_send"]))
    if actor.may(Right.ISSUE):
        parts.append((_("Szkice"), State.DRAFT.value, counted["drafts"]))
    if len(parts) == 1:
        return ()
    return tuple(
        Tab(
            label=label,
            url=_url(company.slug, InvoiceFilter(state=state)),
            is_current=wanted.state == state,
            count=count,
        )
        for label, state, count in parts
    )


def list_ids_to_send(*, environment: str, most: int) -> tuple[UUID, ...]:
    """What was approved and waits for somebody who may send it (S89), the oldest first."""
    waiting = Invoice.objects.filter(environment=environment, state=State.APPROVED)
    return tuple(waiting.order_by("issue_date", "created_at", "id").values_list("id", flat=True)[:most])


def list_months(*, environment: str) -> list[tuple[str, str]]:
    """The months from the newest invoice back to the oldest, as ("2026-11", "listopad 2026")."""
    span = Invoice.objects.filter(environment=environment).aggregate(
        first=Min("issue_date"), last=Max("issue_date")
    )
    return name_months(span["first"], span["last"])


def list_states() -> list[tuple[str, str]]:
    return [(state.value, state_label(state).label) for state in State]


def _filtered(wanted: InvoiceFilter) -> QuerySet[Invoice]:
    rows = Invoice.objects.all()
    for word in wanted.text.split():
        rows = rows.filter(
            Q(number__icontains=word) | Q(buyer_name__icontains=word) | Q(ksef_number__icontains=word)
        )
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.month:
        first = date.fromisoformat(f"{wanted.month}-01")
        rows = rows.filter(issue_date__gte=first, issue_date__lt=following_month(first))
    return rows


def _beyond(key: _Key) -> Q:
    """Rows after this one. The first condition alone lets PostgreSQL start inside the index."""
    return Q(issue_date__lte=key.issue_date) & (
        Q(issue_date__lt=key.issue_date)
        | Q(created_at__lt=key.created_at)
        | Q(created_at=key.created_at, id__lt=key.id)
    )


def _row(invoice: Invoice, slug: str) -> InvoiceRow:
    page = "invoices:edit" if invoice.state == State.DRAFT else "invoices:show"
    return InvoiceRow(
        id=invoice.id,
        number=invoice.number,
        buyer=invoice.buyer_name,
        issue_date=format_date(invoice.issue_date),
        gross=format_money(invoice.gross),
        state=state_label(invoice.state),
        ksef_number=invoice.ksef_number,
        url=reverse(page, args=[slug, invoice.id]),
    )


def _url(slug: str, wanted: InvoiceFilter) -> str:
    asked = {"szukaj": wanted.text, "stan": wanted.state, "miesiac": wanted.month, "po": wanted.after}
    return reverse(
        "invoices:index", args=[slug], query={name: value for name, value in asked.items() if value}
    )
