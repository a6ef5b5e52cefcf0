"""The routing table against the official contract: tokens, permissions and rate limits of every operation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from ksef.simulator.bearer import Kind
from ksef.simulator.routes import ROUTES
from tests.contract.openapi import find_contract, openapi_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ksef.simulator.routing import Route

pytestmark = pytest.mark.contract

# Section 12: calls per second, minute and hour; the anonymous group has no longer windows.
LIMITS: Final = {
    "onlineSession": (10, 30, 120),
    "onlineSessionClose": (20, 60, 240),
    "batchSession": (10, 20, 60),
    "batchSessionClose": (20, 40, 120),
    "invoiceSend": (10, 30, 180),
    "invoiceStatus": (30, 120, 1200),
    "sessionList": (5, 10, 60),
    "sessionInvoiceList": (10, 20, 200),
    "sessionMisc": (10, 120, 1200),
    "invoiceMetadata": (8, 16, 20),
    "invoiceExport": (8, 16, 20),
    "invoiceExportStatus": (10, 60, 600),
    "invoiceDownload": (8, 16, 64),
    "collectiveIdentifier": (20, 120, 240),
    "other": (10, 30, 120),
    "anonymous": (60, None, None),
}
# Section 12: which operations have a group of their own; numbers alone would not tell two equal groups apart.
OWN_GROUPS: Final = {
    "onlineSession": {"POST /sessions/online"},
    "onlineSessionClose": {"POST /sessions/online/{}/close"},
    "batchSession": {"POST /sessions/batch"},
    "batchSessionClose": {"POST /sessions/batch/{}/close"},
    "invoiceSend": {"POST /sessions/online/{}/invoices"},
    "invoiceStatus": {"GET /sessions/{}/invoices/{}"},
    "sessionList": {"GET /sessions"},
    "sessionInvoiceList": {"GET /sessions/{}/invoices", "GET /sessions/{}/invoices/failed"},
    "sessionMisc": {
        "GET /sessions/{}",
        "GET /sessions/{}/invoices/ksef/{}/upo",
        "GET /sessions/{}/invoices/{}/upo",
        "GET /sessions/{}/upo/{}",
    },
    "invoiceMetadata": {"POST /invoices/query/metadata"},
    "invoiceExport": {"POST /invoices/exports"},
    "invoiceExportStatus": {"GET /invoices/exports/{}"},
    "invoiceDownload": {"GET /invoices/ksef/{}"},
    "collectiveIdentifier": {
        "POST /collective-identifiers",
        "POST /collective-identifiers/query",
        "POST /collective-identifiers/invoices",
        "GET /collective-identifiers/ksef/{}",
    },
}
TOKENS: Final = {
    "AuthenticationToken": Kind.AUTHENTICATION,
    "RefreshToken": Kind.REFRESH,
    "AccessToken": Kind.ACCESS,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What the contract says of one operation."""

    name: str
    takes: frozenset[Kind]
    wants: frozenset[str]
    limits: tuple[int | None, ...]


def _name(method: str, path: str) -> str:
    return f"{method.upper()} {re.sub(r'{\w+}', '{}', path)}"


def _operation(method: str, path: str, described: dict[str, Any]) -> Operation:
    words = re.search(r"Sposób uwierzytelnienia: ([^\n]*)", described.get("description", ""))
    named = re.findall(r"`(\w+)`", words[1]) if words else ["AccessToken"]
    limits = described["x-rate-limits"]
    return Operation(
        name=_name(method, path),
        takes=frozenset(TOKENS[name] for name in named) if described.get("security") else frozenset(),
        wants=frozenset(described.get("x-required-permissions", ())),
        limits=tuple(limits.get(window) for window in ("perSecond", "perMinute", "perHour")),
    )


def _operations() -> Iterator[Operation]:
    contract = find_contract()
    if contract is None:
        pytest.skip(f"no official OpenAPI file at {openapi_path()} (KSEF_OPENAPI)")
    for path, methods in contract.document["paths"].items():
        for method, described in methods.items():
            if method in {"get", "post", "put", "delete"}:
                yield _operation(method, path, described)


def _pairs() -> Iterator[tuple[Route, Operation]]:
    """Return every route of the API with its operation; a route that the contract does not know fails."""
    operations = {operation.name: operation for operation in _operations()}
    for route in ROUTES:
        if route.path.startswith("/v2/"):
            yield route, operations[_name(route.method, route.path.removeprefix("/v2"))]


def test_every_route_takes_the_bearer_tokens_of_the_contract() -> None:
    """2.4, 2.5: authentication, refresh and access tokens have their places."""
    assert [
        (operation.name, route.takes) for route, operation in _pairs() if route.takes != operation.takes
    ] == []


def test_every_route_wants_the_permissions_of_the_contract() -> None:
    """11: x-required-permissions, one by one."""
    assert [
        (operation.name, route.wants) for route, operation in _pairs() if route.wants != operation.wants
    ] == []


def test_every_route_is_counted_by_the_limits_of_the_contract() -> None:
    """12: x-rate-limits, and the group by its name."""
    wrong = [
        (operation.name, route.group)
        for route, operation in _pairs()
        if LIMITS[route.group] != operation.limits
        or (operation.name in OWN_GROUPS.get(route.group, ())) != (route.group in OWN_GROUPS)
    ]
    assert wrong == []


def test_every_operation_of_the_contract_has_its_route() -> None:
    """1: TEST serves all there is."""
    assert {operation.name for operation in _operations()} - {
        operation.name for _, operation in _pairs()
    } == set()
