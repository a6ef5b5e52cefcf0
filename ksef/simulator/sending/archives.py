"""Taking a package's archive apart, piece by piece, whatever is in it (section 5): files out, or one clear refusal.

An archive is opened that anybody may have made. Nothing is written anywhere, names are only names, and neither
memory nor time grows with what the archive's headers claim.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

BROKEN_ELEMENT: Final = 405
TOO_MANY: Final = 420
NOT_UNPACKED: Final = 430

_LONGEST_NAME: Final = 128
_SEPARATORS: Final = re.compile(r"[/\\]")
_DRIVE: Final = re.compile(r"[A-Za-z]:")
# Lone surrogates stand for bytes that are no UTF-8.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_HARMLESS: Final = 100_000_000
_LARGEST_RATIO: Final = 250
"""A package of equal invoices shrinks to a hundredth; deflate can reach a thousandth, and only of nothing."""


class Compression(StrEnum):
    ZIP = "Zip"
    TAR_GZ = "TarGz"


class ArchiveRefused(Exception):
    """The package ends with this session code and these details."""

    def __init__(self, code: int, *details: str) -> None:
        super().__init__(code, *details)
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many files a package may hold, and from how many bytes on a file is no invoice any more."""

    files: int
    file_bytes: int

    @property
    def entries(self) -> int:
        """Folders are no invoices, but a hundred thousand of them are no package."""
        return 2 * self.files + 100

    @property
    def largest(self) -> int:
        return 10 * self.file_bytes


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file of a package; without content it is too long to be an invoice."""

    name: str
    size: int
    hash: str
    content: bytes | None


@dataclass(slots=True)
class Inspection:
    """What has come out so far, against the bounds."""

    bounds: Bounds
    archive_bytes: int
    entries: int = 0
    names: set[str] = field(default_factory=set)
    unpacked: int = 0

    def count_entry(self) -> None:
        self.entries += 1
        if self.entries > self.bounds.entries:
            raise ArchiveRefused(TOO_MANY)

    def take_name(self, raw: str) -> str:
        """Return the name of a file; refuses what is no plain relative name, and a second of the same."""
        name = raw.removeprefix("./")
        parts = _SEPARATORS.split(name)
        if not name or len(name) > _LONGEST_NAME or _UNPRINTABLE.search(name) or _DRIVE.match(name):
            raise ArchiveRefused(BROKEN_ELEMENT, f"Niedozwolona nazwa pliku: {_shown(raw)}.")
        if {"", ".", ".."} & set(parts):
            raise ArchiveRefused(BROKEN_ELEMENT, f"Niedozwolona nazwa pliku: {_shown(raw)}.")
        if name in self.names:
            raise ArchiveRefused(BROKEN_ELEMENT, f"Powtórzona nazwa pliku: {_shown(raw)}.")
        self.names.add(name)
        if len(self.names) > self.bounds.files:
            raise ArchiveRefused(TOO_MANY)
        return name

    def take_bytes(self, count: int) -> None:
        self.unpacked += count
        if self.unpacked > max(_HARMLESS, _LARGEST_RATIO * self.archive_bytes):
            raise ArchiveRefused(NOT_UNPACKED, "Archiwum rozpakowuje się do zbyt wielu danych.")

    def take_file(self, name: str, pieces: Iterable[bytes], *, size: int) -> PackedFile:
        """Read one file to its end; refuses one that is not as long as its header says."""
        if not 0 <= size <= self.bounds.largest:
            raise ArchiveRefused(NOT_UNPACKED, f"Plik {_shown(name)} jest zbyt duży.")
        digest, length = hashlib.sha256(), 0
        kept: list[bytes] = []
        for piece in pieces:
            self.take_bytes(len(piece))
            digest.update(piece)
            length += len(piece)
            if length > size:
                break
            if length <= self.bounds.file_bytes:
                kept.append(piece)
        if length != size:
            raise ArchiveRefused(NOT_UNPACKED, f"Plik {_shown(name)} ma inny rozmiar niż podany w archiwum.")
        content = b"".join(kept) if length <= self.bounds.file_bytes else None
        return PackedFile(name, length, base64.b64encode(digest.digest()).decode("ascii"), content)


def _shown(name: str) -> str:
    """Return a name that any JSON may carry: tar gives bytes that are no UTF-8 as lone surrogates."""
    return ascii(name)[1:-1] if not name.isprintable() else name[: 2 * _LONGEST_NAME]
