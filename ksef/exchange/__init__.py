"""The values that pass between the portal and KSeF; secrets stay out of every repr."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Environment(StrEnum):
    """Which KSeF: numbers, tokens, keys and certificates of one mean nothing in another (S13)."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`is_local`: the simulator beside us stands behind it, whichever environment it plays; no proxy, no TLS.

    `link_hosts`: where its pre-signed addresses may lead besides the API's own host, by name, over TLS (V39).
    """

    environment: Environment
    api_url: str  # With /v2, without a slash at the end.
    qr_url: str
    is_local: bool = False
    link_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TokenCredential:
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CertificateCredential:
    certificate_pem: bytes
    key_pem: bytes = field(repr=False)


type Credential = TokenCredential | CertificateCredential


@dataclass(frozen=True, slots=True)
class AccessToken:
    token: str = field(repr=False)
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Access:
    access: AccessToken
    refresh: AccessToken
    authentication_reference: str


@dataclass(frozen=True, slots=True)
class OnlineSession:
    reference: str
    valid_until: datetime
    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvoiceStatus:
    reference: str
    code: int
    description: str
    details: tuple[str, ...]
    ksef_number: str | None
    invoice_hash: bytes
    invoicing_mode: str | None
    acquisition_date: datetime | None
    original_ksef_number: str | None
    original_session_reference: str | None
    file_name: str | None = None  # Of a document in a batch: its name in the archive.
    ordinal: int | None = None
    invoice_number: str | None = None
    invoicing_date: datetime | None = None
    permanent_storage_date: datetime | None = None
