"""A visitor of the mounted simulator with tools of its own: certificates, signatures, encryption and an invoice.

Nothing here comes from ksef.client or ksef.crypto: what is judged must not also prepare the evidence.
"""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.xades.xades import XAdESSigner

from ksef.simulator.app import Simulator
from ksef.simulator.flavours import TEST, Flavour
from ksef.simulator.state import Store
from ksef.simulator.world import Options, World
from tests.contract.openapi import find_contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SELLER = "5265877635"
BUYER = "1111111111"
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TODAY = START.date()

type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_REQUEST = """<AuthTokenRequest xmlns="http://ksef.mf.gov.pl/auth/token/2.1"><Challenge>{challenge}</Challenge>\
<ContextIdentifier><{kind}>{value}</{kind}></ContextIdentifier>\
<SubjectIdentifierType>{subject}</SubjectIdentifierType>{policy}</AuthTokenRequest>"""

_INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"><Naglowek>\
<KodFormularza kodSystemowy="FA (3)" wersjaSchemy="1-0E">FA</KodFormularza><WariantFormularza>3</WariantFormularza>\
<DataWytworzeniaFa>2026-11-20T09:00:00Z</DataWytworzeniaFa></Naglowek><Podmiot1><DaneIdentyfikacyjne>\
<NIP>{seller}</NIP><Nazwa>Próba &amp; Syn</Nazwa></DaneIdentyfikacyjne>\
<Adres><KodKraju>PL</KodKraju><AdresL1>ul. Prosta 1</AdresL1></Adres></Podmiot1><Podmiot2><DaneIdentyfikacyjne>\
<NIP>{buyer}</NIP><Nazwa>Nabywca</Nazwa></DaneIdentyfikacyjne>\
<Adres><KodKraju>PL</KodKraju><AdresL1>ul. Krzywa 2</AdresL1></Adres><JST>2</JST><GV>2</GV></Podmiot2><Fa>\
<KodWaluty>PLN</KodWaluty><P_1>{issue_date}</P_1><P_2>{number}</P_2><P_13_1>100.00</P_13_1><P_14_1>23.00</P_14_1>\
<P_15>123.00</P_15><Adnotacje><P_16>2</P_16><P_17>2</P_17><P_18>2</P_18><P_18A>2</P_18A>\
<Zwolnienie><P_19N>1</P_19N></Zwolnienie><NoweSrodkiTransportu><P_22N>1</P_22N></NoweSrodkiTransportu>\
<P_23>2</P_23><PMarzy><P_PMarzyN>1</P_PMarzyN></PMarzy></Adnotacje><RodzajFaktury>VAT</RodzajFaktury>\
<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>{line}</P_7><P_8A>szt.</P_8A><P_8B>1</P_8B><P_9A>100.00</P_9A>\
<P_11>100.00</P_11><P_12>23</P_12></FaWiersz></Fa></Faktura>"""


def make_invoice(
    *,
    number: str = "FV/1",
    issue_date: date = TODAY,
    seller: str = SELLER,
    buyer: str = BUYER,
    line: str = "Usługa",
) -> bytes:
    text = _INVOICE.format(number=number, issue_date=issue_date, seller=seller, buyer=buyer, line=line)
    return text.encode()


