"""Packages over real sockets, from servers that mean harm or fall over (F22, F44, V39)."""

import gzip
import json
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

import pytest

from ksef.batch import PackingLimits, pack
from ksef.errors import ContractBroken, KSeFError, LinkExpired, Unavailable
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.batches import Batch, BatchPackage, BatchSession, PartUpload, UploadOutcome
from ksef.exchange.invoices import ExportPackage
from ksef.gateway import Endpoint, Environment, Gateway
from tests.metadata import metadata_row
from tests.packages import make_export, make_tar_gz

pytestmark = pytest.mark.contract

TIMEOUT = 0.3
SECRET = SymmetricKey(key=b"k" * 32, iv=b"i" * 16)

type Play = Callable[[socket.socket, Event], None]


class Server:
    """Plays its part on every connection, each in a thread."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._done = Event()
        self._lock = Lock()
        self._threads: list[Thread] = []
        self.heads: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)

    def close(self) -> None:
        self._done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, act: Callable[[], None]) -> None:
        thread = Thread(target=act)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._done.is_set():
                connection, _ = self._listener.accept()
                self._start(partial(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = connection.recv(2048, socket.MSG_PEEK)
            with self._lock:
                self.heads.append(head)
            self._play(connection, self._done)


@contextmanager
def serving(play: Play) -> Iterator[Server]:
    server = Server(play)
    try:
        yield server
    finally:
        server.close()


def _gateway(url: str) -> Gateway:
    endpoint = Endpoint(environment=Environment.SIMULATOR, api_url=f"{url}/v2", qr_url=url, is_local=True)
    return Gateway(endpoint, timeout=TIMEOUT)


def read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
    while missing > 0:
        missing -= len(connection.recv(65536))


def answering(*lines: str, body: bytes = b"") -> Play:
    head = "\r\n".join([*lines, "Connection: close"]).encode() + b"\r\n\r\n"

    def play(connection: socket.socket, _done: Event) -> None:
        read_request(connection)
        connection.sendall(head + body)

    return play


def pour(connection: socket.socket, _done: Event) -> None:
    """Half a gigabyte, if anybody takes it."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n")
    for _ in range(500):
        connection.sendall(bytes(1_000_000))


