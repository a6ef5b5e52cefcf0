"""Pages: by an opaque continuation token, or by page number (section 0, pagination styles b and a)."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from ksef.simulator.errors import Refusal
from ksef.simulator.routing import Call

_LAST_PAGE: Final = 2**31 - 1
_LAST_PLACE: Final = 2**63 - 1
"""What SQLite can compare with."""
_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Page:
    path: str
    start: int
    size: int

    def cut[T](self, items: Sequence[T]) -> Sequence[T]:
        return items[self.start : self.start + self.size]

    def next_token(self, total: int) -> str | None:
        """Return the token of the next page, or None on the last."""
        following = self.start + self.size
        if following >= total:
            return None
        return base64.urlsafe_b64encode(json.dumps([self.path, following]).encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A page that goes on behind the last row seen, so that the last of a thousand costs no more than the first.

    `after` is that row's place in the order, as numbers; None is the beginning.
    """

    path: str
    after: tuple[int, ...] | None
    size: int

    def token_after(self, place: tuple[int, ...]) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.path, place]).encode()).decode("ascii")


def read_page(call: Call, *, low: int, high: int) -> Page:
    """Return the page asked for; Refusal 21405 for a wrong size, 21418 for a token that is not ours."""
    size = _read_number(call, "pageSize", default=10, low=low, high=high)
    start = _read_token(call)
    if start is None:
        return Page(path=call.request.path, start=0, size=size)
    if not _is_place(start):
        raise Refusal(21418)
    return Page(path=call.request.path, start=start, size=size)


def read_cursor(call: Call, *, low: int, high: int, numbers: int) -> Cursor:
    """Return the page asked for, in an order of so many numbers; refuses as `read_page` does."""
    size = _read_number(call, "pageSize", default=10, low=low, high=high)
    place = _read_token(call)
    if place is None:
        return Cursor(path=call.request.path, after=None, size=size)
    if not isinstance(place, list) or len(place) != numbers or not all(_is_place(item) for item in place):
        raise Refusal(21418)
    return Cursor(path=call.request.path, after=tuple(place), size=size)


def _is_place(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= _LAST_PLACE


def _read_token(call: Call) -> Any:
    """Return what one of our tokens for this path holds, None without a token."""
    token = call.request.headers.get("x-continuation-token", "")
    if not token:
        return None
    try:
        of_path, place = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal(21418) from error
    if of_path != call.request.path:
        raise Refusal(21418)
    return place


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """`number` counts pages, from 0 (pageOffset)."""

    number: int
    size: int

    def cut[T](self, items: Sequence[T]) -> Sequence[T]:
        return items[self.number * self.size : (self.number + 1) * self.size]

    def has_more(self, total: int) -> bool:
        return (self.number + 1) * self.size < total


def read_numbered_page(call: Call, *, low: int, high: int) -> NumberedPage:
    """Return the page asked for by pageOffset and pageSize; Refusal 21405 for what is no page."""
    return NumberedPage(
        number=_read_number(call, "pageOffset", default=0, low=0, high=_LAST_PAGE),
        size=_read_number(call, "pageSize", default=10, low=low, high=high),
    )


def _read_number(call: Call, name: str, *, default: int, low: int, high: int) -> int:
    text = call.request.query_value(name) or str(default)
    if len(text) > _DIGITS or not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise Refusal(21405, f"{name}: wymagana jest liczba od {low} do {high}.")
    return int(text)
