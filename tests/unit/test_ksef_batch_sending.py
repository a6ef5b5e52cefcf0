"""Bringing a package to KSeF: parts in parallel, resuming, links that end or lead astray, closing (section 5)."""

import json
import logging
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Lock, get_ident
from typing import Any

import httpx
import pytest

from ksef.batch import PackingLimits, pack, read_batch, write_batch
from ksef.client.links import ForeignLink
from ksef.errors import ContractBroken, KSeFError, Limited, LinkExpired, Refused, Unavailable
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.batches import Batch, BatchPackage, BatchSession, PartUpload, UploadOutcome
from ksef.exchange.sessions import UPOPage
from ksef.gateway import Endpoint, Environment, Gateway
from ksef.gateway.batches import PartLost
from tests.public_keys import opened, public_keys

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = SymmetricKey(key=b"k" * 32, iv=b"i" * 16)
HOST = "https://ksef.example"
ENDPOINT = Endpoint(
    environment=Environment.TEST,
    api_url=f"{HOST}/v2",
    qr_url="https://qr.example",
    link_hosts=frozenset({"store.example"}),
)

type Answer = Callable[[httpx.Request], httpx.Response]


class Store:
    """Where parts are brought; answers as it is told and remembers what it got, from whatever thread."""

    def __init__(self, answer: Answer | None = None) -> None:
        self._answer = answer or (lambda _: httpx.Response(201))
        self._lock = Lock()
        self.requests: list[httpx.Request] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with self._lock:
            self.requests.append(request)
        answer = self._answer(request)
        # As from a wire: not read yet.
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content)
        )

    @property
    def asked(self) -> set[str]:
        return {request.url.path for request in self.requests}

    def gateway(self) -> Gateway:
        return Gateway(ENDPOINT, transport=httpx.MockTransport(self.handle), now=lambda: NOW)


@pytest.fixture
def package(tmp_path: Path) -> BatchPackage:
    """Of five parts."""
    items = [(f"{place}.xml", sha256(str(place).encode()).hexdigest().encode()) for place in range(30)]
    made = pack(items, folder=tmp_path, secret=SECRET, limits=PackingLimits(part_bytes=200))
    assert len(made.parts) >= 5
    return made


def _session(package: BatchPackage, *, url: str = f"{HOST}/store", method: str = "PUT") -> BatchSession:
    uploads = tuple(
        PartUpload(
            ordinal=part.ordinal,
            method=method,
            url=f"{url}/{part.ordinal}?sig=KANAREK",
            headers=(("x-ms-blob-type", "BlockBlob"),),
        )
        for part in package.parts
    )
    return BatchSession(reference="SB", uploads=uploads)


def _upload(store: Store, batch: Batch, *, workers: int = 2) -> tuple[UploadOutcome, list[Batch]]:
    saved: list[Batch] = []
    with store.gateway() as gateway:
        return gateway.batches.upload(batch, save=saved.append, workers=workers), saved


def test_parts_arrive_as_they_lie_there_without_a_token(package: BatchPackage) -> None:
    store = Store()
    batch = Batch(package).opened(_session(package, method="POST"))
    outcome, saved = _upload(store, batch)
    assert outcome is UploadOutcome.COMPLETE
    assert len(store.requests) == len(package.parts)
    for request in store.requests:
        part = package.parts[int(request.url.path.rpartition("/")[2]) - 1]
        assert request.method == "POST"
        assert request.content == package.path_of(part).read_bytes()
        assert request.headers["Content-Length"] == str(part.encrypted_size)
        assert request.headers["x-ms-blob-type"] == "BlockBlob"
        assert {"authorization", "cookie", "transfer-encoding", "x-error-format"} & set(
            request.headers
        ) == set()
    assert saved[-1].missing == ()
    assert [len(step.uploaded) for step in saved] == list(range(1, len(package.parts) + 1))


def test_parts_travel_at_the_same_time_and_are_saved_by_one_thread(package: BatchPackage) -> None:
    together = Barrier(2, timeout=5)

    def answer_two_at_once(_request: httpx.Request) -> httpx.Response:
        together.wait()
        return httpx.Response(201)

    store = Store(answer_two_at_once)
    batch = Batch(package).opened(_session(package)).with_uploaded(1)
    saving: set[int] = set()
    with store.gateway() as gateway:
        # An even number of parts is missing; each waits for another one on its way.
        batch = batch if len(batch.missing) % 2 == 0 else batch.with_uploaded(2)
        outcome = gateway.batches.upload(batch, save=lambda _: saving.add(get_ident()), workers=2)
    assert outcome is UploadOutcome.COMPLETE
    assert saving == {get_ident()}


