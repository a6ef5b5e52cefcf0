"""Encryption as KSeF prescribes it (ksef-protocol sections 2.3 and 4.1)."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ksef.crypto import (
    KeyUsage,
    PublicKey,
    choose_public_key,
    encrypt_document,
    encrypt_for_ksef,
    from_base64,
    new_symmetric_key,
    to_base64,
    token_plaintext,
)
from ksef.errors import ContractBroken

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _key(
    name: str,
    *,
    begins: datetime = NOW - DAY,
    ends: datetime = NOW + DAY,
    usages: tuple[str, ...] = ("SymmetricKeyEncryption",),
    certificate: bytes = b"",
) -> PublicKey:
    return PublicKey(
        public_key_id=name,
        certificate=certificate,
        valid_from=begins,
        valid_to=ends,
        usages=frozenset(usages),
    )


def _certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "key")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_key_fits_usage_and_time_and_began_last() -> None:
    """F21: in a rotation the old, the new and the coming key stand side by side."""
    keys = [
        _key("old", begins=NOW - 9 * DAY),
        _key("new", begins=NOW - 2 * DAY),
        _key("ended", begins=NOW - DAY, ends=NOW),
        _key("coming", begins=NOW + timedelta(seconds=1)),
        _key("other use", begins=NOW - timedelta(hours=1), usages=("KsefTokenEncryption", "Later")),
    ]
    chosen = choose_public_key(keys, usage=KeyUsage.SYMMETRIC_KEY, at=NOW)
    assert chosen is not None
    assert chosen.public_key_id == "new"
    assert choose_public_key(keys[2:4], usage=KeyUsage.SYMMETRIC_KEY, at=NOW) is None


def test_key_is_valid_from_its_first_moment() -> None:
    assert choose_public_key([_key("k", begins=NOW)], usage=KeyUsage.SYMMETRIC_KEY, at=NOW) is not None


def test_secret_opens_with_the_private_key_alone() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public_key = _key("k", certificate=_certificate(private))
    sealed = encrypt_for_ksef(token_plaintext("tökén", timestamp_ms=1751000000123), public_key=public_key)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    assert private.decrypt(sealed, oaep).decode() == "tökén|1751000000123"


def test_a_key_of_another_kind_breaks_the_contract() -> None:
    other = _key("k", certificate=_certificate(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(ContractBroken):
        encrypt_for_ksef(b"x", public_key=other)
    with pytest.raises(ContractBroken):
        encrypt_for_ksef(b"x", public_key=_key("k", certificate=b"nonsense"))


@given(document=st.binary(max_size=100))
def test_document_is_cbc_with_padding_and_no_iv_in_front(document: bytes) -> None:
    """Trap 1."""
    secret = new_symmetric_key()
    key, iv = secret.key, secret.iv
    sealed = encrypt_document(document, key=key, iv=iv)
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    pad = 16 - len(document) % 16
    assert plain == document + bytes([pad]) * pad


def test_keys_are_fresh_and_of_the_right_size() -> None:
    one, other = new_symmetric_key(), new_symmetric_key()
    assert (len(one.key), len(one.iv)) == (32, 16)
    assert one.key != other.key
    assert one.iv != other.iv


@pytest.mark.parametrize("text", ["a-_=", "YQ", "YQ==\n", "ą==="])
def test_base64_is_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_base64(text)


@given(data=st.binary())
def test_base64_goes_there_and_back(data: bytes) -> None:
    assert from_base64(to_base64(data)) == data
