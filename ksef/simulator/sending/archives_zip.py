"""ZIP packages: the standard reader, kept from believing what the archive says about itself."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from ksef.simulator.sending.archives import NOT_UNPACKED, TOO_MANY, ArchiveRefused, Inspection, PackedFile

_PIECE: Final = 64 * 1024
_LARGEST_DIRECTORY: Final = 32_000_000
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_UNIX: Final = 3
# What the reader may raise over bytes that are no good archive; it documents only the first.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


class _Guarded:
    """The archive's file for the reader, which takes the whole directory into memory, however long it claims to be."""

    def __init__(self, file: BinaryIO, *, most_entries: int) -> None:
        self._file = file
        self._most_entries = most_entries
        self.is_opened = False

    def read(self, size: int = -1) -> bytes:
        if self.is_opened:
            return self._file.read(size)
        data = self._file.read(min(size, _LARGEST_DIRECTORY + 1) if size >= 0 else _LARGEST_DIRECTORY + 1)
        if len(data) > _LARGEST_DIRECTORY:
            raise ArchiveRefused(NOT_UNPACKED, "Spis treści archiwum jest zbyt duży.")
        if data.count(_DIRECTORY_ENTRY) > self._most_entries:
            raise ArchiveRefused(TOO_MANY)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset < 0:
            raise zipfile.BadZipFile("an entry lies before the beginning")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


def read_zip(path: Path, inspection: Inspection) -> Iterator[PackedFile]:
    """Yield the files in the order of the directory."""
    with path.open("rb") as file:
        guarded = _Guarded(file, most_entries=inspection.bounds.entries)
        try:
            with zipfile.ZipFile(cast("BinaryIO", guarded)) as archive:
                guarded.is_opened = True
                for info in archive.infolist():
                    inspection.count_entry()
                    if not info.is_dir():
                        yield _read_file(archive, info, inspection)
        except _BROKEN as error:
            raise ArchiveRefused(NOT_UNPACKED, "Plik nie jest poprawnym archiwum ZIP.") from error


def _read_file(archive: zipfile.ZipFile, info: zipfile.ZipInfo, inspection: Inspection) -> PackedFile:
    # The reader cuts a name at its first zero byte.
    name = inspection.take_name(info.orig_filename)
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveRefused(NOT_UNPACKED, f"Plik {name} jest zaszyfrowany.")
    if info.compress_type not in _METHODS:
        raise ArchiveRefused(NOT_UNPACKED, f"Plik {name} jest skompresowany niewspieraną metodą.")
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if kind not in {0, stat.S_IFREG}:
        raise ArchiveRefused(NOT_UNPACKED, f"{name} nie jest zwykłym plikiem.")
    with archive.open(info) as member:
        return inspection.take_file(name, iter(lambda: member.read(_PIECE), b""), size=info.file_size)
