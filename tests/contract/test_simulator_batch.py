"""Batch sessions of the simulator: a package declared, sent in parts, closed, judged (sections 4.5, 5, 6, 12, 13)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from ksef.simulator.access import xades
from tests.contract.ministry import (
    SELLER,
    TODAY,
    Visitor,
    make_invoice,
    sha256_base64,
    visiting,
    visiting_data,
)
from tests.contract.packages import (
    BLOCK,
    BatchSession,
    Package,
    batch_opening,
    cut,
    invoices,
    make_tar_gz,
    make_zip,
    open_batch,
    package_of,
    processed,
    send_batch,
    wrong_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.contract

OTHER = "1234563218"
UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


@pytest.mark.parametrize(("compression", "parts"), [("Zip", 1), ("Zip", 3), ("TarGz", 1), ("TarGz", 4)])
def test_package_from_opened_to_processed(visitor: Visitor, compression: str, parts: int) -> None:
    """5 and 4.5: 100, 150, 200; every file is found again by its name and hash, in the order of the archive."""
    files = invoices(12)
    session = open_batch(visitor, package_of(files, compression=compression, parts=parts))
    assert [item["ordinalNumber"] for item in session.uploads] == list(range(1, parts + 1))
    opened = session.status()
    assert (session.code, opened["invoiceCount"]) == (100, 0)
    session.upload_all()
    session.close()
    assert session.code == 150
    assert session.invoices() == []
    visitor.clock.advance(seconds=0.25)
    # Unpacked, and not yet judged.
    assert (session.code, session.status()["invoiceCount"]) == (150, 12)
    assert set(session.codes().values()) == {150}
    visitor.clock.advance(seconds=0.25)
    status = session.status()
    assert status["status"] == {"code": 200, "description": "Sesja wsadowa przetworzona pomyślnie"}
    assert [status[f"{name}Count"] for name in ("invoice", "successfulInvoice", "failedInvoice")] == [
        12,
        12,
        0,
    ]
    found = session.invoices()
    assert [item["ordinalNumber"] for item in found] == list(range(1, 13))
    assert {item["invoiceFileName"]: item["invoiceHash"] for item in found} == {
        name: sha256_base64(content) for name, content in files.items()
    }
    assert [item["invoiceFileName"] for item in found] == list(files)
    assert {item["ksefNumber"][:20] for item in found} == {f"{SELLER}-20261120-"}


def test_compression_is_zip_unless_said(visitor: Visitor) -> None:
    """5: compressionType is optional."""
    assert processed(visitor, Package([make_zip(invoices(1))], None)).code == 200
    assert processed(visitor, Package([make_tar_gz(invoices(1, first=2))], None)).code == 430


def test_one_bad_invoice_does_not_fail_the_package(visitor: Visitor) -> None:
    """5, 13 and F25: the good ones are accepted, the bad one is rejected with its reason."""
    files = {
        **invoices(10),
        "zly.xml": b"<no/>",
        "cudzy.xml": make_invoice(number="FV/90", seller=OTHER),
        "jutro.xml": make_invoice(number="FV/91", issue_date=TODAY + timedelta(days=1)),
        "duplikat.xml": make_invoice(number="FV/3", line="Coś innego"),
        "pusty.xml": b"",
    }
    session = processed(visitor, package_of(files))
    assert session.code == 200
    bad = {"zly.xml": 430, "cudzy.xml": 410, "jutro.xml": 450, "duplikat.xml": 440, "pusty.xml": 430}
    assert session.codes() == {**dict.fromkeys(invoices(10), 200), **bad}
    failed = session.invoices("/failed")
    assert {item["invoiceFileName"]: item["status"]["code"] for item in failed} == bad
    assert all(item["status"]["details"] for item in failed)
    status = session.status()
    assert (status["successfulInvoiceCount"], status["failedInvoiceCount"]) == (10, 5)


def test_package_without_a_good_invoice(visitor: Visitor) -> None:
    """4.5: 445; nothing of it is a receipt."""
    session = processed(visitor, package_of({"a.xml": b"<a/>", "b.xml": b"<b/>"}))
    assert (session.code, "upo" in session.status()) == (445, False)


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
def test_package_without_files(visitor: Visitor, compression: str) -> None:
    """4.5: 440 because nothing was sent."""
    session = processed(visitor, package_of({}, compression=compression))
    assert (session.code, session.details) == (440, ["Nie przesłano faktur"])
    assert session.refused_close() == 21180


def test_all_were_received_when_the_session_was_opened(visitor: Visitor) -> None:
    """5 and 10: invoicingDate is the opening; whoever opens before midnight and closes after it is online still."""
    visitor.clock.advance(hours=12, minutes=50)
    visitor.log_in()
    session = open_batch(visitor, package_of(invoices(2)))
    visitor.clock.advance(minutes=15)
    visitor.log_in()
    session.upload_all()
    session.close()
    visitor.clock.advance(seconds=1)
    for item in session.invoices():
        assert item["invoicingDate"] == "2026-11-20T22:50:00.000+00:00"
        assert item["acquisitionDate"] == "2026-11-20T23:05:00.500+00:00"
        assert (item["invoicingMode"], item["ksefNumber"][11:19]) == ("Online", "20261120")


@pytest.mark.parametrize(
    ("issued", "declared", "mode"),
    [(TODAY, False, "Online"), (TODAY, True, "Offline"), (TODAY - timedelta(days=1), False, "Offline")],
)
def test_mode_of_the_package(visitor: Visitor, issued: Any, declared: bool, mode: str) -> None:
    """5 and 10: offlineMode covers the whole package; a document of an earlier day is offline by itself."""
    session = processed(visitor, package_of(invoices(2, issue_date=issued)), offlineMode=declared)
    assert {item["invoicingMode"] for item in session.invoices()} == {mode}


def test_uniqueness_between_packages_and_online(visitor: Visitor) -> None:
    """13.2: whatever came first holds, in whichever kind of session; the other is told which (440)."""
    online = visitor.open_session()
    first = visitor.judged(online, make_invoice(number="FV/1"))
    session = processed(visitor, package_of(invoices(2)))
    duplicate, original = session.invoices()
    assert duplicate["status"]["extensions"] == {
        "originalSessionReferenceNumber": online.reference,
        "originalKsefNumber": first["ksefNumber"],
    }
    again = visitor.judged(online, make_invoice(number="FV/2"))
    assert again["status"]["extensions"] == {
        "originalSessionReferenceNumber": session.reference,
        "originalKsefNumber": original["ksefNumber"],
    }


def test_order_of_arrival_holds_between_sessions(visitor: Visitor) -> None:
    """13.2: a package closed before an invoice was sent is judged before it, even if all happens in one breath."""
    online = visitor.open_session()
    session = send_batch(visitor, package_of(invoices(1)))
    visitor.clock.advance(seconds=0.1)
    reference = visitor.send(online, make_invoice())
    visitor.clock.advance(seconds=5)
    assert visitor.invoice(online, reference)["status"]["code"] == 440
    assert session.codes() == {"fv-00001.xml": 200}


@pytest.mark.parametrize("code", [405, 500, 550])
def test_planned_verdicts_reach_packages(visitor: Visitor, code: int) -> None:
    """4.5: KSeF's own trouble, planned through the control API."""
    visitor.ask("POST", "/_control/verdicts", json={"codes": [code]})
    session = processed(visitor, package_of(invoices(3)))
    assert list(session.codes().values()) == [code, 200, 200]


