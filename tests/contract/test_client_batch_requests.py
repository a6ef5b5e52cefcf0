"""Every request of batch sending, and every shape of its answers, against the official contract (section 5)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ksef.batch import pack
from ksef.exchange.archives import Compression, SymmetricKey
from ksef.exchange.sessions import ListedAs, SessionQuery, SessionType
from ksef.gateway import Gateway
from ksef.gateway.paging import every
from tests.contract.openapi import find_contract
from tests.contract.understudy import Shape, Understudy
from tests.public_keys import public_keys

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]

REFERENCE = "20250626-SB-213D593000-4DE10D80A5-E9"
UPO_REFERENCE = "20250918-EU-2EBD6FA000-242EB9B66D-43"
KEYS = "GET /security/public-key-certificates"
KEY_ID = "A" * 43 + "="
SECRET = SymmetricKey(key=b"k" * 32, iv=b"i" * 16)
MOMENT = datetime(2026, 11, 20, 11, tzinfo=timezone(timedelta(hours=1)))
FIXED = {"ksefNumber": "5265877635-20250826-0100001AF629-AF", "invoiceHash": "A" * 43 + "="}

CALLS: dict[str, Callable[[Gateway], object]] = {
    "POST /sessions/batch/{referenceNumber}/close": lambda gateway: gateway.batches.close("t", REFERENCE),
    "GET /sessions/{referenceNumber}": lambda gateway: gateway.batches.get_status("t", REFERENCE),
    "GET /sessions/{referenceNumber}/invoices": lambda gateway: gateway.batches.list_invoices(
        "t", session_reference=REFERENCE
    ),
    "GET /sessions/{referenceNumber}/invoices/failed": lambda gateway: gateway.batches.list_failed_invoices(
        "t", session_reference=REFERENCE
    ),
    "GET /sessions/{referenceNumber}/upo/{upoReferenceNumber}": lambda gateway: gateway.batches.get_upo_page(
        "t", session_reference=REFERENCE, upo_reference=UPO_REFERENCE
    ),
    "GET /sessions": lambda gateway: gateway.batches.list_sessions("t", SessionQuery(SessionType.BATCH)),
}


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("operation", CALLS)
def test_every_call_keeps_the_contract_and_reads_every_shape_of_answer(operation: str, shape: Shape) -> None:
    """Unknown members and enumeration values never break anything (F26)."""
    ksef = Understudy(shape, fixed=FIXED)
    with ksef.gateway() as gateway:
        CALLS[operation](gateway)
    assert ksef.asked == [operation]


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("compression", Compression)
def test_opening_announces_the_package(tmp_path: Path, shape: Shape, compression: Compression) -> None:
    package = pack([("a.xml", b"<x/>")], folder=tmp_path, secret=SECRET, compression=compression)
    upload = {"ordinalNumber": 1, "method": "put", "url": "https://ksef.example/store/1?sig=x"}
    headers = {"x-ms-blob-type": "BlockBlob", "nothing": None}
    ksef = Understudy(
        shape,
        fixed={"partUploadRequests": [upload | {"headers": headers}]},
        whole={KEYS: public_keys(KEY_ID)},
    )
    with ksef.gateway() as gateway:
        session = gateway.batches.open("t", package=package, secret=SECRET, offline=True)
    body = ksef.body()
    assert body["formCode"] == {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"}
    assert body["batchFile"]["compressionType"] == compression.value
    assert body["batchFile"]["fileSize"] == package.archive_size
    assert [part["fileSize"] for part in body["batchFile"]["fileParts"]] == [package.parts[0].encrypted_size]
    assert body["encryption"]["publicKeyId"] == KEY_ID
    assert body["offlineMode"] is True
    assert [(given.method, given.headers) for given in session.uploads] == [
        ("PUT", (("x-ms-blob-type", "BlockBlob"),))
    ]


def test_list_of_sessions_takes_every_filter() -> None:
    """F23: moments go out with their offset, an array as a repeated parameter."""
    query = SessionQuery(
        SessionType.BATCH,
        reference=REFERENCE,
        created_from=MOMENT,
        created_to=MOMENT,
        closed_from=MOMENT,
        closed_to=MOMENT,
        modified_from=MOMENT,
        modified_to=MOMENT,
        listed_as=(ListedAs.IN_PROGRESS, ListedAs.CANCELLED),
    )
    ksef = Understudy(Shape.FULL)
    with ksef.gateway() as gateway:
        page = gateway.batches.list_sessions("t", query, cursor="next")
    params = ksef.requests[0].url.params
    assert params.get_list("statuses") == ["InProgress", "Cancelled"]
    assert {value for name, value in params.items() if name.startswith("date")} == {"2026-11-20T10:00:00Z"}
    assert (params["sessionType"], params["pageSize"]) == ("Batch", "1000")
    assert ksef.requests[0].headers["x-continuation-token"] == "next"
    assert page.items[0].created_at == datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)


def test_status_tells_counts_and_pages_of_the_upo() -> None:
    ksef = Understudy(Shape.FULL, fixed={"code": 200, "invoiceCount": 9, "failedInvoiceCount": 2})
    with ksef.gateway() as gateway:
        status = gateway.batches.get_status("t", REFERENCE)
    assert (status.code, status.invoice_count, status.successful_count, status.failed_count) == (200, 9, 7, 2)
    assert [page.url for page in status.upo_pages] == ["https://ksef.example/x"]
    assert "ksef.example/x" not in repr(status)
    with Understudy(Shape.SPARSE, fixed={"code": 100}).gateway() as gateway:
        early = gateway.batches.get_status("t", REFERENCE)
    assert (early.invoice_count, early.upo_pages) == (None, ())


def test_invoices_of_a_batch_are_told_by_file_name() -> None:
    """F25, F26: all pages, a thousand at a time."""
    ksef = Understudy(Shape.FULL, fixed=FIXED | {"invoiceFileName": "a.xml"})
    with ksef.gateway() as gateway:
        found = list(
            every(
                lambda cursor: gateway.batches.list_invoices("t", session_reference=REFERENCE, cursor=cursor)
            )
        )
    assert [(status.file_name, status.ordinal) for status in found] == [("a.xml", 7)]
    assert ksef.requests[0].url.params["pageSize"] == "1000"
