"""The way through a long list of metadata: from one answer to the next request, as pure rules (section 7.1, F28).

A set of filters shows at most 10 000 rows. What lies behind them is asked for from the date of the last row on, so
rows at the seam come twice and are told apart by their KSeF number.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from ksef.errors import ContractBroken
from ksef.exchange.invoices import (
    DateRange,
    DateType,
    InvoiceFilters,
    InvoiceMetadata,
    MetadataPage,
    SortOrder,
)

# KSeF writes seven digits of a second, we keep six, and how many its filters compare nobody says: what lies closer
# together than this counts as one moment.
_MOMENT = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_NOON = timedelta(hours=12)  # The same day in Warsaw and in UTC, whichever KSeF counts days of issue in.
# 10 000 rows at 250 are 40 pages; room for limits that were raised.
_MOST_PAGES = 200


class CannotAdvance(ContractBroken):
    """More rows have one and the same date than KSeF shows: only narrower filters lead past them."""


@dataclass(frozen=True, slots=True)
class MetadataRequest:
    """One page to ask for. A second look ends at a row that the first one has `seen`, and goes on with `then`."""

    filters: InvoiceFilters
    order: SortOrder = SortOrder.ASCENDING
    page: int = 0
    seen: frozenset[str] = field(default=frozenset(), repr=False)
    is_second_look: bool = False
    then: "MetadataRequest | None" = None


def next_request(request: MetadataRequest, answer: MetadataPage) -> MetadataRequest | None:
    """None when everything was shown. Raises `CannotAdvance`, or `ContractBroken` when the pages do not end."""
    if not answer.has_more:
        return request.then
    if request.is_second_look:
        return _next_of_second_look(request, answer)
    if answer.is_truncated:
        return _narrowed(request, answer)
    return _next_page(request, seen=request.seen | _numbers(answer))


def only_new(invoices: Iterable[InvoiceMetadata], *, known: AbstractSet[str]) -> tuple[InvoiceMetadata, ...]:
    """Each KSeF number once, and none that is known already."""
    found: dict[str, InvoiceMetadata] = {}
    for invoice in invoices:
        if invoice.ksef_number not in known:
            found.setdefault(invoice.ksef_number, invoice)
    return tuple(found.values())


def _narrowed(request: MetadataRequest, answer: MetadataPage) -> MetadataRequest:
    if not answer.invoices:
        raise ContractBroken("a truncated answer without a row")
    dates = request.filters.dates
    place = _Place.of(answer.invoices[-1], kind=dates.kind)
    _require_inside(request, place)
    if request.order is SortOrder.ASCENDING and place.date > dates.since:
        return _with_dates(request, replace(dates, since=place.date))
    if request.order is SortOrder.DESCENDING and (dates.until is None or place.end < dates.until):
        return _with_dates(request, replace(dates, until=place.end))
    return _second_look(request, place, seen=request.seen | _numbers(answer))


def _require_inside(request: MetadataRequest, place: "_Place") -> None:
    """A KSeF that compares dates more coarsely than we ask shows rows again from before the seam, for ever."""
    dates = request.filters.dates
    if request.order is SortOrder.ASCENDING:
        is_inside = place.after > dates.since
    else:
        is_inside = dates.until is None or place.before < dates.until
    if not is_inside:
        raise CannotAdvance("the rows shown lie outside the range asked for")


def _second_look(request: MetadataRequest, place: "_Place", *, seen: frozenset[str]) -> MetadataRequest:
    """All that was shown has one date: look at that date from the other end, then go on behind it."""
    dates = request.filters.dates
    until = place.end if dates.until is None else min(place.end, dates.until)
    rest: DateRange | None = None
    if request.order is SortOrder.ASCENDING:
        if dates.until is None or place.after <= dates.until:
            rest = replace(dates, since=place.after)
    elif dates.since <= place.before:
        rest = replace(dates, until=place.before)
    return MetadataRequest(
        filters=replace(
            request.filters, dates=replace(dates, since=max(dates.since, place.begin), until=until)
        ),
        order=_REVERSE[request.order],
        seen=seen,
        is_second_look=True,
        then=_with_dates(request, rest) if rest else None,
    )


def _next_of_second_look(request: MetadataRequest, answer: MetadataPage) -> MetadataRequest | None:
    rows = [invoice.ksef_number for invoice in answer.invoices]
    # The other end begins with what the first look did not reach, else meeting its rows proves nothing.
    is_other_end = request.page > 0 or (bool(rows) and rows[0] not in request.seen)
    if is_other_end and not request.seen.isdisjoint(rows):
        return request.then
    if answer.is_truncated:
        raise CannotAdvance("too many invoices of one date")
    return _next_page(request, seen=request.seen if is_other_end else frozenset())


def _next_page(request: MetadataRequest, *, seen: frozenset[str]) -> MetadataRequest:
    if request.page + 1 >= _MOST_PAGES:
        raise ContractBroken("the pages of metadata do not end")
    return replace(request, page=request.page + 1, seen=seen)


def _with_dates(request: MetadataRequest, dates: DateRange) -> MetadataRequest:
    return replace(request, filters=replace(request.filters, dates=dates), page=0, seen=frozenset())


def _numbers(answer: MetadataPage) -> frozenset[str]:
    return frozenset(invoice.ksef_number for invoice in answer.invoices)


_REVERSE = {
    SortOrder.ASCENDING: SortOrder.DESCENDING,
    SortOrder.DESCENDING: SortOrder.ASCENDING,
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A row's date as a point of a range: what has the same date lies from `begin` to `end`."""

    date: datetime
    begin: datetime
    end: datetime
    before: datetime
    after: datetime

    @classmethod
    def of(cls, invoice: InvoiceMetadata, *, kind: DateType) -> "_Place":
        try:
            return cls._around(invoice, kind=kind)
        except OverflowError:
            raise ContractBroken("an invoice from the beginning or the end of time") from None

    @classmethod
    def _around(cls, invoice: InvoiceMetadata, *, kind: DateType) -> "_Place":
        if kind is DateType.ISSUE:
            day = datetime.combine(invoice.issue_date, time(), tzinfo=UTC)
            return cls(date=day, begin=day, end=day + _NOON, before=day - _NOON, after=day + _DAY)
        date = invoice.invoicing_date if kind is DateType.INVOICING else invoice.permanent_storage_date
        begin, end = date - _MOMENT, date + _MOMENT
        return cls(date=date, begin=begin, end=end, before=begin, after=end)
