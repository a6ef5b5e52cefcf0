"""KSeF tokens: a code that logs in instead of a certificate, while the law allows it (section 2.7)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ksef.exchange.identifiers import Identifier


class TokenPermission(StrEnum):
    INVOICE_READ = "InvoiceRead"
    INVOICE_WRITE = "InvoiceWrite"
    CREDENTIALS_READ = "CredentialsRead"
    CREDENTIALS_MANAGE = "CredentialsManage"
    SUBUNIT_MANAGE = "SubunitManage"
    ENFORCEMENT_OPERATIONS = "EnforcementOperations"
    INTROSPECTION = "Introspection"
    COLLECTIVE_IDENTIFIER_MANAGE = "CollectiveIdentifierManage"


class TokenStatus(StrEnum):
    PENDING = "Pending"  # Not good for a login yet.
    ACTIVE = "Active"
    REVOKING = "Revoking"
    REVOKED = "Revoked"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """KSeF shows the token this once."""

    reference: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListedToken:
    reference: str
    author: Identifier
    context: Identifier
    description: str
    permissions: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    status: str
    status_details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenFilters:
    """Texts are matched in part, from three characters on; of the author kind and value count by themselves."""

    statuses: tuple[TokenStatus, ...] = ()
    description: str | None = None
    author: Identifier | None = None
