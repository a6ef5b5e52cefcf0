"""A session that ends without its invoices being processed: they end with it (section 4.5)."""

import json
from typing import Final

from ksef.simulator.sending.records import Session
from ksef.simulator.world import World

_CANCELLED_WITH_SESSION: Final = 405


def fail_session(world: World, session: Session, *, code: int, details: tuple[str, ...], at: int) -> None:
    """Give the session this outcome; what was judged before stays as it is."""
    store = world.store
    waiting = store.row(
        "SELECT count(*) AS invoices FROM invoices WHERE session = ? AND code IS NULL", session.reference
    )
    store.run(
        "UPDATE invoices SET code = ? WHERE session = ? AND code IS NULL",
        _CANCELLED_WITH_SESSION,
        session.reference,
    )
    store.update(
        "sessions",
        session.id,
        code=code,
        details=json.dumps(details, ensure_ascii=False),
        closed_at=at if session.closed_at is None else session.closed_at,
        updated_at=max(session.updated_at, at),
        rejected=session.rejected + (waiting["invoices"] if waiting else 0),
    )
