"""Packing an export: an archive of the chosen invoices and their metadata, written straight into encrypted parts."""

import json
import shutil
import tarfile
import tempfile
import traceback
import zipfile
from collections.abc import Iterator
from datetime import datetime
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import IO, Final, Protocol

from ksef.simulator.reading.export_records import (
    Compression,
    Export,
    Flaw,
    Outcome,
    find_export,
    keep_outcome,
)
from ksef.simulator.reading.filters import INVOICING, ISSUE, STORAGE
from ksef.simulator.reading.parts import PartWriter
from ksef.simulator.world import WARSAW, World, as_milliseconds, to_datetime

_CHUNK: Final = 20
_UNKNOWN: Final = 500
_LEVEL: Final = 6
_METADATA: Final = "_metadata.json"
_HEAD: Final = b'{"invoices":['
_TAIL: Final = b"]}"
_DATES: Final = {ISSUE: "issueDate", INVOICING: "invoicingDate", STORAGE: "permanentStorageDate"}


class _Archive(Protocol):
    def __init__(self, writer: PartWriter, *, moment: datetime) -> None: ...

    def add(self, name: str, content: IO[bytes], size: int) -> None: ...

    def close(self) -> None: ...


class _Zip:
    def __init__(self, writer: PartWriter, *, moment: datetime) -> None:
        self._zip = zipfile.ZipFile(writer, "w", zipfile.ZIP_DEFLATED)
        self._moment = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        entry = zipfile.ZipInfo(name, self._moment)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.file_size = size
        with self._zip.open(entry, "w") as file:
            shutil.copyfileobj(content, file)

    def close(self) -> None:
        self._zip.close()


class _TarGz:
    def __init__(self, writer: PartWriter, *, moment: datetime) -> None:
        self._tar = tarfile.open(fileobj=writer, mode="w|gz", compresslevel=_LEVEL)  # noqa: SIM115 - close() ends it.
        self._moment = moment.timestamp()

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime = size, self._moment
        self._tar.addfile(entry, content)

    def close(self) -> None:
        self._tar.close()


_ARCHIVES: Final[dict[Compression, type[_Archive]]] = {Compression.ZIP: _Zip, Compression.TAR_GZ: _TarGz}


def pack(world: World, export: Export) -> Iterator[None]:
    """Do it all, stopping for a moment after each bounded piece of work; a killed process begins again."""
    packing = _Packing(world, export)
    try:
        yield from packing.run()
        outcome = packing.finish()
    except OSError:
        traceback.print_exc()
        packing.discard()
        with world.store.transaction():
            world.store.update("exports", export.id, code=_UNKNOWN)
        return
    except BaseException:
        packing.discard()
        raise
    with world.store.transaction():
        # A reset may have come in between.
        is_wanted = find_export(world.store, export.reference) is not None
        if is_wanted:
            expires_at = export.due_at + as_milliseconds(world.options.export_lifetime)
            keep_outcome(world.store, export, outcome, expires_at=expires_at)
    if not is_wanted:
        packing.discard()


class _Packing:
    """One package on its way; the archive is begun with the first invoice, so that nothing is packed as nothing."""

    def __init__(self, world: World, export: Export) -> None:
        if export.key is None:
            raise ValueError(export.reference)
        self._world = world
        self._export = export
        self._writer = PartWriter(
            world.spool, key=export.key, iv=export.iv, part_bytes=world.options.export_part_bytes
        )
        self._packed = 0
        self._last = ""
        self._is_full = False

    def run(self) -> Iterator[None]:
        chosen = self._export.chosen
        if not chosen:
            return
        archive = _ARCHIVES[Compression(self._export.compression)](
            self._writer, moment=to_datetime(self._export.due_at).astimezone(WARSAW)
        )
        # The metadata is written at the end of the archive, beside which it does not fit in memory.
        with tempfile.TemporaryFile() as metadata:
            for start in range(0, len(chosen), _CHUNK):
                self._add(archive, metadata, chosen[start : start + _CHUNK])
                yield
                if self._is_full:
                    break
            self._add_metadata(archive, metadata)
        archive.close()

    def finish(self) -> Outcome:
        name, compression = self._export.reference, Compression(self._export.compression)
        parts = self._writer.finish(name=name, suffix=compression.suffix)
        if self._export.flaw == Flaw.CORRUPT_PART and parts:
            _corrupt(self._world.spool.path(parts[0].file))
        left_out = self._packed < len(self._export.chosen)
        last = json.loads(self._last)[_DATES[self._export.date_type]] if self._last else None
        return Outcome(self._packed, left_out or bool(self._export.has_more), last, parts)

    def discard(self) -> None:
        self._writer.discard()

    def _add(self, archive: _Archive, metadata: IO[bytes], chunk: list[int]) -> None:
        for identifier, document, content in self._read(chunk):
            if not self._export.only_metadata and not self._is_left_out(identifier):
                number = json.loads(document)["ksefNumber"]
                archive.add(f"{number}.xml", BytesIO(content), len(content))
            metadata.write((b"," if self._packed else _HEAD) + document.encode())
            self._packed, self._last = self._packed + 1, document
            # Invoices are added until a limit is reached; the metadata counts for none.
            self._is_full = self._writer.size >= self._world.options.export_bytes
            if self._is_full:
                break

    def _read(self, chunk: list[int]) -> list[tuple[int, str, bytes]]:
        marks = ", ".join("?" for _ in chunk)
        with self._world.store.transaction():
            rows = self._world.store.rows(
                "SELECT invoice, document, content FROM metadata JOIN documents ON documents.id = invoice"  # noqa: S608 - question marks.
                f" WHERE invoice IN ({marks})",
                *chunk,
            )
        found = {row["invoice"]: (row["invoice"], row["document"], row["content"]) for row in rows}
        return [found[identifier] for identifier in chunk if identifier in found]

    def _is_left_out(self, identifier: int) -> bool:
        return self._export.flaw == Flaw.MISSING_INVOICE and identifier == self._export.chosen[-1]

    def _add_metadata(self, archive: _Archive, metadata: IO[bytes]) -> None:
        metadata.write(_TAIL)
        if self._export.flaw == Flaw.CUT_METADATA:
            metadata.truncate(metadata.tell() // 2)
        size = metadata.seek(0, SEEK_END)
        metadata.seek(0)
        archive.add(_METADATA, metadata, size)


def _corrupt(path: Path) -> None:
    with path.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 0xFF]))
