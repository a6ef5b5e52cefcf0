"""The encrypted parts on our disk read as the one archive that they are; it never lies there in clear."""

import hashlib
from collections.abc import Sequence
from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, override

from ksef.crypto import BLOCK_BYTES, Decryption, decrypt_blocks
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.invoices import ExportPart
from ksef.exports.damage import PackageDamaged

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 1_048_576


def check_part(path: Path, part: ExportPart, *, secret: SymmetricKey) -> None:
    """Raise `PackageDamaged` unless the file has the announced sizes and hashes, encrypted and in clear."""
    encrypted, plain, size = hashlib.sha256(), hashlib.sha256(), 0
    decryption = Decryption(secret)
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                encrypted.update(piece)
                clear = decryption.update(piece)
                size += len(clear)
                plain.update(clear)
            last = decryption.finish()
    except ValueError as error:
        raise PackageDamaged(f"part {part.ordinal} does not decrypt") from error
    plain.update(last)
    if encrypted.digest() != part.encrypted_sha256:
        raise PackageDamaged(f"part {part.ordinal} is not the encrypted part that was announced")
    if (size + len(last), plain.digest()) != (part.size, part.sha256):
        raise PackageDamaged(f"part {part.ordinal} holds something else than was announced")


class SealedArchive(RawIOBase):
    """Parts that were checked, as one file that can be sought in; CBC lets one begin at any block."""

    def __init__(self, parts: Sequence[tuple[Path, ExportPart]], *, secret: SymmetricKey) -> None:
        self._parts = tuple(parts)
        self._secret = secret
        self._position = 0
        self._file: BinaryIO | None = None
        self._opened = -1
        self.size = sum(part.size for _, part in parts)

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        origin = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self.size}[whence]
        if origin + offset < 0:
            raise ValueError("before the beginning")
        self._position = origin + offset
        return self._position

    @override
    def tell(self) -> int:
        return self._position

    @override
    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        target = memoryview(buffer).cast("B")
        begin = self._position
        for index, (_, part) in enumerate(self._parts):
            if begin < part.size:
                clear = self._read(index, begin=begin, size=min(len(target), part.size - begin, _PIECE))
                target[: len(clear)] = clear
                self._position += len(clear)
                return len(clear)
            begin -= part.size
        return 0

    @override
    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

    def _read(self, index: int, *, begin: int, size: int) -> bytes:
        first = begin - begin % BLOCK_BYTES
        length = -(-(begin + size - first) // BLOCK_BYTES) * BLOCK_BYTES
        file = self._open(index)
        if first == 0:
            before = self._secret.iv
        else:
            file.seek(first - BLOCK_BYTES)
            before = file.read(BLOCK_BYTES)
        file.seek(first)
        blocks = file.read(length)
        if len(blocks) != length:
            raise PackageDamaged("a part became shorter while it was read")
        clear = decrypt_blocks(blocks, key=self._secret.key, before=before)
        return clear[begin - first : begin - first + size]

    def _open(self, index: int) -> BinaryIO:
        if self._file is None or self._opened != index:
            if self._file is not None:
                self._file.close()
            self._file = self._parts[index][0].open("rb")
            self._opened = index
        return self._file
