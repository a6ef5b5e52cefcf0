"""Packages of batch sessions and their parts as they are remembered (section 5)."""

from dataclasses import dataclass

from ksef.simulator.sending.archives import Compression
from ksef.simulator.sending.records import Session
from ksef.simulator.state import Store


@dataclass(frozen=True, slots=True)
class Part:
    """A declared part, encrypted, and what was sent for it last."""

    session: str
    ordinal: int
    size: int
    digest: bytes
    file: str | None = None
    sent_size: int | None = None
    sent_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """`unpack_at` is set by the close."""

    session: str
    size: int
    digest: bytes
    compression: Compression
    unpack_at: int | None
    parts: tuple[Part, ...]


def add_package(store: Store, package: Package) -> None:
    store.insert(
        "packages",
        session=package.session,
        size=package.size,
        digest=package.digest,
        compression=package.compression.value,
    )
    for part in package.parts:
        store.insert(
            "package_parts",
            session=package.session,
            ordinal=part.ordinal,
            size=part.size,
            digest=part.digest,
        )


def find_package(store: Store, session: str) -> Package | None:
    row = store.row("SELECT * FROM packages WHERE session = ?", session)
    if row is None:
        return None
    parts = store.rows("SELECT * FROM package_parts WHERE session = ? ORDER BY ordinal", session)
    compression = Compression(row.pop("compression"))
    return Package(**row, compression=compression, parts=tuple(Part(**part) for part in parts))


def find_next_package(store: Store, *, now: int) -> tuple[Session, Package] | None:
    """Return the closed package that has waited longest for its unpacking."""
    row = store.row(
        "SELECT sessions.* FROM sessions JOIN packages ON packages.session = sessions.reference"
        " WHERE code IS NULL AND closed_at IS NOT NULL AND NOT unpacked AND unpack_at <= ?"
        " ORDER BY unpack_at, sessions.id LIMIT 1",
        now,
    )
    if row is None:
        return None
    session = Session(**row)
    package = find_package(store, session.reference)
    return None if package is None else (session, package)


def keep_sent(store: Store, part: Part) -> None:
    store.run(
        "UPDATE package_parts SET file = ?, sent_size = ?, sent_digest = ? WHERE session = ? AND ordinal = ?",
        part.file,
        part.sent_size,
        part.sent_digest,
        part.session,
        part.ordinal,
    )


def list_files_in_use(store: Store) -> list[str]:
    """Return the files of all packages that are still to come or to be unpacked."""
    rows = store.rows(
        "SELECT file FROM package_parts JOIN sessions ON sessions.reference = package_parts.session"
        " WHERE code IS NULL AND NOT unpacked AND file IS NOT NULL"
    )
    return [str(row["file"]) for row in rows]
