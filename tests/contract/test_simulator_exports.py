"""Exports of invoices in the simulator: packages, their parts, their limits and their end (section 7.3; F28 to F31)."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ksef.simulator.app import Simulator, create_app
from ksef.simulator.faults import ConnectionDropped
from ksef.simulator.server import SimulatorServer
from ksef.simulator.state import Store
from ksef.simulator.world import Options, World
from tests.contract.documents import nip, write_fa
from tests.contract.exporting import (
    EXPORTS,
    Export,
    begin_export,
    broken_key,
    export_body,
    export_status,
    fetch_archive,
    fetch_files,
    fetch_part,
    finished_package,
)
from tests.contract.ministry import BUYER, SELLER, START, Clock, Visitor, sha256_base64, visiting
from tests.contract.permissions import (
    PERSONS,
    SUBUNITS,
    UNIT,
    Person,
    give,
    pesel,
    to_administrator,
    to_person,
)
from tests.contract.reading import EVER, filters_for, metadata_page, preload, set_options
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.contract

OTHER = "1234563218"
METADATA = "_metadata.json"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


def _stored(**dates: object) -> dict[str, object]:
    return filters_for(dateRange={"dateType": "PermanentStorage", "from": "2026-11-20T00:00:00Z", **dates})


def _code(visitor: Visitor, export: Export) -> int:
    code: int = export_status(visitor, export)["status"]["code"]
    return code


@pytest.mark.parametrize("compression", [None, "Zip", "TarGz"])
def test_package_holds_what_was_found(visitor: Visitor, compression: str | None) -> None:
    """7.3: the bytes that were sent by KSeF number, and the metadata that the query tells; Zip unless asked else."""
    documents = [write_fa(number=f"FV/{index}") for index in range(3)]
    numbers = [preload(visitor, document)[0] for document in documents]
    export = begin_export(visitor, compressionType=compression)
    package = finished_package(visitor, export)
    assert package["compressionType"] == (compression or "Zip")
    assert (package["invoiceCount"], package["isTruncated"]) == (3, False)
    suffix = ".tar.gz.aes" if compression == "TarGz" else ".zip.aes"
    assert [part["partName"] for part in package["parts"]] == [f"{export.reference}-001{suffix}"]
    files = fetch_files(visitor, export, package)
    told = json.loads(files.pop(METADATA))
    assert told == {"invoices": metadata_page(visitor, filters_for())["invoices"]}
    assert files == dict(zip([f"{number}.xml" for number in numbers], documents, strict=True))


def test_many_parts(visitor: Visitor) -> None:
    """7.3: cuts of one archive, each encrypted by itself with the same key, none larger than 50 MB (here 700)."""
    set_options(visitor, export_part_bytes=700)
    preload(visitor, seller=SELLER, number="FV", count=30)
    export = begin_export(visitor)
    package = finished_package(visitor, export)
    sizes = [part["partSize"] for part in package["parts"]]
    assert len(sizes) > 5
    assert set(sizes[:-1]) == {700}
    assert 0 < sizes[-1] <= 700
    assert all(part["encryptedPartSize"] == part["partSize"] // 16 * 16 + 16 for part in package["parts"])
    files = fetch_files(visitor, export, package)
    assert len(files) == 31
    assert len(json.loads(files[METADATA])["invoices"]) == 30


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
def test_metadata_alone(visitor: Visitor, compression: str) -> None:
    """7.3: onlyMetadata leaves the documents out."""
    numbers = preload(visitor, seller=SELLER, number="FV", count=45)
    export = begin_export(visitor, onlyMetadata=True, compressionType=compression)
    package = finished_package(visitor, export)
    assert package["invoiceCount"] == 45
    files = fetch_files(visitor, export, package)
    assert list(files) == [METADATA]
    assert [item["ksefNumber"] for item in json.loads(files[METADATA])["invoices"]] == numbers


def test_nothing_found(visitor: Visitor) -> None:
    """7.3: an empty result has no parts."""
    package = finished_package(visitor, begin_export(visitor))
    assert (package["invoiceCount"], package["size"], package["parts"]) == (0, 0, [])
    assert package["isTruncated"] is False


def test_filters_hold_for_exports(visitor: Visitor) -> None:
    """7.3: the filters of the metadata, for the role and the context of the caller."""
    preload(visitor, write_fa(number="A"))
    preload(visitor, write_fa(number="B", currency="EUR", amounts=()))
    preload(visitor, write_fa(number="C", seller=BUYER, buyer=nip(OTHER)))
    export = begin_export(visitor, filters_for(currencyCodes=["EUR"]))
    files = fetch_files(visitor, export, finished_package(visitor, export))
    assert [item["invoiceNumber"] for item in json.loads(files[METADATA])["invoices"]] == ["B"]
    visitor.log_in(BUYER)
    export = begin_export(visitor, filters_for("Subject2"))
    files = fetch_files(visitor, export, finished_package(visitor, export))
    assert [item["invoiceNumber"] for item in json.loads(files[METADATA])["invoices"]] == ["A", "B"]


def test_takes_its_time(visitor: Visitor) -> None:
    """7.3: 100 until it is ready; what is accepted meanwhile is not in it."""
    preload(visitor, seller=SELLER, number="early")
    set_options(visitor, export=60)
    export = begin_export(visitor)
    assert export_status(visitor, export) == {"status": {"code": 100, "description": "Eksport faktur w toku"}}
    visitor.clock.advance(seconds=30)
    preload(visitor, seller=SELLER, number="late")
    assert _code(visitor, export) == 100
    visitor.clock.advance(seconds=30)
    status = export_status(visitor, export)
    assert status["status"] == {"code": 200, "description": "Eksport faktur zakończony sukcesem"}
    assert status["completedDate"] == "2026-11-20T10:01:00.000+00:00"
    assert status["packageExpirationDate"] == "2026-11-23T10:01:00.000+00:00"
    assert status["package"]["invoiceCount"] == 1


def test_key_that_cannot_be_decrypted(visitor: Visitor) -> None:
    """415 in the status; an unknown publicKeyId is refused at once (21470)."""
    preload(visitor, seller=SELLER, number="FV")
    body: dict[str, Any] = export_body(visitor, os.urandom(32), os.urandom(16))
    broken = {**body["encryption"], "encryptedSymmetricKey": broken_key()}
    begun = visitor.ask("POST", EXPORTS, json={**body, "encryption": broken}).json()
    short: dict[str, Any] = export_body(visitor, os.urandom(16), os.urandom(16))
    also = visitor.ask("POST", EXPORTS, json=short).json()
    visitor.clock.advance(seconds=1)
    for reference in (begun["referenceNumber"], also["referenceNumber"]):
        status = visitor.get(f"{EXPORTS}/{reference}")
        assert (status["status"]["code"], "package" in status) == (415, False)
    unknown = {**body["encryption"], "publicKeyId": sha256_base64(b"x")}
    assert visitor.refusal("POST", EXPORTS, json={**body, "encryption": unknown}) == 21470


@pytest.mark.parametrize(
    "changes",
    [
        {"compressionType": "Rar"},
        {"onlyMetadata": "yes"},
        {"filters": None},
        {"filters": {"subjectType": "Subject1"}},
        {"filters": filters_for(dateRange={**EVER, "from": "2026-01-01T00:00:00Z"})},
        {"encryption": None},
        {"encryption": {"encryptedSymmetricKey": "AAAA", "initializationVector": "AAAA"}},
    ],
)
def test_requests_that_make_no_sense(visitor: Visitor, changes: dict[str, object]) -> None:
    """21405."""
    body = {**export_body(visitor, os.urandom(32), os.urandom(16)), **changes}
    assert visitor.refusal("POST", EXPORTS, json=body) == 21405


def test_range_beyond_the_hwm(visitor: Visitor) -> None:
    """F29, 420: told in the status, with its reason; without the restriction the range is merely empty."""
    beyond = _stored(**{"from": "2026-11-20T10:00:01Z"}, restrictToPermanentStorageHwmDate=True)
    export = begin_export(visitor, beyond)
    visitor.clock.advance(seconds=1)
    status = export_status(visitor, export)
    assert status["status"]["code"] == 420
    assert "PermanentStorageHwmDate" in status["status"]["details"][0]
    assert "package" not in status
    unrestricted = _stored(**{"from": "2026-11-20T10:00:02Z"})
    assert finished_package(visitor, begin_export(visitor, unrestricted))["invoiceCount"] == 0


def test_hwm_of_a_package(visitor: Visitor) -> None:
    """7.2: told for dates of storage only; what lies beyond it stays out if one restricts oneself to it."""
    set_options(visitor, hwm_lag=10)
    preload(visitor, seller=SELLER, number="early")
    visitor.clock.advance(seconds=5)
    preload(visitor, seller=SELLER, number="late")
    visitor.clock.advance(seconds=5)
    package = finished_package(
        visitor, begin_export(visitor, _stored(restrictToPermanentStorageHwmDate=True))
    )
    assert (package["invoiceCount"], package["permanentStorageHwmDate"]) == (
        1,
        "2026-11-20T10:00:00.000+00:00",
    )
    package = finished_package(visitor, begin_export(visitor, _stored()))
    assert (package["invoiceCount"], package["permanentStorageHwmDate"]) == (
        2,
        "2026-11-20T10:00:01.000+00:00",
    )
    assert "permanentStorageHwmDate" not in finished_package(visitor, begin_export(visitor))


@pytest.mark.parametrize("code", [500, 550])
def test_planned_endings(visitor: Visitor, code: int) -> None:
    """F31: trouble of KSeF's own; the next export of the same goes well."""
    visitor.ask("POST", "/_control/endings", json={"area": "export", "codes": [code]}).raise_for_status()
    export = begin_export(visitor)
    assert _code(visitor, export) == 100
    visitor.clock.advance(seconds=1)
    status = export_status(visitor, export)
    assert (status["status"]["code"], "package" in status) == (code, False)
    assert finished_package(visitor, begin_export(visitor))["invoiceCount"] == 0


