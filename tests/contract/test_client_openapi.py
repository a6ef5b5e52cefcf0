"""Every request of the client, and every answer it met, against the official OpenAPI file."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, override

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # It ships no types.

from invoices.domain.calendar import warsaw_date
from invoices.fa3_mapping import to_fa3
from ksef.certificates import self_signed_seal
from ksef.client.transport import utc_now
from ksef.errors import KSeFError, Limited, Refused
from ksef.fa3.writer import write
from ksef.gateway import Endpoint, Environment, Gateway, TokenCredential
from ksef.simulator.app import Simulator, create_app
from ksef.simulator.world import Options
from tests.snapshots import SELLER, invoice_of

OPENAPI = Path(
    os.environ.get("KSEF_OPENAPI")
    or Path(__file__).parents[3] / "shared" / "ksef" / "openapi" / "ksef-openapi-2.9.0.json"
)
pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(not OPENAPI.is_file(), reason="the official OpenAPI file is not here (KSEF_OPENAPI)"),
]


@cache
def _contract() -> Mapping[str, Any]:
    contract: Mapping[str, Any] = _as_json_schema(json.loads(OPENAPI.read_bytes()))
    return contract


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema says that null is one of the types."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: _as_json_schema(value) for key, value in node.items()}
    if schema.pop("nullable", None) is True and schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _check(schema: Mapping[str, Any], value: object, *, where: str) -> None:
    # The references inside point to the root of the document, so its components go along.
    validator = Draft202012Validator({**schema, "components": _contract()["components"]})
    problems = [f"{where} {error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert problems == []


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    description: Mapping[str, Any]


def _operation(request: httpx.Request) -> Operation:
    for template, operations in _contract()["paths"].items():
        path = template if template.startswith("/v2") else f"/v2{template}"
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request.url.path) and request.method.lower() in operations:
            # A literal path wins over a template, as in the list of the contract itself.
            literal = _contract()["paths"].get(request.url.path.removeprefix("/v2"), operations)
            chosen = literal.get(request.method.lower(), operations[request.method.lower()])
            return Operation(f"{request.method} {template}", chosen)
    raise AssertionError(f"no such operation: {request.method} {request.url.path}")


class Witness(httpx.BaseTransport):
    """Carries the calls to the simulator and holds each, with its answer, against the contract."""

    def __init__(self, app: Simulator) -> None:
        self._inner = httpx.WSGITransport(app=app)
        self.seen: set[tuple[str, int]] = set()

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        response.read()
        if request.url.path.startswith("/v2"):
            operation = _operation(request)
            self.seen.add((operation.name, response.status_code))
            _check_request(operation, request)
            _check_response(operation, response)
        return response


def _check_request(operation: Operation, request: httpx.Request) -> None:
    known = {parameter["name"] for parameter in operation.description.get("parameters", [])}
    assert set(request.url.params) <= known
    assert ("Authorization" in request.headers) is ("security" in operation.description), operation.name
    content = operation.description.get("requestBody", {}).get("content", {})
    if not content:
        assert request.content == b"", operation.name
        return
    kind = request.headers["Content-Type"]
    assert kind in content, operation.name
    if kind == "application/json":
        _check(content[kind]["schema"], json.loads(request.content), where=operation.name)


def _check_response(operation: Operation, response: httpx.Response) -> None:
    described = operation.description["responses"].get(str(response.status_code))
    assert described is not None, f"{operation.name}: HTTP {response.status_code}"
    content = described.get("content", {})
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    assert (kind in content) if content else not response.content, f"{operation.name}: {kind}"
    if kind.endswith("json"):
        where = f"{operation.name} {response.status_code}"
        _check(content[kind]["schema"], response.json(), where=where)
    if "x-ms-meta-hash" in described.get("headers", {}):
        assert "x-ms-meta-hash" in response.headers, operation.name


@pytest.fixture
def witness() -> Iterator[Witness]:
    with create_app(options=Options(processing=0, authentication=0, storage=0)) as app:
        yield Witness(app)


def _gateway(witness: Witness) -> Gateway:
    endpoint = Endpoint(environment=Environment.SIMULATOR, api_url="http://ksef/v2", qr_url="http://ksef")
    return Gateway(endpoint, transport=witness, sleep=lambda _: None)


def _issue_token(witness: Witness) -> TokenCredential:
    with httpx.Client(transport=witness, base_url="http://ksef") as control:
        return TokenCredential(
            token=control.post("/_control/tokens", json={"nip": SELLER.nip}).json()["token"]
        )


def _walk(gateway: Gateway, witness: Witness) -> None:
    """Each call of the gateway once, so that each of its requests is seen."""
    gateway.log_in(self_signed_seal(nip=SELLER.nip, name=SELLER.name, now=utc_now()), nip=SELLER.nip)
    login = gateway.log_in(_issue_token(witness), nip=SELLER.nip)
    access = gateway.refresh(login.refresh.token).token
    session = gateway.open_online_session(access)
    xml = write(to_fa3(invoice_of(issue_date=warsaw_date(utc_now()))))
    places = {
        "session_reference": session.reference,
        "invoice_reference": gateway.send_invoice(access, session=session, xml=xml),
    }
    again = gateway.send_invoice(access, session=session, xml=xml)
    number = gateway.get_invoice_status(access, **places).ksef_number or ""
    gateway.get_invoice_status(access, session_reference=session.reference, invoice_reference=again)
    gateway.find_invoice(access, session_reference=session.reference, sha256=b"0" * 32)
    gateway.get_upo(access, **places)
    gateway.get_upo_by_ksef_number(access, session_reference=session.reference, ksef_number=number)
    gateway.get_invoice(access, number)
    gateway.close_online_session(access, session.reference)


def test_whole_path_keeps_the_contract(witness: Witness) -> None:
    with _gateway(witness) as gateway:
        _walk(gateway, witness)
    assert {name for name, status in witness.seen if status < 300} == {
        "GET /security/public-key-certificates",
        "POST /auth/challenge",
        "POST /auth/xades-signature",
        "POST /auth/ksef-token",
        "GET /auth/{referenceNumber}",
        "POST /auth/token/redeem",
        "POST /auth/token/refresh",
        "POST /sessions/online",
        "POST /sessions/online/{referenceNumber}/invoices",
        "GET /sessions/{referenceNumber}/invoices/{invoiceReferenceNumber}",
        "GET /sessions/{referenceNumber}/invoices",
        "GET /sessions/{referenceNumber}/invoices/{invoiceReferenceNumber}/upo",
        "GET /sessions/{referenceNumber}/invoices/ksef/{ksefNumber}/upo",
        "GET /invoices/ksef/{ksefNumber}",
        "POST /sessions/online/{referenceNumber}/close",
    }


def test_refusals_keep_the_contract(witness: Witness) -> None:
    """400, 401, 403 and 429 in the format we asked for."""
    told: list[type[KSeFError]] = []
    with _gateway(witness) as gateway, httpx.Client(transport=witness, base_url="http://ksef") as control:
        reader = control.post(
            "/_control/tokens", json={"nip": SELLER.nip, "permissions": ["InvoiceRead"]}
        ).json()
        access = gateway.log_in(TokenCredential(token=reader["token"]), nip=SELLER.nip).access.token
        limited = {"match": {"path_regex": "/v2/invoices/"}, "action": "limited", "retry_after": 5}
        control.post("/_control/faults", json={"faults": [limited]})
        for call in (
            lambda: gateway.get_invoice(access, "5265877635-20250826-0100001AF629-AF"),
            lambda: gateway.get_invoice(access, "5265877635-20250826-0100001AF629-AF"),
            lambda: gateway.open_online_session(access),
            lambda: gateway.refresh("nonsense"),
            lambda: gateway.close_online_session(access, "20261122-SO-0000000000-0000000000-00"),
        ):
            with pytest.raises(KSeFError) as caught:
                call()
            told.append(caught.type)
    assert told[:3] == [Limited, Refused, Refused]
    assert {status for _, status in witness.seen} >= {400, 401, 403, 429}
