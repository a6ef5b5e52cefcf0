"""The way through long lists of metadata (section 7.1), against a list that answers as KSeF does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksef.errors import ContractBroken
from ksef.exchange.invoices import (
    DateRange,
    DateType,
    InvoiceFilters,
    InvoiceMetadata,
    MetadataPage,
    SortOrder,
    SubjectType,
)
from ksef.walk import CannotAdvance, MetadataRequest, next_request, only_new
from tests.metadata import make_metadata

pytestmark = pytest.mark.unit

START = datetime(2026, 11, 20, tzinfo=UTC)
FILTERS = InvoiceFilters(
    subject=SubjectType.BUYER, dates=DateRange(kind=DateType.PERMANENT_STORAGE, since=START)
)
LIMIT = 6
PAGE_SIZE = 4


def rows_at(*ticks: int) -> list[InvoiceMetadata]:
    """Invoices stored so many milliseconds after the start, numbered in their order."""
    return [
        make_metadata(serial, stored=START + timedelta(milliseconds=tick))
        for serial, tick in enumerate(sorted(ticks))
    ]


def answer(
    request: MetadataRequest,
    rows: list[InvoiceMetadata],
    *,
    limit: int = LIMIT,
    resolution: timedelta = timedelta(microseconds=1),
) -> MetadataPage:
    """Rows sorted by date and number; of those in the range only so many can be seen."""
    dates = request.filters.dates
    since = START + (dates.since - START) // resolution * resolution

    def date_of(row: InvoiceMetadata) -> datetime:
        if dates.kind is DateType.ISSUE:
            return datetime(row.issue_date.year, row.issue_date.month, row.issue_date.day, tzinfo=UTC)
        return row.permanent_storage_date

    fitting = sorted(
        (row for row in rows if since <= date_of(row) <= (dates.until or datetime.max.replace(tzinfo=UTC))),
        key=lambda row: (date_of(row), row.ksef_number),
        reverse=request.order is SortOrder.DESCENDING,
    )
    first = request.page * PAGE_SIZE
    end = min(first + PAGE_SIZE, limit)
    return MetadataPage(
        invoices=tuple(fitting[first:end]),
        has_more=len(fitting) > end,
        is_truncated=len(fitting) > end and end == limit,
        hwm=None,
    )


def walk(
    request: MetadataRequest, rows: list[InvoiceMetadata], *, limit: int = LIMIT
) -> list[InvoiceMetadata]:
    found: dict[str, InvoiceMetadata] = {}
    following: MetadataRequest | None = request
    for _ in range(500):
        if following is None:
            return list(found.values())
        page = answer(following, rows, limit=limit)
        found |= {row.ksef_number: row for row in only_new(page.invoices, known=found.keys())}
        following = next_request(following, page)
    raise AssertionError("the way does not end")


@given(
    ticks=st.lists(st.integers(0, 12), max_size=60).filter(
        lambda ticks: all(
            ticks.count(tick) + ticks.count(tick - 1) + ticks.count(tick + 1) <= LIMIT for tick in ticks
        )
    ),
    order=st.sampled_from(SortOrder),
    end=st.none() | st.integers(0, 12),
)
def test_every_row_is_found_once_whatever_the_order(
    ticks: list[int], order: SortOrder, end: int | None
) -> None:
    """F28, I8: the set received is the set there is."""
    rows = rows_at(*ticks)
    until = None if end is None else START + timedelta(milliseconds=end)
    dates = replace(FILTERS.dates, until=until)
    found = walk(MetadataRequest(replace(FILTERS, dates=dates), order=order), rows)
    assert sorted(row.ksef_number for row in found) == [
        row.ksef_number for row in rows if until is None or row.permanent_storage_date <= until
    ]


@pytest.mark.parametrize("order", SortOrder)
@pytest.mark.parametrize(
    "ticks",
    [
        [5] * 7,
        [0] * 6 + [2],
        [5] * 11,
        [0] * 7,
        [*range(5), *[5] * 9, *range(8, 30)],
        [0, *[3] * 8, *[7] * 8, 9],
        [*[3] * 10, *[30] * 10],
    ],
    ids=str,
)
def test_more_rows_of_one_date_than_can_be_seen_are_seen_from_both_ends(
    ticks: list[int], order: SortOrder
) -> None:
    """F28: 10 001 with one timestamp."""
    rows = rows_at(*ticks)
    assert len(walk(MetadataRequest(FILTERS, order=order), rows)) == len(rows)


@pytest.mark.parametrize("order", SortOrder)
def test_twice_as_many_of_one_date_need_narrower_filters(order: SortOrder) -> None:
    with pytest.raises(CannotAdvance):
        walk(MetadataRequest(FILTERS, order=order), rows_at(*[5] * 12))


@pytest.mark.parametrize("resolution", [timedelta(milliseconds=1), timedelta(seconds=1)])
def test_coarser_comparison_leads_on_or_is_noticed(resolution: timedelta) -> None:
    """F28: a KSeF that forgets the fraction of a second must not be asked the same for ever."""
    rows = rows_at(*[5] * 8, *range(6, 12))
    request: MetadataRequest | None = MetadataRequest(FILTERS)
    found: set[str] = set()
    noticed = False
    for _ in range(20):
        if request is None:
            break
        page = answer(request, rows, resolution=resolution)
        found |= {row.ksef_number for row in page.invoices}
        try:
            request = next_request(request, page)
        except CannotAdvance:
            noticed = True
            break
    assert noticed is (resolution == timedelta(seconds=1))
    assert noticed or len(found) == len(rows)


@pytest.mark.parametrize("order", SortOrder)
def test_dates_of_issue_go_by_days(order: SortOrder) -> None:
    rows = [
        make_metadata(serial, stored=START + timedelta(days=day, hours=7))
        for serial, day in enumerate([0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4])
    ]
    filters = replace(FILTERS, dates=DateRange(kind=DateType.ISSUE, since=START))
    assert len(walk(MetadataRequest(filters, order=order), rows)) == len(rows)


def test_rows_of_ten_thousand_and_one_are_walked_in_order() -> None:
    """F28 at KSeF's own size, but for the pages."""
    rows = [make_metadata(serial, stored=START + timedelta(seconds=serial)) for serial in range(41)]
    found = walk(MetadataRequest(FILTERS), rows, limit=40)
    assert found == rows


