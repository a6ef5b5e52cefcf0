"""The package of an export as a whole: nothing is given out before all of it has been looked at (F30, F44)."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from ksef.exchange.archives import SymmetricKey
from ksef.exchange.invoices import ExportPackage, InvoiceMetadata
from ksef.exports.archives import METADATA_NAME, UnpackingLimits, read_entries
from ksef.exports.damage import PackageDamaged
from ksef.exports.listing import read_listing
from ksef.exports.sealed import SealedArchive, check_part

logger = logging.getLogger(__name__)

_DOCUMENT = ".xml"


@dataclass(frozen=True, slots=True)
class ReceivedInvoice:
    """The exact bytes; their SHA-256 is the `invoice_hash` of the metadata."""

    ksef_number: str
    xml: bytes = field(repr=False)
    metadata: InvoiceMetadata


class ReceivedPackage:
    """A package that holds what its list says; use as a context manager, it keeps a file open."""

    def __init__(
        self,
        archive: SealedArchive,
        *,
        package: ExportPackage,
        limits: UnpackingLimits,
    ) -> None:
        self._archive = archive
        self._compression = package.compression
        self._limits = limits
        self._listed: dict[str, InvoiceMetadata] = {}
        self._present: set[str] = set()
        if package.parts:
            self._look_through()
        self._check_count(package.invoice_count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._archive.close()

    @property
    def metadata(self) -> tuple[InvoiceMetadata, ...]:
        """All invoices of the list, whether their XML is there or not."""
        return tuple(self._listed.values())

    @property
    def missing(self) -> tuple[str, ...]:
        """Invoices that are listed without their XML: all of them when only metadata were asked for (F30)."""
        return tuple(number for number in self._listed if number not in self._present)

    def invoices(self) -> Iterator[ReceivedInvoice]:
        """One after the other, as they lie in the archive; only one is in memory at a time."""
        if not self._present:
            return
        for entry in read_entries(self._archive, compression=self._compression, limits=self._limits):
            number = entry.name.removesuffix(_DOCUMENT)
            if entry.name.endswith(_DOCUMENT) and number in self._present:
                xml = b"".join(entry.pieces)
                metadata = self._listed[number]
                if hashlib.sha256(xml).digest() != metadata.invoice_hash:
                    raise PackageDamaged("the package has changed since it was looked at")
                yield ReceivedInvoice(ksef_number=number, xml=xml, metadata=metadata)

    def _look_through(self) -> None:
        """The list may stand behind the invoices, so their hashes wait for it."""
        digests: dict[str, bytes] = {}
        has_list = False
        for entry in read_entries(self._archive, compression=self._compression, limits=self._limits):
            if entry.name == METADATA_NAME:
                has_list = True
                self._take_list(read_listing(entry.pieces))
            elif entry.name.endswith(_DOCUMENT):
                digest = hashlib.sha256()
                for piece in entry.pieces:
                    digest.update(piece)
                digests[entry.name.removesuffix(_DOCUMENT)] = digest.digest()
            else:
                logger.warning("A package of an export holds an unknown file")
        if not has_list:
            raise PackageDamaged("the package has no list of its invoices")
        self._compare(digests)

    def _take_list(self, invoices: Iterator[InvoiceMetadata]) -> None:
        for count, invoice in enumerate(invoices, start=1):
            if count > self._limits.entries:
                raise PackageDamaged("the package lists more than a package may hold")
            known = self._listed.setdefault(invoice.ksef_number, invoice)
            if known.invoice_hash != invoice.invoice_hash:
                raise PackageDamaged("the package lists two documents under one KSeF number")

    def _compare(self, digests: dict[str, bytes]) -> None:
        for number, digest in digests.items():
            listed = self._listed.get(number)
            if listed is None:
                raise PackageDamaged("the package holds an invoice that it does not list")
            if listed.invoice_hash != digest:
                raise PackageDamaged("an invoice of the package has not the listed hash")
        self._present = set(digests)

    def _check_count(self, announced: int) -> None:
        if len(self._listed) != announced:
            raise PackageDamaged("the package lists another number of invoices than was announced")


def open_package(
    package: ExportPackage,
    *,
    paths: Sequence[Path],
    secret: SymmetricKey,
    limits: UnpackingLimits | None = None,
) -> ReceivedPackage:
    """Look through the downloaded parts; afterwards only the disk can fail. Raises `PackageDamaged`.

    An invoice whose XML is not in the package is no damage but stands in `missing`: the importer fetches the
    package again, then that invoice alone.
    """
    parts = list(zip(paths, package.parts, strict=True))
    for path, part in parts:
        check_part(path, part, secret=secret)
    archive = SealedArchive(parts, secret=secret)
    try:
        return ReceivedPackage(archive, package=package, limits=limits or UnpackingLimits())
    except BaseException:
        archive.close()
        raise
