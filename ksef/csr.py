"""The request for a certificate of KSeF: PKCS#10 with the subject that KSeF gave, signed by a new key (section 3)."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ksef.certificates.keys import SigningKey
from ksef.exchange.certificates import EnrollmentData

_RSA_BITS = 2048  # Exactly; KSeF refuses longer ones too (25010).
_RSA_EXPONENT = 65537


def new_ec_key() -> ec.EllipticCurvePrivateKey:
    """P-256: recommended, and its KOD II fits into a far smaller QR code (section 9)."""
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=_RSA_EXPONENT, key_size=_RSA_BITS)


def build_csr(data: EnrollmentData, key: SigningKey) -> bytes:
    """DER, with exactly the attributes of `data` in the order in which KSeF lists them (25003 otherwise)."""
    subject = x509.Name(list(_attributes(data)))
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.DER)


def _attributes(data: EnrollmentData) -> Iterator[x509.NameAttribute[str]]:
    given = (
        (NameOID.COMMON_NAME, data.common_name),
        (NameOID.COUNTRY_NAME, data.country_name),
        (NameOID.GIVEN_NAME, data.given_name),
        (NameOID.SURNAME, data.surname),
        (NameOID.SERIAL_NUMBER, data.serial_number),
        (NameOID.X500_UNIQUE_IDENTIFIER, data.unique_identifier),
        (NameOID.ORGANIZATION_NAME, data.organization_name),
        (NameOID.ORGANIZATION_IDENTIFIER, data.organization_identifier),
    )
    for oid, value in given:
        if value is not None:
            # Unchanged, whatever its length: the library counts bytes, and a Polish letter has two.
            yield x509.NameAttribute(oid, value, _validate=False)
