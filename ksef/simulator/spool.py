"""Files too large for the database: parts of packages while they wait, beside the database or in a temporary folder."""

import hashlib
import secrets
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: its name in the spool, its size and its SHA-256."""

    name: str
    size: int
    digest: bytes


class Spool:
    """A folder that is made when the first file comes, and goes with the process unless it belongs to --data."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._is_temporary = folder is None
        self._closed: weakref.finalize[..., Spool] | None = None
        # The first parts of a package come all at once, and only one folder may be made for them.
        self._making = threading.Lock()

    def new_name(self) -> str:
        return secrets.token_hex(16)

    def path(self, name: str) -> Path:
        return self._made() / name

    def write(self, pieces: Iterable[bytes]) -> Written:
        """Write a new file piece by piece; a file that could not be finished is taken away again."""
        name, size, digest = self.new_name(), 0, hashlib.sha256()
        try:
            with self.path(name).open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
        except BaseException:
            self.remove([name])
            raise
        return Written(name, size, digest.digest())

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(FileNotFoundError):
                self.path(name).unlink()

    def clear(self) -> None:
        if self._folder is not None and self._folder.is_dir():
            self.remove([path.name for path in self._folder.iterdir()])

    def keep_only(self, names: Iterable[str]) -> None:
        """Remove what a killed process left half done."""
        if self._folder is not None and self._folder.is_dir():
            kept = set(names)
            self.remove([path.name for path in self._folder.iterdir() if path.name not in kept])

    def close(self) -> None:
        if self._closed is not None:
            self._closed()

    def _made(self) -> Path:
        with self._making:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="ksef-simulator-"))
                self._closed = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            elif not self._is_temporary:
                self._folder.mkdir(exist_ok=True)
            return self._folder
