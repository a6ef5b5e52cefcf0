"""All pages of a long answer, and an end for those that would never end (F26)."""

from collections.abc import Callable, Iterator

from ksef.errors import ContractBroken
from ksef.exchange.paging import Page

_MOST_PAGES = 200


def every[T](fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """The items of all pages, each page fetched when it is needed.

    `every(lambda cursor: gateway.certificates.query(token, cursor=cursor))`; raises `ContractBroken` when a
    cursor comes again or the pages do not end.
    """
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(_MOST_PAGES):
        page = fetch(cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return
        if cursor in seen:
            raise ContractBroken("the pages repeat themselves")
        seen.add(cursor)
    raise ContractBroken("the pages do not end")
