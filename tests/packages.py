"""Archives, parts and their encryption by other hands than ours, for tests of batches and exports."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ksef.exchange.archives import SymmetricKey

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


def _pairs(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
    return files.items() if hasattr(files, "items") else files
