"""Online sessions: opening, closing, status and the list (section 4)."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from ksef.simulator import keys
from ksef.simulator.access.authentications import find_authentication
from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content, without_empty
from ksef.simulator.numbers import new_reference
from ksef.simulator.paging import read_page
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import Counts, Session, count_invoices, list_sessions, own_session
from ksef.simulator.sending.upo import session_upo_page
from ksef.simulator.world import WARSAW, World, as_milliseconds, iso, warsaw_date

_FORM: Final = ("FA (3)", "1-0E", "FA")
_AES_256: Final = 32
_BLOCK: Final = 16
_FEATURE: Final = "subject-identifier-validation"

_OPEN: Final = 100
_DESCRIPTIONS: Final = {
    _OPEN: "Sesja interaktywna otwarta",
    170: "Sesja interaktywna zamknięta",
    200: "Sesja interaktywna przetworzona pomyślnie",
    415: "Błąd odszyfrowania dostarczonego klucza",
    440: "Sesja anulowana",
    445: "Błąd weryfikacji, brak poprawnych faktur",
}
_COMMON: Final = {
    100: "InProgress",
    170: "InProgress",
    200: "Succeeded",
    415: "Failed",
    440: "Cancelled",
    445: "Failed",
}
_TYPES: Final = ("Online", "Batch")


def open_session(call: Call) -> Response:
    """POST /sessions/online; a key that does not decrypt is found out in the status (415)."""
    fields = Fields.of(call.request)
    form = fields.child("formCode")
    if (form.text("systemCode"), form.text("schemaVersion"), form.text("value")) != _FORM:
        raise Refusal(21405, "Wskazany kod formularza nie jest wspierany.")
    encryption = fields.child("encryption")
    iv = encryption.base64("initializationVector", length=_BLOCK)
    key_id = encryption.text("publicKeyId", length=(44, 44)) if encryption.has("publicKeyId") else None
    key = keys.decrypt(
        call.world.store, encryption.base64("encryptedSymmetricKey"), key_id=key_id, usage=keys.SYMMETRIC
    )
    reference = new_reference("SO", on=warsaw_date(call.now))
    valid_until = call.now + as_milliseconds(call.world.options.session_lifetime)
    authentication = call.caller.authentication
    call.world.store.insert(
        "sessions",
        reference=reference,
        authentication=authentication.reference,
        context_type=authentication.context_type,
        context=authentication.context,
        created_at=call.now,
        updated_at=call.now,
        valid_until=valid_until,
        key=key if key is not None and len(key) == _AES_256 else None,
        iv=iv,
        checks_nip=int(_FEATURE in call.request.headers.get("x-ksef-feature", "")),
    )
    return json_response({"referenceNumber": reference, "validUntil": iso(valid_until)}, status=201)


def code_of(session: Session, *, counts: Counts, world: World, now: int) -> int:
    """Return the session's status code; UPO is ready a processing time after the close (4.4)."""
    end = session.end_at(now)
    if session.key is None:
        return 415
    if end is None:
        return _OPEN
    if not counts.total:
        return 440
    pending = counts.total - counts.accepted - counts.rejected
    if pending or now < end + as_milliseconds(world.options.processing):
        return 170
    return 200 if counts.accepted else 445


def require_open(call: Call, session: Session, *, purpose: str) -> None:
    """Refusal 21180 unless the session still takes part."""
    counts = count_invoices(call.world.store, session.reference)
    code = code_of(session, counts=counts, world=call.world, now=call.now)
    if code != _OPEN:
        raise Refusal(21180, f"Status sesji {code} uniemożliwia {purpose}.")


def close_session(call: Call) -> Response:
    """POST /sessions/online/{referenceNumber}/close."""
    session = own_session(call)
    require_open(call, session, purpose="jej zamknięcie")
    call.world.store.run(
        "UPDATE sessions SET closed_at = ?, updated_at = ? WHERE id = ?", call.now, call.now, session.id
    )
    return no_content()


def _status(code: int) -> dict[str, object]:
    status: dict[str, object] = {"code": code, "description": _DESCRIPTIONS[code]}
    return {**status, "details": ["Nie przesłano faktur"]} if code == 440 else status  # noqa: PLR2004 - table 4.5.


