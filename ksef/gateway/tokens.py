"""KSeF tokens of a context: making, following and revoking them (section 2.7)."""

from collections.abc import Sequence

from ksef.client import tokens
from ksef.client.transport import Transport
from ksef.exchange.paging import Page
from ksef.exchange.tokens import CreatedToken, ListedToken, TokenFilters, TokenPermission

_ALL = TokenFilters()


class Tokens:
    """`gateway.tokens`; one's own token may be read and revoked without any further right."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, access_token: str, *, permissions: Sequence[TokenPermission], description: str
    ) -> CreatedToken:
        """Needs a login with a certificate (26002) and every permission that is given on (26001).

        The token is Pending at first: `get` says when it is Active. After `Ambiguous` look with `list` for the
        description, revoke what nobody knows, and make another.
        """
        return tokens.create(self._transport, access_token, permissions=permissions, description=description)

    def list(
        self, access_token: str, *, filters: TokenFilters = _ALL, cursor: str | None = None
    ) -> Page[ListedToken]:
        return tokens.list_tokens(self._transport, access_token, filters=filters, cursor=cursor)

    def get(self, access_token: str, reference: str) -> ListedToken:
        return tokens.get(self._transport, access_token, reference)

    def revoke(self, access_token: str, reference: str) -> None:
        """Safe to repeat."""
        tokens.revoke(self._transport, access_token, reference)
