"""Packages in tar.gz: the standard reader on a stream that counts what each header may cost."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

from ksef.simulator.sending.archives import NOT_UNPACKED, ArchiveRefused, Inspection, PackedFile

_PIECE: Final = 64 * 1024
_HEADER_BYTES: Final = 64 * 1024
_BLOCK: Final = 512
_PADDING: Final = 1024 * 1024
_GLOBAL_FIELDS: Final = 100
_PLAIN: Final = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})
# What the readers may raise over bytes that are no good archive; they document only the first two.
_BROKEN: Final = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    OverflowError,
    LookupError,
    RecursionError,
)


class _Stream:
    """The unpacked tar, forward only.

    A header may cost so many bytes and no more: the reader takes names and attributes whole into memory, and a bomb
    of zeros is cheap to send.
    """

    def __init__(self, source: gzip.GzipFile, inspection: Inspection) -> None:
        self._source = source
        self._inspection = inspection
        self._position = 0
        self.allowance = _HEADER_BYTES
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self.allowance:
            raise ArchiveRefused(NOT_UNPACKED, "Nagłówek w archiwum jest zbyt duży.")
        data = self._source.read(size)
        self.allowance -= len(data)
        self._position += len(data)
        self._inspection.take_bytes(len(data))
        self.last = data
        return data

    def seek(self, position: int) -> int:
        """Skip forward; the padding of a file is all there ever is to skip."""
        if position < self._position:
            raise ArchiveRefused(NOT_UNPACKED, "Nagłówek w archiwum wskazuje wstecz.")
        while self._position < position and self.read(min(_PIECE, position - self._position)):
            pass
        return self._position

    def tell(self) -> int:
        return self._position

    def file(self, size: int) -> Iterator[bytes]:
        """Yield the content of a file that begins here; it is counted by whoever takes it."""
        left = size
        while left and (piece := self._source.read(min(_PIECE, left))):
            left -= len(piece)
            self._position += len(piece)
            yield piece


def read_tar_gz(path: Path, inspection: Inspection) -> Iterator[PackedFile]:
    """Yield the files in their order; folders are passed over, whatever else is no file is refused."""
    try:
        with gzip.open(path, "rb") as source:
            stream = _Stream(source, inspection)
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:") as archive:
                while (member := archive.next()) is not None:
                    inspection.count_entry()
                    if not member.isdir():
                        yield _read_file(stream, member, inspection)
                    stream.allowance = _HEADER_BYTES
                    _forget(archive, member)
            _read_end(stream)
    except _BROKEN as error:
        raise ArchiveRefused(NOT_UNPACKED, "Plik nie jest poprawnym archiwum tar.gz.") from error


def _forget(archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """The reader keeps every member to the end, whatever long name and attributes it came with."""
    member.name, member.pax_headers = "", {}
    if len(archive.pax_headers) > _GLOBAL_FIELDS:
        raise ArchiveRefused(NOT_UNPACKED, "Archiwum ma zbyt wiele atrybutów.")


def _read_end(stream: _Stream) -> None:
    """The reader takes a damaged header for the end; the true one is a block of zeros, and nothing else comes after.

    Reading to the very end also checks the checksum of the whole.
    """
    stream.allowance = _PADDING
    ends_well = stream.last == bytes(_BLOCK)
    while ends_well and (rest := stream.read(_BLOCK)):
        ends_well = not rest.strip(b"\0")
    if not ends_well:
        raise ArchiveRefused(NOT_UNPACKED, "Archiwum urywa się albo jest uszkodzone.")


def _read_file(stream: _Stream, member: tarfile.TarInfo, inspection: Inspection) -> PackedFile:
    name = inspection.take_name(member.name)
    if member.type not in _PLAIN or member.issparse():
        raise ArchiveRefused(NOT_UNPACKED, f"{name} nie jest zwykłym plikiem.")
    stream.seek(member.offset_data)
    return inspection.take_file(name, stream.file(member.size), size=member.size)
