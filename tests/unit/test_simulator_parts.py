"""The encrypted parts of a package (sections 4.1 and 7.3): where they are cut, and what is left of one given up."""

from __future__ import annotations

import gc
import hashlib
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from ksef.simulator.reading.parts import PartWriter
from ksef.simulator.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.unit

KEY, IV = bytes(range(32)), bytes(range(16))


def _decrypt(content: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(KEY), modes.CBC(IV)).decryptor()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(content) + decryptor.finalize()) + unpadder.finalize()


def _writer(folder: Path) -> PartWriter:
    return PartWriter(Spool(folder), key=KEY, iv=IV, part_bytes=100)


@pytest.mark.parametrize(
    ("pieces", "sizes"),
    [
        ([], []),
        ([0], []),
        ([1], [1]),
        ([100], [100]),
        ([101], [100, 1]),
        ([99, 1, 1], [100, 1]),
        ([350], [100, 100, 100, 50]),
        ([60, 60, 60, 20], [100, 100]),
    ],
)
def test_where_parts_are_cut(tmp_path: Path, pieces: list[int], sizes: list[int]) -> None:
    """7.3: however the bytes come, no part is empty and none too long; each is whole by itself."""
    content = bytes(index % 251 for index in range(sum(pieces)))
    writer = _writer(tmp_path)
    start = 0
    for piece in pieces:
        assert writer.write(content[start : start + piece]) == piece
        start += piece
    parts = writer.finish(name="N", suffix=".zip")
    assert [part.size for part in parts] == sizes
    assert [part.name for part in parts] == [f"N-{number:03}.zip.aes" for number in range(1, len(sizes) + 1)]
    files = [(tmp_path / part.file).read_bytes() for part in parts]
    assert b"".join(map(_decrypt, files)) == content
    for part, file in zip(parts, files, strict=True):
        assert (part.encrypted_size, part.encrypted_digest) == (len(file), hashlib.sha256(file).digest())
        assert part.digest == hashlib.sha256(_decrypt(file)).digest()


def _begin_zip(writer: PartWriter) -> Any:
    archive = zipfile.ZipFile(writer, "w")
    archive.writestr("a", bytes(1000))
    return archive


def _begin_tar(writer: PartWriter) -> Any:
    return tarfile.open(fileobj=writer, mode="w|gz", bufsize=64)


@pytest.mark.parametrize("begin", [_begin_zip, _begin_tar], ids=["zip", "tar"])
def test_nothing_is_left_of_what_is_given_up(tmp_path: Path, begin: Callable[[PartWriter], Any]) -> None:
    """An archive writes its end even when it is only collected; that must not begin a new file."""
    writer = _writer(tmp_path)
    archive = begin(writer)
    writer.discard()
    del archive
    gc.collect()
    assert list(tmp_path.iterdir()) == []
