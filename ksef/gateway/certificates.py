"""Certificates of the one who is logged in, whatever the context: getting, listing and revoking them (section 3)."""

from collections.abc import Sequence

from ksef.client import certificates
from ksef.client.transport import Transport
from ksef.exchange.certificates import (
    CertificateFilters,
    CertificateLimits,
    CertificateRequest,
    Enrollment,
    EnrollmentData,
    EnrollmentStatus,
    IssuedCertificate,
    ListedCertificate,
    RevocationReason,
)
from ksef.exchange.paging import Page

_RETRIEVED_AT_ONCE = 10
_ALL = CertificateFilters()


class Certificates:
    """`gateway.certificates`; requesting one needs a login with a certificate (25001, 25002 otherwise)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_limits(self, access_token: str) -> CertificateLimits:
        return certificates.get_limits(self._transport, access_token)

    def get_enrollment_data(self, access_token: str) -> EnrollmentData:
        """What ksef.csr.build_csr writes into the request."""
        return certificates.get_enrollment_data(self._transport, access_token)

    def enroll(self, access_token: str, request: CertificateRequest) -> Enrollment:
        """KSeF has taken the request in; `get_enrollment` follows it.

        After `Ambiguous` look for its name with `query` before asking again: every request counts.
        """
        return certificates.enroll(self._transport, access_token, request)

    def get_enrollment(self, access_token: str, reference: str) -> EnrollmentStatus:
        """Raises `Refused` 25005 for an unknown reference and 410 when it is older than 30 days."""
        return certificates.get_enrollment(self._transport, access_token, reference)

    def retrieve(self, access_token: str, serial_numbers: Sequence[str]) -> tuple[IssuedCertificate, ...]:
        """The certificates themselves, without their keys; in as many requests of ten as it takes."""
        found: tuple[IssuedCertificate, ...] = ()
        for start in range(0, len(serial_numbers), _RETRIEVED_AT_ONCE):
            part = serial_numbers[start : start + _RETRIEVED_AT_ONCE]
            found += certificates.retrieve(self._transport, access_token, part)
        return found

    def query(
        self, access_token: str, *, filters: CertificateFilters = _ALL, cursor: str | None = None
    ) -> Page[ListedCertificate]:
        return certificates.query(self._transport, access_token, filters=filters, cursor=cursor)

    def revoke(
        self,
        access_token: str,
        *,
        serial_number: str,
        reason: RevocationReason = RevocationReason.UNSPECIFIED,
    ) -> None:
        """Safe to repeat; a certificate that is no longer active raises `Refused` 25009."""
        certificates.revoke(self._transport, access_token, serial_number=serial_number, reason=reason)
