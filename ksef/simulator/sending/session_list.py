"""The list of sessions: filters and pages are the database's work (section 4.5)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Response, json_response, without_empty
from ksef.simulator.paging import read_cursor
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import BATCH, ONLINE, Session
from ksef.simulator.sending.sessions import status_of
from ksef.simulator.state import Value
from ksef.simulator.world import WARSAW, as_milliseconds, iso

_SEES_ALL: Final = frozenset({"Introspection", "EnforcementOperations"})
_STATUSES: Final = {
    "InProgress": "code IS NULL",
    "Succeeded": "code = 200",
    "Cancelled": "code = 440",
    "Failed": "code NOT IN (200, 440)",
}
_MOMENTS: Final = {"dateCreated": "created_at", "dateModified": "updated_at", "dateClosed": "closed_at"}


@dataclass(slots=True)
class _Filter:
    """Conditions of a WHERE clause, with their values apart."""

    conditions: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    def add(self, condition: str, *values: Value) -> None:
        self.conditions.append(condition)
        self.values.extend(values)


def query_sessions(call: Call) -> Response:
    """GET /sessions: of the caller's context, newest first."""
    cursor = read_cursor(call, low=10, high=1000, numbers=2)
    wanted = _read_filter(call)
    if cursor.after is not None:
        wanted.add("(created_at, id) < (?, ?)", *cursor.after)
    found = _list_sessions(call, wanted, most=cursor.size + 1)
    shown = found[: cursor.size]
    token = cursor.token_after((shown[-1].created_at, shown[-1].id)) if len(found) > len(shown) else None
    items = [_as_item(session, now=call.now) for session in shown]
    return json_response(without_empty({"continuationToken": token, "sessions": items}))


def _list_sessions(call: Call, wanted: _Filter, *, most: int) -> list[Session]:
    rows = call.world.store.rows(
        f"SELECT * FROM sessions WHERE {' AND '.join(wanted.conditions)}"  # noqa: S608 - our conditions.
        " ORDER BY created_at DESC, id DESC LIMIT ?",
        *wanted.values,
        most,
    )
    return [Session(**row) for row in rows]


def _read_filter(call: Call) -> _Filter:
    kind = call.request.query_value("sessionType")
    if kind not in {ONLINE, BATCH}:
        raise Refusal(21405, "sessionType: wymagana jest wartość Online lub Batch.")
    mine = call.caller.authentication
    wanted = _Filter()
    wanted.add("context_type = ? AND context = ? AND kind = ?", mine.context_type, mine.context, kind)
    if not call.caller.has_any(_SEES_ALL):
        # With InvoiceWrite alone one sees what the same subject opened, in whichever login.
        wanted.add("subject_type = ? AND subject = ?", mine.subject_type, mine.subject)
    reference = call.request.query_value("referenceNumber")
    if reference is not None:
        wanted.add("reference = ?", reference)
    _add_statuses(call, wanted)
    for name, column in _MOMENTS.items():
        _add_bounds(call, wanted, name=name, column=column)
    return wanted


def _add_statuses(call: Call, wanted: _Filter) -> None:
    statuses = set(call.request.query.get("statuses", []))
    if not statuses <= set(_STATUSES):
        raise Refusal(21405, "statuses: nieznana wartość.")
    if statuses:
        wanted.add(f"({' OR '.join(_STATUSES[status] for status in sorted(statuses))})")


def _add_bounds(call: Call, wanted: _Filter, *, name: str, column: str) -> None:
    low, high = _read_moment(call, f"{name}From"), _read_moment(call, f"{name}To")
    if low is not None:
        wanted.add(f"{column} >= ?", low)
    if high is not None:
        wanted.add(f"{column} <= ?", high)


def _read_moment(call: Call, name: str) -> int | None:
    """Read a moment; one without an offset is Polish time (2.1.2 of the changelog)."""
    text = call.request.query_value(name)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text.replace(" ", "+"))
        return as_milliseconds((value if value.tzinfo else value.replace(tzinfo=WARSAW)).timestamp())
    except (ValueError, OverflowError) as error:
        raise Refusal(21405, f"{name}: nieprawidłowa data.") from error


def _as_item(session: Session, *, now: int) -> dict[str, object]:
    return {
        "referenceNumber": session.reference,
        "status": status_of(session, now=now),
        "dateCreated": iso(session.created_at),
        "dateUpdated": iso(session.updated_at),
        "validUntil": iso(session.valid_until),
        "totalInvoiceCount": session.total,
        "successfulInvoiceCount": session.accepted,
        "failedInvoiceCount": session.rejected,
    }
