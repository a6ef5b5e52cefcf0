"""Addresses of logging in and of KSeF tokens."""

from typing import Final

from ksef.simulator import keys
from ksef.simulator.access import auth, logins, redeeming, token_operations
from ksef.simulator.bearer import Kind
from ksef.simulator.routing import ACCESS, Route

_AUTHENTICATION: Final = frozenset({Kind.AUTHENTICATION})
_REFRESH: Final = frozenset({Kind.REFRESH})


ROUTES: Final = (
    Route("POST", "/v2/auth/challenge", auth.issue_challenge, group="anonymous"),
    Route("POST", "/v2/auth/xades-signature", auth.log_in_by_signature, group="anonymous"),
    Route("POST", "/v2/auth/ksef-token", auth.log_in_by_token, group="anonymous"),
    Route("POST", "/v2/auth/token/redeem", redeeming.redeem, _AUTHENTICATION, group="anonymous"),
    Route("POST", "/v2/auth/token/refresh", redeeming.refresh, _REFRESH, group="anonymous"),
    Route("GET", "/v2/auth/sessions", logins.list_logins, ACCESS),
    Route("DELETE", "/v2/auth/sessions/current", logins.end_current_login, ACCESS | _REFRESH),
    Route("DELETE", "/v2/auth/sessions/{reference}", logins.end_login, ACCESS),
    Route("GET", "/v2/auth/{reference}", redeeming.show_status, _AUTHENTICATION, group="anonymous"),
    Route("GET", "/v2/security/public-key-certificates", keys.list_public_keys, group="anonymous"),
    Route("POST", "/v2/tokens", token_operations.generate_token, ACCESS),
    Route("GET", "/v2/tokens", token_operations.list_tokens, ACCESS),
    Route("GET", "/v2/tokens/{reference}", token_operations.show_token, ACCESS),
    Route("DELETE", "/v2/tokens/{reference}", token_operations.revoke_token, ACCESS),
)
