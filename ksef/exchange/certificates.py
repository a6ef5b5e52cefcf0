"""Certificates that KSeF issues: asking for one, and the ones somebody has (section 3)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ksef.exchange.identifiers import Identifier
from ksef.exchange.status import OperationStatus


class CertificateKind(StrEnum):
    """One certificate serves one purpose; texts of KSeF compare equal to these."""

    AUTHENTICATION = "Authentication"
    OFFLINE = "Offline"


class CertificateStatus(StrEnum):
    ACTIVE = "Active"
    BLOCKED = "Blocked"
    REVOKED = "Revoked"
    EXPIRED = "Expired"


class RevocationReason(StrEnum):
    UNSPECIFIED = "Unspecified"
    SUPERSEDED = "Superseded"
    KEY_COMPROMISE = "KeyCompromise"


@dataclass(frozen=True, slots=True)
class Allowance:
    remaining: int
    limit: int


@dataclass(frozen=True, slots=True)
class CertificateLimits:
    can_request: bool
    enrollment: Allowance
    certificate: Allowance


@dataclass(frozen=True, slots=True)
class EnrollmentData:
    """The subject as KSeF knows it, to be copied unchanged into the request (25003 otherwise)."""

    common_name: str
    country_name: str
    given_name: str | None = None
    surname: str | None = None
    serial_number: str | None = None
    unique_identifier: str | None = None
    organization_name: str | None = None
    organization_identifier: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """Five to a hundred letters, digits, spaces, `_` and `-` make a name."""

    name: str
    kind: CertificateKind
    csr: bytes = field(repr=False)  # DER, of ksef.csr.build_csr.
    valid_from: datetime | None = None  # None: from the moment it is issued.


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A request that KSeF has taken in; follow it by its reference."""

    reference: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class EnrollmentStatus:
    """The serial number comes with success."""

    status: OperationStatus
    requested_at: datetime
    serial_number: str | None


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    serial_number: str
    name: str
    kind: str
    certificate: bytes = field(repr=False)  # DER


@dataclass(frozen=True, slots=True)
class CertificateFilters:
    """None asks for all; the serial number is matched whole, the name in part."""

    serial_number: str | None = None
    name: str | None = None
    kind: CertificateKind | None = None
    status: CertificateStatus | None = None
    expires_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    serial_number: str
    name: str
    kind: str
    common_name: str
    status: str
    subject: Identifier
    valid_from: datetime
    valid_to: datetime
    last_used_at: datetime | None
    requested_at: datetime
