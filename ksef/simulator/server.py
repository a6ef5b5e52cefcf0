"""A small threading HTTP/1.1 server for the application: keep-alive, bounded bodies, connections really dropped."""

import re
import sys
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, BinaryIO, Final, cast, override
from urllib.parse import unquote, urlsplit

from ksef.simulator.body import Body
from ksef.simulator.faults import ConnectionDropped

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_IDLE_SECONDS: Final = 75
_LARGEST_UPLOAD: Final = 200_000_000
_LENGTH: Final = re.compile(r"[0-9]{1,15}")


class SimulatorServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_port = False

    def __init__(self, address: tuple[str, int], app: "WSGIApplication") -> None:
        self.app = app
        super().__init__(address, _Handler)

    @override
    def server_bind(self) -> None:
        # HTTPServer would look the host's name up here, which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        # A client that goes away is its own business.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the demo's terminal belongs to the supervisor."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or _LENGTH.fullmatch(length) is None:
            self._give_up(HTTPStatus.LENGTH_REQUIRED)
            return
        body = Body(cast("BinaryIO", self.rfile), int(length))
        try:
            for part in self._app()(self._environ(body), cast("StartResponse", self._start)):
                self.wfile.write(part)
            self.wfile.flush()
            self._skip(body)
        except ConnectionDropped:
            self._skip(body)
            self._drop()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:  # noqa: BLE001 - the edge of the program: told on the terminal, answered with 500.
            traceback.print_exc()
            self._give_up(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _app(self) -> "WSGIApplication":
        return cast("SimulatorServer", self.server).app

    def _skip(self, body: Body) -> None:
        """Read past what the answer did without: many clients read no answer before all is sent."""
        if body.left > _LARGEST_UPLOAD:
            self.close_connection = True
            return
        for _ in body.pieces():
            pass

    def _drop(self) -> None:
        """End the connection with whatever was written so far (faults F4 and F5)."""
        self.close_connection = True
        self.wfile.flush()

    def _give_up(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _environ(self, body: Body) -> "WSGIEnvironment":
        address = urlsplit(self.path)
        server = cast("SimulatorServer", self.server)
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(address.path),
            "QUERY_STRING": address.query,
            "SERVER_PROTOCOL": self.request_version,
            "SERVER_NAME": server.server_name,
            "SERVER_PORT": str(server.server_port),
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