@pytest.mark.parametrize(
    ("date_type", "name", "value"),
    [
        ("PermanentStorage", "lastPermanentStorageDate", "2026-11-20T10:00:04.000+00:00"),
        ("Invoicing", "lastInvoicingDate", "2026-11-20T10:00:04.000+00:00"),
        ("Issue", "lastIssueDate", "2026-11-20"),
    ],
)
def test_truncated_by_number(visitor: Visitor, date_type: str, name: str, value: str) -> None:
    """7.3: 10 000 invoices (here 5), ascending; only the date of the filter is told, and only when cut."""
    for index in range(6):
        preload(visitor, seller=SELLER, number=f"FV/{index}")
        visitor.clock.advance(seconds=1)
    filters = filters_for(dateRange={**EVER, "dateType": date_type})
    set_options(visitor, export_invoices=5)
    package = finished_package(visitor, begin_export(visitor, filters))
    assert (package["invoiceCount"], package["isTruncated"]) == (5, True)
    assert {key: told for key, told in package.items() if key.startswith("last")} == {name: value}
    set_options(visitor, export_invoices=6)
    package = finished_package(visitor, begin_export(visitor, filters))
    assert (package["invoiceCount"], package["isTruncated"]) == (6, False)
    assert not [key for key in package if key.startswith("last")]


