"""KOD II under an offline invoice, checked with the other side of the key (ksef-protocol section 9, S45)."""

from base64 import b64decode, urlsafe_b64decode
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from ksef_client.config import KsefClientOptions
from ksef_client.services.verification_link import VerificationLinkService

from ksef.errors import CredentialUnusable
from ksef.exchange.identifiers import Identifier
from ksef.qr import OfflineSigner, kod_ii_url, qr_svg

pytestmark = pytest.mark.unit

SERIAL = "01F20A5D352AE590"
NIP = "1111111111"
DIGEST = b64decode("UtQp9Gpc51y+u3xApZjIjgkpZ01js+J8KflSPW8WzIE=")
HOST = "https://qr-test.ksef.mf.gov.pl"
# What the documentation gives as the string to sign.
SIGNED = (
    "qr-test.ksef.mf.gov.pl/certificate/Nip/1111111111/1111111111/01F20A5D352AE590/"
    "UtQp9Gpc51y-u3xApZjIjgkpZ01js-J8KflSPW8WzIE"
)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def kod_ii(key: Key, *, host: str = HOST, digest: bytes = DIGEST, context: Identifier | None = None) -> str:
    return kod_ii_url(
        qr_url=host,
        context=context or Identifier("Nip", NIP),
        seller_nip=NIP,
        sha256=digest,
        signer=OfflineSigner(SERIAL, key),
    )


def verify(url: str, key: Key) -> str:
    """The signed string, once the signature behind it holds."""
    address, _, signature = url.rpartition("/")
    signed = address.split("://", 1)[1]
    raw = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        key.public_key().verify(raw, signed.encode(), pss, hashes.SHA256())
    else:
        assert len(raw) == 64
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key.public_key().verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    return signed


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["EC", "RSA"])
@pytest.mark.parametrize("host", [HOST, HOST + "/"])
def test_signed_string_is_the_documented_one(key: Key, host: str) -> None:
    """Without the scheme, without the slash before the signature, and without the signature."""
    url = kod_ii(key, host=host)
    assert url.startswith(f"https://{SIGNED}/")
    assert "=" not in url
    assert verify(url, key) == SIGNED


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["EC", "RSA"])
def test_simulator_may_live_under_a_path(key: Key) -> None:
    """What is signed is everything behind the scheme."""
    url = kod_ii(key, host="http://127.0.0.1:8180/demo")
    assert verify(url, key).startswith("127.0.0.1:8180/demo/certificate/Nip/")


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["EC", "RSA"])
def test_another_invoice_does_not_fit_the_signature(key: Key) -> None:
    url = kod_ii(key)
    other = kod_ii(key, digest=sha256(b"other").digest())
    forged = f"{other.rpartition('/')[0]}/{url.rpartition('/')[2]}"
    with pytest.raises(InvalidSignature):
        verify(forged, key)


@pytest.mark.parametrize(
    ("context", "written"),
    [
        (Identifier("InternalId", "5265877635-12345"), "InternalId/5265877635-12345"),
        (Identifier("NipVatUe", "5265877635-NL+*1234567890"), "NipVatUe/5265877635-NL+*1234567890"),
        (Identifier("PeppolId", "PPL123456"), "PeppolId/PPL123456"),
        (Identifier("Nip", "../x?y"), "Nip/..%2Fx%3Fy"),
    ],
)
def test_context_keeps_its_place(context: Identifier, written: str) -> None:
    assert f"/certificate/{written}/{NIP}/{SERIAL}/" in kod_ii(EC_KEY, context=context)


@given(seed=st.binary())
def test_signature_has_its_length_whatever_is_signed(seed: bytes) -> None:
    """A small R or S is filled up with zeros."""
    url = kod_ii(EC_KEY, digest=sha256(seed).digest())
    assert len(url.rpartition("/")[2]) == 86
    verify(url, EC_KEY)


def test_other_curves_are_refused() -> None:
    with pytest.raises(CredentialUnusable):
        kod_ii(ec.generate_private_key(ec.SECP384R1()))


def test_key_stays_out_of_the_repr() -> None:
    assert "key" not in repr(OfflineSigner(SERIAL, EC_KEY))


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["EC", "RSA"])
def test_code_can_be_drawn(key: Key) -> None:
    """Some 300 characters with EC, 500 with RSA."""
    assert qr_svg(kod_ii(key)).startswith("<svg ")


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["EC", "RSA"])
def test_another_builder_makes_the_same_address(key: Key) -> None:
    """Another client, written by others: the same but for the random signature, and each verifies the other's."""
    service = VerificationLinkService(KsefClientOptions(base_url="https://ksef.test", base_qr_url=HOST))
    theirs = service.build_certificate_verification_url(
        seller_nip=NIP,
        context_identifier_type="Nip",
        context_identifier_value=NIP,
        certificate_serial=SERIAL,
        invoice_hash="UtQp9Gpc51y+u3xApZjIjgkpZ01js+J8KflSPW8WzIE=",
        private_key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )
    ours = kod_ii(key)
    assert ours.rpartition("/")[0] == theirs.rpartition("/")[0]
    assert verify(ours, key) == verify(theirs, key) == SIGNED
    assert len(ours) == len(theirs)
