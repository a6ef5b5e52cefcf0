"""The list of what was received: filtered, the newest first, one page at a time by key (S102, S105)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Max, Min, Q
from django.urls import reverse

from invoices.domain.inbox import Place
from invoices.domain.money import format_money
from invoices.models import ReceivedDocument
from invoices.selectors.inbox_wording import PlaceLabel, place_label, role_label
from invoices.selectors.months import following_month, name_months
from invoices.selectors.rendering import format_date
from ksef.exchange.invoices import SubjectType

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Company

PAGE: Final = 50
EVERYWHERE: Final = "wszystkie"
SALES: Final = "sprzedaz"
# What still wants a person.
_OPEN: Final = (Place.CURRENT, Place.VERIFIED)


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What the list was asked for; `after` is where the page before it ended."""

    text: str = ""
    place: str = ""
    month: str = ""
    kind: str = ""
    after: str = ""

    @property
    def is_set(self) -> bool:
        return bool(self.text or self.place or self.month or self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    id: UUID
    number: str
    seller: str
    seller_nip: str
    received_on: str
    gross: str
    currency: str
    place: PlaceLabel
    is_deleted: bool
    role: str
    ksef_number: str
    url: str


@dataclass(frozen=True, slots=True)
class InboxPage:
    rows: tuple[InboxRow, ...]
    first_url: str | None
    next_url: str | None
    is_filtered: bool


@dataclass(frozen=True, slots=True)
class _Key:
    received_on: date
    id: UUID

    @classmethod
    def read(cls, text: str) -> _Key | None:
        """None for whatever no list of ours has written: it then starts from the top."""
        try:
            day, key = text.split("_")
            return cls(date.fromisoformat(day), UUID(key))
        except ValueError:
            return None

    def write(self) -> str:
        return f"{self.received_on.isoformat()}_{self.id}"


def list_received(*, company: Company, wanted: InboxFilter) -> InboxPage:
    """One page of the environment's documents (S13), the latest receipt first; one query, however many rows."""
    rows = _filtered(company, wanted).order_by("-received_on", "-id")
    after = _Key.read(wanted.after)
    if after is not None:
        # The first condition alone lets PostgreSQL start inside the index.
        rows = rows.filter(
            Q(received_on__lte=after.received_on)
            & (Q(received_on__lt=after.received_on) | Q(id__lt=after.id))
        )
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    last = _Key(shown[-1].received_on, shown[-1].id) if len(found) > PAGE else None
    return InboxPage(
        rows=tuple(_row(document, company) for document in shown),
        first_url=None if after is None else list_url(company, replace(wanted, after="")),
        next_url=None if last is None else list_url(company, replace(wanted, after=last.write())),
        is_filtered=wanted.is_set,
    )


def list_received_months(company: Company) -> list[tuple[str, str]]:
    span = ReceivedDocument.objects.filter(environment=company.environment).aggregate(
        first=Min("received_on"), last=Max("received_on")
    )
    return name_months(span["first"], span["last"])


def list_places(plan: str) -> list[tuple[str, str]]:
    places = [(place.value, place_label(place, plan=plan).label) for place in Place]
    return [*places, (EVERYWHERE, "wszystkie")]


def list_chosen(company: Company, ids: list[UUID]) -> tuple[InboxRow, ...]:
    """The documents of these ids that are the company's."""
    documents = ReceivedDocument.objects.filter(id__in=ids, environment=company.environment)
    return tuple(_row(document, company) for document in documents.order_by("-received_on", "-id"))


def list_url(company: Company, wanted: InboxFilter) -> str:
    asked = {
        "szukaj": wanted.text,
        "miejsce": wanted.place,
        "miesiac": wanted.month,
        "rodzaj": wanted.kind,
        "po": wanted.after,
    }
    query = {name: value for name, value in asked.items() if value}
    return reverse("inbox:index", args=[company.slug], query=query)


def _filtered(company: Company, wanted: InboxFilter) -> QuerySet[ReceivedDocument]:
    rows = ReceivedDocument.objects.filter(environment=company.environment)
    sales = Q(role=SubjectType.SELLER)
    rows = rows.filter(sales if wanted.kind == SALES else ~sales)
    for word in wanted.text.split():
        rows = rows.filter(
            Q(number__icontains=word)
            | Q(seller_name__icontains=word)
            | Q(seller_nip__startswith=word)
            | Q(ksef_number__icontains=word)
        )
    if not wanted.place:
        rows = rows.filter(place__in=_OPEN)
    elif wanted.place != EVERYWHERE:
        rows = rows.filter(place=wanted.place)
    if wanted.month:
        first = date.fromisoformat(f"{wanted.month}-01")
        rows = rows.filter(received_on__gte=first, received_on__lt=following_month(first))
    return rows


def _row(document: ReceivedDocument, company: Company) -> InboxRow:
    return InboxRow(
        id=document.id,
        number=document.number or document.ksef_number,
        seller=document.seller_name,
        seller_nip=document.seller_nip,
        received_on=format_date(document.received_on),
        gross=format_money(document.gross),
        currency="zł" if document.currency == "PLN" else document.currency,
        place=place_label(document.place, plan=company.plan),
        is_deleted=document.place == Place.DELETED,
        role="" if document.role == SubjectType.BUYER else role_label(document.role),
        ksef_number=document.ksef_number,
        url=reverse("inbox:show", args=[company.slug, document.id]),
    )
