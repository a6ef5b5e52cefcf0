"""Control of sessions in mid-run: closing one as if from elsewhere, and letting one fail."""

from http import HTTPStatus
from typing import Final

from ksef.simulator.errors import Elsewhere, Refusal
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.routing import Call, Route
from ksef.simulator.sending.batch import finish_upload
from ksef.simulator.sending.ending import fail_session
from ksef.simulator.sending.packages import find_package
from ksef.simulator.sending.records import Session, find_newest_session, find_session
from ksef.simulator.sending.sessions import end_session, require_open

_ONLINE: Final = frozenset({415, 440, 445})
_BATCH: Final = _ONLINE | {405, 420, 430, 435, 500}


def close_session(call: Call) -> Response:
    """Close the session of `{"referenceNumber": "..."}`, or the newest, as another program of the company would."""
    session = _session(call, _fields(call))
    if session.is_batch:
        finish_upload(call, session)
    else:
        require_open(call, session, purpose="jej zamknięcie")
        end_session(call, session)
    return _told(call, session)


def fail(call: Call) -> Response:
    """End a session that has no outcome yet: `{"code": 500, "referenceNumber"?, "details"?}`; by default the newest.

    Invoices that were not judged end with 405.
    """
    fields = _fields(call)
    session = _session(call, fields)
    code = fields.integer("code", least=0)
    allowed = _BATCH if session.is_batch else _ONLINE
    if code not in allowed:
        raise Refusal(21405, f"code: one of {sorted(allowed)}.")
    if session.code is not None:
        raise Refusal(21180, f"Sesja ma już status {session.code}.")
    details = tuple(fields.texts("details")) if fields.has("details") else ()
    fail_session(call.world, session, code=code, details=details, at=call.now)
    package = find_package(call.world.store, session.reference)
    call.world.spool.remove([part.file for part in package.parts if part.file] if package else [])
    return _told(call, session)


def _fields(call: Call) -> Fields:
    return Fields.of(call.request) if call.request.body else Fields({})


def _session(call: Call, fields: Fields) -> Session:
    store = call.world.store
    if fields.has("referenceNumber"):
        session = find_session(store, fields.text("referenceNumber"))
    else:
        session = find_newest_session(store)
    if session is None:
        raise Elsewhere(HTTPStatus.NOT_FOUND)
    return session


def _told(call: Call, session: Session) -> Response:
    found = find_session(call.world.store, session.reference)
    code = None if found is None else found.code_at(call.now)
    return json_response({"referenceNumber": session.reference, "code": code})


SESSION_ROUTES: Final = (
    Route("POST", "/_control/sessions/close", close_session),
    Route("POST", "/_control/sessions/fail", fail),
)
