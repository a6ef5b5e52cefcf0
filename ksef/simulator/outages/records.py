"""Outages of the simulated KSeF as they are remembered: when, what is told of them, and what the API does."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from ksef.simulator.state import Store


class Category(StrEnum):
    MAINTENANCE = "MAINTENANCE"
    FAILURE = "FAILURE"
    TOTAL_FAILURE = "TOTAL_FAILURE"


class Api(StrEnum):
    """What calls meet during an outage."""

    WORKS = "works"
    SESSIONS = "sessions"  # Sending into a session opened before is 21184; everything else works (4.3).
    MAINTENANCE = "maintenance"  # Sending into an open session is 21184; everything else is 503.
    FAILURE = "failure"  # Everything is answered with a status of 5xx.
    TOTAL_FAILURE = "total_failure"  # Connections are closed without an answer.


USUAL: Final = {
    Category.MAINTENANCE: (Api.MAINTENANCE, 503),
    Category.FAILURE: (Api.FAILURE, 500),
    Category.TOTAL_FAILURE: (Api.TOTAL_FAILURE, 503),
}


@dataclass(frozen=True, slots=True)
class Outage:
    """Milliseconds of the simulated clock; an end that nobody knows yet is None.

    `announced_at` is when the first message is published: before a maintenance, at or after the start of a failure.
    `end_announced_at` is when the lighthouse tells of the end of a failure.
    """

    id: int
    category: str
    title: str
    text: str
    starts_at: int
    ends_at: int | None
    announced_at: int
    end_announced_at: int | None
    version: int
    api: str
    status: int

    def lasts_at(self, now: int) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)

    def is_told_at(self, now: int) -> bool:
        """Return whether the lighthouse counts it as going on: published, begun, and its end not told."""
        end = self.ends_at if self.category == Category.MAINTENANCE else self.end_announced_at
        return max(self.announced_at, self.starts_at) <= now and (end is None or now < end)


def list_outages(store: Store) -> list[Outage]:
    return [Outage(**row) for row in store.rows("SELECT * FROM outages ORDER BY id")]


def list_lasting_outages(store: Store, *, now: int) -> list[Outage]:
    rows = store.rows(
        "SELECT * FROM outages WHERE starts_at <= ? AND (ends_at IS NULL OR ends_at > ?) ORDER BY id",
        now,
        now,
    )
    return [Outage(**row) for row in rows]


def find_outage(store: Store, event: str) -> Outage | None:
    row = store.row("SELECT * FROM outages WHERE CAST(id AS TEXT) = ?", event)
    return None if row is None else Outage(**row)


def save_outage(store: Store, outage: Outage) -> None:
    """Keep a new outage, whose id is 0, or a changed one."""
    values = asdict(outage)
    identifier = values.pop("id")
    if identifier:
        store.update("outages", identifier, **values)
    else:
        store.insert("outages", **values)


def drop_outages(store: Store) -> None:
    store.run("DELETE FROM outages")
