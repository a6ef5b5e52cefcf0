"""Turns an HTTP answer that is no success into the error it means; KSeF has two formats (section 0)."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from ksef.client.reading import Fields, Unreadable
from ksef.errors import AccessExpired, KSeFError, Limited, Refused

DEFAULT_WAIT = 60.0  # When KSeF names no time: one window of its per-minute limits.
_LONGEST_WAIT = 86_400.0
_LONGEST_TEXT = 1_000
_MOST_DETAILS = 50


class NoAnswer(Exception):
    """A server error: whether the request was carried out is not known."""


def error_of(status: int, headers: httpx.Headers, body: bytes, *, now: datetime) -> KSeFError | None:
    """None for a success; raises `NoAnswer` or `Unreadable` when the answer decides nothing."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status == HTTPStatus.UNAUTHORIZED:
        return AccessExpired("KSeF no longer takes this token")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Limited(read_retry_after(headers.get("Retry-After", ""), now=now))
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NoAnswer(f"HTTP {status}")
    if status < HTTPStatus.BAD_REQUEST:
        raise Unreadable(f"HTTP {status}, and redirects are not followed")
    return _read_refusal(status, Fields.parse(body))


def read_retry_after(value: str, *, now: datetime) -> float:
    """Seconds or an HTTP date, or the default when neither (F8)."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return DEFAULT_WAIT
    seconds = (moment - now).total_seconds() if moment.tzinfo else DEFAULT_WAIT
    return min(max(seconds, 1.0), _LONGEST_WAIT)


def _read_refusal(status: int, answer: Fields) -> Refused:
    if answer.has("errors"):
        return _from_errors(status, answer.objects("errors"), code="code", description="description")
    if answer.has("exception"):
        listed = answer.object("exception").objects("exceptionDetailList")
        return _from_errors(status, listed, code="exceptionCode", description="exceptionDescription")
    if answer.has("reasonCode"):
        reason = answer.text("reasonCode")
        return Refused(status, _headline(answer), _security_details(answer), reason=_cut(reason))
    if answer.has("title") or answer.has("detail"):
        return Refused(status, _headline(answer))
    raise Unreadable(f"HTTP {status} without the body of a KSeF refusal")


def _from_errors(status: int, errors: tuple[Fields, ...], *, code: str, description: str) -> Refused:
    """The first error gives code and message; the texts of all go into the details."""
    if not errors:
        return Refused(status, "")
    first, *others = errors
    details = list(first.texts("details"))
    for other in others:
        details += [other.find_text(description) or "", *other.texts("details")]
    return Refused(
        first.integer(code) if first.has(code) else status,
        _cut(first.find_text(description) or ""),
        tuple(_cut(text) for text in details if text)[:_MOST_DETAILS],
    )


def _headline(answer: Fields) -> str:
    return _cut(answer.find_text("detail") or answer.find_text("title") or "")


def _security_details(answer: Fields) -> tuple[str, ...]:
    """`security` of a 403 says, for example, which permissions were missing."""
    members = answer.find_object("security").members
    return tuple(_cut(f"{name}: {_join(value)}") for name, value in members.items())[:_MOST_DETAILS]


def _join(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cut(text: str) -> str:
    return text[:_LONGEST_TEXT]
