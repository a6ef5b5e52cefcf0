"""Pages: by an opaque continuation token, or by page number (section 0, pagination styles b and a)."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.routing import Call

_LAST_PAGE: Final = 2**31 - 1
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


def read_page(call: Call, *, low: int, high: int) -> Page:
    """Return the page asked for; Refusal 21405 for a wrong size, 21418 for a token that is not ours."""
    size = _read_number(call, "pageSize", default=10, low=low, high=high)
    token = call.request.headers.get("x-continuation-token", "")
    start = _start_of(token, path=call.request.path) if token else 0
    return Page(path=call.request.path, start=start, size=size)


def _start_of(token: str, *, path: str) -> int:
    try:
        of_path, start = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:
        raise Refusal(21418) from error
    if of_path != path or not isinstance(start, int) or start < 0:
        raise Refusal(21418)
    return start


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
