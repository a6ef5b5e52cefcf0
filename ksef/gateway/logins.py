"""The logins of whoever is logged in: seeing them and ending them (section 2.5)."""

from ksef.client import logins
from ksef.client.transport import Transport
from ksef.exchange.logins import ListedLogin
from ksef.exchange.paging import Page


class Logins:
    """`gateway.logins`; a login that was ended still acts until its access token expires, about 15 minutes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, access_token: str, *, cursor: str | None = None) -> Page[ListedLogin]:
        return logins.list_logins(self._transport, access_token, cursor=cursor)

    def end(self, access_token: str, reference: str) -> None:
        """Its refresh token is good for nothing from now on. Safe to repeat."""
        logins.end(self._transport, access_token, reference)

    def end_current(self, access_or_refresh_token: str) -> None:
        """End the login that this token came from, as when somebody signs out. Safe to repeat."""
        logins.end_current(self._transport, access_or_refresh_token)
