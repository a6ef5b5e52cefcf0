"""The signed request to log in with a certificate (section 2.2): AuthTokenRequest 2.1 under XAdES."""

import logging
from datetime import UTC, datetime
from typing import override

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.util import SigningSettings, namespaces
from signxml.xades.xades import XAdESSigner

from ksef.certificates.facts import describe
from ksef.certificates.keys import SigningKey, is_strong
from ksef.errors import CredentialUnusable
from ksef.exchange import CertificateCredential
from ksef.exchange.identifiers import IdentifierKind
from ksef.exchange.logins import AllowedAddresses, LoginScope

# At DEBUG signxml logs every document it touches, and documents have no place in a log.
logging.getLogger("signxml").setLevel(logging.INFO)

AUTH_NAMESPACE = "http://ksef.mf.gov.pl/auth/token/2.1"

# lxml wants None for the default namespace; its stubs have not heard of it.
_NSMAP: dict[str, str] = {None: AUTH_NAMESPACE}  # type: ignore[dict-item]


def write_auth_request(
    *, challenge: str, scope: LoginScope, subject_type: str = "certificateSubject"
) -> etree._Element:
    """The order of the elements is fixed by the schema."""
    request = etree.Element(_tag("AuthTokenRequest"), nsmap=_NSMAP)
    etree.SubElement(request, _tag("Challenge")).text = challenge
    context = etree.SubElement(request, _tag("ContextIdentifier"))
    etree.SubElement(context, _tag(scope.context.kind)).text = scope.context.value
    etree.SubElement(request, _tag("SubjectIdentifierType")).text = subject_type
    if scope.addresses is not None:
        _write_policy(request, scope.addresses)
    return request


def sign_auth_request(
    *, challenge: str, scope: LoginScope, credential: CertificateCredential, signing_time: datetime
) -> bytes:
    """The bytes to post, exactly; raises `CredentialUnusable` when certificate and key will not do."""
    chain, key = _load(credential)
    request = write_auth_request(
        challenge=challenge, scope=scope, subject_type=_subject_type(chain[0], scope)
    )
    method = (
        SignatureMethod.RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else SignatureMethod.ECDSA_SHA256
    )
    signer = _Signer(signature_algorithm=method, signing_time=signing_time)
    try:
        signed = signer.sign(request, key=key, cert=chain, always_add_key_value=False)
    except (SignXMLException, UnsupportedAlgorithm) as error:
        raise CredentialUnusable("the certificate cannot sign") from error
    return etree.tostring(signed, encoding="UTF-8", xml_declaration=True)


def _subject_type(certificate: x509.Certificate, scope: LoginScope) -> str:
    """Whoever has neither NIP nor PESEL in the certificate is known by its fingerprint (section 2.2).

    A Peppol provider's certificate has neither, but the identifier of the provider.
    """
    has_no_number = describe(certificate).identity.kind == IdentifierKind.FINGERPRINT
    is_stranger = has_no_number and scope.context.kind != IdentifierKind.PEPPOL_ID
    return "certificateFingerprint" if is_stranger else "certificateSubject"


def _write_policy(request: etree._Element, addresses: AllowedAddresses) -> None:
    policy = etree.SubElement(request, _tag("AuthorizationPolicy"))
    allowed = etree.SubElement(policy, _tag("AllowedIps"))
    named = (
        ("Ip4Address", addresses.addresses),
        ("Ip4Range", addresses.ranges),
        ("Ip4Mask", addresses.masks),
    )
    for name, values in named:
        for value in values:
            etree.SubElement(allowed, _tag(name)).text = value


class _Signer(XAdESSigner):
    """signxml's signer, told the time: KSeF's own, so that a wrong clock here does not matter (F36)."""

    def __init__(self, *, signature_algorithm: SignatureMethod, signing_time: datetime) -> None:
        super().__init__(signature_algorithm=signature_algorithm)
        self._signing_time = signing_time

    @override
    def add_signing_time(
        self,
        signed_signature_properties: etree._Element,
        sig_root: etree._Element,
        signing_settings: SigningSettings,
    ) -> None:
        element = etree.SubElement(signed_signature_properties, f"{{{namespaces.xades}}}SigningTime")
        element.text = self._signing_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _load(credential: CertificateCredential) -> tuple[list[x509.Certificate], SigningKey]:
    # The causes are cut off: what a parser says about a key has no place in a log.
    try:
        chain = x509.load_pem_x509_certificates(credential.certificate_pem)
        key = load_pem_private_key(credential.key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialUnusable("the certificate or its key cannot be read") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CredentialUnusable("KSeF takes RSA and EC keys only")
    if not is_strong(key):
        raise CredentialUnusable("the key is shorter than KSeF allows")
    if _public_bytes(chain[0].public_key()) != _public_bytes(key.public_key()):
        raise CredentialUnusable("the key does not belong to the certificate")
    return chain, key


def _public_bytes(key: object) -> bytes:
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _tag(name: str) -> str:
    return f"{{{AUTH_NAMESPACE}}}{name}"
