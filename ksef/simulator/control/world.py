"""The control API of tests and of the demo: clock, settings, faults, keys, tokens and the ledger."""

import base64
from typing import Final

from ksef.simulator import keys
from ksef.simulator.access.ksef_tokens import PERMISSIONS, TokenWish, issue_token
from ksef.simulator.access.token_request import CONTEXTS
from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content, without_empty
from ksef.simulator.routing import Call, Route
from ksef.simulator.sending.records import SUCCESS, Invoice, list_all_invoices
from ksef.simulator.world import as_milliseconds, iso

_USAGES: Final = (keys.TOKENS, keys.SYMMETRIC)
_PLANNED: Final = frozenset({405, 500, 550})


def reset(call: Call) -> Response:
    """Forget all but the first key, whose making is slow; clock and settings are as at the start of the process."""
    call.world.faults.clear()
    call.world.scripts.clear()
    call.world.rates.clear()
    call.world.verdicts.clear()
    call.world.store.clear()
    call.world.spool.clear()
    call.world.reset_settings()
    keys.keep_first_key(call.world.store)
    return no_content()


def show_clock(call: Call) -> Response:
    """Show the simulated time and how far it is from the real one, in seconds."""
    return json_response({"now": iso(call.world.now()), "offset": call.world.offset})


def set_clock(call: Call) -> Response:
    """Set `offset` in seconds, or `now` as a moment with an offset from UTC; time then runs on."""
    fields = Fields.of(call.request)
    if fields.has("now"):
        call.world.set_clock(offset=fields.moment("now").timestamp() - call.world.wall_clock())
    else:
        call.world.set_clock(offset=fields.number("offset"))
    return show_clock(call)


def show_options(call: Call) -> Response:
    """Show all settings."""
    return json_response(call.world.options_as_json())


def set_options(call: Call) -> Response:
    """Change any of the settings by name: processing, authentication, lifetimes and limits, in seconds."""
    fields = Fields.of(call.request)
    try:
        call.world.set_options(
            {
                name: fields.flag(name) if isinstance(value, bool) else fields.number(name)
                for name, value in fields.items()
            }
        )
    except ValueError as error:
        raise Refusal(21405, str(error)) from error
    return show_options(call)


def show_warning(call: Call) -> Response:
    """Show the warning that answers carry in X-System-Warning; there is none when it is empty."""
    return json_response({"text": call.world.warning})


def set_warning(call: Call) -> Response:
    """Let answers carry `{"text": "[code]: message | [code]: message"}`, or with an empty text none."""
    call.world.set_warning(Fields.of(call.request).text("text", length=(0, 2000)))
    return show_warning(call)


def plan_verdicts(call: Call) -> Response:
    """Let the next invoices end with these codes: `{"codes": [550, 500]}`."""
    codes = Fields.of(call.request).integers("codes")
    if not set(codes) <= _PLANNED:
        raise Refusal(21405, f"codes: one of {sorted(_PLANNED)}.")
    call.world.verdicts.extend(codes)
    return json_response({"codes": list(call.world.verdicts)})


def issue_control_token(call: Call) -> Response:
    """Issue an active KSeF token for a NIP without a login, for the demo's seed."""
    fields = Fields.of(call.request)
    nip = fields.text("nip")
    permissions = tuple(fields.texts("permissions")) if fields.has("permissions") else PERMISSIONS
    if CONTEXTS["Nip"].fullmatch(nip) is None or not set(permissions) <= set(PERMISSIONS):
        raise Refusal(21405, "nip, permissions: nieprawidłowa wartość.")
    wish = TokenWish(
        context=("Nip", nip),
        author=("Nip", nip),
        permissions=permissions,
        description=fields.text("description", length=(5, 256))
        if fields.has("description")
        else "Token demo",
        delay=0,
    )
    reference, token = issue_token(call.world, wish)
    return json_response({"referenceNumber": reference, "token": token}, status=201)


def rotate_keys(call: Call) -> Response:
    """Rotate: `planned` adds a key beside the old, `emergency` withdraws the old, `recertify` keeps the key."""
    fields = Fields.of(call.request)
    mode = fields.text("mode")
    if mode not in {"planned", "emergency", "recertify"}:
        raise Refusal(21405, "mode: planned, emergency or recertify.")
    if mode == "recertify":
        return json_response({"publicKeyId": keys.recertify(call.world.store, now=call.now)})
    if mode == "emergency":
        keys.withdraw_keys(call.world.store, now=call.now)
    delay = fields.number("validInSeconds") if fields.has("validInSeconds") else 0
    key_id = keys.add_encryption_key(
        call.world.store, usage=_USAGES, valid_from=call.now + as_milliseconds(delay)
    )
    return json_response({"publicKeyId": key_id})


def show_ledger(call: Call) -> Response:
    """Return the oracle: all that was received, in order, and what of it was accepted."""
    received = [_entry(invoice) for invoice in list_all_invoices(call.world.store)]
    accepted = [entry for entry in received if entry["code"] == SUCCESS]
    return json_response({"accepted": accepted, "received": received})


def _entry(invoice: Invoice) -> dict[str, object]:
    return {
        "code": invoice.code,
        **without_empty(
            {
                "ksefNumber": invoice.ksef_number,
                "hash": invoice.hash,
                "hashHex": base64.b64decode(invoice.hash).hex(),
                "seller": invoice.seller,
                "number": invoice.number,
                "kind": invoice.kind,
                "mode": invoice.mode,
                "sessionReferenceNumber": invoice.session,
                "referenceNumber": invoice.reference,
                "receivedAt": iso(invoice.received_at),
                "details": invoice.messages or None,
            }
        ),
    }


CONTROL_ROUTES: Final = (
    Route("POST", "/_control/reset", reset),
    Route("GET", "/_control/clock", show_clock),
    Route("POST", "/_control/clock", set_clock),
    Route("GET", "/_control/options", show_options),
    Route("POST", "/_control/options", set_options),
    Route("GET", "/_control/warning", show_warning),
    Route("POST", "/_control/warning", set_warning),
    Route("POST", "/_control/verdicts", plan_verdicts),
    Route("POST", "/_control/tokens", issue_control_token),
    Route("POST", "/_control/keys", rotate_keys),
    Route("GET", "/_control/ledger", show_ledger),
)
