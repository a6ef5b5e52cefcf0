"""What this KSeF holds, counted and cut to what fits on a page."""

from dataclasses import dataclass
from typing import Final

from ksef.simulator.outages.lighthouse import Mode, read_mode
from ksef.simulator.outages.records import Outage, list_outages
from ksef.simulator.state import Store
from ksef.simulator.world import World

MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Context:
    """A company or another context somebody has logged in to."""

    kind: str
    value: str
    name: str | None
    logins: int
    sessions: int
    invoices: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Totals:
    contexts: int
    sessions: int
    invoices: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Lighthouse:
    """What the lighthouse says; `works` tells whether it can say anything."""

    works: bool
    told: tuple[Outage, ...]


_CONTEXTS: Final = """
WITH seen (kind, value, logins, sessions, invoices, accepted, rejected, at) AS (
    SELECT context_type, context, count(*), 0, 0, 0, 0, max(started_at) FROM authentications
    GROUP BY context_type, context
    UNION ALL
    SELECT context_type, context, 0, count(*), sum(total), sum(accepted), sum(rejected), max(updated_at)
    FROM sessions GROUP BY context_type, context
)
SELECT kind, value,
    (SELECT seller_name FROM invoices WHERE seller = value AND code = 200 LIMIT 1) AS name,
    sum(logins) AS logins, sum(sessions) AS sessions, sum(invoices) AS invoices,
    sum(accepted) AS accepted, sum(rejected) AS rejected
FROM seen GROUP BY kind, value ORDER BY max(at) DESC, kind, value LIMIT ?
"""


def latest_contexts(store: Store) -> list[Context]:
    return [Context(**row) for row in store.rows(_CONTEXTS, MOST)]


def count_all(store: Store) -> Totals:
    row = store.row(
        "SELECT (SELECT count(*) FROM (SELECT DISTINCT context_type, context FROM authentications)) AS contexts,"
        " count(*) AS sessions, coalesce(sum(total), 0) AS invoices,"
        " coalesce(sum(accepted), 0) AS accepted, coalesce(sum(rejected), 0) AS rejected FROM sessions"
    )
    if row is None:
        raise LookupError
    return Totals(**row)


def read_lighthouse(world: World, *, now: int) -> Lighthouse:
    mode = read_mode(world.store)
    told = tuple(outage for outage in list_outages(world.store) if outage.is_told_at(now))
    return Lighthouse(works=mode in {Mode.WORKS, Mode.RED}, told=told)
