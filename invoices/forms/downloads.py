"""What is wanted of many invoices at once; whatever no form of ours could have sent is left out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from invoices.selectors.archive import Content

if TYPE_CHECKING:
    from django.http import QueryDict

WANTED: Final = "co"
MONTH: Final = "miesiac"


def wanted_contents(data: QueryDict) -> tuple[Content, ...]:
    """In a fixed order, each once."""
    asked = set(data.getlist(WANTED))
    return tuple(content for content in Content if content.value in asked)


def wanted_month(data: QueryDict) -> date | None:
    """The first day of the month asked for as 2026-11; None when it is no month."""
    try:
        return date.fromisoformat(f"{data.get(MONTH, '')}-01")
    except ValueError:
        return None
