"""Consents to attachments, and contexts that nobody may log in to (section 14)."""

from datetime import datetime, time
from typing import Final

from ksef.simulator.access.token_request import CONTEXTS
from ksef.simulator.errors import Refusal
from ksef.simulator.identifiers import Identifier
from ksef.simulator.messages import Fields, Response
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import find_consent
from ksef.simulator.world import WARSAW, as_milliseconds

_CONTEXTS: Final = tuple(CONTEXTS)


def allow_attachments(call: Call) -> Response:
    """POST /testdata/attachment; given once more, a consent has no end again."""
    nip = Fields.of(call.request).matching("nip", "Nip")
    call.world.store.run(
        "INSERT OR REPLACE INTO attachment_consents (nip, given_at) VALUES (?, ?)", nip, call.now
    )
    return Response(200)


def end_attachments(call: Call) -> Response:
    """POST /testdata/attachment/revoke: at once, or at the beginning of the day named."""
    fields = Fields.of(call.request)
    nip = fields.matching("nip", "Nip")
    ends_at = call.now
    if fields.has("expectedEndDate"):
        midnight = datetime.combine(fields.day("expectedEndDate"), time(), tzinfo=WARSAW)
        ends_at = max(call.now, as_milliseconds(midnight.timestamp()))
    if find_consent(call.world.store, nip) is None:
        raise Refusal(21405, f"nip: podmiot {nip} nie ma zgody na załączniki.")
    call.world.store.run("UPDATE attachment_consents SET ends_at = ? WHERE nip = ?", ends_at, nip)
    return Response(200)


def block_context(call: Call) -> Response:
    """POST /testdata/context/block."""
    call.world.store.run(
        "INSERT OR IGNORE INTO blocked_contexts (context_type, context) VALUES (?, ?)", *_read_context(call)
    )
    return Response(200)


def unblock_context(call: Call) -> Response:
    """POST /testdata/context/unblock."""
    call.world.store.run(
        "DELETE FROM blocked_contexts WHERE context_type = ? AND context = ?", *_read_context(call)
    )
    return Response(200)


def _read_context(call: Call) -> Identifier:
    return Fields.of(call.request).identifier("contextIdentifier", kinds=_CONTEXTS)
