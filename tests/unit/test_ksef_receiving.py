"""The gateway's own decisions while receiving: walks, keys of exports, downloads of their parts (section 7)."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ksef.client.links import ForeignLink
from ksef.errors import ContractBroken, KSeFError, Limited, LinkExpired, Refused, Unavailable
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.invoices import (
    DateRange,
    DateType,
    ExportPackage,
    ExportPart,
    ExportRequest,
    InvoiceFilters,
    SubjectType,
)
from ksef.exports import open_package
from ksef.gateway import Endpoint, Environment, Gateway
from ksef.walk import MetadataRequest
from tests.metadata import ksef_number, metadata_row
from tests.packages import encrypt, make_export, make_tar_gz
from tests.public_keys import opened, public_keys

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = SymmetricKey(key=b"k" * 32, iv=b"i" * 16)
FILTERS = InvoiceFilters(
    subject=SubjectType.BUYER, dates=DateRange(kind=DateType.PERMANENT_STORAGE, since=NOW)
)
ENDPOINT = Endpoint(
    environment=Environment.TEST, api_url="https://ksef.example/v2", qr_url="https://qr.example"
)

type Answer = httpx.Response | Exception


class Script:
    """Answers one after the other, as from a wire: not read yet."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content)
        )

    def gateway(self) -> Gateway:
        return Gateway(ENDPOINT, transport=httpx.MockTransport(self.handle), now=lambda: NOW)


def _page(*serials: int, has_more: bool = False, is_truncated: bool = False) -> httpx.Response:
    rows = [metadata_row(serial, stored=NOW.replace(second=serial)) for serial in serials]
    return httpx.Response(200, json={"hasMore": has_more, "isTruncated": is_truncated, "invoices": rows})


def test_walk_follows_pages_and_seams_and_tells_each_invoice_once() -> None:
    """F28."""
    script = Script(_page(1, 2, has_more=True), _page(3, has_more=True, is_truncated=True), _page(3, 3, 4))
    with script.gateway() as gateway:
        pages = list(gateway.invoices.walk_metadata("access", MetadataRequest(FILTERS)))
    told = [invoice.ksef_number for page in pages for invoice in page.invoices]
    assert told == [ksef_number(serial) for serial in (1, 2, 3, 4)]
    asked = [
        (request.url.params["pageOffset"], json.loads(request.content)["dateRange"]["from"])
        for request in script.requests
    ]
    assert asked == [
        ("0", "2026-11-22T12:00:00Z"),
        ("1", "2026-11-22T12:00:00Z"),
        ("0", "2026-11-22T12:00:03Z"),
    ]


def test_walk_asks_for_a_page_only_when_it_is_wanted() -> None:
    script = Script(_page(1, has_more=True))
    with script.gateway() as gateway:
        next(gateway.invoices.walk_metadata("access", MetadataRequest(FILTERS)))
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"ksefNumber": ksef_number(1)[:-2] + "00"},
        {"ksefNumber": "1"},
        {"invoiceHash": "AAAA"},
        {"issueDate": "yesterday"},
        {"permanentStorageDate": None},
        {"netAmount": "12"},
        {"netAmount": None},
        {"grossAmount": True},
        {"seller": {}},
        {"buyer": {"name": "x"}},
        {"hasAttachment": "no"},
        {"thirdSubjects": [1]},
    ],
    ids=str,
)
def test_metadata_that_lack_what_tells_an_invoice_break_the_contract(changes: dict[str, Any]) -> None:
    """F52."""
    row = metadata_row(1) | changes
    answer = httpx.Response(200, json={"hasMore": False, "isTruncated": False, "invoices": [row]})
    with Script(answer).gateway() as gateway, pytest.raises(ContractBroken):
        gateway.invoices.query_metadata("access", MetadataRequest(FILTERS))


@pytest.mark.parametrize(
    "number", ["1e400", "NaN", "Infinity", "1e31", "9" * 5_000, "1e-99999999999999999999"]
)
def test_amount_that_no_one_can_owe_breaks_the_contract(number: str) -> None:
    row = json.dumps(metadata_row(1, netAmount=-1)).replace("-1,", f"{number},", 1)
    body = f'{{"hasMore": false, "isTruncated": false, "invoices": [{row}]}}'
    with (
        Script(httpx.Response(200, text=body)).gateway() as gateway,
        pytest.raises(ContractBroken),
    ):
        gateway.invoices.query_metadata("access", MetadataRequest(FILTERS))


def test_invoices_of_ksef_1_keep_their_numbers() -> None:
    """Section 8: with a hyphen more, and not always with a right checksum."""
    row = metadata_row(1, ksefNumber="5265877635-20230826-010000-1AF629-00")
    answer = httpx.Response(200, json={"hasMore": False, "isTruncated": False, "invoices": [row]})
    with Script(answer).gateway() as gateway:
        page = gateway.invoices.query_metadata("access", MetadataRequest(FILTERS))
    assert page.invoices[0].ksef_number == row["ksefNumber"]