def test_check_digits_on_request(visitor: Visitor) -> None:
    """0 and 13.4: X-KSeF-Feature at the opening holds for every invoice of the package."""
    strict = {"X-KSeF-Feature": "subject-identifier-validation"}
    session = processed(visitor, package_of(invoices(1, buyer="1234567890")), headers=strict)
    assert session.codes() == {"fv-00001.xml": 450}


def test_session_of_another_company(visitor: Visitor) -> None:
    """21173 for strangers, and for a close through the address of the other kind of session."""
    session = send_batch(visitor, package_of(invoices(1)))
    online = visitor.open_session()
    assert visitor.refusal("POST", f"/v2/sessions/online/{session.reference}/close") == 21173
    assert visitor.refusal("POST", f"/v2/sessions/batch/{online.reference}/close") == 21173
    visitor.log_in(OTHER)
    for method, path in (
        ("GET", session.path()),
        ("GET", f"{session.path()}/invoices"),
        ("POST", f"{session.path('batch')}/close"),
    ):
        assert visitor.refusal(method, path) == 21173


def _declared(**changes: Any) -> dict[str, Any]:
    return {"batchFile": {**package_of(invoices(1)).declaration(), **changes}}


def _part(**changes: Any) -> dict[str, Any]:
    part = package_of(invoices(1)).declaration()["fileParts"][0]
    return _declared(fileParts=[{**part, **changes}])


