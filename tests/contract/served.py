"""The simulator as a program behind a socket, and a wire that holds every call against the contract."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, override

import httpx

from ksef.gateway import Endpoint, Environment, Gateway, TokenCredential
from ksef.simulator.app import create_app
from ksef.simulator.server import SimulatorServer
from ksef.simulator.world import Options
from tests.contract.openapi import find_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

SELLER = "5265877635"


class Wire(httpx.BaseTransport):
    """To real sockets; what is said under /v2, and what is answered, must be in the official contract."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        contract = find_contract()
        if contract is not None and request.url.path.startswith("/v2"):
            contract.check_request(request)
            response.read()
            response.request = request
            contract.check(response)
        return response

    @override
    def close(self) -> None:
        self._inner.close()


class KSeF:
    """The simulator's address and its control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, what: str, body: object = None) -> Any:
        response = httpx.request(
            method, f"{self.url}/_control/{what}", json=body, timeout=30, trust_env=False
        )
        response.raise_for_status()
        return response.json() if response.content else None

    def plan(self, action: str, path: str, **more: object) -> None:
        match = {"path_regex": path}
        self.control("POST", "faults", {"faults": [{"match": match, "action": action, **more}]})

    def options(self, **options: object) -> None:
        self.control("POST", "options", options)

    def advance(self, seconds: float) -> None:
        """Move the clock on, beyond what earlier calls moved it."""
        offset = self.control("GET", "clock")["offset"]
        self.control("POST", "clock", {"offset": offset + seconds})

    def log_in(self, gateway: Gateway, *, nip: str = SELLER) -> str:
        issued = self.control("POST", "tokens", {"nip": nip})
        return gateway.log_in(TokenCredential(token=issued["token"]), nip=nip).access.token

    def accepted(self) -> list[dict[str, Any]]:
        accepted: list[dict[str, Any]] = self.control("GET", "ledger")["accepted"]
        return accepted

    def gateway(self, *, timeout: float = 10.0, is_watched: bool = True) -> Gateway:
        """`is_watched` is for answers that keep the contract, which those of some faults do not."""
        endpoint = Endpoint(
            environment=Environment.SIMULATOR,
            api_url=f"{self.url}/v2",
            qr_url=self.url,
            is_local=True,
        )
        return Gateway(endpoint, timeout=timeout, transport=Wire() if is_watched else None)


@contextmanager
def serving(**options: Any) -> Iterator[KSeF]:
    with create_app(options=Options(**options)) as app, SimulatorServer(("127.0.0.1", 0), app) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield KSeF(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
