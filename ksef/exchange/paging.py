"""Long answers come in pages, and KSeF has two ways of asking for the next one (section 0)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page[T]:
    """`cursor` given back to the same question brings the next page; None on the last one."""

    items: tuple[T, ...]
    cursor: str | None
