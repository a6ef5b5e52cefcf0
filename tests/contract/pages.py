"""Pages of the simulator as a visitor reads them."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree
from lxml.html import document_fromstring

from tests.contract.ministry import SELLER

if TYPE_CHECKING:
    import httpx
    from lxml.html import HtmlElement

    from tests.contract.ministry import PrivateKey

HOST = "ksef.test"


def read_page(response: httpx.Response, *, status: int = 200) -> HtmlElement:
    """A sound page of ours: nothing from elsewhere, nothing that runs, no name left unescaped."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert response.headers["cache-control"] == "no-store"
    root = document_fromstring(response.text)
    assert root.get("lang") == "pl"
    assert len(root.findall(".//h1")) == 1
    assert root.findall(".//script") == []
    loaded = [
        node for node in root.iter(etree.Element) if node.get("src") or node.tag in {"link", "iframe", "img"}
    ]
    assert loaded == []
    active = [name for node in root.iter(etree.Element) for name in node.attrib if str(name).startswith("on")]
    assert active == []
    return root


def text_of(root: HtmlElement) -> str:
    return re.sub(r"\s+", " ", str(root.text_content()))


def section_of(root: HtmlElement, title: str) -> str:
    """The text of the section under a heading."""
    (found,) = [node for node in root.findall(".//section") if node.findtext("h2") == title]
    return text_of(found)


def rows_of(root: HtmlElement, title: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    (found,) = [node for node in root.findall(".//section") if node.findtext("h2") == title]
    return [[text_of(cell).strip() for cell in row.findall("td")] for row in found.findall(".//tbody/tr")]


def base64_url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def code_one(xml: bytes, *, seller: str = SELLER, on: str = "20-11-2026") -> str:
    return f"/invoice/{seller}/{on}/{base64_url(hashlib.sha256(xml).digest())}"


def code_two(
    xml: bytes,
    serial: str,
    key: PrivateKey,
    *,
    context: str = f"Nip/{SELLER}",
    seller: str = SELLER,
    host: str = HOST,
    der: bool = False,
    salt: int = 32,
) -> str:
    """The path of a KOD II, signed by hand over host and path (9)."""
    path = f"/certificate/{context}/{seller}/{serial}/{base64_url(hashlib.sha256(xml).digest())}"
    return f"{path}/{base64_url(sign_link(host + path, key, der=der, salt=salt))}"


def sign_link(text: str, key: PrivateKey, *, der: bool = False, salt: int = 32) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(text.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
    signature = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    if der:
        return signature
    return b"".join(number.to_bytes(32) for number in decode_dss_signature(signature))
