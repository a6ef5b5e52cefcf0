"""The client's certificate requests against the official contract (ksef-protocol section 3)."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from ksef.errors import Ambiguous, Refused
from ksef.exchange.certificates import (
    CertificateFilters,
    CertificateKind,
    CertificateRequest,
    CertificateStatus,
    RevocationReason,
)
from ksef.gateway import Gateway
from ksef.gateway.paging import every
from tests.contract.openapi import find_contract
from tests.contract.understudy import ENDPOINT, SERIAL, Shape, Understudy

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]

REFERENCE = "20251010-EH-1B6C9EB000-4B15D3AEB9-89"
READ_MOMENT = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
REQUEST = CertificateRequest(name="Faktury 2026", kind=CertificateKind.OFFLINE, csr=b"csr")

CALLS: dict[str, Callable[[Gateway], object]] = {
    "GET /certificates/limits": lambda gateway: gateway.certificates.get_limits("t"),
    "GET /certificates/enrollments/data": lambda gateway: gateway.certificates.get_enrollment_data("t"),
    "POST /certificates/enrollments": lambda gateway: gateway.certificates.enroll("t", REQUEST),
    "GET /certificates/enrollments/{referenceNumber}": lambda gateway: gateway.certificates.get_enrollment(
        "t", REFERENCE
    ),
    "POST /certificates/retrieve": lambda gateway: gateway.certificates.retrieve("t", [SERIAL]),
    "POST /certificates/query": lambda gateway: gateway.certificates.query("t"),
    "POST /certificates/{certificateSerialNumber}/revoke": lambda gateway: gateway.certificates.revoke(
        "t", serial_number=SERIAL
    ),
}


def test_every_certificate_operation_has_its_call() -> None:
    contract = find_contract()
    assert contract is not None
    known = {
        contract.name_of(described)
        for path, methods in contract.document["paths"].items()
        for described in methods.values()
        if path.startswith("/certificates")
    }
    assert known == set(CALLS)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("operation", CALLS)
def test_every_call_keeps_the_contract_and_reads_every_shape_of_answer(operation: str, shape: Shape) -> None:
    """Unknown members and enumeration values never break anything (F26)."""
    ksef = Understudy(shape)
    with ksef.gateway() as gateway:
        CALLS[operation](gateway)
    assert ksef.asked == [operation]


def test_limits_say_what_is_left() -> None:
    with Understudy(fixed={"remaining": 3, "limit": 100}).gateway() as gateway:
        limits = gateway.certificates.get_limits("t")
    assert limits.can_request
    assert (limits.enrollment.remaining, limits.certificate.limit) == (3, 100)


def test_subject_data_keep_what_is_absent_absent() -> None:
    given = {"commonName": "Zażółć", "countryName": "PL", "surname": "Jaźń"}
    with Understudy(Shape.SPARSE, fixed=given | {"givenName": None}).gateway() as gateway:
        data = gateway.certificates.get_enrollment_data("t")
    assert (data.common_name, data.surname, data.given_name, data.serial_number) == (
        "Zażółć",
        "Jaźń",
        None,
        None,
    )


def test_enrolment_says_what_is_wanted() -> None:
    """The start is told with its offset; without one nothing is said about it."""
    start = datetime(2026, 12, 1, tzinfo=timezone(timedelta(hours=1)))
    ksef = Understudy(fixed={"referenceNumber": REFERENCE})
    with ksef.gateway() as gateway:
        enrollment = gateway.certificates.enroll("t", REQUEST)
        assert "validFrom" not in ksef.body()
        later = CertificateRequest(
            name="Faktury 2027", kind=CertificateKind.AUTHENTICATION, csr=b"\x00\x01", valid_from=start
        )
        gateway.certificates.enroll("t", later)
    assert enrollment.reference == REFERENCE
    assert enrollment.requested_at == READ_MOMENT
    assert ksef.body() == {
        "certificateName": "Faktury 2027",
        "certificateType": "Authentication",
        "csr": b64encode(b"\x00\x01").decode(),
        "validFrom": "2026-11-30T23:00:00Z",
    }


def test_finished_enrolment_brings_the_serial_number() -> None:
    with Understudy(fixed={"code": 200}).gateway() as gateway:
        enrollment = gateway.certificates.get_enrollment("t", REFERENCE)
    assert (enrollment.status.code, enrollment.serial_number, enrollment.requested_at) == (
        200,
        SERIAL,
        READ_MOMENT,
    )


def test_query_tells_its_filters_and_reads_a_certificate() -> None:
    fixed = {"type": "Offline", "subjectIdentifier": {"type": "Nip", "value": "5265877635"}}
    ksef = Understudy(fixed=fixed)
    filters = CertificateFilters(
        serial_number=SERIAL,
        name="Fakt",
        kind=CertificateKind.OFFLINE,
        status=CertificateStatus.ACTIVE,
        expires_after=READ_MOMENT,
    )
    with ksef.gateway() as gateway:
        (found,) = gateway.certificates.query("t", filters=filters).items
    assert ksef.body() == {
        "certificateSerialNumber": SERIAL,
        "name": "Fakt",
        "type": "Offline",
        "status": "Active",
        "expiresAfter": "2026-11-20T10:00:00.123456Z",
    }
    assert (found.serial_number, found.kind, found.status) == (SERIAL, CertificateKind.OFFLINE, "Active")
    assert (found.subject.kind, found.subject.value) == ("Nip", "5265877635")
    assert found.valid_to == found.last_used_at == READ_MOMENT


def test_pages_are_counted_and_not_rows() -> None:
    """Trap 5."""
    ksef = Understudy(fixed={"hasMore": True})
    with ksef.gateway() as gateway:
        first = gateway.certificates.query("t")
        second = gateway.certificates.query("t", cursor=first.cursor)
    assert [request.url.params["pageOffset"] for request in ksef.requests] == ["0", "1"]
    assert second.cursor == "2"
    with Understudy().gateway() as gateway:
        assert len(list(every(lambda cursor: gateway.certificates.query("t", cursor=cursor)))) == 1


def test_many_certificates_are_retrieved_ten_at_a_time() -> None:
    serials = [f"{number:016X}" for number in range(23)]
    ksef = Understudy(fixed={"certificateType": "Offline"})
    with ksef.gateway() as gateway:
        found = gateway.certificates.retrieve("t", serials)
        assert gateway.certificates.retrieve("t", []) == ()
    assert len(ksef.requests) == 3
    assert ksef.body() == {"certificateSerialNumbers": serials[20:]}
    assert {(one.certificate, one.kind) for one in found} == {(b"\x00\x01\x02", "Offline")}


def test_revocation_gives_its_reason() -> None:
    ksef = Understudy()
    with ksef.gateway() as gateway:
        gateway.certificates.revoke("t", serial_number=SERIAL, reason=RevocationReason.SUPERSEDED)
    assert ksef.body() == {"revocationReason": "Superseded"}


def test_lost_answer_to_an_enrolment_is_ambiguous() -> None:
    """Every request counts against a limit: look before asking again (F4)."""

    def lose(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("lost")

    with Gateway(ENDPOINT, transport=httpx.MockTransport(lose)) as gateway, pytest.raises(Ambiguous):
        gateway.certificates.enroll("t", REQUEST)


def test_refusal_keeps_its_code() -> None:
    problem = {"title": "Bad Request", "status": 400, "errors": [{"code": 25003, "description": "CSR"}]}
    transport = httpx.MockTransport(lambda _: httpx.Response(400, json=problem))
    with Gateway(ENDPOINT, transport=transport) as gateway:
        with pytest.raises(Refused) as caught:
            gateway.certificates.enroll("t", REQUEST)
        assert caught.value.code == 25003
