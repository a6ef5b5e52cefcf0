"""Reads archives that nobody vouches for: one entry after the other, each within its bounds (F44).

Only plain files with plain names are expected in a package, so anything else refuses it as a whole.
"""

import gzip
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader

from ksef.exchange.archives import Compression
from ksef.exports.damage import PackageDamaged
from ksef.exports.sealed import SealedArchive
from ksef.exports.tar import read_tar
from ksef.exports.zip import read_zip

METADATA_NAME = "_metadata.json"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", re.ASCII)
_BUFFER = 262_144
# What the libraries below say of bytes that are no such archive; trouble of the disk is no damage.
_UNREADABLE = (
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
    gzip.BadGzipFile,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class UnpackingLimits:
    """What an honest package never exceeds: 10 000 invoices and their list (section 7.3)."""

    entries: int = 10_001
    invoice_bytes: int = 10_000_000  # The highest that a context's limit can be raised to.
    metadata_bytes: int = 64_000_000
    total_bytes: int = 10_000_000_000

    def of(self, name: str) -> int:
        return self.metadata_bytes if name == METADATA_NAME else self.invoice_bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the archive; its pieces can be taken once, before the next entry is."""

    name: str
    pieces: Iterator[bytes] = field(repr=False)


def read_entries(archive: SealedArchive, *, compression: str, limits: UnpackingLimits) -> Iterator[Entry]:
    """All entries in their order. Raises `PackageDamaged` at the first sign of harm, before it is done."""
    archive.seek(0)
    file = BufferedReader(archive, _BUFFER)
    try:
        if compression == Compression.TAR_GZ:
            found = read_tar(gzip.GzipFile(fileobj=file, mode="rb"), most_bytes=limits.total_bytes)
        elif compression == Compression.ZIP:
            found = read_zip(file, size=archive.size, most_entries=limits.entries)
        else:
            raise PackageDamaged("the package is compressed in an unknown way")
        yield from _bounded(_translated(found), limits=limits)
    finally:
        file.detach()


def _bounded(
    found: Iterator[tuple[str, int, Iterator[bytes]]], *, limits: UnpackingLimits
) -> Iterator[Entry]:
    names: set[str] = set()
    total = 0
    for name, size, pieces in found:
        if _NAME.fullmatch(name) is None:
            raise PackageDamaged("the package holds something else than plain files")
        if (key := name.lower()) in names:
            raise PackageDamaged("the package holds two files of one name")
        names.add(key)
        total += size
        if len(names) > limits.entries or size > limits.of(name) or total > limits.total_bytes:
            raise PackageDamaged("the package holds more than a package may")
        yield Entry(name, _whole(_translated(pieces), size=size))


def _whole(pieces: Iterator[bytes], *, size: int) -> Iterator[bytes]:
    """Exactly as many bytes as the archive's head said, whatever comes."""
    left = size
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise PackageDamaged("a file in the package has another size than its head says")


def _translated[T](items: Iterator[T]) -> Iterator[T]:
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except _UNREADABLE as error:
            raise PackageDamaged(f"the archive cannot be read ({type(error).__name__})") from error
        yield item