def _parts(count: int) -> dict[str, Any]:
    part = package_of(invoices(1)).declaration()["fileParts"][0]
    return _declared(fileParts=[{**part, "ordinalNumber": number} for number in range(1, count + 1)])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (_part(fileSize=100_000_017), 21157),
        (_parts(51), 21161),
        (_declared(fileSize=5_000_000_001), 21405),
        (_declared(fileSize=0), 21405),
        (_declared(fileHash="short"), 21405),
        (_declared(compressionType="SevenZip"), 21405),
        (_declared(fileParts=[]), 21405),
        (_declared(fileParts="one"), 21405),
        (_part(ordinalNumber=2), 21405),
        (_part(ordinalNumber=0), 21405),
        (_part(fileSize=0), 21405),
        (_part(fileHash="short"), 21405),
        ({"batchFile": None}, 21405),
        ({"offlineMode": "no"}, 21405),
        ({"encryption": {}}, 21405),
        ({"formCode": {"systemCode": "PEF (3)", "schemaVersion": "2-1", "value": "PEF"}}, 21405),
        ({"formCode": {"systemCode": "FA (9)", "schemaVersion": "1-0E", "value": "FA"}}, 21405),
    ],
)
def test_openings_that_are_refused(visitor: Visitor, changes: dict[str, Any], code: int) -> None:
    """5: sizes, numbers and kinds are checked at once, in both error formats; nothing is left behind."""
    body = batch_opening(visitor, package_of(invoices(1)), **changes)
    assert visitor.refusal("POST", "/v2/sessions/batch", json=body) == code
    assert visitor.get("/v2/sessions?sessionType=Batch")["sessions"] == []


def test_largest_package_is_taken(visitor: Visitor) -> None:
    """12: fifty parts of a hundred megabytes, encrypted, are allowed."""
    part = package_of(invoices(1)).declaration()["fileParts"][0]
    parts = [{**part, "ordinalNumber": number, "fileSize": 100_000_016} for number in range(1, 51)]
    body = batch_opening(
        visitor, package_of(invoices(1)), **_declared(fileSize=5_000_000_000, fileParts=parts)
    )
    assert len(visitor.ask("POST", "/v2/sessions/batch", json=body).json()["partUploadRequests"]) == 50


def test_keys_that_open_nothing(visitor: Visitor) -> None:
    """4.5 and 21470: an unknown key is refused, a key that cannot be decrypted is the session's status 415."""
    package = package_of(invoices(1))
    unknown = visitor.opening(package.key, package.iv, publicKeyId=sha256_base64(b"x"))
    body = batch_opening(visitor, package, encryption=unknown["encryption"])
    assert visitor.refusal("POST", "/v2/sessions/batch", json=body) == 21470
    session = open_batch(visitor, package, encryption=wrong_key(package))
    assert session.code == 415
    session.upload_all()
    assert session.refused_close() == 21180


