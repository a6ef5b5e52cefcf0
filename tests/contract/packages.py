"""Packing for batch sessions with tools of our own: archives by the standard library, cuts, encryption, upload."""

from __future__ import annotations

import base64
import io
import os
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.contract.ministry import make_invoice, sha256_base64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from tests.contract.ministry import Visitor

BLOCK = {"x-ms-blob-type": "BlockBlob"}


def make_zip(files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def make_tar_gz(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            add_member(archive, name, content)
    return buffer.getvalue()


def add_member(archive: tarfile.TarFile, name: str, content: bytes = b"", **changes: Any) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in changes.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(content))


def make_archive(files: Mapping[str, bytes], compression: str) -> bytes:
    return make_zip(files) if compression == "Zip" else make_tar_gz(files)


def invoices(count: int, *, first: int = 1, **changes: Any) -> dict[str, bytes]:
    """Return so many good invoices by file name."""
    numbers = range(first, first + count)
    return {f"fv-{number:05}.xml": make_invoice(number=f"FV/{number}", **changes) for number in numbers}


def cut(archive: bytes, parts: int) -> list[bytes]:
    """Cut an archive into parts of nearly equal size."""
    size = -(-len(archive) // parts)
    return [archive[start : start + size] for start in range(0, len(archive), size)]


@dataclass(slots=True)
class Package:
    """An archive in encrypted parts; a test may spoil any of it before it is declared or sent."""

    plain: Sequence[bytes]
    compression: str | None = "Zip"
    key: bytes = field(default_factory=lambda: os.urandom(32))
    iv: bytes = field(default_factory=lambda: os.urandom(16))
    parts: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = [self.encrypt(part) for part in self.plain]

    def encrypt(self, content: bytes) -> bytes:
        padder = PKCS7(128).padder()
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).encryptor()
        return encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()

    def declaration(self) -> dict[str, Any]:
        archive = b"".join(self.plain)
        declared: dict[str, Any] = {
            "fileSize": len(archive),
            "fileHash": sha256_base64(archive),
            "fileParts": [
                {"ordinalNumber": number, "fileSize": len(part), "fileHash": sha256_base64(part)}
                for number, part in enumerate(self.parts, start=1)
            ],
        }
        return declared if self.compression is None else {**declared, "compressionType": self.compression}


def package_of(files: Mapping[str, bytes], *, compression: str = "Zip", parts: int = 1) -> Package:
    return Package(cut(make_archive(files, compression), parts), compression)


@dataclass(frozen=True, slots=True)
class BatchSession:
    """An opened batch session and what it asked for."""

    visitor: Visitor
    package: Package
    reference: str
    uploads: list[dict[str, Any]]

    def upload(self, ordinal: int, content: bytes | None = None, **changes: Any) -> httpx.Response:
        asked = next(item for item in self.uploads if item["ordinalNumber"] == ordinal)
        request = {"token": "", "headers": asked["headers"], **changes}
        body = self.package.parts[ordinal - 1] if content is None else content
        return self.visitor.ask(asked["method"], asked["url"], content=body, **request)

    def upload_all(self) -> None:
        for item in self.uploads:
            response = self.upload(item["ordinalNumber"])
            assert (response.status_code, response.content) == (201, b"")

    def close(self) -> None:
        response = self.visitor.ask("POST", f"{self.path('batch')}/close")
        assert response.status_code == 204, response.text

    def refused_close(self) -> int:
        return self.visitor.refusal("POST", f"{self.path('batch')}/close")

    def path(self, kind: str = "") -> str:
        return f"/v2/sessions/{kind}/{self.reference}" if kind else f"/v2/sessions/{self.reference}"

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.visitor.get(self.path())
        return status

    @property
    def code(self) -> int:
        code: int = self.status()["status"]["code"]
        return code

    @property
    def details(self) -> list[str]:
        details: list[str] = self.status()["status"].get("details", [])
        return details

    def invoices(self, which: str = "") -> list[dict[str, Any]]:
        """Return every page of the list."""
        path = f"{self.path()}/invoices{which}?pageSize=1000"
        page = self.visitor.get(path)
        found: list[dict[str, Any]] = page["invoices"]
        while token := page.get("continuationToken"):
            page = self.visitor.get(path, headers={"x-continuation-token": token})
            found += page["invoices"]
        return found

    def codes(self) -> dict[str, int]:
        """Return the status code of each file."""
        return {item["invoiceFileName"]: item["status"]["code"] for item in self.invoices()}


def batch_opening(visitor: Visitor, package: Package, **changes: Any) -> dict[str, Any]:
    opening = visitor.opening(package.key, package.iv)
    return {**opening, "batchFile": package.declaration(), **changes}


def open_batch(visitor: Visitor, package: Package, **changes: Any) -> BatchSession:
    headers = changes.pop("headers", {})
    body = batch_opening(visitor, package, **changes)
    response = visitor.ask("POST", "/v2/sessions/batch", json=body, headers=headers)
    assert response.status_code == 201, response.text
    answer = response.json()
    return BatchSession(visitor, package, answer["referenceNumber"], answer["partUploadRequests"])


def send_batch(visitor: Visitor, package: Package, **changes: Any) -> BatchSession:
    """Open, upload and close."""
    session = open_batch(visitor, package, **changes)
    session.upload_all()
    session.close()
    return session


def processed(visitor: Visitor, package: Package, **changes: Any) -> BatchSession:
    """Send a package and let its processing time pass."""
    session = send_batch(visitor, package, **changes)
    visitor.clock.advance(seconds=1)
    return session


def wrong_key(package: Package) -> dict[str, str]:
    """Return an encryption that no key opens."""
    return {"encryptedSymmetricKey": "AAAA", "initializationVector": base64.b64encode(package.iv).decode()}
