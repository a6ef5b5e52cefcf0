"""What packages of both directions share: how they are compressed and with what they are encrypted."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

_KEY_BYTES = 32
_IV_BYTES = 16


class Compression(StrEnum):
    ZIP = "Zip"
    TAR_GZ = "TarGz"  # One stream: similar documents shrink better in it (section 5).


@dataclass(frozen=True, slots=True)
class SymmetricKey:
    """The AES key and the IV of one batch or one export: a secret; whoever keeps it keeps it encrypted."""

    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """One value for a vault; `from_bytes` takes it back."""
        return self.key + self.iv

    @classmethod
    def from_bytes(cls, secret: bytes) -> Self:
        if len(secret) != _KEY_BYTES + _IV_BYTES:
            raise ValueError("not the key and the IV of a package")
        return cls(key=secret[:_KEY_BYTES], iv=secret[_KEY_BYTES:])
