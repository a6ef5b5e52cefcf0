"""The WSGI application: one request is one transaction, with the planned fault applied around it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ksef.simulator.errors import Elsewhere, Problem, Refusal, TooManyRequests
from ksef.simulator.faults import Action, ConnectionDropped, Fault
from ksef.simulator.keys import ensure_keys
from ksef.simulator.messages import MAX_BODY, Request, Response, read_request, render
from ksef.simulator.routes import ROUTES
from ksef.simulator.routing import serve
from ksef.simulator.sending.processing import settle
from ksef.simulator.state import Store
from ksef.simulator.world import Options, World, iso

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_CONTROL = "/_control/"
_TEST_DATA = "/v2/testdata/"


class Simulator:
    """A WSGI application and a context manager; `close()` lets go of the database."""

    def __init__(self, world: World, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.world = world
        self._sleep = sleep
        self._routes = tuple(
            route for route in ROUTES if world.flavour.has_test_data or not route.path.startswith(_TEST_DATA)
        )
        with world.store.transaction():
            world.load()
            ensure_keys(world.store, now=world.now())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.world.store.close()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if int(environ.get("CONTENT_LENGTH") or 0) > MAX_BODY:
            environ = {**environ, "CONTENT_LENGTH": "0"}
            request = read_request(environ)
            response = self._refuse(Elsewhere(HTTPStatus.REQUEST_ENTITY_TOO_LARGE), request)
            return _send(response, start_response)
        request = read_request(environ)
        fault = self._planned_fault(request)
        response = self._respond(request, fault)
        if fault is not None and fault.action is Action.GARBLED:
            response = replace(response, body=response.body[::-1])
        if fault is not None and fault.action is Action.TRUNCATE:
            return _send(response, start_response, truncated=True)
        return _send(response, start_response)

    def _planned_fault(self, request: Request) -> Fault | None:
        if request.path.startswith(_CONTROL):
            return None
        return self.world.faults.take(method=request.method, path=request.path)

    def _respond(self, request: Request, fault: Fault | None) -> Response:
        """Answer, with the fault before or after the work itself, so that drop_after leaves its effect behind."""
        if fault is None:
            return self._work(request)
        if fault.action is Action.DROP_BEFORE:
            raise ConnectionDropped(served=False)
        if fault.action is Action.DELAY:
            self._sleep(fault.number)
        instead = _instead(fault)
        if instead is not None:
            return self._refuse(instead, request)
        response = self._work(request)
        if fault.action is Action.DROP_AFTER:
            raise ConnectionDropped(served=True)
        if fault.action is Action.DELAY_AFTER:
            self._sleep(fault.number)
        return response

    def _work(self, request: Request) -> Response:
        store = self.world.store
        try:
            # Verdicts are committed on their own: a refused request is rolled back, they are not.
            settle(self.world, now=self.world.now())
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


def _instead(fault: Fault) -> Problem | None:
    match fault.action:
        case Action.STATUS:
            return Elsewhere(HTTPStatus(int(fault.number)))
        case Action.ERROR:
            return Refusal(int(fault.number), "Błąd zaplanowany w symulatorze.")
        case Action.LIMITED:
            return TooManyRequests(int(fault.number))
        case _:
            return None


def _send(response: Response, start_response: "StartResponse", *, truncated: bool = False) -> Iterable[bytes]:
    headers: list[tuple[str, str]] = [*response.headers]
    if response.content_type:
        headers.append(("Content-Type", response.content_type))
    if response.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(response.body))))
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    return _half(response.body) if truncated else [response.body]


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionDropped(served=True)
