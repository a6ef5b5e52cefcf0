"""Online sessions, and what a session of either kind tells about itself (section 4)."""

from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content, without_empty
from ksef.simulator.routing import Call
from ksef.simulator.sending.opening import open_online, read_opening
from ksef.simulator.sending.records import ONLINE, SUCCESS, Session, own_session, readable_session
from ksef.simulator.sending.upo import session_upo_pages
from ksef.simulator.world import as_milliseconds, iso

_OPEN: Final = 100
EMPTY: Final = 440
"""Cancelled: nothing was sent in time."""

_ONLINE: Final = {
    _OPEN: "Sesja interaktywna otwarta",
    170: "Sesja interaktywna zamknięta",
    200: "Sesja interaktywna przetworzona pomyślnie",
}
_BATCH: Final = {
    _OPEN: "Sesja wsadowa rozpoczęta",
    150: "Trwa przetwarzanie",
    200: "Sesja wsadowa przetworzona pomyślnie",
}
_BOTH: Final = {
    405: "Błąd weryfikacji poprawności dostarczonych elementów paczki",
    415: "Błąd odszyfrowania dostarczonego klucza",
    420: "Przekroczony limit faktur w sesji",
    430: "Błąd dekompresji pierwotnego archiwum",
    435: "Błąd odszyfrowania zaszyfrowanych części archiwum",
    440: "Sesja anulowana",
    445: "Błąd weryfikacji, brak poprawnych faktur",
    500: "Nieznany błąd (500)",
}


def open_session(call: Call) -> Response:
    """POST /sessions/online; a key that does not decrypt is found out in the status (415)."""
    opened = open_online(call, read_opening(call, Fields.of(call.request)))
    body = {"referenceNumber": opened.reference, "validUntil": iso(opened.valid_until)}
    return json_response(body, status=201)


def require_open(call: Call, session: Session, *, purpose: str) -> None:
    """Refusal 21180 unless the session still takes part."""
    code = session.code_at(call.now)
    if code != _OPEN:
        raise Refusal(21180, f"Status sesji {code} uniemożliwia {purpose}.")


def close_session(call: Call) -> Response:
    """POST /sessions/online/{referenceNumber}/close."""
    session = own_session(call, kind=ONLINE)
    require_open(call, session, purpose="jej zamknięcie")
    end_session(call, session)
    return no_content()


def end_session(call: Call, session: Session) -> None:
    """Close it; what it holds is processed a processing time later (4.4)."""
    call.world.store.update(
        "sessions",
        session.id,
        closed_at=call.now,
        updated_at=call.now,
        due_at=call.now + as_milliseconds(call.world.options.processing),
    )


def status_of(session: Session, *, now: int) -> dict[str, object]:
    """Return the StatusInfo of table 4.5."""
    code = session.code_at(now)
    names = {**_BOTH, **(_BATCH if session.is_batch else _ONLINE)}
    status = {"code": code, "description": names[code], "details": session.messages or None}
    return without_empty(status)


def show_session(call: Call) -> Response:
    """GET /sessions/{referenceNumber}."""
    session = readable_session(call)
    upo = {"pages": session_upo_pages(call, session)} if session.code == SUCCESS else None
    return json_response(
        without_empty(
            {
                "status": status_of(session, now=call.now),
                "dateCreated": iso(session.created_at),
                "dateUpdated": iso(session.updated_at),
                "validUntil": iso(session.valid_until),
                "upo": upo,
                "invoiceCount": session.total,
                "successfulInvoiceCount": session.accepted,
                "failedInvoiceCount": session.rejected,
            }
        )
    )
