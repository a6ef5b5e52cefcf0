"""Polish counts: 1 faktura, 2 faktury, 5 faktur, 22 faktury."""

from __future__ import annotations

_TEENS = range(12, 15)
_FEW = range(2, 5)


def plural(count: int, *, one: str, few: str, many: str) -> str:
    """The form that stands after this number."""
    if count == 1:
        return one
    is_few = count % 10 in _FEW and count % 100 not in _TEENS
    return few if is_few else many
