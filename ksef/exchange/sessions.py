"""What KSeF says about sessions of both kinds: their state, their UPO pages, the list of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SessionType(StrEnum):
    ONLINE = "Online"
    BATCH = "Batch"


class ListedAs(StrEnum):
    """In which of four drawers `GET /sessions` keeps a session."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


@dataclass(frozen=True, slots=True)
class UPOPage:
    """A page of the session's UPO; the address serves without a token until it expires."""

    reference: str
    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """What ksef.status.session_fate judges; counts are None while KSeF does not know them."""

    code: int
    description: str
    details: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    valid_until: datetime | None
    invoice_count: int | None
    successful_count: int | None
    failed_count: int | None
    upo_pages: tuple[UPOPage, ...]


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Filters of the list of sessions; only the type is required."""

    session_type: SessionType
    reference: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    closed_from: datetime | None = None
    closed_to: datetime | None = None
    modified_from: datetime | None = None
    modified_to: datetime | None = None
    listed_as: tuple[ListedAs, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A row of that list: by it an open whose answer was lost is recognised (F23)."""

    reference: str
    code: int
    description: str
    details: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    valid_until: datetime | None
    invoice_count: int
    successful_count: int
    failed_count: int
