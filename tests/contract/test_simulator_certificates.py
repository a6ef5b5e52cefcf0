"""KSeF certificates in the simulator: asking, searching, revoking and logging in with them (sections 2.2 and 3)."""

from __future__ import annotations

import base64
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from tests.contract.enrolling import PATH, Asking
from tests.contract.ministry import (
    SELLER,
    START,
    XML,
    Credential,
    Visitor,
    make_credential,
    person_subject,
    seal_subject,
    sign_request,
    visiting,
)
from tests.contract.openapi import find_contract
from tests.contract.signing_requests import (
    ECDSA_WITH,
    RSA_WITH,
    as_base64,
    make_default_pss_request,
    make_pss_request,
    make_request,
    make_request_with,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.signing_requests import Sha2

pytestmark = pytest.mark.contract

OTHER = "1234563218"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


@pytest.fixture
def asking(visitor: Visitor) -> Asking:
    visitor.log_in()
    return Asking(visitor)


def refused(asking: Asking, **changes: object) -> int:
    body = asking.body(EC_KEY, **changes)
    return asking.visitor.refusal("POST", f"{PATH}/enrollments", json=body)


def test_company_gets_a_certificate_and_logs_in_with_it(asking: Asking) -> None:
    """3: what the certificate says, and that it opens the door (2.2)."""
    serial, credential = asking.obtain(RSA_KEY)
    certificate = credential.certificate
    assert f"{certificate.serial_number:016X}" == serial
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment) == (True, False)
    assert certificate.not_valid_before_utc == START
    assert certificate.not_valid_after_utc == START + timedelta(days=730)
    names = {item.oid: item.value for item in certificate.subject}
    assert names == seal_subject(SELLER)
    begun = asking.visitor.begin_login(credential)
    assert asking.visitor.login_status(begun)["code"] == 200
    status = asking.visitor.get(
        f"/v2/auth/{begun['referenceNumber']}", token=begun["authenticationToken"]["token"]
    )
    assert status["authenticationMethod"] == "InternalCertificate"
    asking.visitor.redeem(begun)
    asking.visitor.open_session()
    (item,) = asking.query()["certificates"]
    assert item["lastUseDate"].startswith("2026-11-20T10:00:01")


def test_offline_certificate_logs_nobody_in(asking: Asking) -> None:
    """3: nonRepudiation only; 460 at the door."""
    _, credential = asking.obtain(certificateType="Offline")
    usage = credential.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment) == (False, True)
    status = asking.visitor.login_status(asking.visitor.begin_login(credential))
    assert (status["code"], status["details"]) == (460, ["Niepoprawny certyfikat"])


@pytest.mark.parametrize(
    ("serial", "told"),
    [
        (f"NIP-{SELLER}", f"TINPL-{SELLER}"),
        (f"TINPL-{SELLER}", f"TINPL-{SELLER}"),
    ],
)
def test_data_of_a_person(visitor: Visitor, serial: str, told: str) -> None:
    """3: the attributes of the login's certificate, under one prefix (issue 187)."""
    visitor.redeem(visitor.begin_login(make_credential(person_subject(serial))))
    asking = Asking(visitor)
    assert asking.data() == {
        "commonName": "Jan Próbny",
        "countryName": "PL",
        "givenName": "Jan",
        "surname": "Próbny",
        "serialNumber": told,
    }
    _, credential = asking.obtain()
    (number,) = credential.certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    assert number.value == told
    visitor.redeem(visitor.begin_login(credential))
    assert asking.data()["serialNumber"] == told


def test_unique_identifier_is_told_and_certified(visitor: Visitor) -> None:
    """3: 2.5.4.45 where the login's certificate has it."""
    subject = {**seal_subject(SELLER), NameOID.X500_UNIQUE_IDENTIFIER: "abc-1"}
    visitor.redeem(visitor.begin_login(make_credential(subject)))
    asking = Asking(visitor)
    assert asking.data()["uniqueIdentifier"] == "abc-1"
    _, credential = asking.obtain()
    assert {item.oid: item.value for item in credential.certificate.subject} == subject