def pour_in_chunks(connection: socket.socket, _done: Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(500):
        connection.sendall(b"f4240\r\n" + bytes(1_000_000) + b"\r\n")


def drip(connection: socket.socket, done: Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not done.wait(0.05):
        connection.sendall(b" ")


def say_nothing(connection: socket.socket, done: Event) -> None:
    read_request(connection)
    done.wait(10)


def hang_up(connection: socket.socket, _done: Event) -> None:
    read_request(connection)


def speak_another_language(connection: socket.socket, _done: Event) -> None:
    read_request(connection)
    connection.sendall(b"220 mail.example ESMTP\r\n")


def stop_reading(connection: socket.socket, done: Event) -> None:
    connection.recv(2048)
    done.wait(10)


def read_slowly(connection: socket.socket, done: Event) -> None:
    """Fast enough for every single timeout, too slow for the whole."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    while not done.wait(0.1):
        connection.recv(4096)


def zipped(content: bytes) -> Play:
    packed = gzip.compress(content)
    return answering(
        "HTTP/1.1 200 OK", "Content-Encoding: gzip", f"Content-Length: {len(packed)}", body=packed
    )


@pytest.fixture
def export(tmp_path: Path) -> tuple[ExportPackage, bytes]:
    rows = [metadata_row(serial) for serial in range(30)]
    archive = make_tar_gz([("_metadata.json", json.dumps({"invoices": rows}).encode())])
    package, paths = make_export(archive, folder=tmp_path, secret=SECRET, count=30)
    content = paths[0].read_bytes()
    paths[0].unlink()
    return package, content


def _download(server: Server, package: ExportPackage, folder: Path) -> bytes:
    part = replace(package.parts[0], url=f"{server.url}/store?sig=KANAREK")
    with _gateway(server.url) as gateway:
        (path,) = gateway.invoices.download_export(replace(package, parts=(part,)), folder=folder)
    return path.read_bytes()


def test_honest_server_is_believed(export: tuple[ExportPackage, bytes], tmp_path: Path) -> None:
    package, content = export
    honest = answering("HTTP/1.1 200 OK", f"Content-Length: {len(content)}", body=content)
    with serving(honest) as server:
        assert _download(server, package, tmp_path) == content
    assert b"authorization" not in server.heads[0].lower()


HOSTILE: list[tuple[Play, type[KSeFError]]] = [
    (pour, ContractBroken),
    (pour_in_chunks, ContractBroken),
    (drip, Unavailable),
    (say_nothing, Unavailable),
    (hang_up, Unavailable),
    (speak_another_language, Unavailable),
    (zipped(b"x" * 3_000_000), ContractBroken),
    (answering("HTTP/1.1 200 OK", "Content-Length: 1000", body=b"cut"), Unavailable),
    (answering("HTTP/1.1 200 OK", "Content-Length: 3", body=b"cut"), ContractBroken),
    (answering("HTTP/1.1 200 OK", "X: " + "y" * 300_000, "Content-Length: 0"), Unavailable),
    (answering("HTTP/1.1 302 Found", "Location: http://127.0.0.1:1/", "Content-Length: 0"), ContractBroken),
    (answering("HTTP/1.1 403 Forbidden", "Content-Length: 500000000"), LinkExpired),
    (answering("HTTP/1.1 503 Unavailable", "Content-Length: 0"), Unavailable),
]


@pytest.mark.parametrize(("play", "error"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_download_ends_soon_and_costs_nothing(
    export: tuple[ExportPackage, bytes], tmp_path: Path, play: Play, error: type[KSeFError]
) -> None:
    """F44, V39: neither memory nor disk fills up, and nothing half stays behind."""
    package, _ = export
    begin = monotonic()
    with serving(play) as server:
        tracemalloc.start()
        try:
            with pytest.raises(error) as caught:
                _download(server, package, tmp_path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert caught.type is error
    assert "KANAREK" not in str(caught.value)
    assert peak < 8_000_000
    assert monotonic() - begin < 5
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def package(tmp_path: Path) -> BatchPackage:
    """Of three parts, which no buffer of a socket takes whole."""
    noise = b"".join(sha256(str(number).encode()).digest() for number in range(300_000))
    items = [(f"{place}.xml", noise[place::4]) for place in range(4)]
    return pack(items, folder=tmp_path, secret=SECRET, limits=PackingLimits(part_bytes=4_000_000))


def _batch(server: Server, package: BatchPackage) -> Batch:
    uploads = tuple(
        PartUpload(ordinal=part.ordinal, method="PUT", url=f"{server.url}/{part.ordinal}?sig=x", headers=())
        for part in package.parts
    )
    return Batch(package).opened(BatchSession(reference="SB", uploads=uploads))


def _upload(server: Server, package: BatchPackage) -> UploadOutcome:
    with _gateway(server.url) as gateway:
        return gateway.batches.upload(_batch(server, package), save=lambda _: None)


def test_parts_arrive_over_sockets_with_little_memory(package: BatchPackage) -> None:
    tracemalloc.start()
    try:
        with serving(answering("HTTP/1.1 201 Created", "Content-Length: 0")) as server:
            assert _upload(server, package) is UploadOutcome.COMPLETE
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(server.heads) == 3
    assert all(b"authorization" not in head.lower() for head in server.heads)
    assert all(b"transfer-encoding" not in head.lower() for head in server.heads)
    assert peak < 8_000_000


@pytest.mark.parametrize("play", [say_nothing, hang_up, speak_another_language, stop_reading, read_slowly])
def test_part_whose_fate_is_unknown_may_be_brought_again(package: BatchPackage, play: Play) -> None:
    """F22: bringing a part twice does no harm; the wait for a store that hangs has an end."""
    begin = monotonic()
    with serving(play) as server, pytest.raises(Unavailable):
        _upload(server, package)
    # A store may take a hundred kilobytes in a second: forty seconds for one of these parts.
    assert monotonic() - begin < 60


def test_store_that_refuses_before_it_has_read_is_understood(package: BatchPackage) -> None:
    """F22: the answer comes while the part is still going out."""

    def refuse(connection: socket.socket, _done: Event) -> None:
        connection.recv(2048)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while connection.recv(65536):
                pass

    with serving(refuse) as server:
        assert _upload(server, package) is UploadOutcome.LINK_EXPIRED