def _problem(code: int) -> httpx.Response:
    return httpx.Response(400, json={"title": "?", "errors": [{"code": code, "description": "no"}]})


@pytest.mark.parametrize("code", [21183, 21405])
def test_refused_query_is_told(code: int) -> None:
    """F29."""
    with Script(_problem(code)).gateway() as gateway, pytest.raises(Refused) as caught:
        gateway.invoices.query_metadata("access", MetadataRequest(FILTERS))
    assert caught.value.code == code


def test_export_has_a_key_of_its_own_that_only_the_ministry_can_read() -> None:
    """F21: a withdrawn public key is replaced once, the key of the export stays."""
    script = Script(
        httpx.Response(200, json=public_keys("old")),
        _problem(21470),
        httpx.Response(200, json=public_keys("new")),
        httpx.Response(201, json={"referenceNumber": "EH"}),
    )
    with script.gateway() as gateway:
        export = gateway.invoices.start_export("access", ExportRequest(FILTERS))
    sent = [json.loads(r.content)["encryption"] for r in script.requests if r.method == "POST"]
    assert [encryption["publicKeyId"] for encryption in sent] == ["old", "new"]
    assert {opened(b64decode(encryption["encryptedSymmetricKey"])) for encryption in sent} == {
        export.secret.key
    }
    assert {b64decode(encryption["initializationVector"]) for encryption in sent} == {export.secret.iv}
    assert repr(export.secret.key) not in repr(export)


def test_lost_answer_to_an_export_is_harmless() -> None:
    script = Script(httpx.Response(200, json=public_keys("id")), httpx.ReadTimeout("slow"))
    with script.gateway() as gateway, pytest.raises(Unavailable):
        gateway.invoices.start_export("access", ExportRequest(FILTERS))


@pytest.mark.parametrize(("code", "status"), [(410, 410), (21175, 400)])
def test_export_that_is_gone_is_refused(code: int, status: int) -> None:
    """F31."""
    body = {"title": "Gone", "status": 410} if status == 410 else json.loads(_problem(code).content)
    with (
        Script(httpx.Response(status, json=body)).gateway() as gateway,
        pytest.raises(Refused) as caught,
    ):
        gateway.invoices.get_export("access", "EH")
    assert caught.value.code == code


@pytest.mark.parametrize("ordinals", [(1, 1), (2,), (0, 1), (1, 3)])
def test_parts_that_do_not_count_from_one_break_the_contract(ordinals: tuple[int, ...]) -> None:
    digest = "A" * 43 + "="
    parts = [
        {
            "ordinalNumber": ordinal,
            "partName": "x",
            "method": "GET",
            "url": "https://ksef.example/x",
            "partSize": 1,
            "partHash": digest,
            "encryptedPartSize": 16,
            "encryptedPartHash": digest,
            "expirationDate": "2026-11-22T12:00:00Z",
        }
        for ordinal in ordinals
    ]
    package = {"invoiceCount": 1, "size": 1, "parts": parts, "isTruncated": False, "compressionType": "Zip"}
    body = {"status": {"code": 200, "description": "ok"}, "package": package}
    with Script(httpx.Response(200, json=body)).gateway() as gateway, pytest.raises(ContractBroken):
        gateway.invoices.get_export("access", "EH")


@pytest.fixture
def made(tmp_path: Path) -> tuple[ExportPackage, list[bytes]]:
    """A package of three parts and the bytes behind their addresses."""
    rows = [metadata_row(serial) for serial in range(9)]
    archive = make_tar_gz([("_metadata.json", json.dumps({"invoices": rows}).encode())])
    (tmp_path / "made").mkdir()
    package, paths = make_export(
        archive, folder=tmp_path / "made", secret=SECRET, count=9, part_bytes=len(archive) // 3 + 1
    )
    assert len(paths) == 3
    return package, [path.read_bytes() for path in paths]


def _download(script: Script, package: ExportPackage, folder: Path) -> tuple[Path, ...]:
    with script.gateway() as gateway:
        return gateway.invoices.download_export(package, folder=folder)


def test_parts_are_fetched_without_a_token_and_open(
    made: tuple[ExportPackage, list[bytes]], tmp_path: Path
) -> None:
    package, contents = made
    script = Script(*[httpx.Response(200, content=content) for content in contents])
    paths = _download(script, package, tmp_path / "got")
    assert [path.read_bytes() for path in paths] == contents
    assert [request.url.path for request in script.requests] == ["/store/1", "/store/2", "/store/3"]
    assert all("authorization" not in request.headers for request in script.requests)
    with open_package(package, paths=paths, secret=SECRET) as read:
        assert len(read.metadata) == 9


