"""Where a person was going before a gate stopped them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest


def next_page(request: HttpRequest) -> str:
    """The page named by `next`, if it is one of ours; else nothing (V28)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    # The browser, not Django, reads a backslash as a slash and drops what is not printed.
    is_plain = wanted.startswith("/") and wanted.isprintable() and "\\" not in wanted
    return wanted if is_plain and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""


def with_next(name: str, request: HttpRequest) -> str:
    """The address of the next step, with the goal handed on."""
    goal = next_page(request)
    return f"{reverse(name)}?{urlencode({'next': goal})}" if goal else reverse(name)
