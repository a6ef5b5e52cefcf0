"""Pages with an opaque continuation token (section 0, pagination style b)."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ksef.simulator.errors import Refusal
from ksef.simulator.routing import Call


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
    text = call.request.query_value("pageSize") or "10"
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise Refusal(21405, f"pageSize: wymagana jest liczba od {low} do {high}.")
    token = call.request.headers.get("x-continuation-token", "")
    start = _start_of(token, path=call.request.path) if token else 0
    return Page(path=call.request.path, start=start, size=int(text))


def _start_of(token: str, *, path: str) -> int:
    try:
        of_path, start = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:
        raise Refusal(21418) from error
    if of_path != path or not isinstance(start, int) or start < 0:
        raise Refusal(21418)
    return start
