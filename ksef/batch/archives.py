"""Archives written to a stream, whose bytes depend on nothing but names, contents and their order."""

import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from io import RawIOBase
from typing import override

from ksef.exchange.archives import Compression

_LEVEL = 6
_GZIP = zlib.MAX_WBITS | 16  # zlib's own gzip head has no time and no name in it.
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # The first moment that a ZIP can name.
_READABLE = 0o644


class ArchiveWriter(ABC):
    """Takes one document after the other; none of them is kept."""

    @abstractmethod
    def add(self, name: str, content: bytes) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def abandon(self) -> None:
        """Let go of an unfinished archive, whose sink takes nothing any more."""


class TarGzWriter(ArchiveWriter):
    """Not by tarfile.TarFile, which remembers every member it wrote; the heads are tarfile's."""

    def __init__(self, sink: RawIOBase) -> None:
        self._sink = sink
        self._gzip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)

    @override
    def add(self, name: str, content: bytes) -> None:
        head = tarfile.TarInfo(name)
        head.size = len(content)
        head.mode = _READABLE
        self._put(head.tobuf(tarfile.PAX_FORMAT))
        self._put(content)
        self._put(bytes(-len(content) % tarfile.BLOCKSIZE))

    @override
    def close(self) -> None:
        self._put(bytes(2 * tarfile.BLOCKSIZE))
        self._sink.write(self._gzip.flush())

    @override
    def abandon(self) -> None:
        pass

    def _put(self, data: bytes) -> None:
        if compressed := self._gzip.compress(data):
            self._sink.write(compressed)


class ZipWriter(ArchiveWriter):
    """The directory at its end is all that grows with the number of documents."""

    def __init__(self, sink: RawIOBase) -> None:
        # The sink cannot seek: sizes follow each document and stand in the directory, which readers use.
        self._zip = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)

    @override
    def add(self, name: str, content: bytes) -> None:
        head = zipfile.ZipInfo(name, date_time=_NO_TIME)
        head.compress_type = zipfile.ZIP_DEFLATED
        head.create_system = 3  # Unix, wherever this runs.
        head.external_attr = _READABLE << 16
        self._zip.writestr(head, content)

    @override
    def close(self) -> None:
        self._zip.close()

    @override
    def abandon(self) -> None:
        # Otherwise it would write its directory when it is collected, be the sink still there or not.
        self._zip.close()


def open_archive(compression: Compression, sink: RawIOBase) -> ArchiveWriter:
    return TarGzWriter(sink) if compression is Compression.TAR_GZ else ZipWriter(sink)