def test_login_by_token_may_ask_for_nothing(visitor: Visitor) -> None:
    """25001, 25002, 403 for revoking, and canRequest says it."""
    visitor.log_in()
    serial, _ = Asking(visitor).obtain()
    body = Asking(visitor).body(EC_KEY)
    visitor.redeem(visitor.begin_token_login(visitor.control_token()))
    assert visitor.refusal("GET", f"{PATH}/enrollments/data") == 25001
    assert visitor.refusal("POST", f"{PATH}/enrollments", json=body) == 25002
    assert visitor.get(f"{PATH}/limits")["canRequest"] is False
    answer = visitor.ask("POST", f"{PATH}/{serial}/revoke", json={})
    assert (answer.status_code, answer.json()["reasonCode"]) == (403, "auth-method-not-allowed")
    assert [item["status"] for item in Asking(visitor).query()["certificates"]] == ["Active"]


def test_order_of_the_attributes_does_not_matter_but_all_of_them_do(asking: Asking) -> None:
    """25003: one value changed, one attribute missing, one too many, one twice."""
    data = asking.data()
    asking.send(asking.body(EC_KEY, csr=as_base64(make_request(data, EC_KEY, reverse=True))))
    changed = {**data, "commonName": "próba"}
    missing = {name: value for name, value in data.items() if name != "organizationName"}
    more = {**data, "surname": "Próbny"}
    for wrong in (changed, missing, more):
        assert refused(asking, csr=as_base64(make_request(wrong, EC_KEY))) == 25003


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["ec", "rsa"])
def test_algorithms_of_requests(
    asking: Asking, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, digest: str
) -> None:
    """3: ECDSA and PKCS#1 v1.5 with SHA-1, SHA-256, SHA-384 and SHA-512."""
    _, credential = asking.obtain(key, csr=as_base64(make_request_with(asking.data(), key, digest=digest)))
    assert credential.certificate.public_key() == key.public_key()


@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_pss_requests(asking: Asking, algorithm: Sha2) -> None:
    """3: RSA-PSS, its default parameters (SHA-1) included."""
    asking.obtain(RSA_KEY, csr=as_base64(make_pss_request(asking.data(), RSA_KEY, algorithm)))
    asking.obtain(RSA_KEY, csr=as_base64(make_default_pss_request(asking.data(), RSA_KEY)))


def test_algorithms_that_are_not_on_the_list(asking: Asking) -> None:
    """25011: SHA-224 in each of the three schemes."""
    data = asking.data()
    assert set(RSA_WITH) == set(ECDSA_WITH) == {"sha1", "sha224", "sha256", "sha384", "sha512"}
    requests = [
        make_request_with(data, RSA_KEY, digest="sha224"),
        make_request_with(data, EC_KEY, digest="sha224"),
        make_pss_request(data, RSA_KEY, hashes.SHA224()),
    ]
    assert [refused(asking, csr=as_base64(request)) for request in requests] == [25011] * 3


def test_keys_that_are_not_taken(asking: Asking) -> None:
    """25010: RSA of other lengths, other curves, other kinds."""
    data = asking.data()
    requests = [
        make_request(data, rsa.generate_private_key(65537, 3072)),
        make_request(data, rsa.generate_private_key(65537, 1024)),  # noqa: S505 - that is the point.
        make_request(data, ec.generate_private_key(ec.SECP384R1())),
        make_request(data, ec.generate_private_key(ec.SECP256K1())),
        make_request(data, Ed25519PrivateKey.generate()),
    ]
    assert [refused(asking, csr=as_base64(request)) for request in requests] == [25010] * 5


