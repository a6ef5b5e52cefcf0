"""The only door to KSeF: what the portal asks of it, in the portal's words."""

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
from ksef.gateway.door import Gateway

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
