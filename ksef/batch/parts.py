"""Cuts a stream into parts and encrypts each on its way to the disk: nothing of it ever lies there in clear."""

import hashlib
import os
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, override

from ksef.batch.limits import PackageFull, PackingLimits
from ksef.crypto import Encryption
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.batches import BatchPart

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class PartWriter(RawIOBase):
    """A sink for the archive: every part is encrypted by itself, with the same key and IV (section 5)."""

    def __init__(self, folder: Path, *, secret: SymmetricKey, limits: PackingLimits) -> None:
        self._folder = folder
        self._secret = secret
        self._limits = limits
        self._current: _OpenPart | None = None
        self._hash = hashlib.sha256()
        self._is_discarded = False
        self.size = 0
        self.parts: tuple[BatchPart, ...] = ()

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: "ReadableBuffer", /) -> int:
        piece = memoryview(data).cast("B")
        if self._is_discarded:
            return len(piece)
        self.size += len(piece)
        if self.size > self._limits.archive_bytes:
            raise PackageFull(f"the archive exceeds {self._limits.archive_bytes} bytes")
        self._hash.update(piece)
        taken = 0
        while taken < len(piece):
            part = self._part_with_room()
            room = self._limits.part_bytes - part.size
            part.write(bytes(piece[taken : taken + room]))
            taken += room
        return len(piece)

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    def finish(self) -> tuple[BatchPart, ...]:
        """All parts, safely on the disk."""
        if self._current is not None:
            self.parts += (self._current.finish(),)
            self._current = None
        return self.parts

    def discard(self) -> None:
        """Leave no file behind, whatever is still written."""
        self._is_discarded = True
        if self._current is not None:
            self._current.close()
            self._current = None
        for ordinal in range(1, self._limits.parts + 1):
            (self._folder / _file_name(ordinal)).unlink(missing_ok=True)

    def _part_with_room(self) -> "_OpenPart":
        if self._current is not None and self._current.size < self._limits.part_bytes:
            return self._current
        ordinal = len(self.finish()) + 1
        if ordinal > self._limits.parts:
            raise PackageFull(f"the archive exceeds {self._limits.parts} parts")
        self._current = _OpenPart(self._folder, ordinal=ordinal, secret=self._secret)
        return self._current


class _OpenPart:
    def __init__(self, folder: Path, *, ordinal: int, secret: SymmetricKey) -> None:
        self._ordinal = ordinal
        self._path = folder / _file_name(ordinal)
        self._file = self._path.open("wb")
        self._encryption = Encryption(secret)
        self._hash = hashlib.sha256()
        self._encrypted_size = 0
        self.size = 0

    def write(self, piece: bytes) -> None:
        self.size += len(piece)
        self._put(self._encryption.update(piece))

    def finish(self) -> BatchPart:
        self._put(self._encryption.finish())
        self._file.flush()
        # The description of the package is stored after this; it must not outlive the files in a power cut.
        os.fsync(self._file.fileno())
        self.close()
        return BatchPart(
            ordinal=self._ordinal,
            file_name=self._path.name,
            size=self.size,
            encrypted_size=self._encrypted_size,
            encrypted_sha256=self._hash.digest(),
        )

    def close(self) -> None:
        self._file.close()

    def _put(self, encrypted: bytes) -> None:
        self._encrypted_size += len(encrypted)
        self._hash.update(encrypted)
        self._file.write(encrypted)


def _file_name(ordinal: int) -> str:
    return f"part-{ordinal:02}.aes"
