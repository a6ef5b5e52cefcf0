"""How long the server waits for a client: slow ones are served, endless ones are not."""

import io
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds and bytes: between requests, for a head, and for a body or an answer by its length."""

    idle: float = 75
    head: float = 20
    head_bytes: int = 65_536
    slowest: float = 20_000  # Bytes a second.
    longest: float = 3600
    farewell: float = 5  # For what a client still sends after it was refused.

    def seconds_for(self, length: int) -> float:
        return min(self.head + length / self.slowest, self.longest)


class HeadTooLong(Exception):
    """A head that is longer than the server has patience for."""


class PatientSocket(io.RawIOBase):
    """A socket's bytes in both directions until a deadline, and with a bound while a head is read."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._deadline = 0.0
        self._bytes_left: int | None = None

    def allow(self, seconds: float, *, bytes_in: int | None = None) -> None:
        """Wait no longer than this from now on, and take no more bytes in than that."""
        self._deadline = time.monotonic() + seconds
        self._bytes_left = bytes_in

    @override
    def readable(self) -> bool:
        return True

    @override
    def writable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        if self._bytes_left is not None and self._bytes_left <= 0:
            raise HeadTooLong
        self._wait()
        count = self._connection.recv_into(buffer)
        if self._bytes_left is not None:
            self._bytes_left -= count
        return count

    @override
    def write(self, data: "ReadableBuffer", /) -> int:
        self._wait()
        return self._connection.send(data)

    def _wait(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