def test_requests_that_are_none(asking: Asking) -> None:
    """25004: not DER, PEM, cut off, a byte of the content or of the signature changed, a foreign signature."""
    good = make_request(asking.data(), EC_KEY)
    pem = (
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        + base64.encodebytes(good)
        + b"-----END CERTIFICATE REQUEST-----"
    )
    foreign = make_request_with(asking.data(), ec.generate_private_key(ec.SECP256R1()), digest="sha256")
    signature = x509.load_der_x509_csr(foreign).signature
    mine = x509.load_der_x509_csr(good).signature
    swapped = (
        good[: -len(mine)] + signature if len(signature) == len(mine) else good[:-1] + bytes([good[-1] ^ 1])
    )
    requests = [b"abc", pem, good[:-3], good.replace("Próba".encode(), "Grόba".encode()), swapped]
    assert [refused(asking, csr=as_base64(request)) for request in requests] == [25004] * 5


@pytest.mark.parametrize(
    "changes",
    [
        {"certificateName": "abcd"},
        {"certificateName": "a" * 101},
        {"certificateName": "Cudzysłów '"},
        {"certificateName": "Zmiana\nwiersza"},
        {"certificateName": 5},
        {"certificateType": "Seal"},
        {"certificateType": None},
        {"csr": "#"},
        {"csr": ""},
        {"validFrom": "jutro"},
        {"validFrom": "2026-11-21T00:00:00"},
        {"validFrom": "1999-01-01T00:00:00Z"},
        {"validFrom": "2059-01-01T00:00:00Z"},
    ],
)
def test_fields_out_of_their_form(asking: Asking, changes: dict[str, object]) -> None:
    """21405; nothing of it counts as a request."""
    assert refused(asking, **changes) == 21405
    assert asking.visitor.get(f"{PATH}/limits")["enrollment"] == {"remaining": 300, "limit": 300}


def test_unreadable_bodies(asking: Asking) -> None:
    """21001 for each operation with a body."""
    for path in (
        f"{PATH}/enrollments",
        f"{PATH}/retrieve",
        f"{PATH}/query",
        f"{PATH}/0123456789ABCDEF/revoke",
    ):
        assert asking.visitor.refusal("POST", path, content=b"{") == 21001


def test_enrolment_takes_its_time(asking: Asking) -> None:
    """3: 100, then 200 with the serial number; nothing is listed before."""
    asking.visitor.ask("POST", "/_control/options", json={"certification": 5})
    reference = asking.send(asking.body(EC_KEY))
    first = asking.status(reference)
    assert first["status"] == {"code": 100, "description": "Wniosek przyjęty do realizacji"}
    assert "certificateSerialNumber" not in first
    assert asking.query()["certificates"] == []
    asking.visitor.clock.advance(seconds=5)
    done = asking.status(reference)
    assert done["status"]["code"] == 200
    assert [item["certificateSerialNumber"] for item in asking.query()["certificates"]] == [
        done["certificateSerialNumber"]
    ]
    assert first["requestDate"] == done["requestDate"]


def test_enrolments_that_fail(asking: Asking) -> None:
    """3: 400 for a key certified for somebody else, 500 and 550 as KSeF's own trouble."""
    asking.obtain(EC_KEY)
    asking.obtain(EC_KEY, certificateType="Offline")
    asking.visitor.log_in(OTHER)
    reference = asking.send(asking.body(EC_KEY))
    asking.visitor.ask("POST", "/_control/endings", json={"area": "enrollment", "codes": [500, 550]})
    failing = [asking.send(asking.body(RSA_KEY)) for _ in range(2)]
    asking.visitor.clock.advance(seconds=1)
    refusal = asking.status(reference)["status"]
    assert (refusal["code"], refusal["details"]) == (
        400,
        ["Klucz publiczny został już certyfikowany przez inny podmiot."],
    )
    assert [asking.status(each)["status"]["code"] for each in failing] == [500, 550]
    assert asking.query()["certificates"] == []
    assert asking.visitor.get(f"{PATH}/limits")["enrollment"]["remaining"] == 297


