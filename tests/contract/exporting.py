"""Asking for exports and opening their packages, with tools of our own: hashes, decryption, archives."""

from __future__ import annotations

import base64
import io
import os
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.contract.ministry import sha256_base64
from tests.contract.reading import filters_for

if TYPE_CHECKING:
    import httpx

    from tests.contract.ministry import Visitor

EXPORTS = "/v2/invoices/exports"


@dataclass(frozen=True, slots=True)
class Export:
    reference: str
    key: bytes
    iv: bytes

    def decrypt(self, content: bytes) -> bytes:
        decryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).decryptor()
        unpadder = PKCS7(128).unpadder()
        padded = decryptor.update(content) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()


def export_body(
    visitor: Visitor, key: bytes, iv: bytes, filters: dict[str, object] | None = None, **changes: object
) -> dict[str, object]:
    encryption = visitor.opening(key, iv)["encryption"]
    return {"encryption": encryption, "filters": filters or filters_for(), **changes}


def begin_export(visitor: Visitor, filters: dict[str, object] | None = None, **changes: object) -> Export:
    key, iv = os.urandom(32), os.urandom(16)
    answer = visitor.ask("POST", EXPORTS, json=export_body(visitor, key, iv, filters, **changes))
    assert answer.status_code == 201, answer.text
    return Export(answer.json()["referenceNumber"], key, iv)


def export_status(visitor: Visitor, export: Export) -> dict[str, Any]:
    status: dict[str, Any] = visitor.get(f"{EXPORTS}/{export.reference}")
    return status


def finished_package(visitor: Visitor, export: Export) -> dict[str, Any]:
    """Let the export's time pass and return its package."""
    visitor.clock.advance(seconds=1)
    status = export_status(visitor, export)
    assert status["status"]["code"] == 200, status
    package: dict[str, Any] = status["package"]
    return package


def fetch_part(visitor: Visitor, part: dict[str, Any]) -> httpx.Response:
    return visitor.ask(part["method"], part["url"], token="")


def fetch_archive(visitor: Visitor, export: Export, package: dict[str, Any]) -> bytes:
    """Fetch every part, hold it against what was told of it, decrypt and join them."""
    plain: list[bytes] = []
    for ordinal, part in enumerate(package["parts"], start=1):
        answer = fetch_part(visitor, part)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-ms-meta-hash"] == part["encryptedPartHash"] == sha256_base64(answer.content)
        assert (part["ordinalNumber"], part["encryptedPartSize"]) == (ordinal, len(answer.content))
        plain.append(export.decrypt(answer.content))
        assert (part["partSize"], part["partHash"]) == (len(plain[-1]), sha256_base64(plain[-1]))
    archive = b"".join(plain)
    assert package["size"] == len(archive)
    return archive


def open_archive(archive: bytes, compression: str) -> dict[str, bytes]:
    if compression == "Zip":
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            assert packed.testzip() is None
            return {name: packed.read(name) for name in packed.namelist()}
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        for member in packed:
            file = packed.extractfile(member)
            assert file is not None, member.name
            found[member.name] = file.read()
    return found


def fetch_files(visitor: Visitor, export: Export, package: dict[str, Any]) -> dict[str, bytes]:
    return open_archive(fetch_archive(visitor, export, package), package["compressionType"])


def broken_key() -> str:
    """Return what no key of the ministry decrypts."""
    return base64.b64encode(bytes(256)).decode()
