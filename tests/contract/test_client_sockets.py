"""Accidents on the wire that only real sockets can have: resets, cut and endless answers (F4, F6, F7)."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic

import pytest

from ksef.errors import Ambiguous, KSeFError, Unavailable
from ksef.gateway import Endpoint, Environment, Gateway, OnlineSession

pytestmark = pytest.mark.contract

SESSION = OnlineSession(
    reference="SO", valid_until=datetime(2026, 11, 23, tzinfo=UTC), key=b"k" * 32, iv=b"i" * 16
)
TIMEOUT = 0.3
HEAD = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"

type Play = Callable[[socket.socket, Event], None]


def _reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
    while missing > 0:
        missing -= len(connection.recv(65536))


def say_nothing(connection: socket.socket, done: Event) -> None:
    _read_request(connection)
    done.wait(10)


def hang_up(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    connection.close()


def reset_after_request(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    _reset(connection)


def reset_while_sending(connection: socket.socket, _done: Event) -> None:
    connection.recv(2048)
    _reset(connection)


def stop_reading(connection: socket.socket, done: Event) -> None:
    connection.recv(2048)
    done.wait(10)


def cut_by_length(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    connection.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"referenceNumber": "EE"')
    connection.close()


def cut_in_chunks(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    connection.sendall(HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"ref\r\n')
    connection.close()


def cut_in_the_head(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    connection.sendall(b"HTTP/1.1 202 Acc")
    connection.close()


def speak_another_language(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    connection.sendall(b"220 mail.example ESMTP\r\n")
    connection.close()


def lie_about_compression(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain")
    connection.close()


def drip(connection: socket.socket, done: Event) -> None:
    _read_request(connection)
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    while not done.wait(0.05):
        connection.sendall(b" ")


def pour(connection: socket.socket, _done: Event) -> None:
    _read_request(connection)
    connection.sendall(HEAD + b"Content-Length: 100000000\r\n\r\n")
    while True:
        connection.sendall(b" " * 1_000_000)


@contextmanager
def _server(play: Play) -> Iterator[str]:
    done = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    play(connection, done)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
        finally:
            done.set()
            thread.join(10)


def _gateway(url: str) -> Gateway:
    endpoint = Endpoint(environment=Environment.SIMULATOR, api_url=url, qr_url=url, is_local=True)
    return Gateway(endpoint, timeout=TIMEOUT)


def _send(url: str, *, xml: bytes = b"<Faktura/>") -> str:
    with _gateway(url) as gateway:
        return gateway.send_invoice("access", session=SESSION, xml=xml)


@pytest.mark.parametrize(
    "play",
    [
        say_nothing,
        hang_up,
        reset_after_request,
        cut_by_length,
        cut_in_chunks,
        cut_in_the_head,
        speak_another_language,
        lie_about_compression,
        drip,
        pour,
    ],
)
def test_any_accident_after_the_request_leaves_doubt_and_ends_soon(play: Play) -> None:
    """F4, F7, F43: the first and the only attempt; a read may simply be repeated."""
    begin = monotonic()
    with _server(play) as url, pytest.raises(Ambiguous):
        _send(url)
    with _server(play) as url, _gateway(url) as gateway, pytest.raises(KSeFError) as caught:
        gateway.get_invoice_status("access", session_reference="SO", invoice_reference="EE")
    assert caught.value.is_safe_to_repeat
    assert monotonic() - begin < 8


@pytest.mark.parametrize("play", [reset_while_sending, stop_reading])
def test_accident_while_the_body_goes_out_leaves_doubt(play: Play) -> None:
    """F6: part of it was delivered; whether enough of it, only KSeF knows."""
    with _server(play) as url, pytest.raises(Ambiguous):
        _send(url, xml=b"x" * 20_000_000)


def test_nobody_at_the_door_means_nothing_was_delivered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable):
        _send(f"http://127.0.0.1:{port}/v2")
