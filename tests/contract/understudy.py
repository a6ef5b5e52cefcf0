"""Stands in for KSeF with answers made from the official schemas: sparse ones, full ones, and ones of a later version.

Every request is held against the contract before it is answered, so a client that passes speaks as KSeF wants.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from typing import Any, override

import httpx

from ksef.gateway import Endpoint, Environment, Gateway
from tests.contract.openapi import Contract, find_contract

ENDPOINT = Endpoint(
    environment=Environment.TEST, api_url="https://ksef.example/v2", qr_url="https://qr.example"
)
MOMENT = "2026-11-20T10:00:00.1234567+00:00"
SERIAL = "01F20A5D352AE590"
DOCUMENT = b"<UPO/>"  # Whatever is asked for as XML.
_ENDINGS = {"hasMore": False, "continuationToken": None}
_FORMATS = {"date-time": MOMENT, "date": "1990-02-03", "byte": "AAEC", "uri": "https://ksef.example/x"}


class Shape(Enum):
    SPARSE = "only what is required"
    NULLS = "nothing optional has a value"
    FULL = "everything there is"
    FUTURE = "unknown members and enumeration values"


class Understudy(httpx.BaseTransport):
    """`fixed` gives members of answers by their name, wherever they stand; `whole` the answer to an operation."""

    def __init__(
        self,
        shape: Shape = Shape.FULL,
        *,
        fixed: Mapping[str, Any] | None = None,
        whole: Mapping[str, Any] | None = None,
    ) -> None:
        self._shape = shape
        self._fixed = _ENDINGS | dict(fixed or {})
        self._whole = whole or {}
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self.answers: list[Any] = []

    def gateway(self) -> Gateway:
        return Gateway(ENDPOINT, transport=self, sleep=lambda _: None)

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        contract = _contract()
        contract.check_request(request)
        operation = contract.operation(request)
        self.asked.append(contract.name_of(operation))
        self.requests.append(request)
        status, described = next(
            (int(code), known) for code, known in operation["responses"].items() if code.startswith("2")
        )
        content = described.get("content")
        if not content:
            self.answers.append(None)
            return httpx.Response(status)
        if "application/xml" in content:
            digest = b64encode(sha256(DOCUMENT).digest()).decode()
            return httpx.Response(status, content=DOCUMENT, headers={"x-ms-meta-hash": digest})
        answer = self._whole.get(self.asked[-1]) or self._instance(content["application/json"]["schema"])
        self.answers.append(answer)
        return httpx.Response(status, json=answer)

    def body(self) -> Any:
        """What the last request said."""
        return json.loads(self.requests[-1].content)

    def _instance(self, schema: Mapping[str, Any]) -> Any:
        schema = _resolve(schema)
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                return [] if self._shape in {Shape.SPARSE, Shape.NULLS} else [self._instance(schema["items"])]
            case "string":
                return self._text(schema)
            case "integer":
                return max(int(schema.get("minimum", 0)), 7)
            case "number":
                return 12.5
            case "boolean":
                return True
        raise AssertionError(schema)

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        made: dict[str, Any] = {"addedLater": {"x": [1]}} if self._shape is Shape.FUTURE else {}
        for name, member in schema.get("properties", {}).items():
            if name in self._fixed:
                made[name] = self._fixed[name]
            elif name in required or self._shape in {Shape.FULL, Shape.FUTURE}:
                made[name] = self._instance(member)
            elif self._shape is Shape.NULLS and member.get("nullable"):
                made[name] = None
        return made

    def _text(self, schema: Mapping[str, Any]) -> str:
        if "enum" in schema:
            return "AddedLater" if self._shape is Shape.FUTURE else str(schema["enum"][0])
        if "format" in schema:
            return _FORMATS[schema["format"]]
        return SERIAL if "pattern" in schema else "t" * max(int(schema.get("minLength", 0)), 4)


def _contract() -> Contract:
    contract = find_contract()
    assert contract is not None
    return contract


def _resolve(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references; `allOf` with one part only carries a description."""
    if "allOf" in schema:
        (schema,) = schema["allOf"]
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _resolve(_contract().document["components"]["schemas"][name])
    return schema
