"""A PKCS#10 request (CSR): its form, its key, its algorithm and its signature (section 3: 25004, 25010, 25011)."""

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import SignatureAlgorithmOID

from ksef.simulator.certificates.authority import PublicKey
from ksef.simulator.errors import Refusal

_RSA_BITS: Final = 2048
_RSA: Final = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA1,
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
        SignatureAlgorithmOID.RSASSA_PSS,
    }
)
_ALGORITHMS: Final = _RSA | {
    SignatureAlgorithmOID.ECDSA_WITH_SHA1,
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
}
_HASHES: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True)
class SigningRequest:
    subject: x509.Name
    key: PublicKey


def read_signing_request(content: bytes) -> SigningRequest:
    """Return what a request asks for; Refusal 25004, 25010 or 25011."""
    try:
        request = x509.load_der_x509_csr(content)
        subject = request.subject
    except (TypeError, ValueError, x509.InvalidVersion) as error:
        raise Refusal(25004) from error
    key = _key(request)
    _check_algorithm(request)
    if not _is_signed(request, key=key):
        raise Refusal(25004)
    return SigningRequest(subject, key)


def _key(request: x509.CertificateSigningRequest) -> PublicKey:
    try:
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refusal(25010) from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size == _RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise Refusal(25010)


def _check_algorithm(request: x509.CertificateSigningRequest) -> None:
    try:
        digest = request.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refusal(25011) from error
    if request.signature_algorithm_oid not in _ALGORITHMS or digest is None or digest.name not in _HASHES:
        raise Refusal(25011)


def _is_signed(request: x509.CertificateSigningRequest, *, key: PublicKey) -> bool:
    """Verify by hand: the library's own check knows no SHA-1, which KSeF allows."""
    digest = request.signature_hash_algorithm
    signature, content = request.signature, request.tbs_certrequest_bytes
    is_rsa = request.signature_algorithm_oid in _RSA
    try:
        if isinstance(key, rsa.RSAPublicKey) and is_rsa and digest is not None:
            key.verify(signature, content, _padding(request), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and not is_rsa and digest is not None:
            key.verify(signature, content, ec.ECDSA(digest))
        else:
            return False
    except (InvalidSignature, TypeError, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _padding(request: x509.CertificateSigningRequest) -> padding.AsymmetricPadding:
    if request.signature_algorithm_oid != SignatureAlgorithmOID.RSASSA_PSS:
        return padding.PKCS1v15()
    parameters = request.signature_algorithm_parameters
    if not isinstance(parameters, padding.PSS):
        raise TypeError(parameters)
    return parameters
