"""Requests about certificates of KSeF (section 3)."""

from collections.abc import Sequence
from urllib.parse import quote

from ksef.client.parts import (
    numbered,
    read_identifier,
    read_numbered,
    read_status,
    without_none,
    write_moment,
)
from ksef.client.reading import Fields
from ksef.client.transport import Answer, Call, Transport
from ksef.crypto import to_base64
from ksef.exchange.certificates import (
    Allowance,
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

PAGE_SIZE = 50


def get_limits(transport: Transport, access_token: str) -> CertificateLimits:
    return transport.run(Call("GET", "/certificates/limits", bearer=access_token), _read_limits)


def get_enrollment_data(transport: Transport, access_token: str) -> EnrollmentData:
    call = Call("GET", "/certificates/enrollments/data", bearer=access_token)
    return transport.run(call, _read_enrollment_data)


def enroll(transport: Transport, access_token: str, request: CertificateRequest) -> Enrollment:
    """Each request counts against the limit and may become a certificate, so doubt is `Ambiguous`."""
    body = without_none(
        {
            "certificateName": request.name,
            "certificateType": request.kind.value,
            "csr": to_base64(request.csr),
            "validFrom": write_moment(request.valid_from) if request.valid_from else None,
        }
    )
    call = Call("POST", "/certificates/enrollments", bearer=access_token, json=body, is_repeatable=False)
    return transport.run(call, _read_enrollment)


def get_enrollment(transport: Transport, access_token: str, reference: str) -> EnrollmentStatus:
    path = f"/certificates/enrollments/{quote(reference, safe='')}"
    return transport.run(Call("GET", path, bearer=access_token), _read_enrollment_status)


def retrieve(
    transport: Transport, access_token: str, serial_numbers: Sequence[str]
) -> tuple[IssuedCertificate, ...]:
    body = {"certificateSerialNumbers": list(serial_numbers)}
    call = Call("POST", "/certificates/retrieve", bearer=access_token, json=body)
    return transport.run(call, _read_issued)


def query(
    transport: Transport, access_token: str, *, filters: CertificateFilters, cursor: str | None
) -> Page[ListedCertificate]:
    body = without_none(
        {
            "certificateSerialNumber": filters.serial_number,
            "name": filters.name,
            "type": filters.kind,
            "status": filters.status,
            "expiresAfter": write_moment(filters.expires_after) if filters.expires_after else None,
        }
    )
    call = Call(
        "POST",
        "/certificates/query",
        bearer=access_token,
        json=body,
        params=numbered(cursor, page_size=PAGE_SIZE),
    )

    def read(answer: Answer) -> Page[ListedCertificate]:
        return read_numbered(Fields.parse(answer.body), "certificates", read=_read_listed, cursor=cursor)

    return transport.run(call, read)


def revoke(transport: Transport, access_token: str, *, serial_number: str, reason: RevocationReason) -> None:
    path = f"/certificates/{quote(serial_number, safe='')}/revoke"
    body = {"revocationReason": reason.value}
    transport.run(Call("POST", path, bearer=access_token, json=body), lambda _: None)


def _read_limits(answer: Answer) -> CertificateLimits:
    fields = Fields.parse(answer.body)
    return CertificateLimits(
        can_request=fields.boolean("canRequest"),
        enrollment=_read_allowance(fields.object("enrollment")),
        certificate=_read_allowance(fields.object("certificate")),
    )


def _read_allowance(fields: Fields) -> Allowance:
    return Allowance(remaining=fields.integer("remaining"), limit=fields.integer("limit"))


def _read_enrollment_data(answer: Answer) -> EnrollmentData:
    fields = Fields.parse(answer.body)
    return EnrollmentData(
        common_name=fields.text("commonName"),
        country_name=fields.text("countryName"),
        given_name=fields.find_text("givenName"),
        surname=fields.find_text("surname"),
        serial_number=fields.find_text("serialNumber"),
        unique_identifier=fields.find_text("uniqueIdentifier"),
        organization_name=fields.find_text("organizationName"),
        organization_identifier=fields.find_text("organizationIdentifier"),
    )


def _read_enrollment(answer: Answer) -> Enrollment:
    fields = Fields.parse(answer.body)
    return Enrollment(reference=fields.text("referenceNumber"), requested_at=fields.moment("timestamp"))


def _read_enrollment_status(answer: Answer) -> EnrollmentStatus:
    fields = Fields.parse(answer.body)
    return EnrollmentStatus(
        status=read_status(fields.object("status")),
        requested_at=fields.moment("requestDate"),
        serial_number=fields.find_text("certificateSerialNumber"),
    )


def _read_issued(answer: Answer) -> tuple[IssuedCertificate, ...]:
    return tuple(
        IssuedCertificate(
            serial_number=fields.text("certificateSerialNumber"),
            name=fields.find_text("certificateName") or "",
            kind=fields.text("certificateType"),
            certificate=fields.binary("certificate"),
        )
        for fields in Fields.parse(answer.body).objects("certificates")
    )


def _read_listed(fields: Fields) -> ListedCertificate:
    return ListedCertificate(
        serial_number=fields.text("certificateSerialNumber"),
        name=fields.find_text("name") or "",
        kind=fields.text("type"),
        common_name=fields.find_text("commonName") or "",
        status=fields.text("status"),
        subject=read_identifier(fields.object("subjectIdentifier")),
        valid_from=fields.moment("validFrom"),
        valid_to=fields.moment("validTo"),
        last_used_at=fields.find_moment("lastUseDate"),
        requested_at=fields.moment("requestDate"),
    )
