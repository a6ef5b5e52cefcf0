"""The request for a certificate carries the subject KSeF gave and nothing else (ksef-protocol section 3)."""

import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ksef.csr import build_csr, new_ec_key, new_rsa_key
from ksef.exchange.certificates import EnrollmentData

pytestmark = pytest.mark.unit

KEY = new_ec_key()
ORDER = (
    NameOID.COMMON_NAME,
    NameOID.COUNTRY_NAME,
    NameOID.GIVEN_NAME,
    NameOID.SURNAME,
    NameOID.SERIAL_NUMBER,
    NameOID.X500_UNIQUE_IDENTIFIER,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATION_IDENTIFIER,
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=80)
PRINTABLE = st.from_regex(r"[A-Z]{3,5}-[0-9]{10,11}", fullmatch=True)


@st.composite
def data(draw: st.DrawFn) -> EnrollmentData:
    return EnrollmentData(
        common_name=draw(TEXT),
        country_name=draw(st.sampled_from(["PL", "DE", "FR"])),
        given_name=draw(st.none() | TEXT),
        surname=draw(st.none() | TEXT),
        serial_number=draw(st.none() | PRINTABLE),
        unique_identifier=draw(st.none() | TEXT),
        organization_name=draw(st.none() | TEXT),
        organization_identifier=draw(st.none() | PRINTABLE),
    )


def _values(data: EnrollmentData) -> tuple[str | None, ...]:
    return (
        data.common_name,
        data.country_name,
        data.given_name,
        data.surname,
        data.serial_number,
        data.unique_identifier,
        data.organization_name,
        data.organization_identifier,
    )


@given(data=data())
@settings(max_examples=100, deadline=None)
def test_subject_is_what_ksef_gave_in_its_order(data: EnrollmentData) -> None:
    """Code 25003: nothing added, nothing left out, no name cut at 64 bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        request = x509.load_der_x509_csr(build_csr(data, KEY))
        given = [(entry.oid, entry.value) for entry in request.subject]
    assert given == [pair for pair in zip(ORDER, _values(data), strict=True) if pair[1] is not None]
    assert request.is_signature_valid
    assert list(request.extensions) == []


@pytest.mark.parametrize("key", [new_ec_key(), new_rsa_key()], ids=["EC", "RSA"])
def test_keys_are_the_two_kinds_that_ksef_certifies(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    """Code 25010: P-256 or RSA of exactly 2048 bits."""
    csr = build_csr(EnrollmentData(common_name="Próba", country_name="PL"), key)
    public = x509.load_der_x509_csr(csr).public_key()
    assert public == key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        assert isinstance(public.curve, ec.SECP256R1)
    else:
        assert isinstance(public, rsa.RSAPublicKey)
        assert public.key_size == 2048
