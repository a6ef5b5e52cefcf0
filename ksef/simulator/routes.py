"""The routing table: every operation, which bearer token it takes and which permissions it asks for."""

from typing import Final

from ksef.simulator import auth, invoices, keys, ksef_tokens, limits, pages, sessions, upo
from ksef.simulator.bearer import Kind
from ksef.simulator.control import CONTROL_ROUTES
from ksef.simulator.routing import Route

_AUTHENTICATION: Final = frozenset({Kind.AUTHENTICATION})
_REFRESH: Final = frozenset({Kind.REFRESH})
_ACCESS: Final = frozenset({Kind.ACCESS})
_ACCESS_OR_REFRESH: Final = frozenset({Kind.ACCESS, Kind.REFRESH})

_SEND: Final = frozenset({"InvoiceWrite", "PefInvoiceWrite", "EnforcementOperations"})
_FOLLOW: Final = _SEND | {"Introspection"}
_READ: Final = frozenset({"InvoiceRead"})

_SESSION: Final = "/v2/sessions/{session}"
_ONLINE: Final = "/v2/sessions/online"

ROUTES: Final = (
    Route("POST", "/v2/auth/challenge", auth.issue_challenge),
    Route("POST", "/v2/auth/xades-signature", auth.log_in_by_signature),
    Route("POST", "/v2/auth/ksef-token", auth.log_in_by_token),
    Route("POST", "/v2/auth/token/redeem", auth.redeem, _AUTHENTICATION),
    Route("POST", "/v2/auth/token/refresh", auth.refresh, _REFRESH),
    Route("GET", "/v2/auth/sessions", auth.list_logins, _ACCESS),
    Route("DELETE", "/v2/auth/sessions/current", auth.end_current_login, _ACCESS_OR_REFRESH),
    Route("DELETE", "/v2/auth/sessions/{reference}", auth.end_login, _ACCESS),
    Route("GET", "/v2/auth/{reference}", auth.show_status, _AUTHENTICATION),
    Route("GET", "/v2/security/public-key-certificates", keys.list_public_keys),
    Route("POST", "/v2/tokens", ksef_tokens.generate_token, _ACCESS),
    Route("GET", "/v2/tokens", ksef_tokens.list_tokens, _ACCESS),
    Route("GET", "/v2/tokens/{reference}", ksef_tokens.show_token, _ACCESS),
    Route("DELETE", "/v2/tokens/{reference}", ksef_tokens.revoke_token, _ACCESS),
    Route("GET", "/v2/sessions", sessions.query_sessions, _ACCESS, _FOLLOW),
    Route("POST", _ONLINE, sessions.open_session, _ACCESS, _SEND),
    Route("POST", f"{_ONLINE}/{{session}}/invoices", invoices.send_invoice, _ACCESS, _SEND),
    Route("POST", f"{_ONLINE}/{{session}}/close", sessions.close_session, _ACCESS, _SEND),
    Route("GET", _SESSION, sessions.show_session, _ACCESS, _FOLLOW),
    Route("GET", f"{_SESSION}/invoices", invoices.list_session_invoices, _ACCESS, _FOLLOW),
    Route("GET", f"{_SESSION}/invoices/failed", invoices.list_failed_invoices, _ACCESS, _FOLLOW),
    Route("GET", f"{_SESSION}/invoices/{{invoice}}", invoices.show_invoice_status, _ACCESS, _FOLLOW),
    Route("GET", f"{_SESSION}/invoices/ksef/{{number}}/upo", upo.show_upo_by_ksef_number, _ACCESS, _FOLLOW),
    Route("GET", f"{_SESSION}/invoices/{{invoice}}/upo", upo.show_upo_by_reference, _ACCESS, _FOLLOW),
    Route("GET", f"{_SESSION}/upo/{{upo}}", upo.show_session_upo, _ACCESS, _FOLLOW),
    Route("GET", "/v2/invoices/ksef/{number}", invoices.show_invoice, _ACCESS, _READ),
    Route("GET", "/v2/limits/context", limits.show_context_limits, _ACCESS),
    Route("GET", "/v2/limits/subject", limits.show_subject_limits, _ACCESS),
    Route("GET", "/v2/rate-limits", limits.show_rate_limits, _ACCESS),
    Route("GET", "/download/upo/{session}/{document}", upo.download_upo),
    Route("GET", "/invoice/{nip}/{date}/{hash}", pages.show_invoice_page),
    Route("GET", "/", pages.show_front_page),
    *CONTROL_ROUTES,
)
