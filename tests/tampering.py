"""Something between Kwit and KSeF that alters answers: a broken proxy, or a KSeF of tomorrow."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, override

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The proxy says these itself; the hash of the body would give the change away before anything reads it.
_OWN_HEADERS = {"content-length", "transfer-encoding", "connection", "date", "server", "x-ms-meta-hash"}


@dataclass(slots=True)
class Tampering:
    """A running proxy; `change` holds what happens to the bodies of answers, by the path of their request."""

    url: str = ""
    change: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)

    def alter(self, path: str, body: bytes) -> bytes:
        for pattern, change in self.change.items():
            if re.search(pattern, path):
                body = change(body)
        return body


def in_json(change: Callable[[Any], object]) -> Callable[[bytes], bytes]:
    """A change of the parsed answer, in place."""

    def alter(body: bytes) -> bytes:
        answer = json.loads(body)
        change(answer)
        return json.dumps(answer).encode()

    return alter


@contextmanager
def start_tampering(upstream: str) -> Iterator[Tampering]:
    tampering = Tampering()

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = httpx.request(self.command, upstream + self.path, content=sent, headers=headers)
            body = tampering.alter(self.path, answer.content)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in _OWN_HEADERS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = forward  # noqa: N815 -- the names are those of http.server

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        tampering.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield tampering
        server.shutdown()
