"""Requests that carry a password or a key: kept out of error reports, and their process ends soon after."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_post_parameters

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from django.http import HttpRequest, HttpResponse

# config.gunicorn ends the worker after a request that is marked so: what it held in memory goes with it (V33).
FORGET = "kwit.forget"


def handles_secrets(
    *names: str,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Mark a view whose POST carries these secret fields."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                request.META[FORGET] = True
            return view(request, *args, **kwargs)

        return sensitive_post_parameters(*names)(wrapped)

    return decorate
