"""The logins that can still be refreshed: their list and their end (section 2.5)."""

from ksef.simulator.access.authentications import (
    Authentication,
    find_authentication,
    list_active_authentications,
)
from ksef.simulator.access.redeeming import login_as_json
from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Response, json_response, no_content, without_empty
from ksef.simulator.paging import read_page
from ksef.simulator.routing import Call


def list_logins(call: Call) -> Response:
    """GET /auth/sessions: the logins of this subject to this context, newest first."""
    current = call.caller.authentication
    found = list_active_authentications(call.world.store, like=current, now=call.now)
    page = read_page(call, low=10, high=100)
    items = [
        {
            **login_as_json(item, now=call.now),
            "referenceNumber": item.reference,
            "isCurrent": item.reference == current.reference,
        }
        for item in page.cut(found)
    ]
    return json_response(without_empty({"continuationToken": page.next_token(len(found)), "items": items}))


def end_current_login(call: Call) -> Response:
    """DELETE /auth/sessions/current; access tokens out there stay valid until they expire (section 2.4)."""
    return _revoke(call, call.caller.authentication)


def end_login(call: Call) -> Response:
    """DELETE /auth/sessions/{referenceNumber}."""
    found = find_authentication(call.world.store, call.parts["reference"])
    mine = call.caller.authentication
    if found is None or (found.context_type, found.context, found.subject) != (
        mine.context_type,
        mine.context,
        mine.subject,
    ):
        raise Refusal(21405, "Sesja uwierzytelnienia nie została znaleziona.")
    return _revoke(call, found)


def _revoke(call: Call, authentication: Authentication) -> Response:
    call.world.store.run(
        "UPDATE authentications SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
        call.now,
        authentication.id,
    )
    return no_content()
