"""From the parts of a closed package to waiting invoices, in small steps; a killed process begins again (section 5)."""

import hashlib
import traceback
from collections.abc import Iterator
from itertools import islice
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from ksef.simulator.limits.effective import session_limits
from ksef.simulator.numbers import new_reference
from ksef.simulator.sending.archives import (
    BROKEN_ELEMENT,
    ArchiveRefused,
    Bounds,
    Compression,
    Inspection,
    PackedFile,
)
from ksef.simulator.sending.archives_tar import read_tar_gz
from ksef.simulator.sending.archives_zip import read_zip
from ksef.simulator.sending.ending import fail_session
from ksef.simulator.sending.packages import Package, Part
from ksef.simulator.sending.records import Arrival, Session, add_invoice, find_session
from ksef.simulator.world import World, warsaw_date

_PIECE: Final = 1024 * 1024
_CHUNK: Final = 100
_CHUNK_BYTES: Final = 8_000_000
_NOT_DECRYPTED: Final = 435
_UNKNOWN: Final = 500
_READERS: Final = {Compression.ZIP: read_zip, Compression.TAR_GZ: read_tar_gz}


def unpack(world: World, session: Session, package: Package) -> Iterator[None]:
    """Do it all, stopping for a moment after each bounded piece of work."""
    try:
        yield from _join(world, session, package)
        # A package is taken whole or not at all: it is read to its end before its first invoice is stored.
        for _ in _chunks(_read(world, session, package)):
            yield
        yield from _store(world, session, package)
    except ArchiveRefused as refused:
        _fail(world, session, package, refused)
    except OSError:
        traceback.print_exc()
        _fail(world, session, package, ArchiveRefused(_UNKNOWN))
    world.spool.remove([_archive(session), *(part.file for part in package.parts if part.file)])


def _archive(session: Session) -> str:
    return f"{session.reference}.archive"


def _join(world: World, session: Session, package: Package) -> Iterator[None]:
    """Decrypt the parts into one file, which must be the declared one."""
    size, digest = 0, hashlib.sha256()
    with world.spool.path(_archive(session)).open("wb") as archive:
        for part in package.parts:
            if part.sent_digest != part.digest:
                raise ArchiveRefused(BROKEN_ELEMENT, f"Nieprawidłowy skrót części '{part.ordinal}'.")
            for piece in _decrypt(world, session, part):
                archive.write(piece)
                digest.update(piece)
                size += len(piece)
                yield
    if (size, digest.digest()) != (package.size, package.digest):
        raise ArchiveRefused(BROKEN_ELEMENT, "Nieprawidłowy rozmiar albo skrót pliku paczki.")


def _decrypt(world: World, session: Session, part: Part) -> Iterator[bytes]:
    """Each part is a stream of its own, with the session's key and vector (4.1)."""
    decryptor = Cipher(algorithms.AES(session.key or b""), modes.CBC(session.iv)).decryptor()
    unpadder = PKCS7(algorithms.AES.block_size).unpadder()
    with world.spool.path(part.file or "").open("rb") as file:
        try:
            while piece := file.read(_PIECE):
                yield unpadder.update(decryptor.update(piece))
            yield unpadder.update(decryptor.finalize()) + unpadder.finalize()
        except ValueError as error:
            raise ArchiveRefused(_NOT_DECRYPTED, f"Część '{part.ordinal}'.") from error


def _read(world: World, session: Session, package: Package) -> Iterator[PackedFile]:
    path = world.spool.path(_archive(session))
    with world.store.transaction():
        limits = session_limits(world, context=session.owner, batch=True)
    bounds = Bounds(files=limits.invoices, file_bytes=limits.invoice_bytes_with_attachment)
    inspection = Inspection(bounds=bounds, archive_bytes=path.stat().st_size)
    return _READERS[package.compression](path, inspection)


def _chunks(files: Iterator[PackedFile]) -> Iterator[list[PackedFile]]:
    """Gather files so that neither their number nor their size gets out of hand."""
    chunk: list[PackedFile] = []
    size = 0
    for file in files:
        chunk.append(file)
        size += len(file.content or b"")
        if len(chunk) >= _CHUNK or size > _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    yield chunk


def _store(world: World, session: Session, package: Package) -> Iterator[None]:
    """Let the files in as invoices, behind those that a killed process let in already."""
    files = _read(world, session, package)
    for chunk in _chunks(islice(files, session.total, None)):
        with world.store.transaction():
            current = _still_waiting(world, session)
            if current is None:
                return
            for ordinal, file in enumerate(chunk, start=current.total + 1):
                add_invoice(world.store, _arrival(current, file, ordinal=ordinal))
            world.store.update("sessions", current.id, total=current.total + len(chunk))
        yield
    with world.store.transaction():
        current = _still_waiting(world, session)
        if current is not None:
            world.store.update("sessions", current.id, unpacked=1)


def _still_waiting(world: World, session: Session) -> Session | None:
    """The session may have been ended or forgotten through the control API meanwhile."""
    found = find_session(world.store, session.reference)
    return found if found is not None and found.code is None else None


def _arrival(session: Session, file: PackedFile, *, ordinal: int) -> Arrival:
    return Arrival(
        session=session,
        ordinal=ordinal,
        reference=new_reference("EE", on=warsaw_date(session.created_at)),
        hash=file.hash,
        content=file.content,
        size=file.size,
        offline=bool(session.offline),
        # All invoices of a package were received when its session was opened (section 10).
        received_at=session.created_at,
        due_at=session.due_at or session.created_at,
        file_name=file.name,
    )


def _fail(world: World, session: Session, package: Package, refused: ArchiveRefused) -> None:
    with world.store.transaction():
        current = _still_waiting(world, session)
        if current is not None:
            at = package.unpack_at or 0
            fail_session(world, current, code=refused.code, details=refused.details, at=at)
