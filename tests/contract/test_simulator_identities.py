"""Whoever may hold a KSeF certificate: companies, persons, fingerprints, in all environments (sections 1, 2.2, 3)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from ksef_client.services.auth import build_auth_token_request_xml
from ksef_client.services.csr import generate_csr_ec, generate_csr_rsa
from ksef_client.services.xades import sign_xades_enveloped

from ksef.simulator.environments import create_environments
from ksef.simulator.flavours import DEMO, PRODUCTION, TEST, Flavour
from tests.contract.enrolling import PATH, Asking, grant, issue_pair
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

pytestmark = pytest.mark.contract

OTHER = "1234563218"
PESEL = "80010112345"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def detail(visitor: Visitor, credential: Credential, **wish: object) -> tuple[int, list[str]]:
    status = visitor.login_status(visitor.begin_login(credential, **wish))  # type: ignore[arg-type]  # Of sign_request.
    return status["code"], status.get("details", [])


def test_certificate_of_a_person_works_wherever_the_person_may(visitor: Visitor) -> None:
    """3: it carries the PESEL and no permission; the contexts say who may do what."""
    grant(visitor, "InvoiceRead", kind="Pesel", value=PESEL)
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"PESEL-{PESEL}"))))
    asking = Asking(visitor)
    assert visitor.get(f"{PATH}/limits") == {
        "canRequest": True,
        "enrollment": {"remaining": 12, "limit": 12},
        "certificate": {"remaining": 6, "limit": 6},
    }
    serial, credential = asking.obtain()
    (number,) = credential.certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    assert number.value == f"PNOPL-{PESEL}"
    assert detail(visitor, credential) == (200, [])
    assert detail(visitor, credential, nip=OTHER) == (415, ["Brak przypisanych uprawnień"])
    grant(visitor, "InvoiceWrite", kind="Pesel", value=PESEL, context=OTHER)
    visitor.redeem(visitor.begin_login(credential, nip=OTHER))
    # The same certificates, in whatever context one works.
    (item,) = asking.query()["certificates"]
    assert item["certificateSerialNumber"] == serial
    assert item["subjectIdentifier"] == {"type": "Pesel", "value": PESEL}
    asking.revoke(serial)


def test_person_has_six_certificates_at_most(visitor: Visitor) -> None:
    """3: 25007 at the seventh."""
    grant(visitor, "InvoiceRead", kind="Pesel", value=PESEL)
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"PNOPL-{PESEL}"))))
    asking = Asking(visitor)
    key = ec.generate_private_key(ec.SECP256R1())
    for _ in range(6):
        asking.obtain(key)
    assert visitor.refusal("POST", f"{PATH}/enrollments", json=asking.body(key)) == 25007
    assert visitor.get(f"{PATH}/limits")["certificate"] == {"remaining": 0, "limit": 6}


def test_fingerprint_is_that_of_the_login_which_asked(visitor: Visitor) -> None:
    """2.2 and 3: a certificate of KSeF stands for the certificate whose fingerprint has the permissions."""
    stranger = make_credential(
        {
            NameOID.COUNTRY_NAME: "DE",
            NameOID.GIVEN_NAME: "Hans",
            NameOID.SURNAME: "Muster",
            NameOID.SERIAL_NUMBER: "IDCDE-1",
            NameOID.COMMON_NAME: "Hans Muster",
        }
    )
    fingerprint = stranger.certificate.fingerprint(hashes.SHA256()).hex().upper()
    grant(visitor, "InvoiceRead", kind="Fingerprint", value=fingerprint)
    visitor.redeem(visitor.begin_login(stranger, by_fingerprint=True))
    asking = Asking(visitor)
    assert asking.data()["serialNumber"] == "IDCDE-1"
    _, issued = asking.obtain()
    (item,) = asking.query()["certificates"]
    assert item["subjectIdentifier"] == {"type": "Fingerprint", "value": fingerprint}
    assert detail(visitor, issued, by_fingerprint=True) == (200, [])
    body = sign_request(visitor.challenge()[0], issued)
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=body, headers=XML) == 21406
    # The fingerprint of a company's certificate of KSeF is a subject of its own, without permissions.
    _, mine = issue_pair(visitor, nip=SELLER)
    assert detail(visitor, mine, by_fingerprint=True) == (415, ["Brak przypisanych uprawnień"])


def test_sole_trader_is_one_subject_under_two_identifiers(visitor: Visitor) -> None:
    """3: what was issued to the NIP is listed and revoked after a login with the PESEL, and the other way round."""
    person = {"nip": SELLER, "pesel": PESEL, "isBailiff": False, "description": "Próba"}
    visitor.ask("POST", "/v2/testdata/person", json=person, token="")
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"TINPL-{SELLER}"))))
    asking = Asking(visitor)
    serial, _ = asking.obtain()
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"PNOPL-{PESEL}"))))
    own, _ = asking.obtain()
    items = asking.query()["certificates"]
    assert [item["subjectIdentifier"]["type"] for item in items] == ["Pesel", "Nip"]
    assert asking.certificate(serial).serial_number == int(serial, 16)
    asking.revoke(serial)
    visitor.log_in()
    assert {item["certificateSerialNumber"] for item in asking.query()["certificates"]} == {serial, own}


def test_peppol_provider_asks_for_no_certificate(visitor: Visitor) -> None:
    """25001, 25002: KSeF certificates are for companies, persons and fingerprints."""
    subject = {
        NameOID.COUNTRY_NAME: "PL",
        NameOID.ORGANIZATION_NAME: "Dostawca",
        NameOID.COMMON_NAME: "PPL123456",
    }
    context = ("PeppolId", "PPL123456")
    visitor.redeem(visitor.begin_login(make_credential(subject), context=context))
    assert visitor.refusal("GET", f"{PATH}/enrollments/data") == 25001
    assert visitor.get(f"{PATH}/limits")["canRequest"] is False


@pytest.mark.parametrize("flavour", [TEST, DEMO, PRODUCTION], ids=lambda flavour: flavour.name)
@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_control_api_gives_pairs_in_every_environment(flavour: Flavour, key: str) -> None:
    """1 and 3: the way in where self-signed certificates are refused."""
    with visiting(flavour) as visitor:
        serial, credential = issue_pair(
            visitor, nip=SELLER, key=key, password="Tajne-haslo-123", valid_days=10
        )
        assert isinstance(credential.key, rsa.RSAPrivateKey) == (key == "rsa")
        assert credential.certificate.not_valid_after_utc == START + timedelta(days=10)
        assert detail(visitor, credential) == (200, [])
        visitor.redeem(visitor.begin_login(credential))
        asking = Asking(visitor)
        (item,) = asking.query()["certificates"]
        assert (item["certificateSerialNumber"], item["name"]) == (serial, "Certyfikat próbny")
        asking.obtain(certificateType="Offline")
        _, offline = issue_pair(visitor, nip=SELLER, type="Offline")
        assert detail(visitor, offline) == (460, ["Niepoprawny certyfikat"])
        visitor.clock.advance(days=10)
        assert detail(visitor, credential) == (460, ["Nieważny certyfikat"])


@pytest.mark.parametrize("flavour", [DEMO, PRODUCTION], ids=lambda flavour: flavour.name)
def test_strangers_are_not_trusted_outside_test(flavour: Flavour) -> None:
    """1: neither self-signed nor of another centre; and there is no test data to age a certificate with."""
    with visiting(flavour) as visitor:
        untrusted = (460, ["Niezaufany łańcuch certyfikatów"])
        assert detail(visitor, make_credential()) == untrusted
        assert detail(visitor, _of_a_centre()) == untrusted
        _, mine = issue_pair(visitor, nip=SELLER)
        visitor.redeem(visitor.begin_login(mine))
        response = visitor.http.put("/v2/testdata/certificates/0123456789ABCDEF", json={})
        assert response.status_code == 404


def _of_a_centre() -> Credential:
    """A certificate that some other authority signed."""
    centre, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in seal_subject(SELLER).items()])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Inny urząd")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(START - timedelta(days=1))
    return Credential(builder.not_valid_after(START + timedelta(days=1)).sign(centre, hashes.SHA256()), key)


def test_chain_is_looked_at_in_test_when_asked_to(visitor: Visitor) -> None:
    """1: verifyCertificateChain=true lets in what KSeF issued, and nobody else; without it TEST takes them."""
    path = "/v2/auth/xades-signature?verifyCertificateChain=true"
    _, mine = issue_pair(visitor, nip=SELLER)
    for credential, told in ((mine, (200, [])), (_of_a_centre(), (460, ["Niezaufany łańcuch certyfikatów"]))):
        body = sign_request(visitor.challenge()[0], credential)
        status = visitor.login_status(visitor.ask("POST", path, content=body, headers=XML).json())
        assert (status["code"], status.get("details", [])) == told
    assert detail(visitor, _of_a_centre()) == (200, [])


def test_certificate_that_says_it_signed_itself(visitor: Visitor) -> None:
    """460: and somebody else's key did."""
    other, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in seal_subject(SELLER).items()])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(START - timedelta(days=1))
    forged = builder.not_valid_after(START + timedelta(days=1)).sign(other, hashes.SHA256())
    assert detail(visitor, Credential(forged, key)) == (460, ["Niepoprawny certyfikat"])


