"""A gateway whose every call, with its answer, is held against the contract on its way to the visited simulator."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

import httpx

from ksef.exchange import CertificateCredential
from ksef.gateway import Endpoint, Environment, Gateway
from tests.contract.openapi import find_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ksef.exchange.status import OperationStatus
    from tests.contract.ministry import Credential, Visitor

ENDPOINT = Endpoint(
    environment=Environment.TEST, api_url="http://ksef.test/v2", qr_url="http://ksef.test", is_local=True
)


class Carrier(httpx.BaseTransport):
    """Remembers which operations were asked, and with what success."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.asked: list[tuple[str, int]] = []

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        response = self._inner.handle_request(request)
        response.read()
        response.request = request
        contract = find_contract()
        if contract is not None and request.url.path.startswith("/v2"):
            contract.check_request(request)
            contract.check(response)
            self.asked.append((contract.name_of(contract.operation(request)), response.status_code))
        return response


@dataclass(slots=True)
class Client:
    """Somebody with a gateway of the portal's, at the same simulator and by the same clock as the visitor."""

    gateway: Gateway
    visitor: Visitor
    carrier: Carrier

    def settle(self, reference: str, access: str) -> OperationStatus:
        """What became of an operation with permissions, a second later."""
        self.visitor.clock.advance(seconds=1)
        return self.gateway.permissions.get_operation(access, reference)


@contextmanager
def client_of(visitor: Visitor) -> Iterator[Client]:
    carrier = Carrier(visitor.http._transport)
    gateway = Gateway(
        ENDPOINT,
        transport=carrier,
        sleep=lambda seconds: visitor.clock.advance(seconds=seconds),
        now=lambda: visitor.clock.now,
    )
    with gateway:
        yield Client(gateway, visitor, carrier)


def as_credential(credential: Credential) -> CertificateCredential:
    """The visitor's own certificate, in the shape the gateway takes."""
    return CertificateCredential(
        certificate_pem=credential.certificate_pem.encode(), key_pem=credential.key_pem.encode()
    )
