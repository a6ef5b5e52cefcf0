"""From nothing to a certificate of KSeF and back: the client and the simulator together (section 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from cryptography.x509.oid import NameOID

from ksef.certificates import (
    Flaw,
    UnusableFile,
    check_usable,
    describe,
    lock_key,
    open_key,
    read_certificate,
    read_upload,
)
from ksef.csr import build_csr, new_ec_key, new_rsa_key
from ksef.errors import Refused
from ksef.exchange import TokenCredential
from ksef.exchange.certificates import (
    CertificateFilters,
    CertificateKind,
    CertificateRequest,
    CertificateStatus,
    RevocationReason,
)
from ksef.exchange.identifiers import Identifier
from ksef.gateway.paging import every
from ksef.qr import OfflineSigner, kod_ii_url
from ksef.remedies import Area, Remedy, remedy_for
from ksef.status import OperationFate, operation_fate
from tests.contract.enrolling import grant, issue_pair
from tests.contract.ministry import SELLER, make_credential, make_invoice, seal_subject, visiting
from tests.contract.pages import read_page
from tests.contract.permissions import PESEL, fingerprint, pesel
from tests.contract.witness import Client, as_credential, client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ksef.certificates import SigningKey
    from ksef.exchange.certificates import IssuedCertificate
    from tests.contract.ministry import Credential

pytestmark = pytest.mark.contract

PASSWORD = "Zażółć-gęślą-1"
AUTHENTICATION, OFFLINE = CertificateKind.AUTHENTICATION, CertificateKind.OFFLINE


@pytest.fixture
def client() -> Iterator[Client]:
    with visiting() as visitor, client_of(visitor) as client:
        yield client


def log_in(client: Client, credential: Credential | None = None) -> str:
    seal = credential or make_credential(seal_subject(SELLER))
    return client.gateway.log_in(as_credential(seal), nip=SELLER).access.token


def obtain(
    client: Client, access: str, *, kind: CertificateKind = AUTHENTICATION, key: SigningKey | None = None
) -> tuple[IssuedCertificate, SigningKey]:
    """The whole way of the configuration page: data, request, waiting, fetching."""
    certificates = client.gateway.certificates
    key = key or new_ec_key()
    csr = build_csr(certificates.get_enrollment_data(access), key)
    request = CertificateRequest(name=f"Kwit {kind.value}", kind=kind, csr=csr)
    reference = certificates.enroll(access, request).reference
    begun = certificates.get_enrollment(access, reference)
    assert operation_fate(begun.status.code) is OperationFate.PENDING
    client.visitor.clock.advance(seconds=1)
    done = certificates.get_enrollment(access, reference)
    assert operation_fate(done.status.code) is OperationFate.DONE, done
    assert done.serial_number is not None
    (issued,) = certificates.retrieve(access, [done.serial_number])
    assert (issued.serial_number, issued.kind) == (done.serial_number, kind)
    return issued, key


STRANGER = make_credential({NameOID.COUNTRY_NAME: "DE", NameOID.COMMON_NAME: "Ana Beispiel"})
HOLDERS = {"Nip": make_credential(seal_subject(SELLER)), "Pesel": pesel(), "Fingerprint": STRANGER}


@pytest.mark.parametrize("who", HOLDERS)
@pytest.mark.parametrize("key", [new_ec_key, new_rsa_key])
def test_certificate_is_got_kept_and_logged_in_with(
    client: Client, who: str, key: Callable[[], SigningKey]
) -> None:
    """S26: the certificate serves in place of the one that asked for it, whoever holds it."""
    known_as = {"Nip": SELLER, "Pesel": PESEL, "Fingerprint": fingerprint(STRANGER)}[who]
    if who != "Nip":
        grant(client.visitor, "InvoiceRead", kind=who, value=known_as)
    access = log_in(client, HOLDERS[who])
    issued, made = obtain(client, access, key=key())
    upload = read_upload(
        certificate=issued.certificate,
        key=lock_key(made, password=PASSWORD),
        password=PASSWORD,
        kind=AUTHENTICATION,
        now=client.visitor.clock.now,
    )
    assert client.gateway.log_in(upload.credential(), nip=SELLER).access.token
    (listed,) = every(lambda cursor: client.gateway.certificates.query(access, cursor=cursor))
    assert (listed.serial_number, listed.name, listed.status) == (
        upload.facts.serial_number,
        "Kwit Authentication",
        CertificateStatus.ACTIVE,
    )
    assert listed.subject == Identifier(who, known_as)
    assert upload.facts.identity.kind == who
    assert (listed.valid_from, listed.valid_to) == (upload.facts.valid_from, upload.facts.valid_to)
    assert listed.last_used_at is not None


def test_every_request_counts_and_every_certificate_does(client: Client) -> None:
    access = log_in(client)
    before = client.gateway.certificates.get_limits(access)
    obtain(client, access)
    after = client.gateway.certificates.get_limits(access)
    assert before.can_request
    assert (before.enrollment.limit, before.certificate.limit) == (300, 100)
    assert before.enrollment.remaining - after.enrollment.remaining == 1
    assert before.certificate.remaining - after.certificate.remaining == 1


def test_revoked_certificate_opens_no_door(client: Client) -> None:
    """Section 3: a new one first, then the old one is superseded; a second revocation changes nothing."""
    access = log_in(client)
    issued, key = obtain(client, access)
    upload = read_upload(
        certificate=issued.certificate,
        key=lock_key(key, password=PASSWORD),
        password=PASSWORD,
        kind=AUTHENTICATION,
        now=client.visitor.clock.now,
    )
    revoke = client.gateway.certificates.revoke
    revoke(access, serial_number=issued.serial_number, reason=RevocationReason.SUPERSEDED)
    client.visitor.clock.advance(seconds=5)
    revoked = CertificateFilters(status=CertificateStatus.REVOKED, kind=AUTHENTICATION)
    (gone,) = client.gateway.certificates.query(access, filters=revoked).items
    assert gone.serial_number == issued.serial_number
    with pytest.raises(Refused) as login:
        client.gateway.log_in(upload.credential(), nip=SELLER)
    assert login.value.code == 460
    assert remedy_for(460, area=Area.LOGIN) is Remedy.NEW_CREDENTIAL
    with pytest.raises(Refused) as again:
        revoke(access, serial_number=issued.serial_number)
    assert again.value.code == 25009
    assert remedy_for(25009, area=Area.REFUSAL) is Remedy.DONE


def test_certificates_are_found_page_by_page(client: Client) -> None:
    access = log_in(client)
    serials = {issue_pair(client.visitor, nip=SELLER)[0] for _ in range(52)}
    found = list(every(lambda cursor: client.gateway.certificates.query(access, cursor=cursor)))
    assert len(found) == 52
    assert {one.serial_number for one in found} == serials
    issued = client.gateway.certificates.retrieve(access, sorted(serials))
    assert {one.serial_number for one in issued} == serials


def test_changed_subject_is_refused(client: Client) -> None:
    """Code 25003."""
    access = log_in(client)
    data = client.gateway.certificates.get_enrollment_data(access)
    for wrong in (replace(data, common_name="Inna"), replace(data, surname="Obca")):
        request = CertificateRequest("Kwit", AUTHENTICATION, build_csr(wrong, new_ec_key()))
        with pytest.raises(Refused) as caught:
            client.gateway.certificates.enroll(access, replace(request, name="Certyfikat"))
        assert caught.value.code == 25003


def test_token_asks_for_no_certificate(client: Client) -> None:
    """Codes 25001 and 25002: a login with a certificate is needed."""
    token = TokenCredential(client.visitor.control_token())
    access = client.gateway.log_in(token, nip=SELLER).access.token
    with pytest.raises(Refused) as data:
        client.gateway.certificates.get_enrollment_data(access)
    request = CertificateRequest("Certyfikat", AUTHENTICATION, b"csr")
    with pytest.raises(Refused) as enrolment:
        client.gateway.certificates.enroll(access, request)
    assert (data.value.code, enrolment.value.code) == (25001, 25002)
    assert remedy_for(25001, area=Area.REFUSAL) is Remedy.NEW_CREDENTIAL


@pytest.mark.parametrize("key", [new_ec_key, new_rsa_key])
def test_offline_certificate_vouches_for_an_invoice(client: Client, key: Callable[[], SigningKey]) -> None:
    """S43 to S45: kept locked, opened for one print, and the scanned code confirms the issuer."""
    issued, made = obtain(client, log_in(client), kind=OFFLINE, key=key())
    facts = check_usable(read_certificate(issued.certificate), kind=OFFLINE, now=client.visitor.clock.now)
    locked = lock_key(made, password=PASSWORD)
    signer = OfflineSigner(facts.serial_number, open_key(locked, password=PASSWORD))
    url = kod_ii_url(
        qr_url="http://ksef.test",
        context=Identifier("Nip", SELLER),
        seller_nip=SELLER,
        sha256=sha256(make_invoice()).digest(),
        signer=signer,
    )
    page = read_page(client.visitor.http.get(urlsplit(url).path))
    assert page.findtext(".//h1") == "Wystawca faktury jest potwierdzony"


def test_certificate_of_one_purpose_is_not_taken_for_the_other(client: Client) -> None:
    """S50."""
    access = log_in(client)
    for kind, other in ((OFFLINE, AUTHENTICATION), (AUTHENTICATION, OFFLINE)):
        certificate = read_certificate(obtain(client, access, kind=kind)[0].certificate)
        with pytest.raises(UnusableFile) as caught:
            check_usable(certificate, kind=other, now=client.visitor.clock.now)
        assert caught.value.flaw is Flaw.WRONG_PURPOSE


def test_start_of_validity_may_be_chosen(client: Client) -> None:
    access = log_in(client)
    start = client.visitor.clock.now + timedelta(days=3)
    key = new_ec_key()
    csr = build_csr(client.gateway.certificates.get_enrollment_data(access), key)
    request = CertificateRequest("Na przyszłość", AUTHENTICATION, csr, valid_from=start)
    reference = client.gateway.certificates.enroll(access, request).reference
    client.visitor.clock.advance(seconds=1)
    serial = client.gateway.certificates.get_enrollment(access, reference).serial_number
    assert serial is not None
    (issued,) = client.gateway.certificates.retrieve(access, [serial])
    certificate = read_certificate(issued.certificate)
    assert describe(certificate).valid_from == start
    with pytest.raises(UnusableFile) as caught:
        check_usable(certificate, kind=AUTHENTICATION, now=client.visitor.clock.now)
    assert caught.value.flaw is Flaw.NOT_YET_VALID