def _walk(visitor: Visitor) -> list[str]:
    """Export everything as section 7.2 advises; return the KSeF numbers in the order they were first seen."""
    seen: dict[str, None] = {}
    low = "2026-11-20T00:00:00Z"
    for _ in range(30):
        export = begin_export(visitor, _stored(**{"from": low}, restrictToPermanentStorageHwmDate=True))
        package = finished_package(visitor, export)
        files = fetch_files(visitor, export, package)
        found = [item["ksefNumber"] for item in json.loads(files[METADATA])["invoices"]]
        assert sorted(files) == sorted([METADATA, *(f"{number}.xml" for number in found)])
        seen |= dict.fromkeys(found)
        if not package["isTruncated"]:
            return list(seen)
        assert package["lastPermanentStorageDate"] > low
        low = package["lastPermanentStorageDate"]
    raise AssertionError("there is no end to it")


@pytest.mark.parametrize(
    "limit", [{"export_invoices": 10}, {"export_bytes": 12_000}], ids=["number", "bytes"]
)
def test_incremental_walk_loses_nothing(visitor: Visitor, limit: dict[str, float]) -> None:
    """F28 and 7.2: cut among invoices of one moment, whichever limit cuts, the next window begins at the cut."""
    expected: list[str] = []
    for batch in (7, 8, 6, 9):
        expected += preload(visitor, seller=SELLER, number=f"FV/{batch}", count=batch)
        visitor.clock.advance(seconds=1)
    set_options(visitor, **limit)
    assert _walk(visitor) == expected


