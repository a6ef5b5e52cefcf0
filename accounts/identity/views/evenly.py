"""An answer that takes as long for an account that exists as for one that does not (V20)."""

from __future__ import annotations

import time
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

# Longer than finding an account and handing over a letter usually take.
_SECONDS: Final = 0.5


def evenly(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Hold the answer to a form back until half a second is over.

    For a view whose two ways differ by some queries and nothing that could be done on both: where a password is
    hashed, the hash is the same work on both ways and drowns the rest.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        begun = time.monotonic()
        answer = view(request, *args, **kwargs)
        if request.method == "POST":
            time.sleep(max(0.0, begun + _SECONDS - time.monotonic()))
        return answer

    return wrapper
