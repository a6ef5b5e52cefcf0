"""Thirty ways of uploading the wrong thing: each has its own words, none leaves a trace (S22, S31, S32, S50)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessState, AccessTimer, KSeFCredential, OfflineCertificate
from roles.models import AuditEntry
from tests.certificates import PASSWORD, Pair, issue

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Parcel:
    certificate: bytes
    key: bytes | None
    password: str = PASSWORD


def pem(key: PrivateKey, password: str = PASSWORD) -> bytes:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def certificate_for(
    key: PrivateKey, *, begins: int = -1, days: int = 30, usage: tuple[bool, bool] | None = (True, False)
) -> bytes:
    """A self-signed one for the NIP of the tests; `usage` is (digitalSignature, nonRepudiation)."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Jan Próbny"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "TINPL-5260250274"),
            x509.NameAttribute(NameOID.GIVEN_NAME, "Jan"),
            x509.NameAttribute(NameOID.SURNAME, "Próbny"),
        ]
    )
    start = timezone.now() + timedelta(days=begins)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))
    if usage is not None:
        signing, vouching = usage
        others = dict.fromkeys(
            ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
        )
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=signing,
                content_commitment=vouching,
                encipher_only=False,
                decipher_only=False,
                **others,
            ),
            critical=True,
        )
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM)


def p12(pair: Pair, *, password: str = PASSWORD, with_key: bool = True) -> bytes:
    key = load_pem_private_key(pair.key, PASSWORD.encode())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    return pkcs12.serialize_key_and_certificates(
        b"x", key if with_key else None, certificate, None, BestAvailableEncryption(password.encode())
    )


def public_key(pair: Pair) -> bytes:
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


P256 = ec.generate_private_key(ec.SECP256R1())
SMALL_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 - KSeF must not get it.
ED25519 = ed25519.Ed25519PrivateKey.generate()