def test_who_may_send_packages(visitor: Visitor) -> None:
    """x-required-permissions: InvoiceWrite or EnforcementOperations."""
    body = batch_opening(visitor, package_of(invoices(1)))
    token = visitor.control_token(permissions=["InvoiceRead", "Introspection"])
    visitor.redeem(visitor.begin_token_login(token))
    assert visitor.ask("POST", "/v2/sessions/batch", json=body).status_code == 403
    assert visitor.ask("POST", "/v2/sessions/batch", json=body, token="").status_code == 401


def test_parts_that_were_not_sent_as_declared(visitor: Visitor) -> None:
    """5: 21205 for a missing or empty part, 21157 for one of another size; sending it anew mends it."""
    session = open_batch(visitor, package_of(invoices(3), parts=2))
    assert session.refused_close() == 21205
    session.upload(1)
    assert session.refused_close() == 21205
    assert session.upload(2, b"").status_code == 201
    assert session.refused_close() == 21205
    assert session.upload(2, b"x" * 15).status_code == 201
    assert session.refused_close() == 21157
    session.upload(2)
    session.close()
    visitor.clock.advance(seconds=1)
    assert session.code == 200


def test_part_sent_again_replaces_the_first(visitor: Visitor) -> None:
    """5: until the close; the last one counts."""
    session = open_batch(visitor, package_of(invoices(1)))
    session.upload(1, bytes(len(session.package.parts[0])))
    session.upload(1)
    session.close()
    assert session.upload(1, bytes(len(session.package.parts[0]))).status_code == 403
    visitor.clock.advance(seconds=1)
    assert session.code == 200


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        ({"headers": {}}, 400),
        ({"headers": {"x-ms-blob-type": "PageBlob"}}, 400),
        ({"token": "anything"}, 401),
        ({"headers": {**BLOCK, "Content-Length": "100000017"}}, 400),
        # The sender stopped before the end.
        ({"headers": {**BLOCK, "Content-Length": "100000"}}, 400),
    ],
    ids=["no header", "another header", "bearer token", "too long", "cut off"],
)
def test_uploads_that_are_refused(visitor: Visitor, spoil: dict[str, Any], status: int) -> None:
    """5: 400 for bad data, 401 where a bearer token came along; the part counts as not sent."""
    session = open_batch(visitor, package_of(invoices(1)))
    assert session.upload(1, **spoil).status_code == status
    assert session.refused_close() == 21205


def test_links_cannot_be_bent(visitor: Visitor) -> None:
    """5: 403 for a link to another part or another time, 401 without a signature, nothing for other methods."""
    session = open_batch(visitor, package_of(invoices(3), parts=2))
    url = session.uploads[0]["url"]
    for bent, status in (
        (url.replace("/batch-parts/1", "/batch-parts/2"), 403),
        (url.replace("/batch-parts/1", "/batch-parts/3"), 403),
        (url.replace("/batch-parts/1", "/batch-parts/x"), 403),
        (url.replace("se=", "se=1"), 403),
        (url.replace("se=", "se=²"), 403),
        (url.replace(session.reference, "20261120-SB-0000000000-0000000000-00"), 403),
        (url.partition("?")[0], 401),
        (f"{url}x", 403),
    ):
        answer = visitor.ask("PUT", bent, token="", content=b"x", headers=BLOCK)
        assert answer.status_code == status, bent
    for method in ("GET", "POST", "DELETE"):
        assert visitor.ask(method, url, token="", headers=BLOCK).status_code == 405


def test_upload_links_are_absolute_and_name_their_headers(visitor: Visitor) -> None:
    """5: method, URL and headers are in the answer."""
    session = open_batch(visitor, package_of(invoices(1)))
    (asked,) = session.uploads
    assert (asked["method"], asked["headers"]) == ("PUT", BLOCK)
    assert asked["url"].startswith("http://ksef.test/storage/")