def show_session(call: Call) -> Response:
    """GET /sessions/{referenceNumber}."""
    session = own_session(call)
    counts = count_invoices(call.world.store, session.reference)
    code = code_of(session, counts=counts, world=call.world, now=call.now)
    upo = None
    if code == 200:  # noqa: PLR2004 - the status code of success.
        upo = {"pages": [session_upo_page(call, session)]}
    return json_response(
        without_empty(
            {
                "status": _status(code),
                "dateCreated": iso(session.created_at),
                "dateUpdated": iso(session.updated_at),
                "validUntil": iso(session.valid_until),
                "upo": upo,
                "invoiceCount": counts.total,
                "successfulInvoiceCount": counts.accepted,
                "failedInvoiceCount": counts.rejected,
            }
        )
    )


def query_sessions(call: Call) -> Response:
    """GET /sessions: of the caller's context, newest first."""
    if call.request.query_value("sessionType") not in _TYPES:
        raise Refusal(21405, "sessionType: wymagana jest wartość Online lub Batch.")
    page = read_page(call, low=10, high=1000)
    found = [] if call.request.query_value("sessionType") == "Batch" else _matching(call)
    items = [_as_item(call, session) for session in page.cut(found)]
    return json_response(without_empty({"continuationToken": page.next_token(len(found)), "sessions": items}))


def _matching(call: Call) -> list[Session]:
    mine = call.caller.authentication
    sessions = list_sessions(call.world.store, context_type=mine.context_type, context=mine.context)
    if not call.caller.has_any(frozenset({"Introspection", "EnforcementOperations"})):
        sessions = [session for session in sessions if _is_of_same_subject(call, session)]
    conditions = _conditions(call)
    return [session for session in sessions if all(condition(session) for condition in conditions)]


def _is_of_same_subject(call: Call, session: Session) -> bool:
    """With InvoiceWrite alone one sees the sessions that the same subject opened, in whichever login."""
    mine = call.caller.authentication
    theirs = find_authentication(call.world.store, session.authentication)
    return theirs is not None and (theirs.subject_type, theirs.subject) == (mine.subject_type, mine.subject)


def _conditions(call: Call) -> list[Callable[[Session], bool]]:
    reference = call.request.query_value("referenceNumber")
    statuses = set(call.request.query.get("statuses", []))
    if not statuses <= set(_COMMON.values()):
        raise Refusal(21405, "statuses: nieznana wartość.")

    def has_status(session: Session) -> bool:
        counts = count_invoices(call.world.store, session.reference)
        return _COMMON[code_of(session, counts=counts, world=call.world, now=call.now)] in statuses

    conditions: list[Callable[[Session], bool]] = [
        _between(call, "dateCreated", lambda session: session.created_at),
        _between(call, "dateModified", lambda session: session.updated_at),
        _between(call, "dateClosed", lambda session: session.end_at(call.now)),
    ]
    if reference is not None:
        conditions.append(lambda session: session.reference == reference)
    if statuses:
        conditions.append(has_status)
    return conditions


def _between(call: Call, name: str, moment: Callable[[Session], int | None]) -> Callable[[Session], bool]:
    low, high = _instant(call, f"{name}From"), _instant(call, f"{name}To")

    def fits(session: Session) -> bool:
        at = moment(session)
        if at is None:
            return low is None and high is None
        return (low is None or at >= low) and (high is None or at <= high)

    return fits


def _instant(call: Call, name: str) -> int | None:
    """Read a moment; one without an offset is Polish time (2.1.2 of the changelog)."""
    text = call.request.query_value(name)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise Refusal(21405, f"{name}: nieprawidłowa data.") from error
    return as_milliseconds((value if value.tzinfo else value.replace(tzinfo=WARSAW)).timestamp())


def _as_item(call: Call, session: Session) -> dict[str, object]:
    counts = count_invoices(call.world.store, session.reference)
    return {
        "referenceNumber": session.reference,
        "status": _status(code_of(session, counts=counts, world=call.world, now=call.now)),
        "dateCreated": iso(session.created_at),
        "dateUpdated": iso(session.updated_at),
        "validUntil": iso(session.valid_until),
        "totalInvoiceCount": counts.total,
        "successfulInvoiceCount": counts.accepted,
        "failedInvoiceCount": counts.rejected,
    }
