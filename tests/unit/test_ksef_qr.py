"""The QR code under a visible invoice (ksef-protocol section 9)."""

import re
from base64 import b64decode
from datetime import date

import pytest
from lxml import etree
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from ksef.qr import kod_i_url, qr_svg

pytestmark = pytest.mark.unit

SVG = "{http://www.w3.org/2000/svg}"
DIGEST = b64decode("UtQp9Gpc51y+u3xApZjIjgkpZ01js+J8KflSPW8WzIE=")
EXAMPLE = (
    "https://qr-test.ksef.mf.gov.pl/invoice/1111111111/01-02-2026/UtQp9Gpc51y-u3xApZjIjgkpZ01js-J8KflSPW8WzIE"
)


@pytest.mark.parametrize("host", ["https://qr-test.ksef.mf.gov.pl", "https://qr-test.ksef.mf.gov.pl/"])
def test_kod_i_is_the_documented_link(host: str) -> None:
    """Trap 2: Base64URL without padding, the day first."""
    url = kod_i_url(qr_url=host, seller_nip="1111111111", issue_date=date(2026, 2, 1), sha256=DIGEST)
    assert url == EXAMPLE


def _rasterise(svg: str) -> list[list[bool]]:
    root = etree.fromstring(svg)
    size = int((root.get("viewBox") or "").split()[2])
    matrix = [[False] * size for _ in range(size)]
    path = root.find(f"{SVG}path")
    assert path is not None
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path.get("d") or ""):
        for offset in range(int(length)):
            matrix[int(y)][int(x) + offset] = True
    return matrix


def test_svg_draws_every_module_within_a_quiet_zone() -> None:
    matrix = _rasterise(qr_svg(EXAMPLE))
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(EXAMPLE)
    assert matrix == code.get_matrix()
    size = len(matrix)
    frame = [row[i] for row in matrix for i in (0, 1, 2, 3, size - 1, size - 4)]
    assert not any(frame)
    assert not any(any(row) for row in (*matrix[:4], *matrix[-4:]))
    assert all(matrix[4][4:11])
    assert all(matrix[4][size - 11 : size - 4])
    assert all(matrix[size - 5][4:11])


def test_svg_holds_nothing_a_strict_policy_refuses() -> None:
    """V32: no style, script or handler; crisp, scalable, on white."""
    svg = qr_svg(EXAMPLE)
    root = etree.fromstring(svg)
    assert svg.startswith("<svg ")
    assert "style" not in svg
    assert [child.tag for child in root] == [f"{SVG}rect", f"{SVG}path"]
    assert root[0].get("fill") == "#fff"
    assert root.get("shape-rendering") == "crispEdges"
    assert "width" not in root.attrib