def test_truncated_by_size(visitor: Visitor) -> None:
    """7.3: invoices are added until a gigabyte (here 4000 bytes) is reached; the metadata does not count."""
    preload(visitor, seller=SELLER, number="FV", count=40)
    set_options(visitor, export_bytes=4000)
    package = finished_package(visitor, begin_export(visitor))
    assert package["isTruncated"]
    assert 1 < package["invoiceCount"] < 10
    assert package["size"] > 4000
    package = finished_package(visitor, begin_export(visitor, onlyMetadata=True))
    assert (package["invoiceCount"], package["isTruncated"]) == (40, False)


def test_end_of_a_package(visitor: Visitor) -> None:
    """F31: a link lives an hour and is made anew at each question; after its time the package is 210, then 410."""
    tokens = visitor.log_in()

    def refresh() -> None:
        answer = visitor.ask("POST", "/v2/auth/token/refresh", token=tokens["refreshToken"]["token"])
        visitor.token = answer.json()["accessToken"]["token"]

    preload(visitor, seller=SELLER, number="FV")
    export = begin_export(visitor)
    [part] = finished_package(visitor, export)["parts"]
    assert part["expirationDate"] == "2026-11-20T11:00:01.000+00:00"
    visitor.clock.advance(hours=1)
    assert fetch_part(visitor, part).status_code == 403
    refresh()
    [fresh] = finished_package(visitor, export)["parts"]
    assert fresh["url"] != part["url"]
    assert fetch_part(visitor, fresh).status_code == 200
    # Shortly before the package's end its link ends with it.
    visitor.clock.advance(days=2, hours=22, minutes=30)
    refresh()
    status = export_status(visitor, export)
    [last] = status["package"]["parts"]
    assert last["expirationDate"] == status["packageExpirationDate"] == "2026-11-23T10:00:00.300+00:00"
    visitor.clock.advance(minutes=30)
    refresh()
    status = export_status(visitor, export)
    assert (status["status"]["code"], "package" in status) == (210, False)
    assert fetch_part(visitor, last).status_code == 403
    # The next export clears away what nobody may fetch.
    assert finished_package(visitor, begin_export(visitor))["invoiceCount"] == 1
    assert _code(visitor, export) == 210
    visitor.clock.advance(days=4)
    visitor.log_in()
    gone = visitor.ask("GET", f"{EXPORTS}/{export.reference}")
    assert gone.status_code == 410


