"""`python -m ksef.simulator`: the simulator as a program of its own, over plain HTTP."""

import argparse
import os
import signal
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from ksef.fa3.schema import SchemaUnavailable
from ksef.simulator.environments import Environments, create_environments
from ksef.simulator.flavours import DEMO, PRODUCTION
from ksef.simulator.sending.schemas import available_forms
from ksef.simulator.server import SimulatorServer
from ksef.simulator.world import Options

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_GRACE: Final = 5.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ksef.simulator", description="KSeF 2.0 simulator: TEST, DEMO and PRODUCTION."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8180, help="0 takes any free port")
    for name in (DEMO.name, PRODUCTION.name):
        parser.add_argument(
            f"--{name}-port", type=int, help=f"{name.upper()} alone at a port of its own, too"
        )
    parser.add_argument(
        "--data", type=Path, help="keep everything in this folder; without it nothing is written"
    )
    parser.add_argument(
        "--schemas",
        type=Path,
        default=os.environ.get("KSEF_SCHEMAS") or None,
        help="folder with the official schemas of FA(2) and FA_RR(1); else KSEF_SCHEMAS, else those go unjudged",
    )
    parser.add_argument("--processing", type=float, default=Options().processing, help="seconds per invoice")
    parser.add_argument(
        "--limits",
        choices=("off", "production"),
        default="off",
        help="count calls against KSeF's rate limits",
    )
    return parser.parse_args()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class CannotListen(Exception):
    """A port that is taken, or an address that is not ours."""


def _listen(host: str, port: int, app: "WSGIApplication") -> SimulatorServer:
    try:
        return SimulatorServer((host, port), app)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CannotListen(f"The simulator cannot listen on {host}:{port}: {reason}") from error


def _servers(arguments: argparse.Namespace, app: Environments) -> list[tuple[str, SimulatorServer]]:
    """Return what listens: all environments at one port, and those with a port of their own once more."""
    wished: list[tuple[str, int | None, WSGIApplication]] = [
        ("", arguments.port, app),
        (DEMO.name, arguments.demo_port, app.simulators[DEMO.name]),
        (PRODUCTION.name, arguments.production_port, app.simulators[PRODUCTION.name]),
    ]
    return [
        (name, _listen(arguments.host, port, application))
        for name, port, application in wished
        if port is not None
    ]


def _serve(servers: list[tuple[str, SimulatorServer]], *, host: str) -> None:
    """Serve until SIGTERM or Ctrl-C, and then answer what has come in already."""
    (_, first), *others = servers
    with ExitStack() as open_servers:
        for _, server in servers:
            open_servers.enter_context(server)
        for _, server in others:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        print(f"KSeF simulator ready: http://{host}:{first.server_port}/v2", flush=True)
        for name, server in others:
            print(f"KSeF simulator, {name} alone: http://{host}:{server.server_port}/v2", flush=True)
        try:
            first.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            return
        finally:
            for _, server in others:
                server.shutdown()
            for _, server in servers:
                server.server_close()
                server.finish(within=_GRACE)


def main() -> int:
    """Serve; return 1 with one clear sentence when a port is taken or a schema is none."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    try:
        available_forms(arguments.schemas)  # Told now and not at the first invoice.
    except SchemaUnavailable as error:
        print(f"The simulator cannot judge invoices: {error}", file=sys.stderr)
        return 1
    options = replace(
        Options(), processing=arguments.processing, rate_limits=arguments.limits == "production"
    )
    with create_environments(
        data=arguments.data, options=options, schemas=arguments.schemas, in_background=True
    ) as app:
        try:
            servers = _servers(arguments, app)
        except CannotListen as error:
            print(error, file=sys.stderr)
            return 1
        _serve(servers, host=arguments.host)
    return 0


if __name__ == "__main__":
    sys.exit(main())
