"""`python -m ksef.simulator`: the simulator as a program of its own, over plain HTTP."""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

from ksef.fa3.schema import fa3_schema
from ksef.simulator.environments import create_environments
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
    """Serve until SIGTERM or Ctrl-C; return 1 with one clear sentence when the port is taken."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    with create_environments(
        data=arguments.data,
        options=replace(
            Options(), processing=arguments.processing, rate_limits=arguments.limits == "production"
        ),
    ) as app:
        try:
            server = SimulatorServer((arguments.host, arguments.port), app)
        except OSError as error:
            print(
                f"The simulator cannot listen on {arguments.host}:{arguments.port}: {error.strerror}",
                file=sys.stderr,
            )
            return 1
        fa3_schema()  # A missing schema is told now and not at the first invoice.
        with server:
            print(f"KSeF simulator ready: http://{arguments.host}:{server.server_port}/v2", flush=True)
            try:
                server.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
