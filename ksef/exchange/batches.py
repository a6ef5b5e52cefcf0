"""Batch sending: the package on our disk, its session, and how far its parts have got (section 5)."""

from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Self

from ksef.exchange.archives import Compression


@dataclass(frozen=True, slots=True)
class BatchPart:
    """One encrypted cut of the archive; `file_name` lies in the package's folder."""

    ordinal: int
    file_name: str
    size: int  # Before encryption.
    encrypted_size: int
    encrypted_sha256: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BatchPackage:
    """What KSeF is told when the session opens. Holds no secret: the key travels apart from it."""

    folder: Path
    compression: Compression
    invoice_count: int
    archive_size: int
    archive_sha256: bytes = field(repr=False)
    parts: tuple[BatchPart, ...]

    def path_of(self, part: BatchPart) -> Path:
        return self.folder / part.file_name


@dataclass(frozen=True, slots=True)
class PartUpload:
    """How KSeF wants one part brought; whoever has the address may write there, so it stays out of logs."""

    ordinal: int
    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BatchSession:
    reference: str
    uploads: tuple[PartUpload, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a sender stands, and all that another one needs to go on (F22); ksef.batch.journal stores it."""

    package: BatchPackage
    session: BatchSession | None = None
    uploaded: frozenset[int] = frozenset()

    @property
    def missing(self) -> tuple[BatchPart, ...]:
        return tuple(part for part in self.package.parts if part.ordinal not in self.uploaded)

    def find_upload(self, part: BatchPart) -> PartUpload | None:
        uploads = self.session.uploads if self.session else ()
        return next((upload for upload in uploads if upload.ordinal == part.ordinal), None)

    def opened(self, session: BatchSession) -> Self:
        """The same files in a new session: nothing of an older one counts any more."""
        return replace(self, session=session, uploaded=frozenset())

    def with_uploaded(self, ordinal: int) -> Self:
        return replace(self, uploaded=self.uploaded | {ordinal})


class UploadOutcome(Enum):
    COMPLETE = "complete"  # Every part is there: close the session.
    LINK_EXPIRED = "link expired"  # KSeF takes no more parts: open a new session with the same files (F22).