def test_status_belongs_to_its_subject_and_is_kept_for_thirty_days(asking: Asking) -> None:
    """25005 and 410."""
    reference = asking.send(asking.body(EC_KEY))
    path = f"{PATH}/enrollments/{reference}"
    asking.visitor.log_in(OTHER)
    assert asking.visitor.refusal("GET", path) == 25005
    assert asking.visitor.refusal("GET", f"{PATH}/enrollments/20261120-EH-0000000000-0000000000-00") == 25005
    asking.visitor.clock.advance(days=30, minutes=1)
    asking.visitor.redeem(asking.visitor.begin_login(make_credential(valid_from=asking.visitor.clock.now)))
    assert asking.visitor.ask("GET", path).status_code == 410


def test_valid_from_is_the_one_asked_for(asking: Asking) -> None:
    """3: Active from the beginning, good for nothing before its time (460)."""
    tomorrow = START + timedelta(days=1)
    _, credential = asking.obtain(validFrom=tomorrow.isoformat())
    (item,) = asking.query()["certificates"]
    assert (item["status"], item["validFrom"]) == ("Active", "2026-11-21T10:00:00.000+00:00")
    assert credential.certificate.not_valid_before_utc == tomorrow.astimezone(UTC)
    early = asking.visitor.login_status(asking.visitor.begin_login(credential))
    assert (early["code"], early["details"]) == (460, ["Nieważny certyfikat"])
    asking.visitor.clock.advance(days=1)
    assert asking.visitor.login_status(asking.visitor.begin_login(credential))["code"] == 200


def test_certificates_are_retrieved_by_number(asking: Asking) -> None:
    """3: one to ten numbers; foreign and unknown ones are left out."""
    serials = [asking.obtain(certificateName=f"Numer {number}")[0] for number in range(2)]
    answer = asking.visitor.ask(
        "POST", f"{PATH}/retrieve", json={"certificateSerialNumbers": [*serials, "0123456789ABCDEF"]}
    ).json()
    assert {item["certificateSerialNumber"] for item in answer["certificates"]} == set(serials)
    assert {item["certificateType"] for item in answer["certificates"]} == {"Authentication"}
    for wrong in ([], ["0123456789ABCDEF"] * 11, ["0123456789abcdef"], ["12"], "0123456789ABCDEF", [1]):
        body = {"certificateSerialNumbers": wrong}
        assert asking.visitor.refusal("POST", f"{PATH}/retrieve", json=body) == 21405
    asking.visitor.log_in(OTHER)
    body = {"certificateSerialNumbers": serials}
    assert asking.visitor.ask("POST", f"{PATH}/retrieve", json=body).json() == {"certificates": []}


def test_query_filters_and_pages(asking: Asking) -> None:
    """3: every filter, newest first, pageOffset counts pages."""
    serials = []
    for number in range(11):
        kind = "Offline" if number == 5 else "Authentication"
        serials.append(asking.obtain(certificateName=f"Numer {number:02}", certificateType=kind)[0])
    page = asking.query()
    assert [item["certificateSerialNumber"] for item in page["certificates"]] == serials[:0:-1]
    assert page["hasMore"] is True
    rest = asking.query("?pageOffset=1&pageSize=10")
    assert [item["certificateSerialNumber"] for item in rest["certificates"]] == serials[:1]
    assert rest["hasMore"] is False
    assert asking.query("?pageSize=50")["hasMore"] is False
    asking.revoke(serials[3])
    asking.visitor.clock.advance(seconds=1)
    later = (START + timedelta(days=730, seconds=5)).isoformat()
    for filters, found in (
        ({"certificateSerialNumber": serials[2]}, [serials[2]]),
        ({"name": "mer 07"}, [serials[7]]),
        ({"name": "numer"}, []),
        ({"type": "Offline"}, [serials[5]]),
        ({"status": "Revoked"}, [serials[3]]),
        ({"status": "Expired"}, []),
        ({"expiresAfter": later}, serials[:5:-1]),
        ({"type": "Authentication", "status": "Active", "name": "05"}, []),
    ):
        items = asking.query("?pageSize=50", **filters)["certificates"]
        assert [item["certificateSerialNumber"] for item in items] == found, filters
    (one,) = asking.query(type="Offline")["certificates"]
    assert (one["name"], one["commonName"]) == ("Numer 05", "Próba")
    assert one["subjectIdentifier"] == {"type": "Nip", "value": SELLER}
    assert asking.visitor.ask("POST", f"{PATH}/query").json()["hasMore"] is True


