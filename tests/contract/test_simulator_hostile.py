"""Every operation of the simulator against bodies, queries and paths that nobody should send (V42)."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from ksef.simulator.routes import ROUTES
from tests.contract.ministry import BUYER, SELLER, Visitor, visiting
from tests.contract.openapi import Contract, find_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

TURNS = 40
LATER = "2026-11-20T10:00:00+00:00"
# What an address of the contract may be in the place of.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 50, 2**31, 2**63, 10**30, 0.5, -1e308, float("nan"), float("inf")),
    *("", " ", "\0", "x" * 300, "ł" * 40, "'; DROP TABLE sessions; --", "<b>", "%s%n", "../..", "\u202e"),
    *(SELLER, BUYER, "80010112345", "PL1234567890", f"{SELLER}-12343", "Nip", "AAAA", "A" * 44, "a" * 36),
    *(LATER, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "2026-02-30", "2026-11-20"),
    *([], [[]], {}, [{}], [None], {"type": "Nip", "value": SELLER}, ["x"] * 50),
)
BODIES = (
    *(
        b"",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 5_000,
    ),
    *(b'{"invoices": "\\ud800"}', b'{"description": "\\udfff", "permissions": []}', b'{"a": 1e999}', b"{}\0"),
    *(b"<x/>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"9" * 6_000),
)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


@pytest.fixture
def contract() -> Contract:
    found = find_contract()
    if found is None:
        pytest.skip("the official OpenAPI file is not here (KSEF_OPENAPI or ../shared)")
    return found


class _Chaos:
    """Requests that look like those of the contract, with something wrong here and there."""

    def __init__(self, contract: Contract, *, seed: str) -> None:
        self._schemas = contract.document["components"]["schemas"]
        self._chance = random.Random(seed)  # noqa: S311 - garbage that comes again.

    def pick(self) -> Any:
        return self._chance.choice(VALUES)

    def value(self, schema: dict[str, Any], *, depth: int = 0) -> Any:
        whole = self._whole(schema)
        if self._chance.random() < 0.12 or depth > 6:
            return self.pick()
        if "enum" in whole:
            return self._chance.choice(whole["enum"])
        if "properties" in whole:
            return {
                name: self.value(member, depth=depth + 1)
                for name, member in whole["properties"].items()
                if self._chance.random() < 0.85
            }
        if whole.get("type") == "array":
            return [self.value(whole["items"], depth=depth + 1) for _ in range(self._chance.randrange(4))]
        return self._plain(whole)

    def _plain(self, schema: dict[str, Any]) -> Any:
        match schema.get("type"), schema.get("format"):
            case "integer" | "number", _:
                return self._chance.choice([0, 1, 5, 100, schema.get("maximum", 3), schema.get("minimum", 3)])
            case "boolean", _:
                return self._chance.random() < 0.5
            case _, "date-time":
                return LATER
            case _:
                return self._chance.choice([SELLER, "Opis próbny", "80010112345", "A" * 44, "a" * 36])

    def _whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema without references and parts."""
        whole: dict[str, Any] = {}
        for part in [schema, *schema.get("allOf", ())]:
            found = self._schemas[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
            whole |= (
                self._whole(found) if found is not part else {k: v for k, v in part.items() if k != "allOf"}
            )
        return whole

    def query(self, parameters: list[dict[str, Any]]) -> str:
        named = [item for item in parameters if item["in"] == "query" and self._chance.random() < 0.6]
        pairs = [(item["name"], self.value(item["schema"])) for item in named]
        return urlencode([(name, _as_text(value)) for name, value in pairs])

    def path(self, template: str) -> str:
        def chosen(_: re.Match[str]) -> str:
            text = _as_text(self.pick())
            return quote(text, safe="") or "x"

        return re.sub(r"\{\w+\}", chosen, template)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_refused_or_served(status: int) -> bool:
    return 200 <= status < 500


def _operations(contract: Contract) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what the simulator offers of the contract."""
    offered = {(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in ROUTES}
    for path, methods in contract.document["paths"].items():
        for method, described in methods.items():
            if (method.upper(), re.sub(r"\{\w+\}", "{}", f"/v2{path}")) in offered:
                yield method.upper(), f"/v2{path}", described


def test_requests_that_are_nearly_right(visitor: Visitor, contract: Contract) -> None:
    """No operation breaks, whatever stands in the place of a member: the answer is one of 2xx or 4xx."""
    visitor.log_in()
    token = visitor.token
    operations = [item for item in _operations(contract) if "/auth/sessions" not in item[1]]
    assert len(operations) > 60
    served = set()
    for method, template, described in operations:
        chaos = _Chaos(contract, seed=f"{method} {template}")
        content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        for _ in range(TURNS):
            address = f"{chaos.path(template)}?{chaos.query(described.get('parameters', []))}"
            body = json.dumps(chaos.value(content.get("schema", {}))).encode() if content else b""
            answer = visitor.http.request(
                method, address, content=body, headers={"Authorization": f"Bearer {token}"}
            )
            assert _is_refused_or_served(answer.status_code), (method, address, body, answer.text)
            if answer.is_success:
                served.add((method, template))
    # They come as far as the work itself, too.
    assert len(served) > 25


def test_bodies_that_are_nothing(visitor: Visitor, contract: Contract) -> None:
    """Not JSON, not text, too deep, half a character: refused by every operation, the control API included."""
    visitor.log_in()
    headers = {"Authorization": f"Bearer {visitor.token}"}
    for route in ROUTES:
        if route.method not in {"POST", "PUT"} or route.path == "/_control/reset":
            continue
        path = re.sub(r"\{\w+\}", "1", route.path)
        for body in BODIES:
            answer = visitor.http.request(route.method, path, content=body, headers=headers)
            assert _is_refused_or_served(answer.status_code), (route.path, body[:40], answer.text)
    visitor.http.post("/_control/reset").raise_for_status()
    visitor.log_in()


def test_headers_that_make_no_sense(visitor: Visitor) -> None:
    """Bearer tokens, continuation tokens and features of any kind."""
    visitor.log_in()
    listed = "/v2/sessions?sessionType=Online"
    tokens = ("", "x", "a.b.c", "e30.e30.e30", f"{visitor.token}x", visitor.token[:-3], ".." * 50)
    for token in tokens:
        answer = visitor.http.get(listed, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    mine = {"Authorization": f"Bearer {visitor.token}"}
    for token in ("x", "W10=", "bnVsbA==", "W251bGwsIG51bGxd", "e30=", "W1tdLCAtMV0=", "=" * 40, "A" * 5000):
        answer = visitor.http.get(listed, headers={**mine, "x-continuation-token": token})
        assert answer.status_code == 400
    for feature in ("", "a" * 5000, "subject-identifier-validation" * 20):
        assert visitor.http.get(listed, headers={**mine, "X-KSeF-Feature": feature}).status_code == 200