def test_upload_time_is_over(visitor: Visitor) -> None:
    """5 and F22: two parts, forty minutes; then 403, 440 with its reason, and 21208 on the close."""
    session = open_batch(visitor, package_of(invoices(3), parts=2))
    session.upload(1)
    visitor.clock.advance(minutes=39)
    visitor.log_in()
    assert (session.code, session.upload(1).status_code) == (100, 201)
    visitor.clock.advance(minutes=1)
    visitor.log_in()
    assert session.upload(2).status_code == 403
    assert (session.code, session.details) == (440, ["Przekroczono czas wysyłki"])
    assert session.refused_close() == 21208
    # The same files in a new session go through.
    assert processed(visitor, session.package).code == 200


def test_sent_package_may_be_closed_later(visitor: Visitor) -> None:
    """5: with all parts there only the close is waited for, at most twelve hours."""
    session = open_batch(visitor, package_of(invoices(1)))
    session.upload_all()
    visitor.clock.advance(hours=11)
    visitor.log_in()
    assert session.code == 100
    session.close()
    visitor.clock.advance(seconds=1)
    assert session.code == 200


def test_package_left_open(visitor: Visitor) -> None:
    """5: never closed, cancelled after twelve hours (440), which the close says as 21208."""
    session = open_batch(visitor, package_of(invoices(1)))
    session.upload_all()
    visitor.clock.advance(hours=12)
    visitor.log_in()
    assert (session.code, session.details) == (440, ["Przekroczono czas wysyłki"])
    assert session.refused_close() == 21208
    assert session.status()["dateUpdated"] == "2026-11-20T22:00:00.000+00:00"


def test_close_whose_answer_was_lost(visitor: Visitor) -> None:
    """F24: closing again is 21180, and the status tells that the first close counted."""
    session = send_batch(visitor, package_of(invoices(1)))
    assert session.refused_close() == 21180
    assert session.code == 150
    visitor.clock.advance(seconds=1)
    assert session.refused_close() == 21180
    assert session.code == 200


def test_opening_whose_answer_was_lost(visitor: Visitor) -> None:
    """F23: the orphan is in the list of sessions, and ends by itself."""
    open_batch(visitor, package_of(invoices(1)))
    (orphan,) = visitor.get("/v2/sessions?sessionType=Batch&statuses=InProgress")["sessions"]
    assert (orphan["status"]["code"], orphan["totalInvoiceCount"]) == (100, 0)
    visitor.clock.advance(minutes=20)
    visitor.log_in()
    (found,) = visitor.get("/v2/sessions?sessionType=Batch&statuses=Cancelled")["sessions"]
    assert found["referenceNumber"] == orphan["referenceNumber"]
    assert visitor.get("/v2/sessions?sessionType=Online")["sessions"] == []


def test_part_with_another_hash(visitor: Visitor) -> None:
    """4.5 and F25: 405, nothing is taken, and the numbers stay free."""
    session = open_batch(visitor, package_of(invoices(3), parts=2))
    session.upload(1)
    session.upload(2, bytes(len(session.package.parts[1])))
    session.close()
    visitor.clock.advance(seconds=1)
    assert (session.code, session.invoices()) == (405, [])
    assert session.details == ["Nieprawidłowy skrót części '2'."]
    assert processed(visitor, package_of(invoices(3))).code == 200


@pytest.mark.parametrize("change", [{"fileHash": sha256_base64(b"other")}, {"fileSize": 7}])
def test_archive_that_is_not_the_declared_one(visitor: Visitor, change: dict[str, Any]) -> None:
    """4.5: 405 when the parts fit, and the whole does not."""
    package = package_of(invoices(3), parts=2)
    session = processed(visitor, package, batchFile={**package.declaration(), **change})
    assert session.code == 405