@pytest.mark.parametrize(
    "filters",
    [
        {"certificateSerialNumber": "1"},
        {"type": "Seal"},
        {"status": "Lost"},
        {"expiresAfter": "2026"},
        {"name": 1},
    ],
)
def test_filters_out_of_their_form(asking: Asking, filters: dict[str, object]) -> None:
    """21405, whether there are certificates or not."""
    assert asking.visitor.refusal("POST", f"{PATH}/query", json=filters) == 21405


@pytest.mark.parametrize(
    "query", ["pageSize=9", "pageSize=51", "pageOffset=-1", "pageOffset=a", "pageSize=²"]
)
def test_pages_out_of_their_form(asking: Asking, query: str) -> None:
    """21405."""
    assert asking.visitor.refusal("POST", f"{PATH}/query?{query}", json={}) == 21405


@pytest.mark.parametrize("reason", [None, "Unspecified", "Superseded", "KeyCompromise"])
def test_revoked_certificate_is_blocked_then_revoked(asking: Asking, reason: str | None) -> None:
    """3: Blocked at once, Revoked soon; 460 with a detail of its own for each, 25009 on repetition."""
    serial, credential = asking.obtain()
    asking.revoke(serial, revocationReason=reason)
    for status, detail in (("Blocked", "Certyfikat zawieszony"), ("Revoked", "Certyfikat odwołany")):
        assert asking.query()["certificates"][0]["status"] == status
        login = asking.visitor.login_status(asking.visitor.begin_login(credential))
        assert (login["code"], login["details"]) == (460, [detail])
        assert asking.visitor.refusal("POST", f"{PATH}/{serial}/revoke", json={}) == 25009
        asking.visitor.clock.advance(seconds=1)


def test_revoking_needs_no_body_but_a_known_number_and_reason(asking: Asking) -> None:
    """25008 for an unknown and for somebody else's, 21405 for a reason that is none."""
    serial, _ = asking.obtain()
    wrong = {"revocationReason": "Boredom"}
    assert asking.visitor.refusal("POST", f"{PATH}/{serial}/revoke", json=wrong) == 21405
    assert asking.visitor.refusal("POST", f"{PATH}/0123456789ABCDEF/revoke", json={}) == 25008
    asking.visitor.log_in(OTHER)
    assert asking.visitor.refusal("POST", f"{PATH}/{serial}/revoke", json={}) == 25008
    asking.visitor.log_in()
    assert asking.visitor.ask("POST", f"{PATH}/{serial}/revoke").status_code == 204


def test_certificate_expires_by_the_clock_and_by_test_data(asking: Asking) -> None:
    """14: earlier, never later; 25008 for what is not one's own; expired: 460 and 25009."""
    serial, credential = asking.obtain()
    path = f"/v2/testdata/certificates/{serial}"
    later = {"validTo": (START + timedelta(days=731)).isoformat()}
    assert asking.visitor.refusal("PUT", path, json=later) == 21405
    assert asking.visitor.refusal("PUT", path, json={}) == 21405
    earlier = {"validTo": (START + timedelta(hours=1)).isoformat()}
    unknown = "/v2/testdata/certificates/0123456789ABCDEF"
    assert asking.visitor.refusal("PUT", unknown, json=earlier) == 25008
    assert asking.visitor.ask("PUT", path, json=earlier).status_code == 200
    assert asking.query()["certificates"][0]["validTo"] == "2026-11-20T11:00:00.000+00:00"
    asking.visitor.clock.advance(hours=1)
    asking.visitor.log_in()
    assert asking.query()["certificates"][0]["status"] == "Expired"
    login = asking.visitor.login_status(asking.visitor.begin_login(credential))
    assert (login["code"], login["details"]) == (460, ["Nieważny certyfikat"])
    assert asking.visitor.refusal("POST", f"{PATH}/{serial}/revoke", json={}) == 25009


