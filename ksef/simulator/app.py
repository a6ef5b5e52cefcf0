"""The WSGI application: one request is one transaction, with the planned fault applied around it."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ksef.simulator.bearer import context_of
from ksef.simulator.disturbing.answers import INSTEAD, answer_instead, disturb
from ksef.simulator.errors import Elsewhere, Problem
from ksef.simulator.faults import Action, ConnectionDropped, Effect, Hit, Operation
from ksef.simulator.keys import ensure_keys
from ksef.simulator.messages import MAX_BODY, MAX_QUERY, Request, Response, read_request, render
from ksef.simulator.reading.export_records import list_export_files
from ksef.simulator.routes import ROUTES
from ksef.simulator.routing import serve
from ksef.simulator.sending.background import Background
from ksef.simulator.sending.packages import list_files_in_use
from ksef.simulator.sending.processing import Processing
from ksef.simulator.state import Store
from ksef.simulator.system_warning import with_warning
from ksef.simulator.world import Options, World, iso

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PIECE = 256 * 1024
_CONTROL = "/_control/"
_TEST_DATA = "/v2/testdata/"


class Simulator:
    """A WSGI application and a context manager; `close()` lets go of the database.

    `in_background`: what was sent is processed by a thread; else before each request.
    """

    def __init__(
        self, world: World, *, sleep: Callable[[float], None] = time.sleep, in_background: bool = False
    ) -> None:
        self.world = world
        self._sleep = sleep
        self._routes = tuple(
            route for route in ROUTES if world.flavour.has_test_data or not route.path.startswith(_TEST_DATA)
        )
        with world.store.transaction():
            world.load()
            ensure_keys(world.store, now=world.now())
            world.spool.keep_only([*list_files_in_use(world.store), *list_export_files(world.store)])
        processing = Processing(world)
        self._background = Background(world, processing) if in_background else None
        self._work_off = self._background.settle if self._background else processing.settle

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._background is not None:
            self._background.stop()
        self.world.store.close()
        self.world.spool.close()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        streams = self._streams(environ)
        excess = _find_excess(environ, streams=streams)
        if excess is not None:
            request = read_request({**environ, "CONTENT_LENGTH": "0", "QUERY_STRING": ""})
            return _send(self._refuse(Elsewhere(excess), request), start_response, request=request)
        request = read_request(environ, streams=streams)
        hit = self._planned_fault(request)
        response = self._work(request) if hit is None else self._disturbed(request, hit)
        response = with_warning(response, request=request, world=self.world)
        truncated = hit is not None and hit.effect.action is Action.TRUNCATE
        return _send(response, start_response, request=request, truncated=truncated)

    def _streams(self, environ: "WSGIEnvironment") -> bool:
        method, path = str(environ["REQUEST_METHOD"]), str(environ.get("PATH_INFO") or "/")
        return any(
            route.streams and route.method == method and route.parts_of(path) is not None
            for route in self._routes
        )

    def _planned_fault(self, request: Request) -> Hit | None:
        if request.path.startswith(_CONTROL) or not self.world.faults:
            return None
        token = request.headers.get("authorization", "").rpartition(" ")[2]
        return self.world.faults.take(request, context=context_of(token), now=self.world.now())

    def _disturbed(self, request: Request, hit: Hit) -> Response:
        """Answer, with the fault before or after the work itself, so that drop_after leaves its effect behind."""
        effect = hit.effect
        match effect.action:
            case Action.DROP_BEFORE:
                raise ConnectionDropped(served=False)
            case Action.DELAY:
                self._sleep(hit.seconds)
            case Action.CONTROL:
                self._operate(effect.operation, request)
        if effect.action in INSTEAD:
            return self._instead(effect, request)
        response = self._work(request).loaded()
        match effect.action:
            case Action.DROP_AFTER:
                raise ConnectionDropped(served=True)
            case Action.DELAY_AFTER:
                self._sleep(hit.seconds)
            case Action.CONTROL_AFTER:
                self._operate(effect.operation, request)
            case Action.STATUS_AFTER | Action.HTML_AFTER:
                return self._instead(effect, request)
        return disturb(response, effect, request=request)

    def _instead(self, effect: Effect, request: Request) -> Response:
        found = answer_instead(effect, now=self.world.now())
        return found if isinstance(found, Response) else self._refuse(found, request)

    def _operate(self, operation: Operation | None, request: Request) -> None:
        """Carry out a planned operation of the control API; one that is refused is told on the terminal."""
        if operation is None:
            return
        answer = self._work(
            replace(request, method=operation.method, path=operation.path, body=operation.body, stream=None)
        )
        if answer.status >= HTTPStatus.BAD_REQUEST:
            print(f"planned {operation.method} {operation.path}: {answer.body.decode()}", file=sys.stderr)

    def _work(self, request: Request) -> Response:
        store = self.world.store
        try:
            # Verdicts are committed on their own: a refused request is rolled back, they are not.
            self._work_off(now=self.world.now())
            if request.stream is not None:
                return serve(self._routes, world=self.world, request=request, now=self.world.now())
            with store.transaction():
                return serve(self._routes, world=self.world, request=request, now=self.world.now())
        except Problem as problem:
            return self._refuse(problem, request)

    def _refuse(self, problem: Problem, request: Request) -> Response:
        return render(problem, request=request, at=iso(self.world.now()))


def create_app(
    *,
    data: Path | None = None,
    options: Options | None = None,
    wall_clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    schemas: Path | None = None,
) -> Simulator:
    """Return a simulator that keeps its data in `data`, or nowhere."""
    world = World(Store(data), wall_clock=wall_clock, options=options or Options(), schemas=schemas)
    return Simulator(world, sleep=sleep)


def _find_excess(environ: "WSGIEnvironment", *, streams: bool) -> HTTPStatus | None:
    """Return why a request is refused before its body is read."""
    if len(str(environ.get("QUERY_STRING") or "")) > MAX_QUERY:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if int(environ.get("CONTENT_LENGTH") or 0) > MAX_BODY and not streams:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return None


def _send(
    response: Response, start_response: "StartResponse", *, request: Request, truncated: bool = False
) -> Iterable[bytes]:
    headers: list[tuple[str, str]] = [*response.headers]
    if response.content_type:
        headers.append(("Content-Type", response.content_type))
    if response.status != HTTPStatus.NO_CONTENT:
        length = len(response.body) if response.file is None else response.file.stat().st_size
        headers.append(("Content-Length", str(length)))
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    if request.method == "HEAD":
        return []
    if response.file is not None:
        return _pieces(response.file)
    return _half(response.body) if truncated else [response.body]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionDropped(served=True)