def test_killed_sender_is_followed_by_one_who_brings_only_what_is_missing(package: BatchPackage) -> None:
    """F22: the stored text is all that is known."""

    def kill_after_two(step: Batch) -> None:
        stored.append(write_batch(step))
        if len(stored) == 2:
            raise KeyboardInterrupt

    stored: list[str] = []
    with Store().gateway() as gateway, pytest.raises(KeyboardInterrupt):
        gateway.batches.upload(Batch(package).opened(_session(package)), save=kill_after_two, workers=1)
    batch = read_batch(stored[-1])
    assert len(batch.uploaded) == 2
    store = Store()
    outcome, saved = _upload(store, batch)
    assert outcome is UploadOutcome.COMPLETE
    assert store.asked == {f"/store/{part.ordinal}" for part in batch.missing}
    assert saved[-1].missing == ()


def test_complete_batch_brings_nothing(package: BatchPackage) -> None:
    batch = Batch(package).opened(_session(package))
    for part in package.parts:
        batch = batch.with_uploaded(part.ordinal)
    store = Store()
    assert _upload(store, batch) == (UploadOutcome.COMPLETE, [])
    assert store.requests == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_link_that_is_no_longer_good_asks_for_a_new_session(package: BatchPackage, status: int) -> None:
    """F22: what got there is saved all the same."""
    store = Store(lambda request: httpx.Response(201 if request.url.path.endswith("/1") else status))
    outcome, saved = _upload(store, Batch(package).opened(_session(package)), workers=1)
    assert outcome is UploadOutcome.LINK_EXPIRED
    assert [step.uploaded for step in saved] == [frozenset({1})]
    assert len(store.requests) == 2, "after the first failure nothing new begins"


def test_without_a_session_there_is_no_link(package: BatchPackage) -> None:
    assert _upload(Store(), Batch(package))[0] is UploadOutcome.LINK_EXPIRED


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: httpx.Response(503), Unavailable),
        (lambda: httpx.Response(408), Unavailable),
        (lambda: httpx.ReadTimeout("KANAREK"), Unavailable),
        (lambda: httpx.WriteError("KANAREK"), Unavailable),
        (lambda: httpx.ConnectError("KANAREK"), Unavailable),
        (lambda: httpx.Response(429, headers={"Retry-After": "7"}), Limited),
        (lambda: httpx.Response(400), Refused),
        (lambda: httpx.Response(307, headers={"Location": "https://evil.example/"}), ContractBroken),
    ],
    ids=["503", "408", "timeout", "broken", "nobody", "429", "400", "redirect"],
)
def test_failed_part_is_told_after_the_others_and_brought_later(
    package: BatchPackage, answer: Callable[[], httpx.Response | Exception], error: type[KSeFError]
) -> None:
    """V39: a redirect is not followed. Nothing of the address is told."""

    def third_fails(request: httpx.Request) -> httpx.Response:
        reply = answer() if request.url.path.endswith("/3") else httpx.Response(201)
        if isinstance(reply, Exception):
            raise reply
        return reply

    store, saved = Store(third_fails), list[Batch]()
    with store.gateway() as gateway, pytest.raises(error) as caught:
        gateway.batches.upload(Batch(package).opened(_session(package)), save=saved.append, workers=1)
    assert caught.value.is_safe_to_repeat is (error is not Refused)
    assert "KANAREK" not in str(caught.value)
    assert caught.value.__context__ is None
    assert {request.url.host for request in store.requests} == {"ksef.example"}
    assert saved[-1].uploaded == {1, 2}
    assert _upload(Store(), saved[-1])[0] is UploadOutcome.COMPLETE