def test_limits_of_a_company(asking: Asking) -> None:
    """3: 300 requests and 100 certificates; a revoked one makes room, a request never does."""
    assert asking.visitor.get(f"{PATH}/limits") == {
        "canRequest": True,
        "enrollment": {"remaining": 300, "limit": 300},
        "certificate": {"remaining": 100, "limit": 100},
    }
    body = {
        "subjectIdentifierType": "Nip",
        "enrollment": {"maxEnrollments": 3},
        "certificate": {"maxCertificates": 1},
    }
    changed = asking.visitor.ask("POST", "/v2/testdata/limits/subject/certificate", json=body)
    assert changed.status_code == 200
    both = [asking.send(asking.body(EC_KEY)) for _ in range(2)]
    asking.visitor.clock.advance(seconds=1)
    first, second = (asking.status(reference) for reference in both)
    assert (first["status"]["code"], second["status"]["code"]) == (200, 400)
    assert second["status"]["details"] == ["Osiągnięto dopuszczalny limit posiadanych certyfikatów."]
    assert refused(asking) == 25007
    assert asking.visitor.get(f"{PATH}/limits")["canRequest"] is False
    asking.revoke(first["certificateSerialNumber"])
    asking.obtain()
    assert asking.visitor.get(f"{PATH}/limits") == {
        "canRequest": False,
        "enrollment": {"remaining": 0, "limit": 3},
        "certificate": {"remaining": 0, "limit": 1},
    }
    assert refused(asking) == 25006


def test_signature_of_another_authority_under_our_name(asking: Asking) -> None:
    """460: a chain that does not hold, and a number that was never given."""
    _, mine = asking.obtain()
    forged = _issued_by(mine.certificate.issuer, key=EC_KEY)
    begun = asking.visitor.ask(
        "POST",
        "/v2/auth/xades-signature",
        content=sign_request(asking.visitor.challenge()[0], forged),
        headers=XML,
    ).json()
    assert asking.visitor.login_status(begun)["details"] == ["Błąd weryfikacji łańcucha certyfikatów"]


def _issued_by(issuer: x509.Name, *, key: ec.EllipticCurvePrivateKey) -> Credential:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in seal_subject(SELLER).items()])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(START - timedelta(days=1))
    return Credential(builder.not_valid_after(START + timedelta(days=9)).sign(EC_KEY, hashes.SHA256()), key)


def test_certificate_from_before_a_reset_is_unknown(asking: Asking) -> None:
    """460: the authority stays, the register is empty."""
    _, before = asking.obtain()
    asking.visitor.ask("POST", "/_control/reset")
    status = asking.visitor.login_status(asking.visitor.begin_login(before))
    assert status["details"] == ["Niepoprawny certyfikat"]
    asking.visitor.log_in()
    _, after = asking.obtain()
    assert after.certificate.issuer == before.certificate.issuer
    assert asking.visitor.login_status(asking.visitor.begin_login(after))["code"] == 200


def test_example_of_the_contract_is_a_right_request_of_somebody_else(asking: Asking) -> None:
    """25003, and not 25004: the official example is signed by RSA-PSS."""
    contract = find_contract()
    if contract is None:
        pytest.skip("the official OpenAPI file is not here (KSEF_OPENAPI)")
    operation = contract.document["paths"]["/certificates/enrollments"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    assert refused(asking, csr=example["csr"]) == 25003
