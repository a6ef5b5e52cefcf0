"""Months as lists offer them."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.utils.formats import date_format

_MOST: Final = 120


def following_month(first: date) -> date:
    """The first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def name_months(first: date | None, last: date | None) -> list[tuple[str, str]]:
    """The months from the newest day back to the oldest, as ("2026-11", "listopad 2026"); none without days."""
    if first is None or last is None:
        return []
    newest = last.year * 12 + last.month - 1
    oldest = first.year * 12 + first.month - 1
    months = [date(index // 12, index % 12 + 1, 1) for index in range(newest, oldest - 1, -1)]
    return [(f"{month:%Y-%m}", date_format(month, "F Y")) for month in months[:_MOST]]
