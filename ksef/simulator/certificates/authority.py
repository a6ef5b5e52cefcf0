"""The certificate authority of this KSeF: a root and the authority below it that issues, each environment its own."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from ksef.simulator.world import World

# Wide enough for every clock a test may set; what is issued lies within.
OPENS: Final = datetime(2020, 1, 1, tzinfo=UTC)
CLOSES: Final = datetime(2060, 1, 1, tzinfo=UTC)
ORGANIZATION: Final = "Symulator KSeF"
_SETTING: Final = "certificate_authority"

type PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Authority:
    root: x509.Certificate
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def has_issued(self, certificate: x509.Certificate) -> bool:
        """Return whether the signature on a certificate is this authority's."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Template:
    """What a certificate is to say; `may_log_in` tells the two types apart (section 3)."""

    serial: str
    subject: x509.Name
    key: PublicKey
    may_log_in: bool
    valid_from: datetime
    valid_to: datetime


def find_authority(world: World) -> Authority:
    """Return the authority, made when it is first needed and left alone by a reset."""
    kept = world.store.setting(_SETTING)
    if kept is None:
        kept = _make(world.flavour.name)
        world.store.set_setting(_SETTING, kept)
    key = load_pem_private_key(kept["key"].encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(_SETTING)
    return Authority(
        root=x509.load_pem_x509_certificate(kept["root"].encode()),
        certificate=x509.load_pem_x509_certificate(kept["certificate"].encode()),
        key=key,
    )


def certify(authority: Authority, template: Template) -> x509.Certificate:
    """Issue: keyUsage is digitalSignature (0x80) for logging in, nonRepudiation (0x40) for KOD II."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(template.key)
        .serial_number(int(template.serial, 16))
        .not_valid_before(template.valid_from)
        .not_valid_after(template.valid_to)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            _usage(signature=template.may_log_in, commitment=not template.may_log_in), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(template.key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    return builder.sign(authority.key, hashes.SHA256())


def _make(environment: str) -> dict[str, str]:
    """The root signs once and its key is thrown away."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _name(f"Symulator KSeF: urząd główny ({environment})")
    root = _authority(root_name, root_key, issuer=root_name, signer=root_key, path_length=1)
    name = _name(f"Symulator KSeF: urząd certyfikacji ({environment})")
    certificate = _authority(name, key, issuer=root_name, signer=root_key, path_length=0)
    return {
        "root": root.public_bytes(Encoding.PEM).decode(),
        "certificate": certificate.public_bytes(Encoding.PEM).decode(),
        "key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _authority(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    path_length: int,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(OPENS)
        .not_valid_after(CLOSES)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )


def _usage(
    *, signature: bool = False, commitment: bool = False, signs_certificates: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