@pytest.mark.parametrize("length", [15, 16, 32])
def test_parts_that_cannot_be_decrypted(visitor: Visitor, length: int) -> None:
    """4.5: 435; the ciphertext is not of whole blocks, or ends in no padding."""
    package = package_of(invoices(1))
    package.parts[0] = bytes(length)
    session = processed(visitor, package)
    assert (session.code, session.invoices()) == (435, [])


def test_parts_in_the_wrong_order(visitor: Visitor) -> None:
    """5: parts are cuts of one archive; swapped they are another."""
    package = package_of(invoices(20), parts=3)
    first, second, third = package.parts
    package.parts = [second, first, third]
    assert processed(visitor, package).code == 405


@pytest.mark.parametrize(
    ("archive", "compression"),
    [
        (b"no archive", "Zip"),
        (b"no archive", "TarGz"),
        (make_zip(invoices(2))[:-5], "Zip"),
        (make_tar_gz(invoices(2))[:-5], "TarGz"),
        (make_tar_gz(invoices(2)), "Zip"),
        (make_zip(invoices(2)), "TarGz"),
    ],
)
def test_what_is_no_archive(visitor: Visitor, archive: bytes, compression: str) -> None:
    """4.5 and F25: 430, nothing is taken."""
    session = processed(visitor, Package([archive], compression))
    assert (session.code, session.invoices()) == (430, [])


def test_too_many_invoices(visitor: Visitor) -> None:
    """4.5: 420 beyond the limit of invoices; at the limit all is well."""
    visitor.ask("POST", "/_control/options", json={"max_invoices": 5})
    assert processed(visitor, package_of(invoices(6))).code == 420
    assert processed(visitor, package_of(invoices(6), compression="TarGz")).code == 420
    assert processed(visitor, package_of(invoices(5))).code == 200


def test_invoice_beyond_the_limit_of_bytes(visitor: Visitor) -> None:
    """13.5: it fails alone, with the hash that it has, even when it is too long to be looked at."""
    visitor.ask(
        "POST",
        "/_control/options",
        json={"max_invoice_bytes": 2000, "max_invoice_bytes_with_attachment": 5000},
    )
    files = {
        "dobry.xml": make_invoice(),
        "dlugi.xml": make_invoice(number="FV/2", line="x" * 300).replace(b"</P_7>", b"</P_7>" + b" " * 800),
        "za-dlugi.xml": b"x" * 6000,
    }
    session = processed(visitor, package_of(files))
    assert session.codes() == {"dobry.xml": 200, "dlugi.xml": 430, "za-dlugi.xml": 430}
    longest = session.invoices()[2]
    assert longest["invoiceHash"] == sha256_base64(b"x" * 6000)
    assert longest["status"]["details"] == ["Rozmiar pliku faktury przekracza dozwolone 5000 bajtów."]


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
def test_folders_in_the_archive(visitor: Visitor, compression: str) -> None:
    """5: a file's name is its path; folders are no invoices."""
    name = "rok/2026/listopad/fv.xml"
    files = {"rok/": b"", "rok/2026/": b"", name: make_invoice()}
    archive = make_zip(files) if compression == "Zip" else make_tar_gz({name: make_invoice()})
    session = processed(visitor, Package([archive], compression))
    assert session.codes() == {name: 200}