@pytest.mark.parametrize("damage", ["gone", "changed", "cut"])
def test_part_that_is_no_longer_what_was_announced_stays_here(package: BatchPackage, damage: str) -> None:
    path = package.path_of(package.parts[0])
    content = path.read_bytes()
    path.write_bytes(content[:-1] if damage == "cut" else b"x" + content[1:])
    if damage == "gone":
        path.unlink()
    store = Store()
    with store.gateway() as gateway, pytest.raises(PartLost):
        gateway.batches.upload(Batch(package).opened(_session(package)), save=lambda _: None, workers=1)
    assert store.requests == []


FOREIGN = [
    "https://evil.example/store",
    "http://ksef.example/store",
    "https://ksef.example:8443/store",
    "https://ksef.example@evil.example/store",
    "https://x@ksef.example/store",
    "https://ksef.example.evil.example/store",
    "https://sub.ksef.example/store",
    "https://store.example:444/store",
    "http://store.example/store",
    "http://127.0.0.1/store",
    "https://[::1]/store",
    "file:///etc/passwd",
    "//ksef.example/store",
    "/store",
    "https://",
    "https://ksef.example:99999999/",
    "",
]


@pytest.mark.parametrize("url", FOREIGN)
def test_part_goes_to_no_other_place(package: BatchPackage, url: str) -> None:
    """V39, V40: not even when the stored batch was tampered with."""
    store = Store()
    with store.gateway() as gateway, pytest.raises(ForeignLink):
        gateway.batches.upload(
            Batch(package).opened(_session(package, url=url)), save=lambda _: None, workers=1
        )
    assert store.requests == []


@pytest.mark.parametrize("url", ["https://store.example/x", "https://STORE.example:443/x", f"{HOST}:443/x"])
def test_own_host_and_listed_hosts_are_right(package: BatchPackage, url: str) -> None:
    assert _upload(Store(), Batch(package).opened(_session(package, url=url)))[0] is UploadOutcome.COMPLETE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer x"),
        ("host", "evil.example"),
        ("Content-Length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("x", "a\r\nb: c"),
        ("x y\n", "a"),
        ("x", "ż"),
    ],
)
def test_header_that_is_not_ksefs_to_set_is_refused(package: BatchPackage, name: str, value: str) -> None:
    session = _session(package)
    uploads = tuple(
        PartUpload(ordinal=upload.ordinal, method=upload.method, url=upload.url, headers=((name, value),))
        for upload in session.uploads
    )
    store = Store()
    with store.gateway() as gateway, pytest.raises(ContractBroken):
        gateway.batches.upload(
            Batch(package).opened(BatchSession("SB", uploads)), save=lambda _: None, workers=1
        )
    assert store.requests == []


