"""The QR codes of an invoice that is shown outside KSeF (section 9)."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from ksef.certificates.keys import SigningKey
from ksef.errors import CredentialUnusable
from ksef.exchange.identifiers import Identifier

_QUIET_ZONE = 4  # Modules; ISO/IEC 18004 asks for four.
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_COORDINATE_BYTES = 32  # Of P-256.
_IN_VAT_NUMBERS = "+*"  # May stand in a path as they are.


@dataclass(frozen=True, slots=True)
class OfflineSigner:
    """An Offline certificate of KSeF by its serial number, with its key opened for this one print (S44)."""

    serial_number: str
    key: SigningKey = field(repr=False)


def kod_i_url(*, qr_url: str, seller_nip: str, issue_date: date, sha256: bytes) -> str:
    """KOD I: the hash is over the exact bytes sent, in Base64URL without padding (trap 2)."""
    return f"{qr_url.rstrip('/')}/invoice/{seller_nip}/{issue_date:%d-%m-%Y}/{_encode(sha256)}"


def kod_ii_url(
    *, qr_url: str, context: Identifier, seller_nip: str, sha256: bytes, signer: OfflineSigner
) -> str:
    """KOD II: who vouches for an offline invoice; what is signed is the address itself, after its scheme.

    Raises `CredentialUnusable` for an EC key on another curve than P-256.
    """
    place = "/".join(
        (
            qr_url.rstrip("/"),
            "certificate",
            quote(context.kind, safe=""),
            quote(context.value, safe=_IN_VAT_NUMBERS),
            quote(seller_nip, safe=""),
            quote(signer.serial_number, safe=""),
            _encode(sha256),
        )
    )
    _scheme, _, signed = place.partition("://")
    return f"{place}/{_encode(_sign(signed.encode(), key=signer.key))}"


def qr_svg(url: str) -> str:
    """Inline SVG without styles, which a strict CSP and the PDF both take; white also in dark mode."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET_ZONE)
    code.add_data(url)
    modules: Sequence[Sequence[bool]] = code.get_matrix()
    size = len(modules)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
        'shape-rendering="crispEdges" role="presentation">'
        f'<rect width="{size}" height="{size}" fill="#fff"/>'
        f'<path fill="#000" d="{"".join(_draw(modules))}"/></svg>'
    )


def _sign(data: bytes, *, key: SigningKey) -> bytes:
    """ECDSA as R and S side by side: shorter than DER, and recommended (trap 3)."""
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, _PSS, hashes.SHA256())
    if not isinstance(key.curve, ec.SECP256R1):
        raise CredentialUnusable("KOD II takes no curve but P-256")
    parts = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return b"".join(part.to_bytes(_COORDINATE_BYTES) for part in parts)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _draw(modules: Sequence[Sequence[bool]]) -> Iterator[str]:
    """One rectangle for each horizontal run of dark modules."""
    for y, row in enumerate(modules):
        x = 0
        for is_dark, run in groupby(row):
            length = len(list(run))
            if is_dark:
                yield f"M{x} {y}h{length}v1h-{length}z"
            x += length