def sha256_base64(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


@dataclass(slots=True)
class Clock:
    """The wall clock of a mounted simulator; tests move it instead of waiting."""

    now: datetime = START

    def __call__(self) -> float:
        return self.now.timestamp()

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass(frozen=True, slots=True)
class Credential:
    certificate: x509.Certificate
    key: PrivateKey

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def seal_subject(nip: str) -> dict[x509.ObjectIdentifier, str]:
    return {
        NameOID.COUNTRY_NAME: "PL",
        NameOID.ORGANIZATION_NAME: "Próba",
        NameOID.ORGANIZATION_IDENTIFIER: f"VATPL-{nip}",
        NameOID.COMMON_NAME: "Próba",
    }


def person_subject(serial: str) -> dict[x509.ObjectIdentifier, str]:
    return {
        NameOID.COUNTRY_NAME: "PL",
        NameOID.GIVEN_NAME: "Jan",
        NameOID.SURNAME: "Próbny",
        NameOID.SERIAL_NUMBER: serial,
        NameOID.COMMON_NAME: "Jan Próbny",
    }


def make_credential(
    subject: Mapping[x509.ObjectIdentifier, str] | None = None,
    *,
    key: PrivateKey | None = None,
    valid_from: datetime = START - timedelta(days=1),
) -> Credential:
    key = key or ec.generate_private_key(ec.SECP256R1())
    attributes = (subject or seal_subject(SELLER)).items()
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(valid_from).not_valid_after(valid_from + timedelta(days=30))
    return Credential(builder.sign(key, hashes.SHA256()), key)


def sign_request(
    challenge: str,
    credential: Credential,
    *,
    nip: str = SELLER,
    context: tuple[str, str] | None = None,
    by_fingerprint: bool = False,
    policy: str = "",
) -> bytes:
    """Sign an AuthTokenRequest for the NIP or another context; `policy` is XML that follows the subject type."""
    kind, value = context or ("Nip", nip)
    subject = "certificateFingerprint" if by_fingerprint else "certificateSubject"
    text = _REQUEST.format(challenge=challenge, kind=kind, value=value, subject=subject, policy=policy)
    root = etree.fromstring(text)
    is_rsa = isinstance(credential.key, rsa.RSAPrivateKey)
    method = SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256
    signed = XAdESSigner(signature_algorithm=method).sign(
        root, key=credential.key_pem, cert=credential.certificate_pem
    )
    return etree.tostring(signed, xml_declaration=True, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class OpenSession:
    reference: str
    key: bytes
    iv: bytes

    def encrypt(self, content: bytes) -> bytes:
        padder = PKCS7(128).padder()
        padded = padder.update(content) + padder.finalize()
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).encryptor()
        return encryptor.update(padded) + encryptor.finalize()

    def package(self, content: bytes, **changes: object) -> dict[str, object]:
        encrypted = self.encrypt(content)
        return {
            "invoiceHash": sha256_base64(content),
            "invoiceSize": len(content),
            "encryptedInvoiceHash": sha256_base64(encrypted),
            "encryptedInvoiceSize": len(encrypted),
            "encryptedInvoiceContent": base64.b64encode(encrypted).decode(),
            **changes,
        }


@dataclass(slots=True)
class Visitor:
    """One client of one simulator; every answer under /v2 is held against the official contract."""

    clock: Clock
    http: httpx.Client
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {**self.headers, **request.pop("headers", {})}
        token = request.pop("token", self.token)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        response = self.http.request(method, path, headers=headers, **request)
        contract = find_contract()
        if contract is not None and path.startswith("/v2"):
            contract.check(response)
        return response

    def get(self, path: str, **request: Any) -> Any:
        response = self.ask("GET", path, **request)
        assert response.status_code == 200, response.text
        return response.json()

    def refusal(self, method: str, path: str, **request: Any) -> int:
        """Ask for something that must be refused, in both error formats, and return the KSeF code."""
        legacy = self.ask(method, path, **request)
        assert legacy.status_code == 400, legacy.text
        code: int = legacy.json()["exception"]["exceptionDetailList"][0]["exceptionCode"]
        headers = {**request.pop("headers", {}), "X-Error-Format": "problem-details"}
        problem = self.ask(method, path, headers=headers, **request)
        assert [error["code"] for error in problem.json()["errors"]] == [code]
        return code

    def challenge(self) -> tuple[str, int]:
        answer = self.ask("POST", "/v2/auth/challenge").json()
        return answer["challenge"], answer["timestampMs"]

    def public_key(self) -> tuple[rsa.RSAPublicKey, str]:
        newest = self.get("/v2/security/public-key-certificates")[0]
        key = x509.load_der_x509_certificate(base64.b64decode(newest["certificate"])).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        return key, newest["publicKeyId"]

    def encrypt_for_ministry(self, data: bytes) -> str:
        oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
        return base64.b64encode(self.public_key()[0].encrypt(data, oaep)).decode()

    def begin_login(self, credential: Credential, *, nip: str = SELLER, **wish: Any) -> dict[str, Any]:
        body = sign_request(self.challenge()[0], credential, nip=nip, **wish)
        return self._accepted(self.ask("POST", "/v2/auth/xades-signature", content=body, headers=XML))

    def begin_token_login(self, token: str, *, nip: str = SELLER, **changes: object) -> dict[str, Any]:
        challenge, milliseconds = self.challenge()
        body = {
            "challenge": challenge,
            "contextIdentifier": {"type": "Nip", "value": nip},
            "encryptedToken": self.encrypt_for_ministry(f"{token}|{milliseconds}".encode()),
            "publicKeyId": self.public_key()[1],
            **changes,
        }
        return self._accepted(self.ask("POST", "/v2/auth/ksef-token", json=body))

    def _accepted(self, response: httpx.Response) -> dict[str, Any]:
        assert response.status_code == 202, response.text
        begun: dict[str, Any] = response.json()
        return begun

    def login_status(self, begun: dict[str, Any]) -> dict[str, Any]:
        path = f"/v2/auth/{begun['referenceNumber']}"
        status: dict[str, Any] = self.get(path, token=begun["authenticationToken"]["token"])["status"]
        return status

    def redeem(self, begun: dict[str, Any]) -> dict[str, Any]:
        """Finish a login and act with its access token from now on."""
        token = begun["authenticationToken"]["token"]
        response = self.ask("POST", "/v2/auth/token/redeem", token=token)
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        self.token = tokens["accessToken"]["token"]
        return tokens

    def log_in(self, nip: str = SELLER) -> dict[str, Any]:
        return self.redeem(self.begin_login(make_credential(seal_subject(nip)), nip=nip))

    def control_token(self, nip: str = SELLER, **more: object) -> str:
        token: str = self.ask("POST", "/_control/tokens", json={"nip": nip, **more}).json()["token"]
        return token

    def opening(self, key: bytes, iv: bytes, **changes: object) -> dict[str, object]:
        encryption = {
            "encryptedSymmetricKey": self.encrypt_for_ministry(key),
            "initializationVector": base64.b64encode(iv).decode(),
            "publicKeyId": self.public_key()[1],
            **changes,
        }
        form = {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"}
        return {"formCode": form, "encryption": encryption}

    def open_session(self, **request: Any) -> OpenSession:
        key, iv = os.urandom(32), os.urandom(16)
        response = self.ask("POST", "/v2/sessions/online", json=self.opening(key, iv), **request)
        assert response.status_code == 201, response.text
        return OpenSession(response.json()["referenceNumber"], key, iv)

    def send(self, session: OpenSession, content: bytes, **changes: object) -> str:
        path = f"/v2/sessions/online/{session.reference}/invoices"
        response = self.ask("POST", path, json=session.package(content, **changes))
        assert response.status_code == 202, response.text
        reference: str = response.json()["referenceNumber"]
        return reference

    def invoice(self, session: OpenSession, reference: str) -> dict[str, Any]:
        status: dict[str, Any] = self.get(f"/v2/sessions/{session.reference}/invoices/{reference}")
        return status

    def judged(self, session: OpenSession, content: bytes, **changes: object) -> dict[str, Any]:
        """Send, let the processing time pass and return the invoice's status."""
        reference = self.send(session, content, **changes)
        self.clock.advance(seconds=1)
        return self.invoice(session, reference)

    def close(self, session: OpenSession) -> None:
        response = self.ask("POST", f"/v2/sessions/online/{session.reference}/close")
        assert response.status_code == 204, response.text


XML = {"Content-Type": "application/xml"}


@cache
def _mounted(flavour: Flavour) -> tuple[Simulator, Clock]:
    """One simulator for all tests of a process: making its key is slow, forgetting everything else is not."""
    clock = Clock()
    options = Options(processing=0.5, authentication=0, storage=0, hwm_lag=0)
    world = World(Store(None), wall_clock=clock, options=options, flavour=flavour)
    return Simulator(world, sleep=lambda seconds: clock.advance(seconds=seconds)), clock


@contextmanager
def calling_from(visitor: Visitor, address: str) -> Iterator[Visitor]:
    """Let the same visitor, with the same token, call from another IP address."""
    transport = httpx.WSGITransport(app=_mounted(TEST)[0], remote_addr=address)
    with httpx.Client(transport=transport, base_url="http://ksef.test") as http:
        yield replace(visitor, http=http)


@contextmanager
def visiting(flavour: Flavour = TEST) -> Iterator[Visitor]:
    """Visit an emptied simulator whose clock stands still and whose processing takes half a second of it."""
    simulator, clock = _mounted(flavour)
    clock.now = START
    with httpx.Client(transport=httpx.WSGITransport(app=simulator), base_url="http://ksef.test") as http:
        http.post("/_control/reset").raise_for_status()
        yield Visitor(clock, http)


@contextmanager
def visiting_data(folder: Path, *, at: datetime = START) -> Iterator[Visitor]:
    """Visit a simulator that was just started on this folder."""
    clock = Clock(at)
    options = Options(processing=0.5, authentication=0, storage=0)
    with (
        Simulator(World(Store(folder), wall_clock=clock, options=options)) as simulator,
        httpx.Client(transport=httpx.WSGITransport(app=simulator), base_url="http://ksef.test") as http,
    ):
        yield Visitor(clock, http)