def test_only_for_whoever_asked(visitor: Visitor) -> None:
    """21175 for another context and for no reference at all; a link cannot be bent to another part."""
    preload(visitor, seller=SELLER, number="FV", count=20)
    set_options(visitor, export_part_bytes=500)
    export = begin_export(visitor)
    first, second, *_ = finished_package(visitor, export)["parts"]
    for bent in (
        first["url"].replace("-001", "-002"),
        first["url"].partition("?")[0],
        first["url"].replace("se=", "se=9"),
        second["url"].replace(export.reference, "20261120-EH-0000000000-0000000000-00"),
    ):
        assert visitor.ask("GET", bent, token="").status_code == 403, bent
    visitor.log_in(BUYER)
    assert visitor.refusal("GET", f"{EXPORTS}/{export.reference}") == 21175
    assert visitor.refusal("GET", f"{EXPORTS}/20261120-EH-0000000000-0000000000-00") == 21175


def test_exports_at_once(visitor: Visitor) -> None:
    """21182: ten in one context; another has its own ten, and a finished one makes room."""
    set_options(visitor, export=60)
    for _ in range(10):
        begin_export(visitor)
    body = export_body(visitor, os.urandom(32), os.urandom(16))
    assert visitor.refusal("POST", EXPORTS, json=body) == 21182
    mine, _ = visitor.token, visitor.log_in(BUYER)
    begin_export(visitor)
    visitor.token = mine
    visitor.clock.advance(seconds=60)
    begin_export(visitor)


def test_roles_that_a_context_cannot_have(visitor: Visitor) -> None:
    """21181: a subordinate unit is a third party or nobody."""
    give(visitor, SUBUNITS, to_administrator())
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    give(visitor, PERSONS, to_person("InvoiceRead"))
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    for subject in ("Subject1", "Subject2", "SubjectAuthorized"):
        body = export_body(visitor, os.urandom(32), os.urandom(16), filters_for(subject))
        assert visitor.refusal("POST", EXPORTS, json=body) == 21181
    assert finished_package(visitor, begin_export(visitor, filters_for("Subject3")))["invoiceCount"] == 0


def test_needs_the_right_to_read(visitor: Visitor) -> None:
    """7.3: InvoiceRead, for the request and for its status."""
    export = begin_export(visitor)
    body = export_body(visitor, os.urandom(32), os.urandom(16))
    visitor.redeem(visitor.begin_token_login(visitor.control_token(permissions=["InvoiceWrite"])))
    assert visitor.ask("POST", EXPORTS, json=body).status_code == 403
    assert visitor.ask("GET", f"{EXPORTS}/{export.reference}").status_code == 403


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
def test_planned_flaws(visitor: Visitor, compression: str) -> None:
    """F30: metadata that ends in the middle, a document that is missing, a part that is another."""
    numbers = preload(visitor, seller=SELLER, number="FV", count=3)
    flaws = ["cut_metadata", "missing_invoice", "corrupt_part"]
    visitor.ask("POST", "/_control/exports", json={"flaws": flaws}).raise_for_status()
    exports = [begin_export(visitor, compressionType=compression) for _ in range(4)]
    packages = [finished_package(visitor, export) for export in exports]
    assert [package["invoiceCount"] for package in packages] == [3] * 4
    cut, missing = (fetch_files(visitor, exports[index], packages[index]) for index in (0, 1))
    assert len(cut) == 4
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut[METADATA])
    assert len(json.loads(missing[METADATA])["invoices"]) == 3
    assert sorted(missing) == sorted([METADATA, *(f"{number}.xml" for number in numbers[:2])])
    [part] = packages[2]["parts"]
    assert sha256_base64(fetch_part(visitor, part).content) != part["encryptedPartHash"]
    # A script of flaws is used up.
    assert len(fetch_files(visitor, exports[3], packages[3])) == 4
    assert visitor.ask("POST", "/_control/exports", json={"flaws": ["worse"]}).status_code == 400


