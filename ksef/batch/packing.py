"""From documents to the encrypted parts of a package, in one pass and with little memory."""

import re
from collections.abc import Iterable
from pathlib import Path

from ksef.batch.archives import ArchiveWriter, open_archive
from ksef.batch.limits import NotPackable, PackageFull, PackingLimits
from ksef.batch.parts import PartWriter
from ksef.exchange.archives import Compression, SymmetricKey
from ksef.exchange.batches import BatchPackage

# KSeF gives the name back with the status (invoiceFileName, at most 128 characters); a path has no place in it.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,123}\.xml", re.ASCII)


def pack(
    items: Iterable[tuple[str, bytes]],
    *,
    folder: Path,
    secret: SymmetricKey,
    compression: Compression = Compression.TAR_GZ,
    limits: PackingLimits | None = None,
) -> BatchPackage:
    """Write the items, file name and XML each, as encrypted parts into the folder, in the order they come.

    The same items with the same key give the same bytes, so packing again after a crash does no harm.
    Raises `PackageFull` or `NotPackable` and leaves nothing behind; each item is asked for once and let go.
    """
    limits = limits or PackingLimits()
    folder.mkdir(parents=True, exist_ok=True)
    sink = PartWriter(folder, secret=secret, limits=limits)
    archive = open_archive(compression, sink)
    try:
        count = _fill(archive, items, limits=limits)
        archive.close()
        parts = sink.finish()
    except BaseException:
        sink.discard()
        archive.abandon()
        raise
    return BatchPackage(
        folder=folder,
        compression=compression,
        invoice_count=count,
        archive_size=sink.size,
        archive_sha256=sink.sha256,
        parts=parts,
    )


def _fill(archive: ArchiveWriter, items: Iterable[tuple[str, bytes]], *, limits: PackingLimits) -> int:
    names: set[str] = set()
    for name, xml in items:
        _check(name, xml, names=names, limits=limits)
        archive.add(name, xml)
    if not names:
        raise NotPackable("a package needs a document")
    return len(names)


def _check(name: str, xml: bytes, *, names: set[str], limits: PackingLimits) -> None:
    if _NAME.fullmatch(name) is None:
        raise NotPackable(f"not the name of a document: {name[:40]!r}")
    # Whoever unpacks on a disk that knows no case must not lose a document.
    if (key := name.lower()) in names:
        raise NotPackable(f"two documents of one name: {name!r}")
    if not 0 < len(xml) <= limits.invoice_bytes:
        raise NotPackable(f"{name!r} has {len(xml)} bytes of {limits.invoice_bytes}")
    if len(names) >= limits.invoices:
        raise PackageFull(f"more than {limits.invoices} documents")
    names.add(key)
