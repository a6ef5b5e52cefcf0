"""A TCP proxy between the portal and KSeF that spoils what passes: late, cut, in slices, or reset half-way."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 65536
_HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Toxic:
    """What happens to requests whose head matches, `times` of them; what is zero does not happen."""

    head: bytes
    times: int = 1
    # So many bytes of the request reach KSeF, then the connection is reset on both sides.
    request_bytes: int = 0
    # The whole request waits for this before it goes on to KSeF.
    hold: threading.Event | None = None
    # So many bytes of the answer come, then the connection ends.
    answer_bytes: int = 0
    # Before the answer begins, and between its slices.
    latency: float = 0.0
    slice_bytes: int = 0
    met: int = 0

    def takes(self, head: bytes) -> bool:
        return self.met < self.times and re.search(self.head, head) is not None


_HARMLESS = Toxic(b"$^")


@dataclass(slots=True)
class Wire:
    """A running proxy; a toxic that is put in works from the next request on."""

    url: str
    _upstream: tuple[str, int]
    _toxics: list[Toxic] = field(default_factory=list)

    def spoil(self, toxic: Toxic) -> Toxic:
        self._toxics.append(toxic)
        return toxic

    def serve(self, client: socket.socket) -> None:
        """One request and its answer; connections are not kept, so that each request can meet its toxic."""
        with client, suppress(OSError), socket.create_connection(self._upstream, timeout=30) as upstream:
            request = _read_request(client)
            toxic = next((one for one in self._toxics if one.takes(request)), _HARMLESS)
            toxic.met += 1
            if toxic.request_bytes:
                upstream.sendall(request[: toxic.request_bytes])
                _reset(upstream)
                _reset(client)
                return
            if toxic.hold is not None:
                toxic.hold.wait()
            upstream.sendall(request)
            answer = b"".join(iter(lambda: upstream.recv(_CHUNK), b""))
            time.sleep(toxic.latency)
            # Said to the portal too, or it would send its next request into a closed connection.
            answer = answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)[: toxic.answer_bytes or None]
            step = toxic.slice_bytes or len(answer)
            for begin in range(0, len(answer), step):
                client.sendall(answer[begin : begin + step])
                time.sleep(toxic.latency if toxic.slice_bytes else 0)


@contextmanager
def start_wire(upstream: str) -> Iterator[Wire]:
    """A proxy on a free port in front of the address."""
    parts = urlsplit(upstream)
    assert parts.hostname is not None
    assert parts.port is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}", (parts.hostname, parts.port))

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _address = listener.accept()
                    threading.Thread(target=wire.serve, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield wire
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _read_request(client: socket.socket) -> bytes:
    received = b""
    while _HEAD_END not in received:
        received += client.recv(_CHUNK)
    head, _end, body = received.partition(_HEAD_END)
    length = re.search(rb"(?i)content-length: (\d+)", head)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        body += (more := client.recv(_CHUNK))
        missing -= len(more)
    return re.sub(rb"(?i)connection: keep-alive", b"Connection: close", head) + _HEAD_END + body


def _reset(connection: socket.socket) -> None:
    """End with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
