"""`python -m ksef.simulator`: the simulator as a program of its own, over plain HTTP."""

import argparse
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

from ksef.fa3.schema import SchemaUnavailable
from ksef.simulator.environments import create_environments
from ksef.simulator.sending.schemas import available_forms
from ksef.simulator.server import SimulatorServer
from ksef.simulator.world import Options


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ksef.simulator", description="KSeF 2.0 simulator: TEST, DEMO and PRODUCTION."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8180, help="0 takes any free port")
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


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; return 1 with one clear sentence when the port is taken or a schema is none."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    try:
        available_forms(arguments.schemas)  # Told now and not at the first invoice.
    except SchemaUnavailable as error:
        print(f"The simulator cannot judge invoices: {error}", file=sys.stderr)
        return 1
    with create_environments(
        data=arguments.data,
        options=replace(
            Options(), processing=arguments.processing, rate_limits=arguments.limits == "production"
        ),
        schemas=arguments.schemas,
    ) as app:
        try:
            server = SimulatorServer((arguments.host, arguments.port), app)
        except OSError as error:
            print(
                f"The simulator cannot listen on {arguments.host}:{arguments.port}: {error.strerror}",
                file=sys.stderr,
            )
            return 1
        with server:
            print(f"KSeF simulator ready: http://{arguments.host}:{server.server_port}/v2", flush=True)
            try:
                server.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
