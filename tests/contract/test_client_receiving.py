"""Receiving from the simulator, an independent witness, over real sockets: metadata, exports, numbers (section 7)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from ksef.client.transport import utc_now
from ksef.errors import Ambiguous, ContractBroken, LinkExpired, Refused, Unavailable
from ksef.exchange.archives import Compression
from ksef.exchange.collective import CollectiveFilters, PaidInvoice, Payment
from ksef.exchange.invoices import (
    AmountRange,
    AmountType,
    BuyerIdentifier,
    BuyerIdentifierType,
    DateRange,
    DateType,
    Export,
    ExportPackage,
    ExportRequest,
    ExportStatus,
    InvoiceFilters,
    SortOrder,
    SubjectType,
)
from ksef.exports import PackageDamaged, ReceivedPackage, open_package
from ksef.gateway import Gateway
from ksef.gateway.paging import every
from ksef.status import FROM_AFTER_HWM, ExportFate, export_fate
from ksef.sync import Reached, Window, advance, next_window
from ksef.walk import CannotAdvance, MetadataRequest
from tests.contract.served import SELLER, KSeF, serving

pytestmark = pytest.mark.contract

OTHER = "1234563218"
HOUR = timedelta(hours=1)
START = "^/v2/invoices/exports$"
METADATA = "^/v2/invoices/query/metadata$"
PARTS = "^/download/exports/"
AT_ONCE = {
    "processing": 0,
    "authentication": 0.01,
    "storage": 0,
    "export": 0.02,
    "hwm_lag": 0,
    "export_part_bytes": 400,
}


@pytest.fixture(scope="module")
def server() -> Iterator[KSeF]:
    with serving(**AT_ONCE) as ksef:
        yield ksef


@pytest.fixture
def ksef(server: KSeF) -> KSeF:
    server.control("POST", "reset")
    server.options(**AT_ONCE)
    return server


@pytest.fixture
def gateway(ksef: KSeF) -> Iterator[Gateway]:
    with ksef.gateway() as gateway:
        yield gateway


@pytest.fixture
def access(ksef: KSeF, gateway: Gateway) -> str:
    return ksef.log_in(gateway)


def bring(ksef: KSeF, count: int = 1, *, series: str = "FV", **more: object) -> list[str]:
    """Invoices that somebody else has sent; they name us as the buyer."""
    body = {"seller": OTHER, "buyer": SELLER, "number": series, "count": count, **more}
    numbers: list[str] = ksef.control("POST", "invoices", body)["ksefNumbers"]
    return numbers


def filters_of(
    *, since: datetime | None = None, kind: DateType = DateType.PERMANENT_STORAGE, **more: Any
) -> InvoiceFilters:
    dates = DateRange(kind=kind, since=since or utc_now() - HOUR)
    return InvoiceFilters(subject=SubjectType.BUYER, dates=dates, **more)


def _await_export(gateway: Gateway, access: str, export: Export) -> ExportStatus:
    for _ in range(300):
        status = gateway.invoices.get_export(access, export.reference)
        if export_fate(status.code) is not ExportFate.PENDING:
            return status
        sleep(0.02)
    raise AssertionError("the export does not come to an end")


def _export(gateway: Gateway, access: str, request: ExportRequest) -> tuple[Export, ExportPackage]:
    export = gateway.invoices.start_export(access, request)
    package = _await_export(gateway, access, export).package
    assert package is not None
    return export, package


def _open(gateway: Gateway, export: Export, package: ExportPackage, *, folder: Path) -> ReceivedPackage:
    paths = gateway.invoices.download_export(package, folder=folder)
    return open_package(package, paths=paths, secret=export.secret)


@pytest.mark.parametrize("compression", Compression)
def test_export_brings_the_exact_invoices_with_their_metadata(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, compression: Compression
) -> None:
    """F30: the bytes are those that a single download gives."""
    numbers = bring(ksef, 7)
    export, package = _export(gateway, access, ExportRequest(filters_of(), compression=compression))
    assert (package.compression, package.invoice_count, package.is_truncated) == (compression, 7, False)
    assert len(package.parts) > 1
    with _open(gateway, export, package, folder=tmp_path) as opened:
        received = list(opened.invoices())
        assert opened.missing == ()
    assert {invoice.ksef_number for invoice in received} == set(numbers)
    for invoice in received:
        assert gateway.get_invoice(access, invoice.ksef_number) == invoice.xml
        assert sha256(invoice.xml).digest() == invoice.metadata.invoice_hash
        assert invoice.metadata.seller.identifier == OTHER
        assert invoice.metadata.gross_amount == Decimal(123)


def test_export_of_metadata_has_no_invoice(ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path) -> None:
    numbers = bring(ksef, 4)
    export, package = _export(gateway, access, ExportRequest(filters_of(), only_metadata=True))
    with _open(gateway, export, package, folder=tmp_path) as opened:
        assert [row.ksef_number for row in opened.metadata] == numbers
        assert list(opened.invoices()) == []


def test_export_of_nothing_is_empty(gateway: Gateway, access: str, tmp_path: Path) -> None:
    export, package = _export(gateway, access, ExportRequest(filters_of()))
    with _open(gateway, export, package, folder=tmp_path) as opened:
        assert (opened.metadata, list(opened.invoices())) == ((), [])


@dataclass
class Inbox:
    """A company that receives run by run, as a worker does, and keeps what it got with its cursor."""

    gateway: Gateway
    access: str
    folder: Path
    cursor: datetime = field(default_factory=lambda: utc_now() - HOUR)
    kept: dict[str, bytes] = field(default_factory=dict)
    runs: int = 0

    def run(self) -> Reached:
        window = next_window(self.cursor, now=utc_now())
        request = ExportRequest(InvoiceFilters(subject=SubjectType.BUYER, dates=window.as_dates()))
        export = self.gateway.invoices.start_export(self.access, request)
        self.runs += 1
        package = _await_export(self.gateway, self.access, export).package
        if package is None:
            return Reached(cursor=self.cursor, is_behind=False)  # 420: the HWM has gone back behind us.
        with _open(self.gateway, export, package, folder=self.folder / str(self.runs)) as opened:
            found = {invoice.ksef_number: invoice.xml for invoice in opened.invoices()}
        reached = self._reached(window, package)
        assert reached.cursor >= self.cursor
        self.kept |= found
        self.cursor = reached.cursor
        return reached

    def _reached(self, window: Window, package: ExportPackage) -> Reached:
        return advance(
            window,
            now=utc_now(),
            hwm=package.hwm,
            is_truncated=package.is_truncated,
            last_stored=package.last_permanent_storage_date,
        )

    def catch_up(self) -> None:
        while self.run().is_behind:
            assert self.runs < 50


def test_received_set_is_the_set_there_is_whatever_the_packages_hold(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path
) -> None:
    """F28, F29, I8: packages are cut, the HWM stands still and moves back, more comes in between."""
    ksef.options(export_invoices=4)
    inbox = Inbox(gateway, access, tmp_path)
    sent: set[str] = set()
    rounds: list[dict[str, Any]] = [{}, {"hwm_frozen": True}, {"hwm_frozen": False}]
    rounds += [{"hwm_may_go_back": True, "hwm_lag": 600}, {"hwm_lag": 0}]
    for round_, options in enumerate(rounds):
        for place in range(5):
            sent.update(bring(ksef, 1, series=f"FV/{round_}/{place}"))
        ksef.options(**options)
        inbox.catch_up()
    assert set(inbox.kept) == sent == {row["ksefNumber"] for row in ksef.accepted()}
    assert inbox.runs > 7
    before = inbox.runs
    inbox.catch_up()
    assert inbox.runs == before + 1
    assert set(inbox.kept) == sent


def test_window_that_begins_after_the_hwm_waits(ksef: KSeF, gateway: Gateway, access: str) -> None:
    """F29: 21183 for the query, 420 for the export; the cursor stays."""
    ksef.options(hwm_lag=600, hwm_may_go_back=True)
    dates = replace(filters_of().dates, since=utc_now() - timedelta(minutes=1), is_restricted_to_hwm=True)
    filters = replace(filters_of(), dates=dates)
    with pytest.raises(Refused) as caught:
        gateway.invoices.query_metadata(access, MetadataRequest(filters))
    assert caught.value.code == FROM_AFTER_HWM
    export = gateway.invoices.start_export(access, ExportRequest(filters))
    assert export_fate(_await_export(gateway, access, export).code) is ExportFate.TOO_EARLY


@pytest.mark.parametrize("flaw", ["cut_metadata", "corrupt_part"])
@pytest.mark.parametrize("compression", Compression)
def test_flawed_package_is_refused_whole_and_the_next_one_is_good(
    ksef: KSeF,
    gateway: Gateway,
    access: str,
    tmp_path: Path,
    flaw: str,
    compression: Compression,
) -> None:
    """F30."""
    bring(ksef, 5)
    ksef.control("POST", "exports", {"flaws": [flaw]})
    request = ExportRequest(filters_of(), compression=compression)
    export, package = _export(gateway, access, request)
    with pytest.raises(ContractBroken):
        _open(gateway, export, package, folder=tmp_path / "bad")
    export, package = _export(gateway, access, request)
    with _open(gateway, export, package, folder=tmp_path / "good") as opened:
        assert len(list(opened.invoices())) == 5


@pytest.mark.parametrize("compression", Compression)
def test_invoice_missing_from_the_package_is_told_and_fetched_alone(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, compression: Compression
) -> None:
    """F30."""
    bring(ksef, 5)
    ksef.control("POST", "exports", {"flaws": ["missing_invoice"]})
    export, package = _export(gateway, access, ExportRequest(filters_of(), compression=compression))
    with _open(gateway, export, package, folder=tmp_path) as opened:
        (missing,) = opened.missing
        assert len(list(opened.invoices())) == 4
        listed = {row.ksef_number: row.invoice_hash for row in opened.metadata}
    assert sha256(gateway.get_invoice(access, missing)).digest() == listed[missing]


def test_links_end_and_a_fresh_status_gives_new_ones(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path
) -> None:
    """F31: what was fetched stays."""
    bring(ksef, 5)
    export, package = _export(gateway, access, ExportRequest(filters_of()))
    ksef.plan("drop_after", PARTS, after=1)
    with pytest.raises(Unavailable):
        gateway.invoices.download_export(package, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    ksef.advance(3601)
    with pytest.raises(LinkExpired):
        gateway.invoices.download_export(package, folder=tmp_path)
    fresh = gateway.invoices.get_export(ksef.log_in(gateway), export.reference).package
    assert fresh is not None
    with _open(gateway, export, fresh, folder=tmp_path) as opened:
        assert len(list(opened.invoices())) == 5


def test_export_that_is_over_is_asked_for_anew(ksef: KSeF, gateway: Gateway, access: str) -> None:
    """F31: 210, then 410; nothing but a new export of the same window helps."""
    bring(ksef)
    export, _ = _export(gateway, access, ExportRequest(filters_of()))
    ksef.advance(timedelta(days=4).total_seconds())
    over = gateway.invoices.get_export(ksef.log_in(gateway), export.reference)
    assert (over.code, export_fate(over.code), over.package) == (210, ExportFate.AGAIN, None)
    ksef.advance(timedelta(days=4).total_seconds())
    access = ksef.log_in(gateway)
    with pytest.raises(Refused) as caught:
        gateway.invoices.get_export(access, export.reference)
    assert caught.value.code == 410


def test_export_that_ksef_gave_up_is_asked_for_anew(ksef: KSeF, gateway: Gateway, access: str) -> None:
    """F31: 500 and 550."""
    bring(ksef)
    ksef.control("POST", "endings", {"area": "export", "codes": [550, 500]})
    for code in (550, 500):
        export = gateway.invoices.start_export(access, ExportRequest(filters_of()))
        status = _await_export(gateway, access, export)
        assert (status.code, export_fate(status.code)) == (code, ExportFate.AGAIN)
    assert _export(gateway, access, ExportRequest(filters_of()))[1].invoice_count == 1


def test_exports_at_once_have_a_limit(ksef: KSeF, gateway: Gateway, access: str) -> None:
    ksef.options(concurrent_exports=1, export=60)
    gateway.invoices.start_export(access, ExportRequest(filters_of()))
    with pytest.raises(Refused) as caught:
        gateway.invoices.start_export(access, ExportRequest(filters_of()))
    assert caught.value.code == 21182


def test_lost_answer_to_an_export_costs_nothing_but_the_export(
    ksef: KSeF, gateway: Gateway, access: str
) -> None:
    bring(ksef)
    ksef.plan("drop_after", START)
    with pytest.raises(Unavailable):
        gateway.invoices.start_export(access, ExportRequest(filters_of()))
    assert _export(gateway, access, ExportRequest(filters_of()))[1].invoice_count == 1


def test_withdrawn_public_key_is_replaced(ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path) -> None:
    """F21."""
    bring(ksef)
    gateway.invoices.start_export(access, ExportRequest(filters_of()))
    ksef.control("POST", "keys", {"mode": "emergency"})
    export, package = _export(gateway, access, ExportRequest(filters_of()))
    with _open(gateway, export, package, folder=tmp_path) as opened:
        assert len(list(opened.invoices())) == 1


def _walk(gateway: Gateway, access: str, request: MetadataRequest) -> list[str]:
    pages = gateway.invoices.walk_metadata(access, request)
    return [invoice.ksef_number for page in pages for invoice in page.invoices]


@pytest.mark.parametrize("order", SortOrder)
@pytest.mark.parametrize("kind", DateType)
def test_walk_finds_everything_behind_the_end_of_a_query(
    ksef: KSeF, gateway: Gateway, access: str, order: SortOrder, kind: DateType
) -> None:
    """F28, I8: over the seams of truncated answers, and over 9 of one moment where 6 are shown."""
    ksef.options(metadata_rows=6)
    now = utc_now().replace(microsecond=0)
    days = 1 if kind is DateType.ISSUE else 0
    sent: list[str] = []
    for place, count in enumerate([1, 3, 9, 2, 5, 1]):
        moment = now - timedelta(minutes=30 - place, days=(6 - place) * days)
        sent += bring(ksef, count, series=f"FV/{place}", receivedAt=moment.isoformat())
    filters = filters_of(since=now - timedelta(days=10), kind=kind)
    found = _walk(gateway, access, MetadataRequest(filters, order))
    assert sorted(found) == sorted(sent)


def test_walk_over_full_pages(ksef: KSeF, gateway: Gateway, access: str) -> None:
    """Section 7.1: 250 on a page, pages before seams."""
    ksef.options(metadata_rows=300)
    sent = bring(ksef, 280, receivedAt=(utc_now() - HOUR / 2).isoformat())
    sent += bring(ksef, 200, series="B", receivedAt=(utc_now() - HOUR / 3).isoformat())
    assert _walk(gateway, access, MetadataRequest(filters_of())) == sent


@pytest.mark.parametrize("order", SortOrder)
def test_too_many_of_one_moment_are_not_passed_over_in_silence(
    ksef: KSeF, gateway: Gateway, access: str, order: SortOrder
) -> None:
    """F28."""
    ksef.options(metadata_rows=6)
    bring(ksef, 13)
    with pytest.raises(CannotAdvance):
        _walk(gateway, access, MetadataRequest(filters_of(), order))


def test_filters_find_what_they_say(ksef: KSeF, gateway: Gateway, access: str) -> None:
    (first,) = bring(ksef, series="A/1", net="10.00", vat="2.30")
    (second,) = bring(ksef, series="A/2", net="-5.50", vat="0.00")
    questions: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [first, second]),
        ({"ksef_number": second}, [second]),
        ({"invoice_number": "A/1"}, [first]),
        ({"seller_nip": OTHER}, [first, second]),
        ({"seller_nip": SELLER}, []),
        ({"buyer": BuyerIdentifier(BuyerIdentifierType.NIP, SELLER)}, [first, second]),
        ({"amount": AmountRange(AmountType.GROSS, least=Decimal("12.30"))}, [first]),
        ({"amount": AmountRange(AmountType.NET, most=Decimal("-5.50"))}, [second]),
        ({"currencies": ("EUR", "USD")}, []),
        ({"is_self_invoicing": True}, []),
        ({"has_attachment": False}, [first, second]),
    ]
    for question, expected in questions:
        assert _walk(gateway, access, MetadataRequest(filters_of(**question))) == expected, question


def test_unknown_fields_and_values_of_metadata_break_nothing(ksef: KSeF, access: str) -> None:
    """F52."""
    numbers = bring(ksef, 2)
    changes = [{"at": "invoiceType", "value": "Beam"}, {"at": "invoicingMode", "value": "Beam"}]
    for fault, more in (("extra_fields", {}), ("rewrite", {"changes": changes})):
        ksef.plan(fault, METADATA, **more)
        with ksef.gateway(is_watched=False) as gateway:
            assert _walk(gateway, access, MetadataRequest(filters_of())) == numbers


def test_damaged_ksef_number_breaks_the_contract(ksef: KSeF, access: str) -> None:
    """F52."""
    bring(ksef)
    ksef.plan("wrong_crc", METADATA)
    with ksef.gateway(is_watched=False) as gateway, pytest.raises(ContractBroken):
        _walk(gateway, access, MetadataRequest(filters_of()))


def test_collective_identifier_is_made_and_found_again(ksef: KSeF, gateway: Gateway, access: str) -> None:
    """Section 7.5."""
    first, second = bring(ksef, 2)
    identifiers = gateway.collective_identifiers
    number = identifiers.create(
        access, [PaidInvoice(first, Payment(Decimal("50.25"), "PLN"), "Rata"), PaidInvoice(second)]
    )
    assert number.seller_nip == OTHER
    now = datetime.now(UTC)  # noqa: TID251 - the simulator's program has a real clock.
    filters = CollectiveFilters(created_from=now - HOUR, created_to=now + HOUR, least_invoices=2)
    (listed,) = every(lambda cursor: identifiers.query(access, filters, cursor=cursor))
    assert (listed.number, listed.invoice_count, listed.is_own) == (number, 2, True)
    inside = {
        paid.ksef_number: (paid.payment, paid.description)
        for paid in every(lambda cursor: identifiers.list_invoices(access, [number], cursor=cursor))
    }
    assert inside == {first: (Payment(Decimal("50.25"), "PLN"), "Rata"), second: (None, None)}
    (found,) = identifiers.list_by_ksef_number(access, first).items
    assert found.number == number


def test_lost_collective_identifier_is_found_by_its_invoice(
    ksef: KSeF, gateway: Gateway, access: str
) -> None:
    """F4: a second one would pay the same invoices again."""
    first, second = bring(ksef, 2)
    ksef.plan("drop_after", "^/v2/collective-identifiers$")
    with pytest.raises(Ambiguous):
        gateway.collective_identifiers.create(access, [PaidInvoice(first), PaidInvoice(second)])
    assert len(gateway.collective_identifiers.list_by_ksef_number(access, first).items) == 1


def test_invoices_of_two_sellers_have_no_common_identifier(ksef: KSeF, gateway: Gateway, access: str) -> None:
    (first,) = bring(ksef)
    (second,) = bring(ksef, seller="5252344078")
    with pytest.raises(Refused) as caught:
        gateway.collective_identifiers.create(access, [PaidInvoice(first), PaidInvoice(second)])
    assert caught.value.code == 71004


def test_flawed_package_says_so_by_its_own_error(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path
) -> None:
    bring(ksef, 2)
    ksef.control("POST", "exports", {"flaws": ["cut_metadata"]})
    export, package = _export(gateway, access, ExportRequest(filters_of()))
    with pytest.raises(PackageDamaged) as caught:
        _open(gateway, export, package, folder=tmp_path)
    assert caught.value.is_safe_to_repeat
