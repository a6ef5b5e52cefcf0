"""Shapes that several requests share: identifiers, statuses, pages by number and by token."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ksef.client.reading import Fields
from ksef.exchange.identifiers import Identifier
from ksef.exchange.paging import Page
from ksef.exchange.status import OperationStatus


def read_status(fields: Fields) -> OperationStatus:
    return OperationStatus(
        code=fields.integer("code"),
        description=fields.find_text("description") or "",
        details=fields.texts("details"),
    )


def read_identifier(fields: Fields) -> Identifier:
    """`AllPartners` and `System` have no value."""
    return Identifier(kind=fields.text("type"), value=fields.find_text("value") or "")


def find_identifier(fields: Fields, name: str) -> Identifier | None:
    return read_identifier(fields.object(name)) if fields.has(name) else None


def write_identifier(identifier: Identifier) -> dict[str, str]:
    written = {"type": str(identifier.kind)}
    return written | {"value": identifier.value} if identifier.value else written


def write_moment(moment: datetime) -> str:
    """With its offset: one without was once read as Polish time (section 7.1)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def numbered(cursor: str | None, *, page_size: int) -> dict[str, str | int]:
    """`pageOffset` counts pages, not rows (trap 5)."""
    return {"pageSize": page_size, "pageOffset": int(cursor or 0)}


def read_numbered[T](
    fields: Fields, name: str, *, read: Callable[[Fields], T], cursor: str | None
) -> Page[T]:
    has_more = fields.boolean("hasMore")
    items = tuple(read(entry) for entry in fields.objects(name))
    return Page(items=items, cursor=str(int(cursor or 0) + 1) if has_more else None)


def continued(cursor: str | None) -> dict[str, str]:
    return {"x-continuation-token": cursor} if cursor else {}


def read_continued[T](fields: Fields, name: str, *, read: Callable[[Fields], T]) -> Page[T]:
    items = tuple(read(entry) for entry in fields.objects(name))
    return Page(items=items, cursor=fields.find_text("continuationToken"))
