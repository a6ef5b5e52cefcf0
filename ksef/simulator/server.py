"""A small threading HTTP/1.1 server: bounded in bytes, time and number, and it really drops connections."""

import io
import json
import re
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast, override
from urllib.parse import unquote, urlsplit

from ksef.simulator.body import Body
from ksef.simulator.faults import ConnectionDropped
from ksef.simulator.patience import HeadTooLong, Patience, PatientSocket

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LARGEST_UPLOAD: Final = 200_000_000
_MOST_CONNECTIONS: Final = 1000
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class SimulatorServer(ThreadingHTTPServer):
    """A thread for each connection, up to a bound; beyond it a connection is answered 503 at once."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_port = False

    def __init__(
        self,
        address: tuple[str, int],
        app: "WSGIApplication",
        *,
        patience: Patience | None = None,
        connections: int = _MOST_CONNECTIONS,
    ) -> None:
        self.app = app
        self.patience = patience or Patience()
        self.is_stopping = False
        self._places = threading.BoundedSemaphore(connections)
        self._calm = threading.Condition()
        self._served_now = 0
        super().__init__(address, _Handler)

    @override
    def server_bind(self) -> None:
        # HTTPServer would look the host's name up here, which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        request.settimeout(1)
        with suppress(OSError):
            request.sendall(_FULL)
        self.shutdown_request(request)

    @override
    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        # A client that goes away is its own business.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Count a request while it is worked on."""
        with self._calm:
            self._served_now += 1
        try:
            yield
        finally:
            with self._calm:
                self._served_now -= 1
                self._calm.notify_all()

    def finish(self, *, within: float) -> bool:
        """Let the requests that have come in be answered; return whether all were in time."""
        self.is_stopping = True
        with self._calm:
            return self._calm.wait_for(lambda: self._served_now == 0, within)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    server: SimulatorServer

    @override
    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.wfile.close()
        self._patience = self.server.patience
        self._wire = PatientSocket(self.connection)
        self.rfile = io.BufferedReader(self._wire)
        self.wfile = io.BufferedWriter(self._wire)
        self._is_answered = False

    @override
    def finish(self) -> None:
        for stream in (self.wfile, self.rfile):
            with suppress(OSError):
                stream.close()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the demo's terminal belongs to the supervisor."""

    @override
    def handle_one_request(self) -> None:
        """Wait for a request for as long as connections are kept, then for its head, which is short."""
        self._is_answered = False
        self.command, self.requestline, self.request_version = "", "", self.protocol_version
        self._wire.allow(self._patience.idle)
        try:
            if not cast("io.BufferedReader", self.rfile).peek(1):
                self.close_connection = True
                return
            self._wire.allow(self._patience.head, bytes_in=self._patience.head_bytes)
            super().handle_one_request()
        except HeadTooLong:
            is_address = not self.requestline
            self.send_error(
                HTTPStatus.REQUEST_URI_TOO_LONG if is_address else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            )
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    @override
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what never reaches the application; a method nobody knows is one that is not allowed."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        # What is no HTTP at all looks like HTTP/0.9, whose answers have no head.
        self.request_version = self.protocol_version
        self._give_up(status)

    @override
    def handle_expect_100(self) -> bool:
        length = self.headers.get("Content-Length", "0")
        if _LENGTH.fullmatch(length) and int(length) > _LARGEST_UPLOAD:
            self._give_up(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return False
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def _serve(self) -> None:
        lengths = set(self.headers.get_all("Content-Length", ["0"]))
        if len(lengths) > 1:
            self._give_up(HTTPStatus.BAD_REQUEST)
            return
        length = lengths.pop()
        if "Transfer-Encoding" in self.headers or _LENGTH.fullmatch(length) is None:
            self._give_up(HTTPStatus.LENGTH_REQUIRED)
            return
        body = Body(cast("BinaryIO", self.rfile), int(length))
        self._wire.allow(self._patience.seconds_for(body.left))
        try:
            environ = self._environ(body)
        except ValueError:  # An address such as http://[
            self._give_up(HTTPStatus.BAD_REQUEST)
            return
        with self.server.serving():
            self._answer(environ, body)
        if self.server.is_stopping:
            self.close_connection = True

    def _answer(self, environ: "WSGIEnvironment", body: Body) -> None:
        try:
            for part in self.server.app(environ, cast("StartResponse", self._start)):
                self._wire.allow(self._patience.seconds_for(len(part)))
                self.wfile.write(part)
            self.wfile.flush()
            self._skip(body)
        except ConnectionDropped:
            self._skip(body)
            self._drop()
        except ConnectionError:
            self.close_connection = True
        except TimeoutError:
            self._give_up(HTTPStatus.REQUEST_TIMEOUT)
        except Exception:  # noqa: BLE001 - the edge of the program: told on the terminal, answered with 500.
            traceback.print_exc()
            self._give_up(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _skip(self, body: Body) -> None:
        """Read past what the answer did without: many clients read no answer before all is sent."""
        if not body.left:
            return
        if body.left > _LARGEST_UPLOAD:
            self._part()
            return
        self._wire.allow(self._patience.seconds_for(body.left))
        for _ in body.pieces():
            pass

    def _drop(self) -> None:
        """End the connection with whatever was written so far (faults F4 and F5)."""
        self.close_connection = True
        self._wire.allow(self._patience.head)
        self.wfile.flush()

    def _give_up(self, status: HTTPStatus) -> None:
        """Answer for the application, unless an answer has begun, and part."""
        if not self._is_answered:
            problem = {
                "title": status.phrase,
                "status": status.value,
                "detail": status.description or status.phrase,
            }
            content = b"" if self.command == "HEAD" else json.dumps(problem).encode()
            self._wire.allow(self._patience.head)
            self._start(
                f"{status.value} {status.phrase}",
                [
                    ("Content-Type", "application/problem+json; charset=utf-8"),
                    ("Content-Length", str(len(content))),
                    ("Connection", "close"),
                ],
            )
            self.wfile.write(content)
        self._part()

    def _part(self) -> None:
        """Close so that the answer arrives: a client that still sends would lose it with a reset connection."""
        self.close_connection = True
        with suppress(OSError, TimeoutError, HeadTooLong):
            self._wire.allow(self._patience.farewell)
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            rest = bytearray(65_536)
            while self._wire.readinto(rest):
                pass

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, reason = status.partition(" ")
        self._is_answered = True
        self._wire.allow(self._patience.head)
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _environ(self, body: Body) -> "WSGIEnvironment":
        address = urlsplit(self.path)
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(address.path),
            "QUERY_STRING": address.query,
            "SERVER_PROTOCOL": self.request_version,
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "REMOTE_ADDR": str(self.client_address[0]),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(body.left),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        environ.update(
            {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        )
        return environ

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names the base class asks for.
    do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - refused by the application.
