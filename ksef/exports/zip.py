"""A ZIP archive as a stream of plain files; zipfile reads it once its directory is known to be small."""

import stat
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from ksef.exports.damage import PackageDamaged

_PIECE = 65_536
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR_SIGNATURE = b"PK\x06\x07"
_LOCATOR_BYTES = 20
_LONGEST_COMMENT = 65_535
_LONGEST_LINE = 400  # Of the directory: a head, a name of forty letters, room for what some writers add.
_ENCRYPTED = 0x1 | 0x40


def read_zip(file: BinaryIO, *, size: int, most_entries: int) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Name, size and pieces of each file; links, folders and encrypted files refuse the archive."""
    _check_directory(file, size=size, most_entries=most_entries)
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            _check_entry(entry)
            yield entry.filename, entry.file_size, _pieces(archive, entry)


def _check_directory(file: BinaryIO, *, size: int, most_entries: int) -> None:
    """The directory is read into memory as a whole, so its size is judged first; that of a huge one lies elsewhere."""
    tail_bytes = min(size, _END.size + _LONGEST_COMMENT + _LOCATOR_BYTES)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    place = tail.rfind(_END_SIGNATURE)
    if place < 0 or len(tail) < place + _END.size:
        raise PackageDamaged("the package is no ZIP")
    if tail[max(place - _LOCATOR_BYTES, 0) :].startswith(_LOCATOR_SIGNATURE):
        raise PackageDamaged("the package is a ZIP for more than a package may hold")
    _, _, _, _, entries, directory_bytes, _, _ = _END.unpack_from(tail, place)
    if entries > most_entries or directory_bytes > entries * _LONGEST_LINE:
        raise PackageDamaged("the package holds more than a package may")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.is_dir() or kind not in {0, stat.S_IFREG} or entry.filename != entry.orig_filename:
        raise PackageDamaged("the package holds something else than plain files")
    if entry.flag_bits & _ENCRYPTED:
        raise PackageDamaged("the package holds an encrypted file")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise PackageDamaged("the package holds a file that is compressed in an unknown way")


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as content:
        while piece := content.read(_PIECE):
            yield piece
