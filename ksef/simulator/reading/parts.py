"""A stream of bytes that becomes encrypted files of bounded size, each by itself (sections 4.1 and 7.3)."""

import hashlib
from collections.abc import Buffer
from dataclasses import dataclass, field
from io import BufferedWriter, RawIOBase
from typing import Final, override

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7, PaddingContext

from ksef.simulator.reading.export_records import Part
from ksef.simulator.spool import Spool

_BLOCK_BITS: Final = 128


class PartWriter(RawIOBase):
    """A file to write an archive into; it can neither be read nor rewound, and holds nothing in memory."""

    def __init__(self, spool: Spool, *, key: bytes, iv: bytes, part_bytes: int) -> None:
        super().__init__()
        self._spool = spool
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
        self._part_bytes = part_bytes
        self._open: _OpenPart | None = None
        self._done: list[_OpenPart] = []
        self._is_discarded = False
        self.size = 0

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Buffer, /) -> int:
        view = memoryview(data).cast("B")
        length = len(view)
        # An archive that is given up still writes its end when it is collected.
        while view and not self._is_discarded:
            part = self._open or self._begin()
            taken = view[: self._part_bytes - part.size]
            part.write(taken)
            view = view[len(taken) :]
            if part.size == self._part_bytes:
                self._end()
        self.size += length
        return length

    def finish(self, *, name: str, suffix: str) -> tuple[Part, ...]:
        """End the last part and return them all."""
        if self._open is not None:
            self._end()
        return tuple(
            part.as_part(ordinal, name=f"{name}-{ordinal:03}{suffix}.aes")
            for ordinal, part in enumerate(self._done, start=1)
        )

    def discard(self) -> None:
        """Take away whatever was written."""
        if self._open is not None:
            self._end()
        self._spool.remove([part.file_name for part in self._done])
        self._is_discarded = True

    def _begin(self) -> "_OpenPart":
        name = self._spool.new_name()
        # It stays open across many calls; _end closes it.
        file = self._spool.path(name).open("wb")
        self._open = _OpenPart(name, file, self._cipher.encryptor(), PKCS7(_BLOCK_BITS).padder())
        return self._open

    def _end(self) -> None:
        if self._open is not None:
            self._open.end()
            self._done.append(self._open)
        self._open = None


@dataclass(slots=True)
class _OpenPart:
    file_name: str
    file: BufferedWriter
    encryptor: CipherContext
    padder: PaddingContext
    size: int = 0
    encrypted_size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    encrypted_digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, data: memoryview) -> None:
        self.size += len(data)
        self.digest.update(data)
        self._keep(self.encryptor.update(self.padder.update(data)))

    def end(self) -> None:
        self._keep(self.encryptor.update(self.padder.finalize()) + self.encryptor.finalize())
        self.file.close()

    def as_part(self, ordinal: int, *, name: str) -> Part:
        return Part(
            ordinal=ordinal,
            name=name,
            file=self.file_name,
            size=self.size,
            digest=self.digest.digest(),
            encrypted_size=self.encrypted_size,
            encrypted_digest=self.encrypted_digest.digest(),
        )

    def _keep(self, encrypted: bytes) -> None:
        self.file.write(encrypted)
        self.encrypted_size += len(encrypted)
        self.encrypted_digest.update(encrypted)
