"""What goes in and out of the simulator: one request, one response, and reading a JSON body strictly."""

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from ksef.simulator.body import Body
from ksef.simulator.errors import Asked, Problem, Refusal
from ksef.simulator.identifiers import Identifier, has_form, has_valid_digits

MAX_BODY = 8_000_000
"""Bytes of a request body; an invoice of 3 MB, encrypted and in Base64, is 4 MB."""
MAX_QUERY: Final = 8192
"""Characters of a query; every list the contract takes there is short."""
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9000
"""Farther away a change of the time zone could leave the calendar."""

_GREATEST: Final = 10_000_000_000
"""Of a number in JSON, which may be infinite or none at all; as seconds these are three centuries."""
_INT64: Final = 2**63 - 1
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character, escaped in JSON: no encoding can write it, so no answer could repeat it."""


@dataclass(frozen=True, slots=True)
class Request:
    """`stream` takes the place of `body` where a route asks for it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    client_ip: str
    root_url: str
    stream: Body | None = field(default=None, repr=False)

    def query_value(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[-1] if values else None

    @property
    def wants_problem_details(self) -> bool:
        return self.headers.get("x-error-format", "").strip().lower() == "problem-details"


@dataclass(frozen=True, slots=True)
class Response:
    """`file` takes the place of `body`: it is sent piece by piece."""

    status: int
    content_type: str = ""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    file: Path | None = None

    def loaded(self) -> "Response":
        """Return the same answer with its bytes at hand, for who bends them."""
        return self if self.file is None else replace(self, body=self.file.read_bytes(), file=None)


def json_response(value: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, "application/json; charset=utf-8", body, headers)


def render(problem: Problem, *, request: Request, at: str) -> Response:
    """Turn a refusal into the answer, in the format the caller asked for by X-Error-Format."""
    asked = Asked(path=request.path, at=at, problem_details=request.wants_problem_details)
    content_type, body = problem.body(asked)
    encoded = json.dumps(body, ensure_ascii=False).encode()
    return Response(problem.status.value, content_type, encoded, problem.headers())


def no_content() -> Response:
    return Response(204)


def without_empty(value: dict[str, object]) -> dict[str, object]:
    """Leave out members that are None: every one of them is optional in the contract."""
    return {name: member for name, member in value.items() if member is not None}


def read_request(environ: Mapping[str, Any], *, streams: bool = False) -> Request:
    """Turn a WSGI environment into a request; its path comes without percent escapes."""
    body = Body(environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0))
    headers = {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
    host = headers.get("host") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return Request(
        method=str(environ["REQUEST_METHOD"]).upper(),
        path=str(environ.get("PATH_INFO") or "/"),
        query=parse_qs(str(environ.get("QUERY_STRING") or ""), keep_blank_values=True),
        headers=headers,
        body=b"" if streams else body.read(),
        client_ip=str(environ.get("REMOTE_ADDR") or "127.0.0.1"),
        root_url=f"{environ.get('wsgi.url_scheme', 'http')}://{host}{environ.get('SCRIPT_NAME', '')}",
        stream=body if streams else None,
    )


class Fields:
    """A JSON object read field by field; everything missing or of the wrong kind is 21405 (0 of the digest)."""

    def __init__(self, values: Mapping[str, Any], *, path: str = "") -> None:
        self._values = values
        self._path = path

    @classmethod
    def of(cls, request: Request) -> "Fields":
        try:
            values = json.loads(request.body)
            if _SURROGATE.search(request.body):
                json.dumps(values, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise Refusal(21001, f"Treść nie jest poprawnym dokumentem JSON: {error}") from error
        if not isinstance(values, dict):
            raise Refusal(21001, "Oczekiwano obiektu JSON.")
        return cls(values)

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, *, length: tuple[int, int] = (1, 100_000)) -> str:
        value = self._values.get(name)
        low, high = length
        if not isinstance(value, str) or not low <= len(value) <= high:
            raise self._wrong(name, f"wymagany jest tekst o długości od {low} do {high}")
        return value

    def integer(self, name: str, *, least: int, most: int = _INT64) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(name, f"wymagana jest liczba całkowita nie mniejsza niż {least}")
        if value > most:
            raise self._wrong(name, f"wymagana jest liczba całkowita nie większa niż {most}")
        return value

    def number(self, name: str) -> float:
        value = self._values.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _GREATEST:
            raise self._wrong(name, f"wymagana jest liczba, co do wartości nie większa niż {_GREATEST}")
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "wymagana jest wartość logiczna")
        return value

    def base64(self, name: str, *, length: int | None = None) -> bytes:
        try:
            value = base64.b64decode(self.text(name, length=(1, MAX_BODY)), validate=True)
        except ValueError as error:
            raise self._wrong(name, "wymagany jest tekst w Base64") from error
        if length is not None and len(value) != length:
            raise self._wrong(name, f"wymagane jest {length} bajtów")
        return value

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        value, known = self._values.get(name), tuple(allowed)
        if value not in known:
            raise self._wrong(name, f"wymagana jest jedna z wartości: {', '.join(known)}")
        return str(value)

    def moment(self, name: str, *, zone: tzinfo | None = None) -> datetime:
        """Return a date-time of the contract; one without an offset from UTC only where `zone` says what it means."""
        try:
            value = datetime.fromisoformat(self.text(name, length=(1, 40)))
        except ValueError as error:
            raise self._wrong(name, "wymagana jest data i godzina w ISO 8601") from error
        if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            raise self._wrong(name, f"wymagany jest rok od {_FIRST_YEAR} do {_LAST_YEAR}")
        if value.tzinfo is None and zone is None:
            raise self._wrong(name, "wymagana jest data i godzina z przesunięciem względem UTC")
        return value if value.tzinfo else value.replace(tzinfo=zone)

    def texts(self, name: str) -> list[str]:
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "wymagana jest lista tekstów")
        return list(value)

    def integers(self, name: str) -> list[int]:
        value = self._values.get(name)
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise self._wrong(name, "wymagana jest lista liczb całkowitych")
        return list(value)

    def child(self, name: str) -> "Fields":
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "wymagany jest obiekt")
        return Fields(value, path=f"{self._path}{name}.")

    def children(self, name: str) -> list["Fields"]:
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(name, "wymagana jest lista obiektów")
        return [Fields(item, path=f"{self._path}{name}.") for item in value]

    def optional_child(self, name: str) -> "Fields | None":
        return self.child(name) if self.has(name) else None

    def choices(self, name: str, allowed: Collection[str]) -> tuple[str, ...]:
        """Return a list without repetitions of values from an enumeration; it may be empty."""
        values = self.texts(name)
        if len(set(values)) != len(values) or not set(values) <= set(allowed):
            raise self._wrong(name, f"każda wartość co najwyżej raz, dozwolone: {', '.join(allowed)}")
        return tuple(values)

    def identifier(self, name: str, *, kinds: Collection[str], checks_nip: bool = False) -> Identifier:
        """Return a `{type, value}` of one of these types, whose form and check digits are right."""
        child = self.child(name)
        kind = child.choice("type", kinds)
        return kind, child.matching("value", kind, checks_nip=checks_nip)

    def optional_identifier(self, name: str, *, kinds: Collection[str]) -> Identifier | None:
        return self.identifier(name, kinds=kinds) if self.has(name) else None

    def matching(self, name: str, kind: str, *, checks_nip: bool = False) -> str:
        """Return a text that is an identifier of this type."""
        value = self.text(name)
        if not has_form(kind, value) or not has_valid_digits(kind, value, checks_nip=checks_nip):
            raise self._wrong(name, f"nieprawidłowy identyfikator typu {kind}")
        return value

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name, length=(10, 10)))
        except ValueError as error:
            raise self._wrong(name, "wymagana jest data") from error

    def value(self, name: str) -> Any:
        """Return a member as it is, whatever it is; None when it is missing."""
        return self._values.get(name)

    def items(self) -> list[tuple[str, Any]]:
        return list(self._values.items())

    def _wrong(self, name: str, why: str) -> Refusal:
        return Refusal(21405, f"{self._path}{name}: {why}.")
