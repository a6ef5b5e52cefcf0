"""Pre-signed addresses that KSeF gives out for parts of packages and for UPOs (sections 5, 6 and 7.3).

No token travels there, no redirect is followed and no other host is asked (V39, V40); the addresses themselves
are secrets for as long as they live, so nothing of them but the method goes into an exception.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import httpx

from ksef.client.refusals import read_retry_after
from ksef.client.transport import NOT_DELIVERED, new_http_client
from ksef.errors import ContractBroken, KSeFError, Limited, LinkExpired, Refused, Unavailable

# 401 and 403 are documented; 404 and 410 are what a store says of things it no longer has.
_EXPIRED = frozenset({401, 403, 404, 410})
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Kwit"}
# What frames a request, or says who asks, is ours to set, whatever an answer of KSeF wants us to add.
_OURS = frozenset(
    {"authorization", "connection", "content-length", "cookie", "expect", "host", "transfer-encoding"}
)
# A transfer that drips byte by byte never runs into the timeout of a single read.
_SLOWEST = 100_000  # Bytes in a second.


class ForeignLink(ContractBroken):
    """The address leads to where KSeF has no business to send us; nothing was sent there."""


def _cut_signature(record: logging.LogRecord) -> bool:
    """Httpx logs whole addresses at INFO, and the query of a pre-signed one is the secret in it."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.copy_with(query=None) if isinstance(value, httpx.URL) else value for value in record.args
        )
    return True


logging.getLogger("httpx").addFilter(_cut_signature)


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Which addresses may be followed: of the API's own host, or of hosts that the installation names."""

    api_url: str
    hosts: frozenset[str] = frozenset()
    is_local: bool = False

    def check(self, url: str) -> httpx.URL:
        """TLS proves the host, so a name that suddenly means a private address gets us nowhere (V39)."""
        try:
            asked, api = httpx.URL(url), httpx.URL(self.api_url)
        except httpx.InvalidURL:
            raise ForeignLink("the link cannot be read") from None
        if asked.userinfo or not asked.host:
            raise ForeignLink("the link hides where it leads")
        if asked.scheme != "https" and not (self.is_local and asked.scheme == "http"):
            raise ForeignLink("the link does not lead over TLS")
        is_own = (asked.scheme, asked.host, asked.port) == (api.scheme, api.host, api.port)
        if not is_own and (asked.host not in self.hosts or asked.port is not None):
            raise ForeignLink("the link leads to another host")
        return asked


@dataclass(frozen=True, slots=True)
class Errand:
    """One transfer: what is asked of which address, and how many bytes go one way or the other."""

    method: str
    url: str = field(repr=False)
    size: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: Iterable[bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    headers: httpx.Headers = field(repr=False)
    pieces: Iterator[bytes] = field(repr=False)


class Links:
    """Owns a connection pool of its own, in which no token was ever seen; serves many threads."""

    def __init__(
        self,
        policy: LinkPolicy,
        *,
        transport: httpx.BaseTransport | None,
        timeout: float,
        now: Callable[[], datetime],
    ) -> None:
        self._policy = policy
        self._timeout = timeout
        self._now = now
        self._http = new_http_client(
            transport=transport, timeout=timeout, is_local=policy.is_local, headers=_HEADERS
        )

    def close(self) -> None:
        self._http.close()

    def check(self, url: str) -> None:
        """Raise `ForeignLink` unless the address may be followed."""
        self._policy.check(url)

    @contextmanager
    def run(self, errand: Errand) -> Iterator[Delivery]:
        """Give the answer's body piece by piece, as it came and never more than the errand's size.

        Raises `LinkExpired`, `Limited`, `Refused`, `ContractBroken` or `Unavailable`; all but a refusal may be
        repeated, since a part brought twice is the same part. What the caller raises meanwhile passes through.
        """
        response = self._send(errand)
        try:
            yield Delivery(response.headers, self._receive(response, size=errand.size))
        finally:
            response.close()

    def _send(self, errand: Errand) -> httpx.Response:
        request = self._build(errand)
        response = _attempt(errand.method, lambda: self._http.send(request, stream=True))
        # One pool serves many companies; no cookie may tie their transfers together.
        self._http.cookies.clear()
        error = self._error_of(response)
        if error is not None:
            response.close()
            raise error
        return response

    def _build(self, errand: Errand) -> httpx.Request:
        url = self._policy.check(errand.url)
        headers = dict(errand.headers)
        if any(not _is_harmless(name, value) for name, value in headers.items()):
            raise ContractBroken("KSeF wants a header that is not its to set")
        content = None
        if errand.content is not None:
            headers["Content-Length"] = str(errand.size)  # Else httpx sends chunks, which a store refuses.
            content = self._timed(errand.content, size=errand.size)
        return self._http.build_request(errand.method, url, headers=headers, content=content)

    def _receive(self, response: httpx.Response, *, size: int) -> Iterator[bytes]:
        received = 0
        # Undecoded: whatever is said of their encoding, the hash is over the bytes as they come.
        pieces = self._timed(response.iter_raw(), size=size)
        method = response.request.method
        while (piece := _attempt(method, lambda: next(pieces, None))) is not None:
            received += len(piece)
            if received > size:
                raise ContractBroken("a link gives more than was announced")
            yield piece

    def _timed(self, pieces: Iterable[bytes], *, size: int) -> Iterator[bytes]:
        end = time.monotonic() + 3 * self._timeout + size / _SLOWEST
        for piece in pieces:
            if time.monotonic() > end:
                raise Unavailable("a transfer over a link does not end")
            yield piece

    def _error_of(self, response: httpx.Response) -> KSeFError | None:
        status = response.status_code
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        if status in _EXPIRED:
            return LinkExpired(f"a link is no longer good (HTTP {status})")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Limited(read_retry_after(response.headers.get("Retry-After", ""), now=self._now()))
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unavailable(f"HTTP {status} from a link")
        if status < HTTPStatus.BAD_REQUEST:
            return ContractBroken(f"HTTP {status} from a link, and redirects are not followed")
        return Refused(status, "the store of packages refused it")


def _is_harmless(name: str, value: str) -> bool:
    return (name + value).isascii() and (name + value).isprintable() and name.lower() not in _OURS


def _attempt[T](method: str, act: Callable[[], T]) -> T:
    """What goes wrong on the wire, without the address that stands in httpx's own errors."""
    error: KSeFError
    try:
        return act()
    except NOT_DELIVERED as failure:
        error = Unavailable(f"{method} of a link: no connection ({type(failure).__name__})")
    except (httpx.RequestError, httpx.StreamError, OSError) as failure:
        error = Unavailable(f"{method} of a link: {type(failure).__name__}")
    # Raised out here, so that no cause drags the address along.
    raise error
