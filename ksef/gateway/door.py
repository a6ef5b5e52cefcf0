"""The only door to KSeF: what the portal asks of it, in the portal's words."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

import httpx

from ksef.client import auth, documents, sessions
from ksef.client.encryption import seal
from ksef.client.links import LinkPolicy, Links
from ksef.client.reading import Unreadable
from ksef.client.transport import Transport, utc_now
from ksef.crypto import KeyUsage, PublicKey, new_symmetric_key
from ksef.errors import AccessExpired, ContractBroken, Refused
from ksef.exchange import (
    Access,
    AccessToken,
    Credential,
    Endpoint,
    InvoiceStatus,
    OnlineSession,
)
from ksef.exchange.identifiers import Identifier, IdentifierKind
from ksef.exchange.logins import AllowedAddresses, LoginScope
from ksef.gateway.batches import Batches
from ksef.gateway.certificates import Certificates
from ksef.gateway.collective import CollectiveIdentifiers
from ksef.gateway.invoices import Invoices
from ksef.gateway.limits import Limits
from ksef.gateway.login import Login
from ksef.gateway.logins import Logins
from ksef.gateway.permissions import Permissions
from ksef.gateway.public_keys import PublicKeys
from ksef.gateway.tokens import Tokens
from ksef.pacing import Gate
from ksef.status import InvoiceFate, invoice_fate

# 10 000 invoices in a session, 1000 on a page, and room for limits that were raised.
_MOST_PAGES = 200
_REFRESH_OVER = frozenset({21301, 21304, 21308})
_BEST_FIRST = (InvoiceFate.ACCEPTED, InvoiceFate.PENDING, InvoiceFate.DUPLICATE)


class Gateway:
    """One environment, one connection pool and its public keys; use as a context manager, in one thread.

    `gate` is asked before each request and may hold it back with `Limited` (ksef.pacing).
    """

    def __init__(  # noqa: PLR0913 - all but the endpoint are the edges of the process, and have their usual value.
        self,
        endpoint: Endpoint,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
        gate: Gate | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._transport = Transport(endpoint, transport=transport, timeout=timeout, now=now, gate=gate)
        self._public_keys = PublicKeys(self._transport, now=now)
        self._login = Login(self._transport, public_keys=self._public_keys, sleep=sleep)
        self._links = Links(
            LinkPolicy(endpoint.api_url, hosts=endpoint.link_hosts, is_local=endpoint.is_local),
            transport=transport,
            timeout=timeout,
            now=now,
        )
        self.batches = Batches(self._transport, links=self._links, public_keys=self._public_keys)
        self.certificates = Certificates(self._transport)
        self.collective_identifiers = CollectiveIdentifiers(self._transport)
        self.invoices = Invoices(self._transport, links=self._links, public_keys=self._public_keys)
        self.limits = Limits(self._transport)
        self.logins = Logins(self._transport)
        self.permissions = Permissions(self._transport)
        self.tokens = Tokens(self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._links.close()
        self._transport.close()

    def log_in(
        self,
        credential: Credential,
        *,
        nip: str,
        context: Identifier | None = None,
        addresses: AllowedAddresses | None = None,
    ) -> Access:
        """Tokens for the company's context, or for another `context` than the company as a whole.

        Safe to repeat; begins anew once when the tokens got lost (F14). `addresses`: where alone they are good.
        Raises `Refused` with the status code of section 2.4, `CredentialUnusable`, or `Unavailable` when
        KSeF has not decided in about twenty seconds.
        """
        scope = LoginScope(context or Identifier(IdentifierKind.NIP, nip), addresses)
        return self._login.log_in(credential, scope=scope)

    def refresh(self, refresh_token: str) -> AccessToken:
        """A new access token; `AccessExpired` when only a new login helps (F13)."""
        try:
            return auth.refresh(self._transport, refresh_token)
        except Refused as refusal:
            if refusal.code not in _REFRESH_OVER:
                raise
            raise AccessExpired(f"KSeF ended this login ({refusal.code})") from refusal

    def open_online_session(self, access_token: str) -> OnlineSession:
        """A session for FA(3) with its own key. Safe to repeat: an unused session ends by itself."""
        secret = new_symmetric_key()

        def open_with(public_key: PublicKey) -> sessions.OpenedSession:
            encryption = seal(secret, public_key=public_key)
            return sessions.open_online_session(self._transport, access_token, encryption=encryption)

        opened = self._public_keys.use(KeyUsage.SYMMETRIC_KEY, open_with)
        return OnlineSession(
            reference=opened.reference, valid_until=opened.valid_until, key=secret.key, iv=secret.iv
        )

    def send_invoice(
        self,
        access_token: str,
        *,
        session: OnlineSession,
        xml: bytes,
        offline: bool = False,
        corrects: bytes | None = None,
    ) -> str:
        """The invoice's reference: KSeF has queued these bytes. After `Ambiguous` ask `find_invoice`.

        `corrects` is the hash of the rejected offline document that these bytes replace (section 10).
        """
        return sessions.send_invoice(
            self._transport, access_token, session=session, xml=xml, offline=offline, corrects=corrects
        )

    def get_invoice_status(
        self, access_token: str, *, session_reference: str, invoice_reference: str
    ) -> InvoiceStatus:
        """What ksef.status.invoice_fate judges; the KSeF number in it has a right checksum."""
        return sessions.get_invoice_status(
            self._transport,
            access_token,
            session_reference=session_reference,
            invoice_reference=invoice_reference,
        )

    def find_invoice(
        self, access_token: str, *, session_reference: str, sha256: bytes
    ) -> InvoiceStatus | None:
        """Our bytes among all invoices of the session; of several the one that went furthest (F1, F39).

        None only after every page was read. A token that comes again raises `ContractBroken` (F26).
        """
        found: InvoiceStatus | None = None
        for page in self._pages(access_token, session_reference):
            for status in _read_matches(page, sha256=sha256):
                if found is None or _rank(status) <= _rank(found):
                    found = status
        return found

    def get_upo(self, access_token: str, *, session_reference: str, invoice_reference: str) -> bytes:
        """The exact bytes, equal to their x-ms-meta-hash; ksef.upo.check_upo judges what they say."""
        return documents.get_invoice_upo(
            self._transport,
            access_token,
            session_reference=session_reference,
            invoice_reference=invoice_reference,
        )

    def get_upo_by_ksef_number(self, access_token: str, *, session_reference: str, ksef_number: str) -> bytes:
        """For an invoice whose reference we never had: the original of a duplicate (F18)."""
        return documents.get_invoice_upo_by_ksef_number(
            self._transport, access_token, session_reference=session_reference, ksef_number=ksef_number
        )

    def get_invoice(self, access_token: str, ksef_number: str) -> bytes:
        return documents.get_invoice(self._transport, access_token, ksef_number)

    def close_online_session(self, access_token: str, session_reference: str) -> None:
        """Safe to repeat; a session already closed raises `Refused` 21180."""
        sessions.close_online_session(self._transport, access_token, session_reference)

    def _pages(self, access_token: str, session_reference: str) -> Iterator[sessions.InvoicePage]:
        token: str | None = None
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = sessions.list_session_invoices(
                self._transport,
                access_token,
                session_reference=session_reference,
                continuation_token=token,
            )
            yield page
            token = page.next_token
            if token is None:
                return
            if token in seen:
                raise ContractBroken("the pages of a session repeat themselves")
            seen.add(token)
        raise ContractBroken("the pages of a session do not end")


def _read_matches(page: sessions.InvoicePage, *, sha256: bytes) -> Iterator[InvoiceStatus]:
    """A row that cannot be read may be ours, so it is an error and not "not found"."""
    try:
        for row in page.rows:
            if row.binary("invoiceHash") == sha256:
                yield sessions.read_invoice_status(row)
    except Unreadable as failure:
        raise ContractBroken(f"the invoices of a session: {failure}") from None


def _rank(status: InvoiceStatus) -> int:
    fate = invoice_fate(status.code)
    return _BEST_FIRST.index(fate) if fate in _BEST_FIRST else len(_BEST_FIRST)
