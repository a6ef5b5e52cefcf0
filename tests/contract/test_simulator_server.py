"""The simulator's server against clients that are slow, greedy, many, or talk nonsense; and its orderly end."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from ksef.simulator.app import create_app
from ksef.simulator.patience import Patience
from ksef.simulator.server import SimulatorServer
from tests.contract.ministry import SELLER
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[2]
CHALLENGE = "/v2/auth/challenge"
ASK = b"POST /v2/auth/challenge HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
HALF_A_GIGABYTE = 500_000_000
MEGABYTE = 1_000_000
HURRIED = Patience(idle=5, head=0.4, slowest=10_000_000, farewell=0.4)


@contextmanager
def _served(
    app: WSGIApplication, *, patience: Patience | None = None, connections: int = 1000
) -> Iterator[SimulatorServer]:
    server = SimulatorServer(("127.0.0.1", 0), app, patience=patience, connections=connections)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def simulator() -> Iterator[WSGIApplication]:
    with create_app() as app:
        yield app


@pytest.fixture(scope="module")
def port(simulator: WSGIApplication) -> Iterator[int]:
    with _served(simulator) as server:
        yield server.server_port


@pytest.fixture(scope="module")
def hurried_port(simulator: WSGIApplication) -> Iterator[int]:
    with _served(simulator, patience=HURRIED) as server:
        yield server.server_port


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def _received(connection: socket.socket) -> bytes:
    """Return everything until the other side closes."""
    received = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65_536):
            received += piece
    return received


def _talk(port: int, *pieces: bytes) -> bytes:
    with _connect(port) as connection:
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        return _received(connection)


def _status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer[9:12])


def _is_alive(port: int) -> bool:
    return httpx.post(f"http://127.0.0.1:{port}{CHALLENGE}").status_code == 200


# Bounds in bytes.


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * 100_000, 414),
        (b"GET /?" + b"a" * 9_000, 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (turn, b"a" * 900) for turn in range(90)), 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 150, 431),
    ],
)
def test_heads_are_bounded(port: int, head: bytes, status: int) -> None:
    """A long address, a long header, and many."""
    if b"HTTP/1.1" not in head:
        head += b" HTTP/1.1\r\nConnection: close"
    answer = _talk(port, head, b"\r\n\r\n")
    assert _status(answer) == status
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Content-Length: 1\r\nContent-Length: 2", 400),
        (b"Content-Length: -1", 411),
        (b"Content-Length: 0x10", 411),
        ("Content-Length: ²".encode("latin-1"), 411),
        (b"Content-Length: 99999999999999999999", 411),
        (b"Transfer-Encoding: chunked", 411),
        (b"Content-Length: 8000001", 413),
        (b"Content-Length: 999999999999999", 413),
        (b"Content-Length: 300000000\r\nExpect: 100-continue", 413),
    ],
)
def test_lengths_that_are_none_or_too_great(port: int, lines: bytes, status: int) -> None:
    """Refused from the head alone: not a byte of the body is asked for."""
    with _connect(port) as connection:
        connection.sendall(b"POST /v2/tokens HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n")
        assert _status(connection.recv(65_536)) == status


def test_expected_body_is_asked_for(port: int) -> None:
    """100 first, then the answer."""
    with _connect(port) as connection:
        connection.sendall(
            b"POST /v2/auth/challenge HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


# What nobody should ask.


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "OPTIONS", "TRACE", "BREW", "PUT", "POST"])
def test_methods_nobody_knows(port: int, method: str) -> None:
    """405, with what is allowed where the address is known; HEAD without a body."""
    answer = httpx.request(method, f"http://127.0.0.1:{port}/v2/security/public-key-certificates")
    assert answer.status_code == 405
    assert (answer.content == b"") == (method == "HEAD")
    if method not in {"TRACE", "BREW"}:
        assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "address", [b"http://[", b"*", b"//x//y", b"/%00%ff%", b"/../../etc/passwd", b"/v2/%2e%2e/"]
)
def test_addresses_that_lead_nowhere(port: int, address: bytes) -> None:
    """400 or 404, and the next request is served."""
    answer = _talk(port, b"GET " + address + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert _status(answer) in {400, 404}
    assert _is_alive(port)


def test_noise(port: int) -> None:
    """Bytes that are no HTTP: an answer of 4xx or none, never a traceback."""
    chance = random.Random(11)  # noqa: S311 - noise that comes again.
    for _ in range(60):
        noise = chance.randbytes(chance.randrange(1, 3000))
        answer = _talk(port, noise, b"\r\n\r\n")
        assert not answer or b"HTTP/1.1 4" in answer or b"HTTP/1.1 505" in answer
        assert b"Traceback" not in answer
    assert _is_alive(port)


def test_body_that_stops_halfway(port: int) -> None:
    """A client that goes away in the middle: nothing was done, and the next one is served."""
    with _connect(port) as connection:
        connection.sendall(b"POST /_control/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert _is_alive(port)


# Bounds in time.


def test_slow_head_is_not_waited_for(hurried_port: int) -> None:
    """A byte now and then does not keep a connection: the time for a head is one for all of it."""
    with _connect(hurried_port) as connection, ThreadPoolExecutor(1) as pool:
        pool.submit(_dribble, connection)
        began = time.monotonic()
        assert _received(connection) == b""
        assert time.monotonic() - began < 1.5


def _dribble(connection: socket.socket) -> None:
    """Send two seconds long, a byte at a time."""
    with suppress(OSError):
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.02)


def test_slow_body_is_a_408(hurried_port: int) -> None:
    """In the time for its length, however it dribbles in; others are served meanwhile."""
    with _connect(hurried_port) as connection, ThreadPoolExecutor(1) as pool:
        connection.sendall(b"POST /v2/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        pool.submit(_dribble, connection)
        began = time.monotonic()
        assert _is_alive(hurried_port)
        assert _status(_received(connection)) == 408
        assert time.monotonic() - began < 1.5


def test_client_that_does_not_read_is_left() -> None:
    """An answer that nobody takes does not hold a thread."""
    began = threading.active_count()
    with _served(_endless, patience=HURRIED) as server, _connect(server.server_port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: threading.active_count() > began + 1)
        until(lambda: threading.active_count() == began + 1)


def _endless(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", str(10**12))])
    return (bytes(MEGABYTE) for _ in range(10**6))


# Bounds in number.


def test_too_many_connections(simulator: WSGIApplication) -> None:
    """503 at once beyond the bound; whoever leaves makes room."""
    with _served(simulator, connections=3) as server:
        kept = [_connect(server.server_port) for _ in range(3)]
        for connection in kept:
            connection.sendall(ASK)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert _status(_talk(server.server_port)) == 503
        kept.pop().close()
        until(lambda: _is_alive(server.server_port))
        for connection in kept:
            connection.close()


def test_many_connections_at_once(port: int) -> None:
    """Three hundred, all kept, all served, again and again."""
    connections = [_connect(port) for _ in range(300)]

    def ask(connection: socket.socket) -> int:
        connection.sendall(ASK)
        return _status(connection.recv(65_536))

    try:
        with ThreadPoolExecutor(20) as pool:
            for _ in range(2):
                assert set(pool.map(ask, connections)) == {200}
    finally:
        for connection in connections:
            connection.close()


# What goes wrong inside.


def _failing(_environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
    raise RuntimeError("secret")


def _failing_late(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "10")])
    yield b"12345"
    raise RuntimeError("secret")


@pytest.mark.parametrize(
    ("app", "expected"), [(_failing, b"HTTP/1.1 500 "), (_failing_late, b"HTTP/1.1 200 ")]
)
def test_never_a_traceback_in_an_answer(
    capfd: pytest.CaptureFixture[str], app: WSGIApplication, expected: bytes
) -> None:
    """It is told on the terminal; an answer that had begun just ends."""
    with _served(app) as server:
        answer = _talk(server.server_port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(expected)
    assert answer.count(b"HTTP/1.1") == 1
    assert b"secret" not in answer
    assert b"Traceback" not in answer
    assert "RuntimeError: secret" in capfd.readouterr().err


# The program.


@contextmanager
def _program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the program; give the process and the addresses of its ready lines."""
    command = [sys.executable, "-m", "ksef.simulator", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            lines = 1 + sum(argument.endswith("-port") for argument in arguments)
            told = [process.stdout.readline() for _ in range(lines)]
            yield process, [line.split()[-1].removesuffix("/v2") for line in told]
        finally:
            process.kill()


def _peak_memory(process: subprocess.Popen[str]) -> int:
    """Return the greatest resident size the process ever had, in bytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024


def _zeros(length: int) -> Iterator[bytes]:
    for _ in range(length // MEGABYTE):
        yield bytes(MEGABYTE)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_half_a_gigabyte_takes_no_memory() -> None:
    """F43: refused by its length before it is read, at an operation and at the store's address; nothing is kept."""
    with _program() as (process, (address,)):
        with httpx.Client(base_url=address, timeout=60) as client:
            for _ in range(20):
                client.post(CHALLENGE).raise_for_status()
            before = _peak_memory(process)
            headers = {"Content-Length": str(HALF_A_GIGABYTE)}
            for path in ("/v2/tokens", "/_control/faults"):
                answer = client.post(path, content=_zeros(HALF_A_GIGABYTE), headers=headers)
                assert answer.status_code == 413
            stored = "/storage/20261120-SB-0000000000-0000000000-00/batch-parts/1?se=1&sig=x"
            answer = client.put(stored, content=_zeros(HALF_A_GIGABYTE), headers=headers)
            assert answer.status_code in {401, 403, 404, 413}
            assert client.post(CHALLENGE).status_code == 200
        assert _peak_memory(process) - before < 30 * MEGABYTE


def test_end_waits_for_what_has_come_in() -> None:
    """SIGTERM: the request that is worked on is answered, no other is taken, and the exit code is 0."""
    with (
        _program() as (process, (address,)),
        httpx.Client(base_url=address) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        slow = {"match": {"path_regex": CHALLENGE}, "action": "delay", "seconds": 1}
        client.post("/_control/faults", json={"faults": [slow]}).raise_for_status()
        answer = pool.submit(httpx.post, f"{address}{CHALLENGE}", timeout=10)
        until(lambda: client.get("/_control/faults").json()["faults"][0]["hits"] == 1)
        process.send_signal(signal.SIGTERM)
        assert answer.result().status_code == 200
        assert process.wait(timeout=5) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)


def test_environments_at_ports_of_their_own() -> None:
    """Each alone at its root, and still at its name where all are; SIGTERM ends them together."""
    with _program("--demo-port", "0", "--production-port", "0") as (process, addresses):
        shared, demo, production = addresses
        told = [
            httpx.get(f"{at}/_control/").json()["state"]["environment"] for at in (shared, demo, production)
        ]
        assert told == ["test", "demo", "production"]
        httpx.post(f"{demo}/_control/clock", json={"offset": 50}).raise_for_status()
        assert httpx.get(f"{shared}/demo/_control/clock").json()["offset"] == 50
        assert httpx.post(f"{production}/v2/testdata/attachment", json={"nip": SELLER}).status_code == 404
        process.terminate()
        assert process.wait(timeout=8) == 0


def test_counting_from_the_start() -> None:
    """12: --limits production; 60 anonymous calls a second, and the 429 says when to come again."""
    with _program("--limits", "production") as (_, (address,)), httpx.Client(base_url=address) as client:
        assert client.get("/_control/options").json()["rate_limits"] is True
        frozen = client.get("/_control/clock").json()["now"]
        answers: list[httpx.Response] = []
        while not answers or answers[-1].status_code == 200:
            # The clock is set back before each call, so that all of them fall into one second.
            client.post("/_control/clock", json={"now": frozen})
            answers.append(client.post(CHALLENGE))
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1


def test_ports_that_cannot_be() -> None:
    """One sentence and exit code 1."""
    for port in ("99999", "-1"):
        command = [sys.executable, "-m", "ksef.simulator", "--port", port]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=20, check=False, env=environment
        )
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"The simulator cannot listen on 127.0.0.1:{port}: ")
        assert ended.stderr.count("\n") == 1
