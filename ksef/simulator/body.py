"""A request's body as a stream, for what is too long to be held."""

from collections.abc import Iterator
from typing import BinaryIO, Final

_PIECE: Final = 256 * 1024


class Body:
    """Readable up to its declared length and no further."""

    def __init__(self, source: BinaryIO, length: int) -> None:
        self._source = source
        self.left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        piece = self._source.read(wanted) if wanted else b""
        self.left -= len(piece)
        return piece

    def pieces(self) -> Iterator[bytes]:
        """Yield what there is; `left` stays above zero when the sender stopped early."""
        while piece := self.read(_PIECE):
            yield piece
