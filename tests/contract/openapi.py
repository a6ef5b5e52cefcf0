"""The official OpenAPI file as a judge of answers: every member known, every required one there, formats right."""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

if TYPE_CHECKING:
    import httpx

_DEFAULT = Path(__file__).resolve().parents[2].parent / "shared/ksef/openapi/ksef-openapi-2.9.0.json"
_formats = FormatChecker()


@_formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_formats.checks("byte", raises=ValueError)
def _is_base64(value: object) -> bool:
    return not isinstance(value, str) or bool(base64.b64decode(value, validate=True))


@_formats.checks("uri")
def _is_absolute(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


def openapi_path() -> Path:
    return Path(os.environ.get("KSEF_OPENAPI", _DEFAULT))


def _as_json_schema(node: Any) -> Any:
    """Translate OpenAPI 3.0's `nullable`, and close every object: a witness must not invent members."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {name: _as_json_schema(value) for name, value in node.items() if name != "nullable"}
    if isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") is True else schema


@dataclass(frozen=True, slots=True)
class Contract:
    document: dict[str, Any]

    def check(self, response: httpx.Response) -> None:
        """Fail unless the answer is one the contract knows for this operation."""
        where = f"{response.request.method} {response.request.url.path} -> {response.status_code}"
        known = self.operation(response.request)["responses"]
        assert str(response.status_code) in known, f"{where}: unknown status, {response.text}"
        content = known[str(response.status_code)].get("content", {})
        media = response.headers.get("content-type", "").partition(";")[0]
        if not content:
            assert response.content == b"", where
            return
        assert media in content, f"{where}: {media}"
        if media.endswith("json"):
            self._check_json(content[media]["schema"], response.json(), where=where)

    def check_request(self, request: httpx.Request) -> None:
        """Fail unless the request says what its operation may be told, and no more."""
        operation = self.operation(request)
        where = self.name_of(operation)
        known = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert set(request.url.params) <= known, where
        assert ("Authorization" in request.headers) is ("security" in operation), where
        content = operation.get("requestBody", {}).get("content", {})
        if not content:
            assert request.content == b"", where
            return
        kind = request.headers["Content-Type"]
        assert kind in content, where
        if kind == "application/json":
            self._check_json(content[kind]["schema"], json.loads(request.content), where=where)

    def name_of(self, operation: dict[str, Any]) -> str:
        """Method and path template of an operation of this document."""
        return next(
            f"{method.upper()} {path}"
            for path, known in self.document["paths"].items()
            for method, described in known.items()
            if described is operation
        )

    def operation(self, request: httpx.Request) -> dict[str, Any]:
        # An environment of the simulator may stand at a path of its own, such as /demo/v2.
        path = request.url.path.partition("/v2")[2]
        paths = self.document["paths"]
        fitting = [name for name in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", name), path)]
        assert fitting, path
        # The most literal template wins, as the OpenAPI specification asks.
        best = min(fitting, key=lambda name: name.count("{"))
        operation: dict[str, Any] = paths[best][request.method.lower()]
        return operation

    def _check_json(self, schema: dict[str, Any], value: object, *, where: str) -> None:
        whole = {**schema, "components": self.document["components"]}
        validator = Draft202012Validator(_as_json_schema(whole), format_checker=_formats)
        problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
        assert not problems, f"{where}: {problems}"


@cache
def find_contract() -> Contract | None:
    """Return the contract, or None where the official file is not at hand."""
    path = openapi_path()
    return Contract(json.loads(path.read_bytes())) if path.is_file() else None
