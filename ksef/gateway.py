"""The only door to KSeF: what the portal asks of it, in the portal's words."""

from types import TracebackType
from typing import Self

import httpx

from ksef.exchange import (
    Access,
    AccessToken,
    CertificateCredential,
    Credential,
    Endpoint,
    Environment,
    InvoiceStatus,
    OnlineSession,
    TokenCredential,
)

__all__ = [
    "Access",
    "AccessToken",
    "CertificateCredential",
    "Credential",
    "Endpoint",
    "Environment",
    "Gateway",
    "InvoiceStatus",
    "OnlineSession",
    "TokenCredential",
]


class Gateway:
    """One environment, one connection pool; use as a context manager."""

    def __init__(
        self, endpoint: Endpoint, *, transport: httpx.BaseTransport | None = None, timeout: float = 10.0
    ) -> None:
        self._endpoint = endpoint
        self._http = httpx.Client(transport=transport, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def log_in(self, credential: Credential, *, nip: str) -> Access:
        raise NotImplementedError

    def refresh(self, refresh_token: str) -> AccessToken:
        raise NotImplementedError

    def open_online_session(self, access_token: str) -> OnlineSession:
        raise NotImplementedError

    def send_invoice(
        self, access_token: str, *, session: OnlineSession, xml: bytes, offline: bool = False
    ) -> str:
        raise NotImplementedError

    def get_invoice_status(
        self, access_token: str, *, session_reference: str, invoice_reference: str
    ) -> InvoiceStatus:
        raise NotImplementedError

    def find_invoice(
        self, access_token: str, *, session_reference: str, sha256: bytes
    ) -> InvoiceStatus | None:
        raise NotImplementedError

    def get_upo(self, access_token: str, *, session_reference: str, invoice_reference: str) -> bytes:
        raise NotImplementedError

    def get_upo_by_ksef_number(self, access_token: str, *, session_reference: str, ksef_number: str) -> bytes:
        raise NotImplementedError

    def get_invoice(self, access_token: str, ksef_number: str) -> bytes:
        raise NotImplementedError

    def close_online_session(self, access_token: str, session_reference: str) -> None:
        raise NotImplementedError