def test_next_page_comes_before_a_narrower_range() -> None:
    page = MetadataPage(invoices=tuple(rows_at(1)), has_more=True, is_truncated=False, hwm=None)
    following = next_request(MetadataRequest(FILTERS), page)
    assert following is not None
    assert (following.page, following.filters, following.order) == (1, FILTERS, SortOrder.ASCENDING)
    assert next_request(MetadataRequest(FILTERS), replace(page, has_more=False)) is None
    narrower = next_request(MetadataRequest(FILTERS, page=3), replace(page, is_truncated=True))
    assert narrower is not None
    assert (narrower.page, narrower.filters.dates.since) == (0, START + timedelta(milliseconds=1))


def test_pages_that_do_not_end_and_truncated_nothing_break_the_contract() -> None:
    endless = MetadataPage(invoices=(), has_more=True, is_truncated=False, hwm=None)
    with pytest.raises(ContractBroken):
        next_request(MetadataRequest(FILTERS, page=199), endless)
    with pytest.raises(ContractBroken):
        next_request(MetadataRequest(FILTERS), replace(endless, is_truncated=True))


def test_second_look_that_begins_like_the_first_proves_nothing() -> None:
    """Rows of one date in the same order both ways: what lies between would be lost unnoticed."""
    page = MetadataPage(invoices=tuple(rows_at(0, 0)), has_more=True, is_truncated=True, hwm=None)
    second_look = next_request(MetadataRequest(FILTERS), page)
    assert second_look is not None
    on = next_request(second_look, replace(page, is_truncated=False))
    assert on is not None
    with pytest.raises(CannotAdvance):
        next_request(on, page)


def test_one_row_told_for_ever_ends_the_walk() -> None:
    page = MetadataPage(invoices=tuple(rows_at(0)), has_more=True, is_truncated=True, hwm=None)
    second_look = next_request(MetadataRequest(FILTERS), page)
    assert second_look is not None
    with pytest.raises(CannotAdvance):
        next_request(second_look, page)


@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
)
@pytest.mark.parametrize("order", SortOrder)
def test_impossible_date_of_the_last_row_breaks_the_contract(moment: datetime, order: SortOrder) -> None:
    row = replace(rows_at(0)[0], permanent_storage_date=moment)
    page = MetadataPage(invoices=(row,), has_more=True, is_truncated=True, hwm=None)
    with pytest.raises(ContractBroken):
        next_request(MetadataRequest(FILTERS, order=order), page)


def test_repeated_numbers_are_told_once() -> None:
    first, second = rows_at(1, 2)
    assert only_new([first, second, first], known={second.ksef_number}) == (first,)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (datetime(2026, 11, 20), None),  # noqa: DTZ001 - this is what is refused.
        (START, START - timedelta(seconds=1)),
        (START, START + timedelta(days=100, seconds=1)),
    ],
)
def test_range_that_ksef_refuses_is_not_asked_for(since: datetime, until: datetime | None) -> None:
    """Section 7.1."""
    with pytest.raises(ValueError, match=r"moment|range"):
        DateRange(kind=DateType.ISSUE, since=since, until=until)