# Of an Authentication pair and an Offline pair: what is sent, the field, and the beginning of the message.
WRONG: dict[str, tuple[Callable[[Pair, Pair], Parcel], str, str]] = {
    "swapped": (lambda a, _: Parcel(a.key, a.certificate), "certificate", "To jest plik klucza"),
    "certificate twice": (
        lambda a, _: Parcel(a.certificate, a.certificate),
        "key",
        "To jest plik certyfikatu",
    ),
    "key twice": (lambda a, _: Parcel(a.key, a.key), "certificate", "To jest plik klucza"),
    "wrong password": (
        lambda a, _: Parcel(a.certificate, a.key, "Inne-Haslo-2026!"),
        "password",
        "To hasło nie",
    ),
    "password of other case": (
        lambda a, _: Parcel(a.certificate, a.key, PASSWORD.lower()),
        "password",
        "To hasło nie",
    ),
    "password with a space": (
        lambda a, _: Parcel(a.certificate, a.key, PASSWORD + " "),
        "password",
        "To hasło nie",
    ),
    "another key": (lambda a, o: Parcel(a.certificate, o.key), "key", "Ten klucz nie należy"),
    "a fresh key": (lambda a, _: Parcel(a.certificate, pem(P256)), "key", "Ten klucz nie należy"),
    "offline certificate": (lambda _, o: Parcel(o.certificate, o.key), "certificate", "To certyfikat innego"),
    "no certificate in it": (
        lambda a, _: Parcel(b"nic tu nie ma", a.key),
        "certificate",
        "Nie da się odczytać",
    ),
    "no key in it": (
        lambda a, _: Parcel(a.certificate, b"nic tu nie ma"),
        "key",
        "Nie da się odczytać klucza",
    ),
    "a picture": (lambda a, _: Parcel(b"\x89PNG\r\n\x1a\n" + bytes(99), a.key), "certificate", "Nie da się"),
    "half a certificate": (
        lambda a, _: Parcel(a.certificate[: len(a.certificate) // 2], a.key),
        "certificate",
        "Nie da się",
    ),
    "half a key": (lambda a, _: Parcel(a.certificate, a.key[: len(a.key) // 2]), "key", "Nie da się"),
    "broken Base64": (
        lambda a, _: Parcel(a.certificate.replace(b"MII", b"M*I", 1), a.key),
        "certificate",
        "Nie da się",
    ),
    "two certificates": (
        lambda a, o: Parcel(a.certificate + o.certificate, a.key),
        "certificate",
        "W tym pliku jest kilka certyfikatów",
    ),
    "two keys": (lambda a, o: Parcel(a.certificate, a.key + o.key), "key", "W tym pliku jest kilka kluczy"),
    "huge certificate": (lambda a, _: Parcel(b"A" * 70_000, a.key), "certificate", "Ten plik jest za duży"),
    "huge key": (lambda a, _: Parcel(a.certificate, b"A" * 3_000_000), "key", "Ten plik jest za duży"),
    "empty certificate": (lambda a, _: Parcel(b"", a.key), "certificate", "Wysłany plik jest pusty"),
    "empty key": (lambda a, _: Parcel(a.certificate, b""), "key", "Wysłany plik jest pusty"),
    "no key file": (lambda a, _: Parcel(a.certificate, None), "key", "Wybierz plik klucza"),
    "public key": (lambda a, _: Parcel(a.certificate, public_key(a)), "key", "Nie da się odczytać klucza"),
    "expired": (
        lambda _a, _o: Parcel(certificate_for(P256, begins=-40, days=30), pem(P256)),
        "certificate",
        "Ten certyfikat stracił ważność",
    ),
    "not yet valid": (
        lambda _a, _o: Parcel(certificate_for(P256, begins=2), pem(P256)),
        "certificate",
        "Ten certyfikat jeszcze nie jest ważny",
    ),
    "both purposes": (
        lambda _a, _o: Parcel(certificate_for(P256, usage=(True, True)), pem(P256)),
        "certificate",
        "Certyfikat KSeF ma jedno przeznaczenie",
    ),
    "no purpose": (
        lambda _a, _o: Parcel(certificate_for(P256, usage=None), pem(P256)),
        "certificate",
        "Ten certyfikat nie mówi",
    ),
    "weak key": (
        lambda _a, _o: Parcel(certificate_for(SMALL_RSA), pem(SMALL_RSA)),
        "certificate",
        "Klucz tego certyfikatu jest za krótki",
    ),
    "unknown kind of key": (
        lambda _a, _o: Parcel(certificate_for(ED25519), pem(ED25519)),
        "key",
        "KSeF przyjmuje tylko klucze RSA i EC",
    ),
    "PKCS#12 with another password": (
        lambda a, _: Parcel(p12(a, password="Cos-Innego-2026!"), None),
        "password",
        "To hasło nie",
    ),
    "PKCS#12 without its key": (
        lambda a, _: Parcel(p12(a, with_key=False), None),
        "key",
        "Wybierz plik klucza",
    ),
    "of another NIP": (
        lambda _a, _o: Parcel(b"", None),  # Made in the test: it needs another pair.
        "certificate",
        "KSeF nie przyznał uprawnień",
    ),
}


def send(person: Person, parcel: Parcel) -> str:
    form: dict[str, object] = {
        "certificate": SimpleUploadedFile("a.cert", parcel.certificate),
        "password": parcel.password,
    }
    if parcel.key is not None:
        form["key"] = SimpleUploadedFile("a.key", parcel.key)
    url = reverse("accounts:ksef_certificate", args=[person.company.slug])
    return person.client.post(url, form).content.decode()


def traces(person: Person) -> int:
    with person.entered():
        models = (KSeFCredential, OfflineCertificate, AccessState, AuditEntry)
        return sum(model.objects.count() for model in models) + AccessTimer.objects.count()


@pytest.mark.parametrize("name", WRONG)
def test_each_has_its_own_message_and_leaves_no_trace(
    people: People, simulator: Simulator, name: str
) -> None:
    """S31, S32, S50: the sentence stands at the field, nothing is saved, and what was secret is not sent back."""
    make, field, message = WRONG[name]
    mine = issue(simulator, nip=people.alicja.company.nip)
    offline = issue(simulator, kind="Offline", nip=people.alicja.company.nip)
    parcel = make(mine, offline)
    if name == "of another NIP":
        foreign = issue(simulator, nip=people.zofia.company.nip)
        parcel = Parcel(foreign.certificate, foreign.key)
    page = send(people.alicja, parcel)
    assert f'id="id_{field}_error"' in page
    assert message in page
    assert parcel.password not in page
    assert traces(people.alicja) == 0


def test_there_are_thirty_of_them() -> None:
    assert len(WRONG) >= 30


def test_one_file_of_both_connects(people: People, simulator: Simulator) -> None:
    """S32: PKCS#12 holds certificate and key; its password is the same one."""
    url = reverse("accounts:ksef_certificate", args=[people.alicja.company.slug])
    store = SimpleUploadedFile("a.p12", p12(issue(simulator, nip=people.alicja.company.nip)))
    answer = people.alicja.client.post(url, {"certificate": store, "password": PASSWORD}, follow=True)
    assert "Połączono z KSeF" in answer.content.decode()
