"""The signed login request, checked by hand and by another path than the one that signed it (section 2.2)."""

import hashlib
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

from ksef.certificates import self_signed_seal
from ksef.errors import CredentialUnusable
from ksef.exchange import CertificateCredential
from ksef.exchange.identifiers import Identifier
from ksef.exchange.logins import AllowedAddresses, LoginScope
from ksef.xades import AUTH_NAMESPACE, sign_auth_request, write_auth_request

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NIP = "5265877635"
SCOPE = LoginScope(Identifier("Nip", NIP))
CHALLENGE = "20261122-CR-20F5EE4000-DA48AE4124-46"
NS = {"ds": "http://www.w3.org/2000/09/xmldsig#", "xades": "http://uri.etsi.org/01903/v1.3.2#"}

type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _credential(key: PrivateKey) -> CertificateCredential:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kwit")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return CertificateCredential(
        certificate_pem=builder.sign(key, algorithm).public_bytes(Encoding.PEM),
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _rsa(bits: int = 2048) -> CertificateCredential:
    return _credential(rsa.generate_private_key(public_exponent=65537, key_size=bits))


def _sign(credential: CertificateCredential, *, at: datetime = NOW) -> etree._Element:
    signed = sign_auth_request(challenge=CHALLENGE, scope=SCOPE, credential=credential, signing_time=at)
    return etree.fromstring(signed)


def _find(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path, NS)
    assert found is not None, path
    return found


def _text(root: etree._Element, path: str) -> str:
    return _find(root, path).text or ""


def _c14n(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=False)


def _digest(reference: etree._Element) -> bytes:
    assert _find(reference, "ds:DigestMethod").get("Algorithm", "").endswith("#sha256")
    return b64decode(_text(reference, "ds:DigestValue"))


def test_request_is_the_2_1_document_in_its_order() -> None:
    written = etree.tostring(write_auth_request(challenge=CHALLENGE, scope=SCOPE)).decode()
    assert written == (
        '<AuthTokenRequest xmlns="http://ksef.mf.gov.pl/auth/token/2.1">'
        f"<Challenge>{CHALLENGE}</Challenge><ContextIdentifier><Nip>{NIP}</Nip></ContextIdentifier>"
        "<SubjectIdentifierType>certificateSubject</SubjectIdentifierType></AuthTokenRequest>"
    )


def test_ecdsa_signature_is_raw_and_verifies() -> None:
    """Trap 3: R and S side by side, not DER."""
    seal = self_signed_seal(nip=NIP, name="Kwit", now=NOW)
    root = _sign(seal)
    raw = b64decode(_text(root, "ds:Signature/ds:SignatureValue"))
    method = _find(root, "ds:Signature/ds:SignedInfo/ds:SignatureMethod")
    public = x509.load_pem_x509_certificate(seal.certificate_pem).public_key()
    assert len(raw) == 64
    assert method.get("Algorithm") == "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    assert isinstance(public, ec.EllipticCurvePublicKey)
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    signed_info = _c14n(_find(root, "ds:Signature/ds:SignedInfo"))
    public.verify(signature, signed_info, ec.ECDSA(hashes.SHA256()))


def test_rsa_signature_is_pkcs1_and_verifies() -> None:
    credential = _rsa()
    root = _sign(credential)
    public = x509.load_pem_x509_certificate(credential.certificate_pem).public_key()
    method = _find(root, "ds:Signature/ds:SignedInfo/ds:SignatureMethod")
    assert method.get("Algorithm") == "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(
        b64decode(_text(root, "ds:Signature/ds:SignatureValue")),
        _c14n(_find(root, "ds:Signature/ds:SignedInfo")),
        padding.PKCS1v15(),
        hashes.SHA256(),
    )


