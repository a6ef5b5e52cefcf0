"""TEST, DEMO and PRODUCTION in one process, each at a path of its own with a memory of its own."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ksef.simulator.app import Simulator
from ksef.simulator.flavours import FLAVOURS, TEST
from ksef.simulator.state import Store
from ksef.simulator.world import Options, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Environments:
    """A WSGI application: `/demo/...` and `/production/...` are those, everything else, and `/test/...`, is TEST."""

    def __init__(self, simulators: Mapping[str, Simulator]) -> None:
        self.simulators = simulators
        self._open = ExitStack()
        for simulator in simulators.values():
            self._open.enter_context(simulator)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        name, slash, rest = str(environ.get("PATH_INFO") or "/").removeprefix("/").partition("/")
        chosen = self.simulators.get(name)
        if chosen is None or not slash:
            return self.simulators[TEST.name](environ, start_response)
        inside = {
            **environ,
            "SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}/{name}",
            "PATH_INFO": f"/{rest}",
        }
        return chosen(inside, start_response)


def create_environments(
    *,
    data: Path | None = None,
    options: Options | None = None,
    wall_clock: Callable[[], float] = time.time,
    schemas: Path | None = None,
    in_background: bool = False,
) -> Environments:
    """Return all three; each keeps its data in a folder of `data` named like it, or nowhere."""
    return Environments(
        {
            flavour.name: Simulator(
                World(
                    Store(data and data / flavour.name),
                    wall_clock=wall_clock,
                    options=options or Options(),
                    flavour=flavour,
                    schemas=schemas,
                ),
                in_background=in_background,
            )
            for flavour in FLAVOURS
        }
    )