def test_environments_do_not_know_each_other() -> None:
    """1: a certificate of DEMO opens neither TEST nor PRODUCTION."""
    with visiting(DEMO) as visitor:
        _, demo = issue_pair(visitor, nip=SELLER)
    for flavour in (TEST, PRODUCTION):
        with visiting(flavour) as visitor:
            assert detail(visitor, demo) == (460, ["Niezaufany łańcuch certyfikatów"])


def test_authority_of_a_data_folder_survives_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """3: the same authority, the same certificates."""
    folder = tmp_path_factory.mktemp("data")
    issuers = []
    for _ in range(2):
        with create_environments(data=folder) as app:
            with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://ksef.test") as http:
                body = {"nip": SELLER, "name": "Certyfikat", "type": "Offline"}
                answers = [http.post(f"{at}/_control/certificates", json=body).json() for at in ("", "/demo")]
            pems = [answer["certificate_pem"].encode() for answer in answers]
            issuers.append([x509.load_pem_x509_certificate(pem).extensions[-1].value for pem in pems])
    assert issuers[0] == issuers[1]
    assert issuers[0][0] != issuers[0][1]


@pytest.mark.parametrize(
    "wish",
    [
        {"nip": "12"},
        {"pesel": "1"},
        {},
        {"nip": SELLER, "name": "x"},
        {"nip": SELLER, "type": "Seal"},
        {"nip": SELLER, "key": "dsa"},
        {"nip": SELLER, "valid_days": 0},
        {"nip": SELLER, "valid_days": 4000},
        {"nip": SELLER, "company": "x" * 31},
    ],
)
def test_wishes_that_the_control_api_refuses(visitor: Visitor, wish: dict[str, object]) -> None:
    """21405, and nothing was issued."""
    body = {"name": "Certyfikat", "type": "Authentication", **wish}
    assert visitor.refusal("POST", "/_control/certificates", json=body) == 21405
    visitor.log_in()
    assert Asking(visitor).query()["certificates"] == []


