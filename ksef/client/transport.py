"""Sends one request and says honestly what became of it.

Nothing of a request or an answer but method, path and HTTP status goes into a log or an exception.
"""

import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx

from ksef.client.groups import group_of
from ksef.client.reading import Unreadable
from ksef.client.refusals import NoAnswer, error_of
from ksef.errors import AccessExpired, Ambiguous, ContractBroken, KSeFError, Limited, Unavailable
from ksef.exchange import Endpoint
from ksef.exchange.limits import RateGroup
from ksef.pacing import Gate

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 12_000_000
_LONGEST_WARNING = 500
# An answer that drips byte by byte never runs into the timeout of a single read.
_WHOLE_ANSWER_FACTOR = 3
_HEADERS = {
    "Accept": "application/json, application/problem+json, application/xml",
    "Accept-Encoding": "identity",
    "User-Agent": "Kwit",
    "X-Error-Format": "problem-details",
}
# Raised before the first byte of a request can have reached KSeF.
NOT_DELIVERED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request; `is_repeatable` when doing it twice leaves no trace that matters."""

    method: str
    path: str
    bearer: str | None = field(default=None, repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    xml: bytes | None = field(default=None, repr=False)
    params: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_repeatable: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def group(self) -> RateGroup:
        return group_of(self.method, self.path)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


@cache
def _trusted_authorities() -> ssl.SSLContext:
    """Read once per process: it takes longer than most calls, and every piece of work makes a transport."""
    return httpx.create_ssl_context()


def new_http_client(
    *, transport: httpx.BaseTransport | None, timeout: float, is_local: bool, headers: Mapping[str, str]
) -> httpx.Client:
    return httpx.Client(
        headers=headers,
        timeout=timeout,
        transport=transport,
        verify=_trusted_authorities(),
        follow_redirects=False,
        # Proxies of the machine are for the world outside, never for the simulator beside us.
        trust_env=not is_local,
    )


class Transport:
    """Owns the connection pool of one environment."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        transport: httpx.BaseTransport | None,
        timeout: float,
        now: Callable[[], datetime],
        gate: Gate | None = None,
    ) -> None:
        """Raises ValueError for an address without TLS, unless the simulator stands behind it (V39)."""
        if not endpoint.is_local and httpx.URL(endpoint.api_url).scheme != "https":
            raise ValueError("KSeF is asked over TLS")
        self._api_url = endpoint.api_url.rstrip("/")
        self._now = now
        self._gate = gate
        self._longest_answer = timeout * _WHOLE_ANSWER_FACTOR
        self._http = new_http_client(
            transport=transport, timeout=timeout, is_local=endpoint.is_local, headers=_HEADERS
        )

    def close(self) -> None:
        self._http.close()

    def run[T](self, call: Call, read: Callable[[Answer], T]) -> T:
        """The value that `read` finds in the answer; otherwise one of the errors of ksef.errors.

        The gate may raise `Limited`, and then nothing has gone out.
        """
        if self._gate is not None:
            self._gate.enter(call.group)
        try:
            answer = self._exchange(call)
            error = error_of(answer.status, answer.headers, answer.body, now=self._now())
            if error is None:
                return read(answer)
        except NoAnswer as failure:
            error = _doubt(call, str(failure), otherwise=Unavailable)
        except Unreadable as failure:
            error = _doubt(call, str(failure), otherwise=ContractBroken)
        if self._gate is not None and isinstance(error, Limited):
            self._gate.limited(call.group, retry_after=error.retry_after)
        # Raised out here, so that no cause drags a request with its secrets along.
        raise error

    def _exchange(self, call: Call) -> Answer:
        request = self._build(call)
        try:
            answer = self._receive(request)
        except NOT_DELIVERED as failure:
            error: Exception = Unavailable(f"{call.name}: no connection ({type(failure).__name__})")
        except (httpx.RequestError, OSError) as failure:
            # OSError: from a transport that is not httpx's own, such as the simulator mounted in a test.
            error = NoAnswer(type(failure).__name__)
        else:
            _log_system_warning(call, answer)
            return answer
        raise error

    def _build(self, call: Call) -> httpx.Request:
        headers = dict(call.headers)
        if call.bearer is not None:
            if not (call.bearer.isascii() and call.bearer.isprintable()):
                raise AccessExpired("this is no token that KSeF ever gave")
            headers["Authorization"] = f"Bearer {call.bearer}"
        if call.xml is not None:
            headers["Content-Type"] = "application/xml"
        return self._http.build_request(
            call.method,
            self._api_url + call.path,
            headers=headers,
            params=call.params or None,
            content=call.xml,
            json=call.json,
        )

    def _receive(self, request: httpx.Request) -> Answer:
        deadline = time.monotonic() + self._longest_answer
        response = self._http.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise Unreadable("the answer is too large")
                if time.monotonic() > deadline:
                    raise NoAnswer("the answer does not end")
        finally:
            response.close()
            # One pool serves many companies; no cookie may tie their calls together.
            self._http.cookies.clear()
        return Answer(status=response.status_code, headers=response.headers, body=bytes(body))


def utc_now() -> datetime:
    return datetime.fromtimestamp(time.time(), tz=UTC)


def _doubt(call: Call, what: str, *, otherwise: type[KSeFError]) -> KSeFError:
    """After a write the outcome is unknown; after anything else asking again is harmless."""
    return (otherwise if call.is_repeatable else Ambiguous)(f"{call.name}: {what}")


def _log_system_warning(call: Call, answer: Answer) -> None:
    """KSeF announces changes and limits in a header (section 0)."""
    warning = answer.headers.get("X-System-Warning", "")
    if warning:
        text = "".join(character if character.isprintable() else " " for character in warning)
        logger.warning("KSeF warns on %s: %s", call.name, text[:_LONGEST_WARNING])
