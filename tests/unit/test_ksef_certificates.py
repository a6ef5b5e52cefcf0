"""The self-signed seal for TEST and the simulator (ksef-protocol section 2.2)."""

import re
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ksef.certificates import self_signed_seal

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NIP = "5265877635"


def _subject(name: str) -> dict[x509.ObjectIdentifier, str]:
    pem = self_signed_seal(nip=NIP, name=name, now=NOW).certificate_pem
    return {entry.oid: str(entry.value) for entry in x509.load_pem_x509_certificate(pem).subject}


def test_seal_carries_the_nip_and_no_person() -> None:
    subject = _subject("Zażółć Gęślą Jaźń sp. z o.o.")
    assert subject == {
        NameOID.COUNTRY_NAME: "PL",
        NameOID.ORGANIZATION_NAME: "Zażółć Gęślą Jaźń sp. z o.o.",
        NameOID.ORGANIZATION_IDENTIFIER: f"VATPL-{NIP}",
        NameOID.COMMON_NAME: "Zażółć Gęślą Jaźń sp. z o.o.",
    }
    assert re.fullmatch(r"(VATPL).*?\d{10}", subject[NameOID.ORGANIZATION_IDENTIFIER])


def test_key_is_p256_belongs_to_the_certificate_and_stays_out_of_the_repr() -> None:
    seal = self_signed_seal(nip=NIP, name="Kwit", now=NOW)
    certificate = x509.load_pem_x509_certificate(seal.certificate_pem)
    key = load_pem_private_key(seal.key_pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert key.public_key() == certificate.public_key()
    assert "PRIVATE" not in repr(seal)
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


def test_a_long_polish_name_is_cut_between_letters() -> None:
    """Sixty characters that are more than 64 bytes."""
    name = "Przedsiębiorstwo Produkcyjno-Usługowe Żółwia Łódź spółka z o.o."
    assert _subject(name)[NameOID.COMMON_NAME] == "Przedsiębiorstwo Produkcyjno-Usługowe Żółwia Łódź spół"
    assert _subject("0" + "ż" * 40)[NameOID.COMMON_NAME] == "0" + "ż" * 31


@given(name=st.text(max_size=600))
@settings(max_examples=50, deadline=None)
def test_any_name_makes_a_certificate(name: str) -> None:
    subject = _subject(name)
    assert 1 <= len(subject[NameOID.COMMON_NAME].encode()) <= 64
    assert subject[NameOID.ORGANIZATION_NAME] == subject[NameOID.COMMON_NAME]


def test_a_name_of_nothing_falls_back_to_the_nip() -> None:
    assert _subject(" \x00\ud800 ")[NameOID.COMMON_NAME] == NIP
