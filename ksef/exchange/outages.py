"""What the lighthouse publishes about KSeF's outages, and the outages that follow from it (section 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OutageCategory(StrEnum):
    """The lighthouse may send others, which mean nothing to us and are plain texts."""

    MAINTENANCE = "MAINTENANCE"
    FAILURE = "FAILURE"
    TOTAL_FAILURE = "TOTAL_FAILURE"


class MessageKind(StrEnum):
    FAILURE_START = "FAILURE_START"
    FAILURE_END = "FAILURE_END"
    MAINTENANCE_ANNOUNCEMENT = "MAINTENANCE_ANNOUNCEMENT"


@dataclass(frozen=True, slots=True)
class LighthouseMessage:
    """One published message; `event` joins those of one outage."""

    id: str
    event: int
    category: str
    kind: str
    title: str
    text: str
    starts_at: datetime
    ends_at: datetime | None
    version: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class LighthouseStatus:
    """`status` alone proves nothing: TEST's is red for ever (F49). Only messages count."""

    status: str
    messages: tuple[LighthouseMessage, ...]


@dataclass(frozen=True, slots=True)
class Outage:
    """One event as its messages tell it; without an end it goes on."""

    event: int
    category: OutageCategory
    starts_at: datetime
    ends_at: datetime | None
    title: str
    text: str
    message_ids: tuple[str, ...]

    def lasts_at(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)


_GRAVEST_FIRST = (OutageCategory.TOTAL_FAILURE, OutageCategory.FAILURE, OutageCategory.MAINTENANCE)


def gravest_at(outages: Iterable[Outage], moment: datetime) -> Outage | None:
    """The gravest of the outages that last then."""
    lasting = (outage for outage in outages if outage.lasts_at(moment))
    return min(lasting, key=lambda outage: _GRAVEST_FIRST.index(outage.category), default=None)
