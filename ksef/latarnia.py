"""The lighthouse (Latarnia): whether an outage of KSeF has been announced (section 1).

It has outages of its own, so that it cannot be asked says nothing about KSeF: `LighthouseDark` is no `Unavailable`
(F49). What lengthens a deadline by law is a published message, so messages are judged and nothing else.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from types import TracebackType
from typing import Any, Self

import httpx

from ksef.client.reading import Fields, Unreadable
from ksef.client.transport import new_http_client
from ksef.errors import KSeFError
from ksef.exchange.outages import (
    LighthouseMessage,
    LighthouseStatus,
    MessageKind,
    Outage,
    OutageCategory,
    gravest_at,
)

_MAX_ANSWER_BYTES = 1_000_000
_LONGEST_TEXT = 4_000
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Kwit"}


class LighthouseDark(KSeFError):
    """The lighthouse could not be read. KSeF itself may be well: nothing follows from this (F49)."""

    is_safe_to_repeat = True


class Lighthouse:
    """One lighthouse, of PROD in earnest; use as a context manager. That of TEST is always red."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 3.0,
        is_local: bool = False,
    ) -> None:
        """Raises ValueError for an address without TLS, unless it is the simulator's beside us (V39)."""
        if not is_local and httpx.URL(url).scheme != "https":
            raise ValueError("the lighthouse is asked over TLS")
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._http = new_http_client(
            transport=transport, timeout=timeout, is_local=is_local, headers=_HEADERS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get_status(self) -> LighthouseStatus:
        """Raises `LighthouseDark`."""
        return self._get("/status", _read_status)

    def get_messages(self) -> tuple[LighthouseMessage, ...]:
        """All that was published; raises `LighthouseDark`, also when a single message cannot be read.

        A message passed over might be the one that ends an outage, and a deadline would be believed too late.
        """
        return self._get("/messages", _read_messages)

    def _get[T](self, path: str, read: Callable[[Any], T]) -> T:
        try:
            return read(json.loads(self._receive(path)))
        except (httpx.HTTPError, OSError) as failure:
            what = type(failure).__name__
        except (Unreadable, ValueError, RecursionError) as failure:
            what = str(failure)
        raise LighthouseDark(f"GET {path} of the lighthouse: {what[:_LONGEST_TEXT]}")

    def _receive(self, path: str) -> bytes:
        deadline = time.monotonic() + 2 * self._timeout
        with self._http.stream("GET", self._url + path) as response:
            if response.status_code != HTTPStatus.OK:
                raise Unreadable(f"HTTP {response.status_code}")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    raise Unreadable("the answer is too large")
                if time.monotonic() > deadline:
                    raise Unreadable("the answer does not end")
        return bytes(body)


def outages_of(messages: Iterable[LighthouseMessage]) -> tuple[Outage, ...]:
    """The outages that the messages tell of, the earliest first; of several versions the last one counts."""
    known = sorted((message for message in messages if _is_known(message)), key=lambda one: one.event)
    outages = [_join(tuple(group)) for _, group in groupby(known, key=lambda one: one.event)]
    return tuple(sorted(outages, key=lambda outage: (outage.starts_at, outage.event)))


def outage_at(messages: Iterable[LighthouseMessage], moment: datetime) -> Outage | None:
    """The gravest outage that lasts then, by what has been published until now."""
    return gravest_at(outages_of(messages), moment)


def _is_known(message: LighthouseMessage) -> bool:
    return message.category in set(OutageCategory) and message.kind in set(MessageKind)


def _join(messages: tuple[LighthouseMessage, ...]) -> Outage:
    """A failure goes on until a message ends it; a maintenance is announced with its end."""
    ordered = sorted(messages, key=lambda one: (one.version, one.published_at))
    ends = [one for one in ordered if one.kind == MessageKind.FAILURE_END]
    beginnings = [one for one in ordered if one.kind != MessageKind.FAILURE_END] or ends
    told = beginnings[-1]
    return Outage(
        event=told.event,
        category=OutageCategory(told.category),
        starts_at=told.starts_at,
        ends_at=_end_of(told, ends),
        title=told.title,
        text=told.text,
        message_ids=tuple(one.id for one in sorted(messages, key=lambda one: one.published_at)),
    )


def _end_of(told: LighthouseMessage, ends: list[LighthouseMessage]) -> datetime | None:
    if ends:
        return ends[-1].ends_at or ends[-1].published_at
    return told.ends_at if told.kind == MessageKind.MAINTENANCE_ANNOUNCEMENT else None


def _read_status(answer: Any) -> LighthouseStatus:
    fields = Fields.wrap(answer, name="the status")
    return LighthouseStatus(
        status=fields.text("status"),
        messages=_read_messages(fields.members.get("messages") or []),
    )


def _read_messages(answer: Any) -> tuple[LighthouseMessage, ...]:
    if not isinstance(answer, list):
        raise Unreadable("the messages are not a list")
    return tuple(_read_each(answer))


def _read_each(answer: list[Any]) -> Iterator[LighthouseMessage]:
    for entry in answer:
        fields = Fields.wrap(entry, name="a message")
        yield LighthouseMessage(
            id=fields.text("id"),
            event=fields.integer("eventId"),
            category=fields.text("category"),
            kind=fields.text("type"),
            title=(fields.find_text("title") or "")[:_LONGEST_TEXT],
            text=(fields.find_text("text") or "")[:_LONGEST_TEXT],
            starts_at=fields.moment("start"),
            ends_at=fields.find_moment("end"),
            version=fields.find_integer("version") or 0,
            published_at=fields.moment("published"),
        )