def test_interrupted_download_goes_on_where_it_stopped(
    made: tuple[ExportPackage, list[bytes]], tmp_path: Path
) -> None:
    """F31: the link has ended; with a fresh status only what is missing is fetched."""
    package, contents = made
    with pytest.raises(LinkExpired):
        _download(Script(httpx.Response(200, content=contents[0]), httpx.Response(403)), package, tmp_path)
    fresh = replace(
        package, parts=tuple(replace(part, url="https://ksef.example/new") for part in package.parts)
    )
    script = Script(*[httpx.Response(200, content=content) for content in contents[1:]])
    paths = _download(script, fresh, tmp_path)
    assert [path.read_bytes() for path in paths] == contents
    assert len(script.requests) == 2


def test_rest_of_another_package_is_fetched_anew(
    made: tuple[ExportPackage, list[bytes]], tmp_path: Path
) -> None:
    package, contents = made
    (tmp_path / "part-001.aes").write_bytes(bytes(len(contents[0])))
    (tmp_path / "part-002.aes").write_bytes(b"short")
    paths = _download(
        Script(*[httpx.Response(200, content=content) for content in contents]), package, tmp_path
    )
    assert [path.read_bytes() for path in paths] == contents


def _longer(content: bytes) -> Answer:
    return httpx.Response(200, content=content + b"x")


BAD_ANSWERS: list[tuple[str, Callable[[bytes], Answer], type[KSeFError]]] = [
    ("longer", _longer, ContractBroken),
    ("shorter", lambda content: httpx.Response(200, content=content[:-1]), ContractBroken),
    ("empty", lambda _: httpx.Response(200), ContractBroken),
    ("other", lambda content: httpx.Response(200, content=bytes(len(content))), ContractBroken),
    (
        "redirect",
        lambda _: httpx.Response(302, headers={"Location": "https://evil.example/"}),
        ContractBroken,
    ),
    ("503", lambda _: httpx.Response(503), Unavailable),
    ("reset", lambda _: httpx.ReadError("KANAREK"), Unavailable),
    ("nobody", lambda _: httpx.ConnectError("KANAREK"), Unavailable),
    ("401", lambda _: httpx.Response(401), LinkExpired),
    ("404", lambda _: httpx.Response(404), LinkExpired),
    ("429", lambda _: httpx.Response(429, headers={"Retry-After": "9"}), Limited),
    ("400", lambda _: httpx.Response(400), Refused),
]


@pytest.mark.parametrize(
    ("answer", "error"), [row[1:] for row in BAD_ANSWERS], ids=[row[0] for row in BAD_ANSWERS]
)
def test_part_that_does_not_come_as_announced_leaves_nothing(
    made: tuple[ExportPackage, list[bytes]],
    tmp_path: Path,
    answer: Callable[[bytes], Answer],
    error: type[KSeFError],
) -> None:
    package, contents = made
    script = Script(answer(contents[0]))
    with pytest.raises(error) as caught:
        _download(script, package, tmp_path / "got")
    assert type(caught.value) is error
    assert "KANAREK" not in str(caught.value)
    assert list((tmp_path / "got").iterdir()) == []
    assert {request.url.host for request in script.requests} == {"ksef.example"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"url": "https://evil.example/x"}, ForeignLink),
        ({"url": "http://ksef.example/x"}, ForeignLink),
        ({"method": "DELETE"}, ContractBroken),
        ({"encrypted_size": 100_000_001}, ContractBroken),
    ],
    ids=str,
)
def test_part_that_asks_for_too_much_is_not_fetched(
    made: tuple[ExportPackage, list[bytes]],
    tmp_path: Path,
    changes: dict[str, Any],
    error: type[KSeFError],
) -> None:
    """V39; F44."""
    package, _ = made
    first: ExportPart = replace(package.parts[0], **changes)
    script = Script()
    with pytest.raises(error):
        _download(script, replace(package, parts=(first, *package.parts[1:])), tmp_path)
    assert script.requests == []


def test_package_larger_than_ksef_makes_them_is_not_fetched(
    made: tuple[ExportPackage, list[bytes]], tmp_path: Path
) -> None:
    package, _ = made
    many = tuple(replace(package.parts[0], encrypted_size=100_000_000) for _ in range(21))
    with pytest.raises(ContractBroken):
        _download(Script(), replace(package, parts=many), tmp_path)


def test_part_of_the_right_size_with_another_content_is_refused(
    made: tuple[ExportPackage, list[bytes]], tmp_path: Path
) -> None:
    package, contents = made
    other = encrypt(b"x" * package.parts[0].size, SECRET)
    assert len(other) == len(contents[0])
    with pytest.raises(ContractBroken):
        _download(Script(httpx.Response(200, content=other)), package, tmp_path)
