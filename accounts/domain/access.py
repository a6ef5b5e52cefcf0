"""How long an access to KSeF lasts, and when its user is told that it ends (S28, S33-S36)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Days before the end at which its user is told; 0 is the end itself.
ACCESS_NOTICES = (2, 1, 0)
CERTIFICATE_NOTICES = (30, 14, 7, 1, 0)
TOKEN_NOTICES = (60, 30, 14, 7, 1, 0)


class Stage(StrEnum):
    """Where something with an end stands."""

    LASTING = "lasting"
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Outlook:
    """`days` is the distance of the notice that holds now; None while no notice is due yet."""

    stage: Stage
    days: int | None


def look_ahead(until: datetime, *, notices: Sequence[int], now: datetime) -> Outlook:
    """What to say of an end at `until` now: the notice nearest to it whose day has come."""
    if now >= until:
        return Outlook(Stage.ENDED, 0)
    reached = [days for days in notices if now >= until - timedelta(days=days)]
    return Outlook(Stage.ENDING, min(reached)) if reached else Outlook(Stage.LASTING, None)


def next_notice_at(until: datetime, *, notices: Sequence[int], now: datetime) -> datetime | None:
    """The moment at which the next notice comes due; None when the last one has."""
    moments = (until - timedelta(days=days) for days in notices)
    return min((moment for moment in moments if moment > now), default=None)
