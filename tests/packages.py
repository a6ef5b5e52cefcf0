"""Archives, parts and their encryption by other hands than ours, for tests of batches and exports."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ksef.exchange.archives import Compression, SymmetricKey
from ksef.exchange.invoices import ExportPackage, ExportPart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

BLOCK = 16


def encrypt(content: bytes, secret: SymmetricKey) -> bytes:
    """AES-256-CBC; the padding of PKCS#7 by hand."""
    pad = BLOCK - len(content) % BLOCK
    return encrypt_unpadded(content + bytes([pad]) * pad, secret)


def encrypt_unpadded(content: bytes, secret: SymmetricKey) -> bytes:
    encryptor = Cipher(algorithms.AES(secret.key), modes.CBC(secret.iv)).encryptor()
    return encryptor.update(content) + encryptor.finalize()


def decrypt(content: bytes, secret: SymmetricKey) -> bytes:
    decryptor = Cipher(algorithms.AES(secret.key), modes.CBC(secret.iv)).decryptor()
    padded = decryptor.update(content) + decryptor.finalize()
    pad = padded[-1]
    assert 1 <= pad <= BLOCK
    assert padded[-pad:] == bytes([pad]) * pad
    return padded[:-pad]


def unpack(archive: bytes) -> list[tuple[str, bytes]]:
    """Names and contents in the archive's own order."""
    if archive[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return [(name, opened.read(name)) for name in opened.namelist()]
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened_tar:
        files = [(member.name, opened_tar.extractfile(member)) for member in opened_tar]
        return [(name, file.read() if file else b"") for name, file in files]


def make_tar_gz(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    return gzip.compress(make_tar(files))


def make_tar(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in _pairs(files):
            head = tarfile.TarInfo(name)
            head.size = len(content)
            archive.addfile(head, io.BytesIO(content))
    return made.getvalue()


def make_zip(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _pairs(files):
            archive.writestr(name, content)
    return made.getvalue()


def make_archive(compression: Compression, files: Iterable[tuple[str, bytes]]) -> bytes:
    return make_zip(files) if compression is Compression.ZIP else make_tar_gz(files)


def make_export(
    archive: bytes,
    *,
    folder: Path,
    secret: SymmetricKey,
    count: int,
    compression: Compression = Compression.TAR_GZ,
    part_bytes: int = 50_000_000,
) -> tuple[ExportPackage, list[Path]]:
    """Cut and encrypt an archive as KSeF does, and say of it what a status says."""
    parts, paths = [], []
    for ordinal, begin in enumerate(range(0, len(archive), part_bytes), start=1):
        plain = archive[begin : begin + part_bytes]
        encrypted = encrypt(plain, secret)
        path = folder / f"part-{ordinal:03}.aes"
        path.write_bytes(encrypted)
        paths.append(path)
        parts.append(describe_part(ordinal, plain=plain, encrypted=encrypted))
    package = ExportPackage(
        invoice_count=count,
        size=len(archive),
        parts=tuple(parts),
        compression=compression,
        is_truncated=False,
        last_issue_date=None,
        last_invoicing_date=None,
        last_permanent_storage_date=None,
        hwm=None,
    )
    return package, paths


def describe_part(ordinal: int, *, plain: bytes, encrypted: bytes) -> ExportPart:
    return ExportPart(
        ordinal=ordinal,
        method="GET",
        url=f"https://ksef.example/store/{ordinal}?sig=KANAREK",
        size=len(plain),
        sha256=sha256(plain).digest(),
        encrypted_size=len(encrypted),
        encrypted_sha256=sha256(encrypted).digest(),
        expires_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def _pairs(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
    return files.items() if hasattr(files, "items") else files