def test_part_that_ends_in_the_middle(visitor: Visitor) -> None:
    """F7: a download can be cut like any other answer."""
    preload(visitor, seller=SELLER, number="FV")
    [part] = finished_package(visitor, begin_export(visitor))["parts"]
    fault = {"match": {"path_regex": "^/download/exports/"}, "action": "truncate"}
    visitor.ask("POST", "/_control/faults", json={"faults": [fault]}).raise_for_status()
    with pytest.raises(ConnectionDropped):
        fetch_part(visitor, part)
    assert len(fetch_part(visitor, part).content) == part["encryptedPartSize"]


def test_reset_takes_the_packages_away(visitor: Visitor) -> None:
    """The control API's reset: neither the export nor its files are left."""
    preload(visitor, seller=SELLER, number="FV")
    export = begin_export(visitor)
    [part] = finished_package(visitor, export)["parts"]
    visitor.ask("POST", "/_control/reset").raise_for_status()
    assert visitor.ask("GET", part["url"], token="").status_code == 403
    visitor.log_in()
    assert visitor.refusal("GET", f"{EXPORTS}/{export.reference}") == 21175


def test_package_survives_a_restart(tmp_path: Path) -> None:
    """With --data: a finished package is there again, one that was not packed is packed, no file is left over."""
    clock, options = Clock(), Options(processing=0.5, authentication=0, storage=0, hwm_lag=0)

    def visit(app: Any) -> tuple[httpx.Client, Visitor]:
        http = httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://ksef.test")
        return http, Visitor(clock, http)

    with create_app(data=tmp_path, options=options, wall_clock=clock) as app:
        http, visitor = visit(app)
        with http:
            visitor.log_in()
            preload(visitor, seller=SELLER, number="FV", count=3)
            ready = begin_export(visitor)
            finished_package(visitor, ready)
            waiting = begin_export(visitor)
            token = visitor.token
    (tmp_path / "spool" / "half-written").write_bytes(b"x")
    with create_app(data=tmp_path, options=options, wall_clock=clock) as app:
        http, visitor = visit(app)
        with http:
            visitor.token = token
            for export in (ready, waiting):
                assert len(fetch_files(visitor, export, finished_package(visitor, export))) == 4
    assert len(list((tmp_path / "spool").iterdir())) == 2


def test_packing_holds_no_package_in_memory(visitor: Visitor) -> None:
    """7.3: twenty documents at a time and nothing of the archive, however large it becomes."""
    for index in range(80):
        noise = os.urandom(200_000).hex().encode()
        document = write_fa(number=f"FV/{index}").replace(
            b"<Naglowek>", b"<!--" + noise + b"--><Naglowek>", 1
        )
        preload(visitor, document)
    export = begin_export(visitor)
    visitor.clock.advance(seconds=1)
    tracemalloc.start()
    try:
        package = export_status(visitor, export)["package"]
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert package["size"] > 15_000_000
    # The twenty documents are 8 MB.
    assert peak < 12_000_000, peak
    assert len(fetch_archive(visitor, export, package)) == package["size"]


def test_packed_in_the_background_and_fetched_over_a_socket() -> None:
    """7.3: as the program does it: nobody waits for the packing, and a part is sent piece by piece."""
    options = Options(processing=0, authentication=0, storage=0, hwm_lag=0, export=0.05)
    begun = time.monotonic()
    world = World(
        Store(None), wall_clock=lambda: START.timestamp() + time.monotonic() - begun, options=options
    )
    with (
        Simulator(world, in_background=True) as app,
        SimulatorServer(("127.0.0.1", 0), app) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as http,
    ):
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            visitor = Visitor(Clock(), http)
            visitor.redeem(visitor.begin_token_login(visitor.control_token()))
            noise = os.urandom(400_000).hex().encode()
            document = write_fa().replace(b"<Naglowek>", b"<!--" + noise + b"--><Naglowek>", 1)
            [number] = preload(visitor, document)
            export = begin_export(visitor)
            until(lambda: _code(visitor, export) == 200)
            package = export_status(visitor, export)["package"]
            assert fetch_files(visitor, export, package)[f"{number}.xml"] == document
        finally:
            server.shutdown()
            thread.join()
