"""A tar archive as a stream of plain files; tarfile reads the heads, but keeps and believes too much by itself."""

import tarfile
from collections.abc import Iterator
from io import BufferedIOBase

from ksef.exports.damage import PackageDamaged

_PIECE = 65_536
_LONGEST_PAX = 65_536
_MOST_PAX = 3  # Heads in a row that only describe the next one.


def read_tar(stream: BufferedIOBase, *, most_bytes: int) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Name, size and pieces of each file; links, folders and sparse files refuse the archive."""
    bounded = _Bounded(stream, most_bytes=most_bytes)
    described: dict[str, str] = {}
    pax_in_a_row = 0
    while (head := _next_head(bounded)) is not None:
        if head.type in {tarfile.XHDTYPE, tarfile.XGLTYPE}:
            pax_in_a_row += 1
            if head.size > _LONGEST_PAX or pax_in_a_row > _MOST_PAX:
                raise PackageDamaged("the package describes its files too broadly")
            records = bounded.read_exactly(_padded(head.size))[: head.size]
            described |= _read_pax(records) if head.type == tarfile.XHDTYPE else {}
        elif head.type in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            size = int(described.get("size", head.size))
            if size < 0:
                raise PackageDamaged("a file in the package has less than no bytes")
            body = _Body(bounded, size=size)
            yield described.get("path", head.name), size, body.pieces()
            body.skip()
            described, pax_in_a_row = {}, 0
        else:
            raise PackageDamaged("the package holds something else than plain files")


class _Bounded:
    def __init__(self, stream: BufferedIOBase, *, most_bytes: int) -> None:
        self._stream = stream
        self._left = most_bytes

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise PackageDamaged("the package holds more than a package may")
        return piece

    def read_exactly(self, size: int) -> bytes:
        data = self.read(size)
        if len(data) != size:
            raise PackageDamaged("the package ends too early")
        return data


class _Body:
    """The content of one file, and whatever the consumer left of it."""

    def __init__(self, stream: _Bounded, *, size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = _padded(size) - size

    def pieces(self) -> Iterator[bytes]:
        while self._left:
            piece = self._stream.read(min(self._left, _PIECE))
            if not piece:
                raise PackageDamaged("the package ends too early")
            self._left -= len(piece)
            yield piece

    def skip(self) -> None:
        for _ in self.pieces():
            pass
        self._stream.read_exactly(self._padding)


def _next_head(stream: _Bounded) -> tarfile.TarInfo | None:
    """None at the end: a block of zeros, or nothing at all."""
    block = stream.read(tarfile.BLOCKSIZE)
    if not block.strip(b"\0"):
        return None
    return tarfile.TarInfo.frombuf(block, "utf-8", "strict")


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _read_pax(records: bytes) -> dict[str, str]:
    """Records such as `22 path=invoice.xml`, each with its own length in front and a line's end behind."""
    found: dict[str, str] = {}
    while records:
        digits, _, rest = records.partition(b" ")
        length = int(digits)
        record = rest[: length - len(digits) - 1]
        name, separator, value = record.removesuffix(b"\n").decode().partition("=")
        if not separator or not record.endswith(b"\n") or name.startswith("GNU.sparse"):
            raise PackageDamaged("the package describes its files in an unknown way")
        found[name] = value
        records = records[length:]
    return found
