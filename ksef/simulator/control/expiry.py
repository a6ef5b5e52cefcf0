"""Control of what ends by itself, before its time: sessions and bearer tokens."""

from typing import Final

from ksef.simulator import bearer
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.routing import Call, Route

_KINDS: Final = {
    "access": bearer.Kind.ACCESS,
    "refresh": bearer.Kind.REFRESH,
    "authentication": bearer.Kind.AUTHENTICATION,
}


def expire_sessions(call: Call) -> Response:
    """Let open sessions reach their validUntil now: all, or that of `{"referenceNumber": "..."}`."""
    fields = Fields.of(call.request) if call.request.body else Fields({})
    reference = fields.text("referenceNumber") if fields.has("referenceNumber") else None
    open_ones = "code IS NULL AND closed_at IS NULL AND (? IS NULL OR reference = ?)"
    expired = call.world.store.rows(f"SELECT reference FROM sessions WHERE {open_ones}", reference, reference)  # noqa: S608 - our words.
    call.world.store.run(
        f"UPDATE sessions SET ends_at = min(ends_at, ?), valid_until = min(valid_until, ?) WHERE {open_ones}",  # noqa: S608 - our words.
        call.now,
        call.now,
        reference,
        reference,
    )
    return json_response({"expired": [row["reference"] for row in expired]})


def expire_logins(call: Call) -> Response:
    """Let all tokens of a kind issued so far expire now: `{"kind": "access"}`, `refresh` or `authentication`."""
    kind = Fields.of(call.request).choice("kind", _KINDS)
    bearer.expire_all(call.world.store, _KINDS[kind])
    return json_response({"kind": kind})


EXPIRY_ROUTES: Final = (
    Route("POST", "/_control/sessions/expire", expire_sessions),
    Route("POST", "/_control/logins/expire", expire_logins),
)