def test_signatures_of_links_stay_out_of_the_log(
    package: BatchPackage, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", "httpx", "httpcore", "ksef"):
        caplog.set_level(logging.DEBUG, logger=name)
    _upload(Store(), Batch(package).opened(_session(package)))
    assert "/store/1" in caplog.text
    assert "KANAREK" not in caplog.text
    assert all("KANAREK" not in repr(record.args) for record in caplog.records)


def _problem(code: int) -> httpx.Response:
    return httpx.Response(400, json={"title": "?", "errors": [{"code": code, "description": "no"}]})


def _opened(package: BatchPackage, **changes: Any) -> httpx.Response:
    uploads = [
        {"ordinalNumber": part.ordinal, "method": "PUT", "url": f"{HOST}/store", "headers": {}} | changes
        for part in package.parts
    ]
    return httpx.Response(201, json={"referenceNumber": "SB", "partUploadRequests": uploads})


class Script(Store):
    """Answers one after the other."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        super().__init__(self._next)
        self._answers = list(answers)

    def _next(self, _request: httpx.Request) -> httpx.Response:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _open(script: Script, package: BatchPackage) -> BatchSession:
    with script.gateway() as gateway:
        return gateway.batches.open("access", package=package, secret=SECRET)


def test_withdrawn_public_key_is_replaced_once(package: BatchPackage) -> None:
    """F21: 21470; the package stays as it is."""
    keys = [httpx.Response(200, json=public_keys(name)) for name in ("old", "new")]
    script = Script(keys[0], _problem(21470), keys[1], _opened(package))
    session = _open(script, package)
    assert [upload.ordinal for upload in session.uploads] == [part.ordinal for part in package.parts]
    bodies = [request.content for request in script.requests if request.method == "POST"]
    assert [name in body for name, body in zip((b'"old"', b'"new"'), bodies, strict=True)] == [True, True]


def test_key_is_sealed_for_the_ministry_and_the_iv_lies_beside_it(package: BatchPackage) -> None:
    script = Script(httpx.Response(200, json=public_keys("id")), _opened(package))
    _open(script, package)
    encryption = json.loads(script.requests[-1].content)["encryption"]
    assert opened(b64decode(encryption["encryptedSymmetricKey"])) == SECRET.key
    assert b64decode(encryption["initializationVector"]) == SECRET.iv


@pytest.mark.parametrize(
    "changes",
    [
        {"ordinalNumber": 1},
        {"method": "DELETE"},
        {"method": "GET"},
        {"url": "https://evil.example/"},
        {"url": ""},
    ],
)
def test_session_that_fits_the_package_badly_is_refused(
    package: BatchPackage, changes: dict[str, object]
) -> None:
    script = Script(httpx.Response(200, json=public_keys("id")), _opened(package, **changes))
    with pytest.raises(ContractBroken):
        _open(script, package)


def test_lost_answer_to_opening_is_harmless(package: BatchPackage) -> None:
    """F23: the orphan has no part, so nothing can be sent twice."""
    script = Script(httpx.Response(200, json=public_keys("id")), httpx.ReadTimeout("slow"))
    with pytest.raises(Unavailable):
        _open(script, package)


def _status(code: int) -> httpx.Response:
    moment = "2026-11-22T12:00:00Z"
    status = {"code": code, "description": "so"}
    return httpx.Response(200, json={"status": status, "dateCreated": moment, "dateUpdated": moment})


@pytest.mark.parametrize("lost", [_problem(21180), httpx.ReadTimeout("slow"), httpx.Response(502)], ids=str)
@pytest.mark.parametrize("code", [150, 200, 440, 777])
def test_status_decides_whether_a_session_is_closed(lost: httpx.Response | Exception, code: int) -> None:
    """F24: the answer was lost, or somebody closed before us."""
    script = Script(lost, _status(code))
    with script.gateway() as gateway:
        gateway.batches.close("access", "SB")
    assert [request.method for request in script.requests] == ["POST", "GET"]


@pytest.mark.parametrize("second", [_status(100), httpx.Response(503), httpx.ReadTimeout("slow")], ids=str)
def test_session_that_may_be_open_is_closed_again(second: httpx.Response | Exception) -> None:
    """F24."""
    script = Script(httpx.ReadTimeout("slow"), second)
    with script.gateway() as gateway, pytest.raises(Unavailable):
        gateway.batches.close("access", "SB")


@pytest.mark.parametrize("code", [21157, 21173, 21205, 21208])
def test_refusal_to_close_is_told(code: int) -> None:
    script = Script(_problem(code))
    with script.gateway() as gateway, pytest.raises(Refused) as caught:
        gateway.batches.close("access", "SB")
    assert caught.value.code == code
    assert len(script.requests) == 1


UPO_PAGE = UPOPage(reference="EU", url=f"{HOST}/upo?sig=KANAREK", expires_at=NOW)


def _hash(content: bytes) -> dict[str, str]:
    return {"x-ms-meta-hash": b64encode(sha256(content).digest()).decode()}


def test_page_of_the_upo_is_read_over_its_link() -> None:
    """Section 6."""
    script = Script(httpx.Response(200, content=b"<UPO/>", headers=_hash(b"<UPO/>")))
    with script.gateway() as gateway:
        assert gateway.batches.download_upo_page(UPO_PAGE) == b"<UPO/>"
    assert "authorization" not in script.requests[0].headers


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(403), LinkExpired),
        (httpx.Response(200, content=b"<UPO/>", headers=_hash(b"other")), ContractBroken),
        (httpx.Response(200, content=b"", headers=_hash(b"")), ContractBroken),
        (httpx.Response(200, content=bytes(12_000_001)), ContractBroken),
    ],
    ids=["expired", "hash", "empty", "large"],
)
def test_page_of_the_upo_that_is_not_what_it_says_is_refused(
    answer: httpx.Response, error: type[KSeFError]
) -> None:
    """F27."""
    with Script(answer).gateway() as gateway, pytest.raises(error):
        gateway.batches.download_upo_page(UPO_PAGE)