def test_person_from_the_control_api(visitor: Visitor) -> None:
    """3: a person's name and PESEL."""
    grant(visitor, "InvoiceWrite", kind="Pesel", value=PESEL)
    _, credential = issue_pair(visitor, pesel=PESEL, given_name="Anna", surname="Żak")
    names = {item.oid: item.value for item in credential.certificate.subject}
    assert names == {**person_subject(f"PNOPL-{PESEL}"), **NAMES}
    assert detail(visitor, credential) == (200, [])


NAMES = {NameOID.GIVEN_NAME: "Anna", NameOID.SURNAME: "Żak", NameOID.COMMON_NAME: "Anna Żak"}


@pytest.mark.parametrize("generate", [generate_csr_ec, generate_csr_rsa])
@pytest.mark.parametrize(
    "subject", [seal_subject(SELLER), person_subject(f"NIP-{SELLER}")], ids=["seal", "person"]
)
def test_requests_that_others_build(
    visitor: Visitor, subject: Mapping[x509.ObjectIdentifier, str], generate: Callable[..., object]
) -> None:
    """3: ksef-client asks for a certificate and logs in with it, by its own code throughout."""
    visitor.redeem(visitor.begin_login(make_credential(subject)))
    asking = Asking(visitor)
    made = generate(asking.data())
    reference = asking.send(asking.body(ec.generate_private_key(ec.SECP256R1()), csr=made.csr_base64))  # type: ignore[attr-defined]  # Not typed.
    visitor.clock.advance(seconds=1)
    serial = asking.status(reference)["certificateSerialNumber"]
    pem = asking.certificate(serial).public_bytes(serialization.Encoding.PEM).decode()
    key = serialization.load_der_private_key(base64.b64decode(made.private_key_base64), None)  # type: ignore[attr-defined]  # Not typed.
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    request = build_auth_token_request_xml(
        challenge=visitor.challenge()[0], context_identifier_type="nip", context_identifier_value=SELLER
    )
    signed = sign_xades_enveloped(request, pem, key_pem)
    begun = visitor.ask("POST", "/v2/auth/xades-signature", content=signed.encode(), headers=XML).json()
    assert visitor.login_status(begun)["code"] == 200