def test_receipt_of_a_package(visitor: Visitor) -> None:
    """6: after the processing, of the accepted documents only; by reference and by its pre-signed address."""
    files = {**invoices(3), "zly.xml": b"<no/>"}
    session = processed(visitor, package_of(files))
    (page,) = session.status()["upo"]["pages"]
    upo = visitor.ask("GET", f"{session.path()}/upo/{page['referenceNumber']}")
    assert upo.headers["x-ms-meta-hash"] == sha256_base64(upo.content)
    assert visitor.ask("GET", page["downloadUrl"], token="").content == upo.content
    root = xades.verify(upo.content).root
    found = [node.findtext(f"{UPO}SkrotDokumentu") for node in root.iter(f"{UPO}Dokument")]
    assert found == [sha256_base64(content) for content in invoices(3).values()]
    assert root.findtext(f"{UPO}NumerReferencyjnySesji") == session.reference
    assert root.findtext(f"{UPO}NazwaStrukturyLogicznej") == "Schemat_FA(3)_v1-0E.xsd"
    for item in session.invoices()[:3]:
        own = visitor.ask("GET", item["upoDownloadUrl"], token="")
        document = etree.fromstring(own.content).find(f"{UPO}Dokument")
        assert document is not None
        assert document.findtext(f"{UPO}NumerKSeFDokumentu") == item["ksefNumber"]
        assert document.findtext(f"{UPO}DataPrzeslaniaDokumentu") == "2026-11-20T11:00:00.000+01:00"


def test_receipt_in_pages(visitor: Visitor) -> None:
    """6: a page holds so many documents at most, and says which of all they are."""
    visitor.ask("POST", "/_control/options", json={"upo_documents": 3})
    session = processed(visitor, package_of({**invoices(4), "zly.xml": b"<no/>", **invoices(4, first=5)}))
    pages = session.status()["upo"]["pages"]
    assert session.status()["upo"]["pages"][0]["referenceNumber"] == pages[0]["referenceNumber"]
    described, hashes = [], []
    for page in pages:
        root = etree.fromstring(visitor.ask("GET", page["downloadUrl"], token="").content)
        part = root.find(f"{UPO}OpisPotwierdzenia")
        assert part is not None
        described.append([child.text for child in part])
        hashes += [node.findtext(f"{UPO}SkrotDokumentu") for node in root.iter(f"{UPO}Dokument")]
    assert described == [
        ["1", "3", "1", "3", "8"],
        ["2", "3", "4", "6", "8"],
        ["3", "3", "7", "8", "8"],
    ]
    assert hashes == [sha256_base64(content) for content in invoices(8).values()]


@pytest.mark.parametrize("end", ["processed", "refused", "cancelled", "forgotten"])
def test_parts_leave_nothing_behind(tmp_path: Path, end: str) -> None:
    """12: parts are kept for as long as they are needed, each once."""
    package = package_of(invoices(4), parts=2)
    if end == "refused":
        package.parts[1] = bytes(32)
    with visiting_data(tmp_path) as visitor:
        visitor.log_in()
        session = open_batch(visitor, package)
        session.upload_all()
        session.upload_all()
        assert len(list((tmp_path / "spool").iterdir())) == 2
        if end in {"processed", "refused"}:
            session.close()
        if end == "forgotten":
            visitor.ask("POST", "/_control/reset")
        visitor.clock.advance(hours=12)
        visitor.log_in()
        assert list((tmp_path / "spool").iterdir()) == []


def test_half_written_parts_are_swept_away(tmp_path: Path) -> None:
    """F22: what a killed process had not finished is no part; what it had is there after the restart."""
    package = package_of(invoices(4), parts=2)
    with visiting_data(tmp_path) as visitor:
        tokens = visitor.log_in()
        session = open_batch(visitor, package)
        session.upload(1)
        (tmp_path / "spool" / "half").write_bytes(b"x")
    with visiting_data(tmp_path) as again:
        assert len(list((tmp_path / "spool").iterdir())) == 1
        again.token = tokens["accessToken"]["token"]
        resumed = BatchSession(again, package, session.reference, session.uploads)
        assert resumed.refused_close() == 21205
        resumed.upload(2)
        resumed.close()
        again.clock.advance(seconds=1)
        assert resumed.code == 200


def test_cut_of_one_byte(visitor: Visitor) -> None:
    """5: parts may be as small as one byte of the archive."""
    archive = make_zip(invoices(1))
    package = Package([archive[:1], *cut(archive[1:-1], 3), archive[-1:]])
    assert processed(visitor, package).code == 200
