"""Answers as a broken or a newer KSeF would give them: garbled, wrong, or with what nobody knows yet."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from ksef.simulator.errors import Elsewhere, Problem, Refusal, TooManyRequests
from ksef.simulator.faults import Action, Change, Effect, RetryAfter
from ksef.simulator.messages import Request, Response
from ksef.simulator.world import to_datetime

INSTEAD: Final = frozenset({Action.STATUS, Action.ERROR, Action.LIMITED, Action.HTML})

_EVERY: Final = "*"
_UNKNOWN: Final = {"futureMember": {"code": "FutureValue", "rawCode": 999}}
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_MILLISECONDS: Final = "timestampMs"
_NUMBER: Final = re.compile(rb"(\d{10}-(?:\d{8}|IZ\d{6})-[0-9A-F]{12}-)([0-9A-F]{2})")
_TOKEN: Final = "continuationToken"  # noqa: S105 - a name.
_PAGE: Final = b"""<!DOCTYPE html>
<html><head><title>%(status)d</title></head><body><center><h1>%(status)d</h1></center><hr><center>gateway</center>\
</body></html>
"""


def _gateway_page(status: int) -> Response:
    """Return what stands before KSeF when KSeF itself says nothing."""
    return Response(status, "text/html", _PAGE % {b"status": status})


def answer_instead(effect: Effect, *, now: int) -> Response | Problem:
    """Return what is answered in the place of the work, or of its answer."""
    number = int(effect.number)
    match effect.action:
        case Action.HTML | Action.HTML_AFTER:
            return _gateway_page(number)
        case Action.ERROR:
            return Refusal(number, "Błąd zaplanowany w symulatorze.")
        case Action.LIMITED:
            return TooManyRequests(number, retry_header=_retry_header(effect, now=now))
        case _:
            location = [("Location", effect.location)] if effect.location else []
            return Elsewhere(HTTPStatus(number), *location)


def _retry_header(effect: Effect, *, now: int) -> str:
    match effect.retry_after:
        case RetryAfter.ABSENT:
            return ""
        case RetryAfter.DATE:
            return format_datetime(to_datetime(now) + timedelta(seconds=effect.number), usegmt=True)
        case RetryAfter.SECONDS:
            return str(int(effect.number))


def disturb(response: Response, effect: Effect, *, request: Request) -> Response:
    """Return the answer as this fault leaves it; what does not concern it stays byte for byte."""
    if effect.action is Action.GARBLED:
        return replace(response, body=response.body[::-1])
    if effect.action is Action.WRONG_CRC:
        return replace(response, body=_NUMBER.sub(_with_wrong_check, response.body))
    change = _change_of(effect, request)
    if change is None or "json" not in response.content_type or not response.body:
        return response
    body = json.dumps(change(json.loads(response.body)), ensure_ascii=False).encode()
    return replace(response, body=body)


def _change_of(effect: Effect, request: Request) -> Callable[[Any], Any] | None:
    """Return what this fault does to the JSON of an answer."""
    match effect.action:
        case Action.EXTRA_FIELDS:
            return _with_unknown_members
        case Action.SKEW:
            return partial(_shifted, seconds=effect.number)
        case Action.REPEAT_TOKEN:
            return partial(_with_token_of, request)
        case Action.REWRITE:
            return partial(_rewritten, changes=effect.changes)
        case _:
            return None


def _with_wrong_check(found: re.Match[bytes]) -> bytes:
    return found[1] + b"%02X" % (int(found[2], 16) ^ 0x5A)


def _with_unknown_members(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_unknown_members(item) for item in value]
    if isinstance(value, dict):
        return {name: _with_unknown_members(member) for name, member in value.items()} | _UNKNOWN
    return value


def _shifted(value: Any, *, seconds: float) -> Any:
    if isinstance(value, list):
        return [_shifted(item, seconds=seconds) for item in value]
    if isinstance(value, dict):
        return {
            name: member + round(seconds * 1000)
            if name == _MILLISECONDS
            else _shifted(member, seconds=seconds)
            for name, member in value.items()
        }
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value) + timedelta(seconds=seconds)
        return moment.isoformat(timespec="milliseconds")
    return value


def _with_token_of(request: Request, body: Any) -> Any:
    """Only a page that was asked for by a token can give it again: the first one stays as it is."""
    sent = request.headers.get("x-continuation-token")
    return {**body, _TOKEN: sent} if sent and isinstance(body, dict) else body


def _rewritten(body: Any, *, changes: tuple[Change, ...]) -> Any:
    for change in changes:
        body = _everywhere(body, change) if change.anywhere else _changed(body, change.at, change)
    return body


def _everywhere(value: Any, change: Change) -> Any:
    """Change every member of this name that there is; none is added."""
    (name,) = change.at
    if isinstance(value, list):
        return [_everywhere(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    inside = {key: _everywhere(member, change) for key, member in value.items() if key != name}
    if name in value and not change.removes:
        inside[name] = change.value
    return inside


def _changed(value: Any, at: tuple[str, ...], change: Change) -> Any:
    """Follow the path; `*` is every item, a number is one of them. A last name that is not there yet is added."""
    first, *rest = at
    if isinstance(value, list):
        chosen = range(len(value)) if first == _EVERY else [int(first)] if first.isdecimal() else []
        items = [
            _member(item, rest, change) if index in chosen else (item,) for index, item in enumerate(value)
        ]
        return [item for found in items for item in found]
    if not isinstance(value, dict) or (rest and first not in value):
        return value
    return {
        key: member
        for key in [*value, *([] if first in value else [first])]
        for member in (_member(value.get(key), rest, change) if key == first else (value[key],))
    }


def _member(value: Any, rest: list[str], change: Change) -> tuple[Any, ...]:
    """Return what stands in the place of this member: another value, or nothing."""
    if rest:
        return (_changed(value, tuple(rest), change),)
    return () if change.removes else (change.value,)
