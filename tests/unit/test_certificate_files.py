"""The files of a certificate: every form in use is read, every flaw has its own name (S31, S32, S43, S50)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ksef.certificates import (
    Flaw,
    UnusableFile,
    check_pair,
    check_usable,
    describe,
    inspect_key,
    lock_key,
    open_key,
    read_certificate,
    read_upload,
)
from ksef.exchange.certificates import CertificateKind
from ksef.exchange.identifiers import Identifier

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASSWORD = "Zażółć gęślą"
LOCK = BestAvailableEncryption(PASSWORD.encode())
OPEN = NoEncryption()
PERSON = {
    NameOID.COUNTRY_NAME: "PL",
    NameOID.GIVEN_NAME: "Jan",
    NameOID.SURNAME: "Próbny",
    NameOID.SERIAL_NUMBER: "PNOPL-12345678901",
    NameOID.COMMON_NAME: "Jan Próbny",
}
AUTHENTICATION, OFFLINE = CertificateKind.AUTHENTICATION, CertificateKind.OFFLINE

type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
EC_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _usage(*, digital: bool, commitment: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def make(
    key: Key | ed25519.Ed25519PrivateKey = EC_KEY,
    *,
    subject: dict[x509.ObjectIdentifier, str] | None = None,
    uses: str = "D",
    valid_from: datetime = NOW - timedelta(days=1),
    serial: int = 0x01F20A5D352AE590,
) -> x509.Certificate:
    """`uses`: D for digitalSignature, N for nonRepudiation, - for an empty keyUsage, nothing for none."""
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in (subject or PERSON).items()])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CCK KSeF")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).serial_number(serial)
    builder = builder.not_valid_before(valid_from).not_valid_after(valid_from + timedelta(days=730))
    if uses:
        extension = _usage(digital="D" in uses, commitment="N" in uses)
        builder = builder.add_extension(extension, critical=True)
    builder = builder.public_key(key.public_key())
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def pkcs8(key: Key, lock: KeySerializationEncryption = LOCK, form: Encoding = Encoding.PEM) -> bytes:
    return key.private_bytes(form, PrivateFormat.PKCS8, lock)


def legacy(key: Key, lock: KeySerializationEncryption = LOCK) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, lock)


def store(
    key: Key, certificate: x509.Certificate, *chain: x509.Certificate, lock: KeySerializationEncryption = LOCK
) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"KSeF", key, certificate, chain, lock)


def old_lock() -> KeySerializationEncryption:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2000).hmac_hash(hashes.SHA1())  # noqa: S303 - as older programs did.
    builder = builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    return builder.build(PASSWORD.encode())


def flaw_of(act: Callable[[], object]) -> Flaw:
    with pytest.raises(UnusableFile) as caught:
        act()
    assert caught.value.__cause__ is None
    return caught.value.flaw


def upload(
    certificate: bytes,
    key: bytes | None,
    password: str | None = PASSWORD,
    kind: CertificateKind = AUTHENTICATION,
) -> object:
    return read_upload(certificate=certificate, key=key, password=password, kind=kind, now=NOW)


CERTIFICATE_FORMS: dict[str, Callable[[x509.Certificate], bytes]] = {
    "PEM": pem,
    "DER": der,
    "PEM with Windows lines and a preface": lambda one: (
        b"\xef\xbb\xbfBag Attributes\r\n" + pem(one).replace(b"\n", b"\r\n")
    ),
}
KEY_FORMS: dict[str, Callable[[Key], bytes]] = {
    "encrypted PKCS#8 PEM": pkcs8,
    "encrypted PKCS#8 DER": lambda key: pkcs8(key, form=Encoding.DER),
    "encrypted older PEM": legacy,
    "open PKCS#8 PEM": lambda key: pkcs8(key, OPEN),
    "open PKCS#8 DER": lambda key: pkcs8(key, OPEN, Encoding.DER),
    "open older PEM": lambda key: legacy(key, OPEN),
    "open older DER": lambda key: key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, OPEN),
    "locked by ourselves": lambda key: lock_key(key, password=PASSWORD),
}


@pytest.mark.parametrize("certificate_form", CERTIFICATE_FORMS)
@pytest.mark.parametrize("key_form", KEY_FORMS)
@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_every_pair_of_forms_is_read(certificate_form: str, key_form: str, kind: str) -> None:
    """S21, S32: what MF issues and what other tools make of it."""
    key: Key = EC_KEY if kind == "EC" else rsa_key()
    certificate = make(key)
    read = read_upload(
        certificate=CERTIFICATE_FORMS[certificate_form](certificate),
        key=KEY_FORMS[key_form](key),
        password=PASSWORD,
        kind=AUTHENTICATION,
        now=NOW,
    )
    assert read.certificate == certificate
    assert read.key.private_numbers() == key.private_numbers()


def _chain() -> tuple[x509.Certificate, ...]:
    return make(OTHER_KEY, uses="N"), make(rsa_key(), uses="")


@pytest.mark.parametrize("lock", [LOCK, old_lock()], ids=["modern", "older"])
@pytest.mark.parametrize("chain", [(), _chain()], ids=["alone", "with its chain"])
def test_pkcs12_is_read(lock: KeySerializationEncryption, chain: tuple[x509.Certificate, ...]) -> None:
    certificate = make()
    read = read_upload(
        certificate=store(EC_KEY, certificate, *chain, lock=lock),
        key=None,
        password=PASSWORD,
        kind=AUTHENTICATION,
        now=NOW,
    )
    assert read.certificate == certificate
    assert read.key.private_numbers() == EC_KEY.private_numbers()


def test_one_pem_may_hold_both() -> None:
    both = pem(make()) + pkcs8(EC_KEY)
    for key in (None, both):
        read = read_upload(certificate=both, key=key, password=PASSWORD, kind=AUTHENTICATION, now=NOW)
        assert read.key.private_numbers() == EC_KEY.private_numbers()


def test_upload_logs_in_and_shows_no_secret() -> None:
    """S25: neither the key nor the password is in any repr."""
    read = read_upload(
        certificate=pem(make()), key=pkcs8(EC_KEY), password=PASSWORD, kind=AUTHENTICATION, now=NOW
    )
    credential = read.credential()
    assert x509.load_pem_x509_certificate(credential.certificate_pem) == make_again(read.certificate)
    assert open_key(credential.key_pem, password=None).private_numbers() == EC_KEY.private_numbers()
    for shown in (repr(read), repr(credential), repr(inspect_key(pkcs8(EC_KEY)))):
        assert "PRIVATE" not in shown
        assert "key=" not in shown
        assert PASSWORD not in shown


def make_again(certificate: x509.Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(der(certificate))


RAW_SECRET = EC_KEY.private_numbers().private_value.to_bytes(32)
GOOD_KEY = pkcs8(EC_KEY)
FLAWS: list[tuple[Flaw, Callable[[], object]]] = [
    (Flaw.TOO_LARGE, lambda: upload(pem(make()) + b" " * 64_000, GOOD_KEY)),
    (Flaw.TOO_LARGE, lambda: upload(pem(make()), GOOD_KEY + b" " * 64_000)),
    (Flaw.CERTIFICATE_UNREADABLE, lambda: upload(b"", GOOD_KEY)),
    (Flaw.CERTIFICATE_UNREADABLE, lambda: upload(b"Dzie\xc5\x84 dobry", GOOD_KEY)),
    (Flaw.CERTIFICATE_UNREADABLE, lambda: upload(pem(make())[:-40], GOOD_KEY)),
    (Flaw.CERTIFICATE_UNREADABLE, lambda: upload(pem(make()).replace(b"M", b"!", 1), GOOD_KEY)),
    (Flaw.CERTIFICATE_UNREADABLE, lambda: upload(der(make())[:-1], GOOD_KEY)),
    (
        Flaw.CERTIFICATE_UNREADABLE,
        lambda: upload(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", GOOD_KEY),
    ),
    (Flaw.CERTIFICATE_UNREADABLE, lambda: upload(csr(), GOOD_KEY)),
    (Flaw.KEY_UNREADABLE, lambda: upload(pem(make()), b"")),
    (Flaw.KEY_UNREADABLE, lambda: upload(pem(make()), b"klucz")),
    (Flaw.KEY_UNREADABLE, lambda: upload(pem(make()), GOOD_KEY[:-40])),
    (Flaw.KEY_UNREADABLE, lambda: upload(pem(make()), pkcs8(EC_KEY, OPEN).replace(b"M", b"!", 1))),
    (Flaw.KEY_UNREADABLE, lambda: upload(pem(make()), pkcs8(EC_KEY).replace(b"\nM", b"\n!", 1))),
    (Flaw.KEY_UNREADABLE, lambda: upload(pem(make()), broken_rsa())),
    (Flaw.KEY_AS_CERTIFICATE, lambda: upload(GOOD_KEY, pem(make()))),
    (Flaw.KEY_AS_CERTIFICATE, lambda: read_certificate(pkcs8(EC_KEY, form=Encoding.DER))),
    (Flaw.CERTIFICATE_AS_KEY, lambda: upload(pem(make()), der(make()))),
    (Flaw.CERTIFICATE_AS_KEY, lambda: upload(pem(make()), store(EC_KEY, make()))),
    (Flaw.KEY_MISSING, lambda: upload(pem(make()), None)),
    (Flaw.KEY_MISSING, lambda: upload(certificates_only(), None)),
    (Flaw.CERTIFICATE_MISSING, lambda: upload(key_only(), None)),
    (Flaw.SEVERAL_CERTIFICATES, lambda: upload(pem(make()) + pem(make(OTHER_KEY)), GOOD_KEY)),
    (Flaw.SEVERAL_KEYS, lambda: upload(pem(make()), GOOD_KEY + pkcs8(OTHER_KEY))),
    (Flaw.SEVERAL_KEYS, lambda: upload(pem(make()) + GOOD_KEY + GOOD_KEY, None)),
    (Flaw.PASSWORD_NEEDED, lambda: upload(pem(make()), GOOD_KEY, None)),
    (Flaw.PASSWORD_NEEDED, lambda: upload(pem(make()), legacy(EC_KEY), "")),
    (Flaw.PASSWORD_NEEDED, lambda: upload(store(EC_KEY, make()), None, None)),
    (Flaw.PASSWORD_NEEDED, lambda: read_certificate(store(EC_KEY, make()))),
    (Flaw.WRONG_PASSWORD, lambda: upload(pem(make()), GOOD_KEY, PASSWORD + " ")),
    (Flaw.WRONG_PASSWORD, lambda: upload(pem(make()), legacy(EC_KEY), "x")),
    (Flaw.WRONG_PASSWORD, lambda: upload(pem(make()), pkcs8(rsa_key(), form=Encoding.DER), "x")),
    (Flaw.WRONG_PASSWORD, lambda: upload(store(EC_KEY, make()), None, "x")),
    (Flaw.WRONG_PASSWORD, lambda: upload(store(EC_KEY, make(), lock=old_lock()), None, "x")),
    (Flaw.MISMATCH, lambda: upload(pem(make()), pkcs8(OTHER_KEY))),
    (Flaw.MISMATCH, lambda: upload(pem(make()), pkcs8(rsa_key()))),
    (Flaw.MISMATCH, lambda: upload(mismatched_store(), None)),
    (Flaw.EXPIRED, lambda: upload(pem(make(valid_from=NOW - timedelta(days=731))), GOOD_KEY)),
    (Flaw.NOT_YET_VALID, lambda: upload(pem(make(valid_from=NOW + timedelta(seconds=1))), GOOD_KEY)),
    (Flaw.WRONG_PURPOSE, lambda: upload(pem(make(uses="N")), GOOD_KEY)),
    (Flaw.WRONG_PURPOSE, lambda: upload(pem(make()), GOOD_KEY, kind=OFFLINE)),
    (Flaw.WRONG_PURPOSE, lambda: upload(store(EC_KEY, make()), None, kind=OFFLINE)),
    (Flaw.BOTH_PURPOSES, lambda: upload(pem(make(uses="DN")), GOOD_KEY)),
    (Flaw.NO_PURPOSE, lambda: upload(pem(make(uses="")), GOOD_KEY)),
    (Flaw.NO_PURPOSE, lambda: upload(pem(make(uses="-")), GOOD_KEY)),
    (Flaw.WEAK_KEY, lambda: upload(pem(make(rsa_key(1024))), GOOD_KEY)),
    (Flaw.WEAK_KEY, lambda: open_key(pkcs8(rsa_key(1024)), password=PASSWORD)),
    (Flaw.WEAK_KEY, lambda: open_key(pkcs8(ec.generate_private_key(ec.SECP224R1()), OPEN), password=None)),
    (Flaw.UNSUPPORTED_KEY, lambda: upload(pem(make(ed25519.Ed25519PrivateKey.generate())), GOOD_KEY)),
    (Flaw.UNSUPPORTED_KEY, lambda: open_key(ed25519_key(), password=None)),
]


def csr() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(EC_KEY, hashes.SHA256())
    return request.public_bytes(Encoding.DER)


def ed25519_key() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, OPEN)


def broken_rsa() -> bytes:
    """A key whose exponents do not fit: signing with it would give it away."""
    text = rsa_key().private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, OPEN)
    numbers = rsa_key().private_numbers()
    return text.replace(numbers.dmp1.to_bytes(128), (numbers.dmp1 ^ 4).to_bytes(128))


def certificates_only() -> bytes:
    return pkcs12.serialize_key_and_certificates(None, None, make(), None, LOCK)


def key_only() -> bytes:
    return pkcs12.serialize_key_and_certificates(None, EC_KEY, None, None, LOCK)


def mismatched_store() -> bytes:
    return pkcs12.serialize_key_and_certificates(None, EC_KEY, None, [make(OTHER_KEY)], LOCK)


@pytest.mark.parametrize(("flaw", "act"), FLAWS, ids=[flaw.value for flaw, _ in FLAWS])
def test_every_flaw_is_told_from_the_others(flaw: Flaw, act: Callable[[], object]) -> None:
    """S31, S50."""
    assert flaw_of(act) is flaw


def test_no_flaw_goes_without_a_test() -> None:
    """The last one is shown in test_certificate_hostile.py."""
    assert {flaw for flaw, _ in FLAWS} | {Flaw.TOO_COSTLY} == set(Flaw)


def test_facts_are_those_of_the_certificate() -> None:
    facts = describe(make(uses="N"))
    assert (facts.common_name, facts.issuer) == ("Jan Próbny", "CCK KSeF")
    assert facts.serial_number == "01F20A5D352AE590"
    assert facts.kind is OFFLINE
    assert (facts.valid_from, facts.valid_to) == (NOW - timedelta(days=1), NOW + timedelta(days=729))
    assert facts.identity == Identifier("Pesel", "12345678901")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({NameOID.SERIAL_NUMBER: "PNOPL-12345678901"}, ("Pesel", "12345678901")),
        ({NameOID.SERIAL_NUMBER: "PESEL: 12345678901"}, ("Pesel", "12345678901")),
        ({NameOID.SERIAL_NUMBER: "TINPL-5265877635"}, ("Nip", "5265877635")),
        ({NameOID.SERIAL_NUMBER: "NIP-5265877635"}, ("Nip", "5265877635")),
        ({NameOID.ORGANIZATION_IDENTIFIER: "VATPL-5265877635"}, ("Nip", "5265877635")),
    ],
)
def test_identity_is_read_as_ksef_reads_it(
    subject: dict[x509.ObjectIdentifier, str], expected: tuple[str, str]
) -> None:
    """Section 2.2."""
    facts = describe(make(subject={NameOID.COMMON_NAME: "x"} | subject))
    assert (facts.identity.kind, facts.identity.value) == expected


def test_stranger_is_known_by_the_certificate() -> None:
    """Section 3: upper-case hex of the SHA-256 of the DER certificate."""
    certificate = make(subject={NameOID.COMMON_NAME: "Foreign", NameOID.SERIAL_NUMBER: "PASDE-X"})
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der(certificate))
    expected = digest.finalize().hex().upper()
    facts = describe(certificate)
    assert facts.identity == Identifier("Fingerprint", expected)
    assert facts.fingerprint == expected


def test_certificate_is_good_to_its_last_second() -> None:
    certificate = make()
    facts = describe(certificate)
    for moment in (facts.valid_from, facts.valid_to):
        assert check_usable(certificate, kind=AUTHENTICATION, now=moment) == facts
    late = facts.valid_to + timedelta(seconds=1)
    assert flaw_of(lambda: check_usable(certificate, kind=AUTHENTICATION, now=late)) is Flaw.EXPIRED


def test_offline_certificate_is_set_up_without_its_password() -> None:
    """S43, S44: the key stays locked until something is printed."""
    certificate = read_certificate(der(make(uses="N")))
    check_usable(certificate, kind=OFFLINE, now=NOW)
    assert inspect_key(GOOD_KEY).is_encrypted
    assert not inspect_key(pkcs8(EC_KEY, OPEN)).is_encrypted
    check_pair(certificate, open_key(GOOD_KEY, password=PASSWORD))
    assert flaw_of(lambda: check_pair(certificate, OTHER_KEY)) is Flaw.MISMATCH


@pytest.mark.parametrize("key", [EC_KEY, rsa_key()], ids=["EC", "RSA"])
def test_locked_key_opens_with_its_password_only(key: Key) -> None:
    """The library, which had no part in the locking, opens it too."""
    locked = lock_key(key, password=PASSWORD)
    theirs = load_der_private_key(locked, PASSWORD.encode())
    assert isinstance(theirs, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    assert theirs.private_numbers() == key.private_numbers()
    assert flaw_of(lambda: open_key(locked, password="Zażółć")) is Flaw.WRONG_PASSWORD
    assert RAW_SECRET not in locked
    assert locked != lock_key(key, password=PASSWORD)


VALID = [pem(make()), der(make()), pkcs8(EC_KEY, OPEN, Encoding.DER), store(EC_KEY, make()), GOOD_KEY]


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 6))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))]) if draw(st.booleans()) else bytes(content)


@given(content=st.binary(max_size=300) | mutilated())
@settings(max_examples=300, deadline=None)
@pytest.mark.filterwarnings("ignore::UserWarning")  # The library complains of what it reads, and reads it.
def test_no_file_does_more_than_be_refused(content: bytes) -> None:
    """S31: whatever is uploaded, the answer is a flaw with a name."""
    for certificate, key in ((content, GOOD_KEY), (content, None), (pem(make()), content)):
        with suppress(UnusableFile):
            upload(certificate, key)