def test_references_bind_document_properties_and_certificate() -> None:
    """Issue 643 of the official repository: without the certificate among the signed properties, 9105."""
    seal = self_signed_seal(nip=NIP, name="Kwit", now=NOW)
    root = _sign(seal)
    references = {
        reference.get("Type") or reference.get("URI") or "": reference
        for reference in root.iterfind(".//ds:SignedInfo/ds:Reference", NS)
    }
    properties = _find(root, ".//xades:SignedProperties")
    assert hashlib.sha256(_c14n(properties)).digest() == _digest(
        references["http://uri.etsi.org/01903#SignedProperties"]
    )
    certificate = x509.load_pem_x509_certificate(seal.certificate_pem)
    bound = _find(properties, ".//xades:SigningCertificateV2/xades:Cert/xades:CertDigest")
    assert _digest(bound) == certificate.fingerprint(hashes.SHA256())
    document = references[""]
    root.remove(_find(root, "ds:Signature"))
    assert hashlib.sha256(_c14n(root)).digest() == _digest(document)


def test_signing_time_is_the_one_given_in_utc() -> None:
    """F36: our own clock plays no part."""
    root = _sign(_rsa(), at=NOW.astimezone(timezone(timedelta(hours=1))))
    assert _text(root, ".//xades:SigningTime") == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize(
    "credential",
    [
        pytest.param(CertificateCredential(certificate_pem=b"", key_pem=b""), id="empty"),
        pytest.param(_rsa(1024), id="short RSA"),
        pytest.param(_credential(ec.generate_private_key(ec.SECP224R1())), id="short EC"),
        pytest.param(_credential(ed25519.Ed25519PrivateKey.generate()), id="other kind"),
        pytest.param(
            CertificateCredential(certificate_pem=_rsa().certificate_pem, key_pem=_rsa().key_pem),
            id="foreign key",
        ),
    ],
)
def test_credentials_that_ksef_would_refuse_are_refused_here(credential: CertificateCredential) -> None:
    with pytest.raises(CredentialUnusable) as caught:
        _sign(credential)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Nip", NIP),
        ("InternalId", "5265877635-12345"),
        ("NipVatUe", "5265877635-DE123456789"),
        ("PeppolId", "PPL123456"),
    ],
)
def test_request_names_its_context(kind: str, value: str) -> None:
    request = write_auth_request(challenge=CHALLENGE, scope=LoginScope(Identifier(kind, value)))
    (context,) = _find(request, f"{{{AUTH_NAMESPACE}}}ContextIdentifier")
    assert (etree.QName(context).localname, context.text) == (kind, value)


def test_request_may_bind_its_tokens_to_addresses() -> None:
    """Section 2.2: each kind in its place."""
    addresses = AllowedAddresses(("10.0.0.1", "10.0.0.2"), ("10.0.1.1-10.0.1.9",), ("10.0.2.0/24",))
    scope = LoginScope(Identifier("Nip", NIP), addresses)
    *_, policy = write_auth_request(challenge=CHALLENGE, scope=scope)
    written = etree.tostring(policy).decode().replace(f' xmlns="{AUTH_NAMESPACE}"', "")
    assert written == (
        "<AuthorizationPolicy><AllowedIps><Ip4Address>10.0.0.1</Ip4Address><Ip4Address>10.0.0.2</Ip4Address>"
        "<Ip4Range>10.0.1.1-10.0.1.9</Ip4Range><Ip4Mask>10.0.2.0/24</Ip4Mask></AllowedIps></AuthorizationPolicy>"
    )


def test_stranger_signs_in_by_the_fingerprint() -> None:
    """Section 2.2: a certificate with neither NIP nor PESEL."""
    subject_type = f"{{{AUTH_NAMESPACE}}}SubjectIdentifierType"
    stranger = _credential(ec.generate_private_key(ec.SECP256R1()))
    assert _text(_sign(stranger), subject_type) == "certificateFingerprint"
    seal = self_signed_seal(nip=NIP, name="Kwit", now=NOW)
    assert _text(_sign(seal), subject_type) == "certificateSubject"
    provider = LoginScope(Identifier("PeppolId", "PPL123456"))
    signed = sign_auth_request(challenge=CHALLENGE, scope=provider, credential=stranger, signing_time=NOW)
    assert _text(etree.fromstring(signed), subject_type) == "certificateSubject"
