"""The QR code of an invoice that is shown outside KSeF (section 9)."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

_QUIET_ZONE = 4  # Modules; ISO/IEC 18004 asks for four.


def kod_i_url(*, qr_url: str, seller_nip: str, issue_date: date, sha256: bytes) -> str:
    """KOD I: the hash is over the exact bytes sent, in Base64URL without padding (trap 2)."""
    digest = urlsafe_b64encode(sha256).decode("ascii").rstrip("=")
    return f"{qr_url.rstrip('/')}/invoice/{seller_nip}/{issue_date:%d-%m-%Y}/{digest}"


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


def _draw(modules: Sequence[Sequence[bool]]) -> Iterator[str]:
    """One rectangle for each horizontal run of dark modules."""
    for y, row in enumerate(modules):
        x = 0
        for is_dark, run in groupby(row):
            length = len(list(run))
            if is_dark:
                yield f"M{x} {y}h{length}v1h-{length}z"
            x += length
