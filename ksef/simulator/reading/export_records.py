"""Exports and their parts as they are remembered (section 7.3)."""

import json
from dataclasses import dataclass
from enum import StrEnum

from ksef.simulator.state import Store


class Compression(StrEnum):
    ZIP = "Zip"
    TAR_GZ = "TarGz"

    @property
    def suffix(self) -> str:
        return ".zip" if self is Compression.ZIP else ".tar.gz"


class Flaw(StrEnum):
    """What can be wrong with a package that calls itself finished (F30)."""

    CUT_METADATA = "cut_metadata"  # _metadata.json ends in the middle.
    MISSING_INVOICE = "missing_invoice"  # The last invoice is in the metadata only.
    CORRUPT_PART = "corrupt_part"  # The first part is another than its hash says.


@dataclass(frozen=True, slots=True)
class Export:
    id: int
    reference: str
    context_type: str
    context: str
    created_at: int
    due_at: int
    key: bytes | None
    iv: bytes
    compression: str
    only_metadata: int
    date_type: str
    hwm: int | None
    invoices: str
    has_more: int
    flaw: str | None
    code: int | None
    invoice_count: int
    is_truncated: int
    last_date: str | None
    expires_at: int | None

    @property
    def owner(self) -> tuple[str, str]:
        return (self.context_type, self.context)

    @property
    def chosen(self) -> list[int]:
        """The ids of its invoices, in their order."""
        return list(json.loads(self.invoices))


@dataclass(frozen=True, slots=True)
class Part:
    """A part before and after its encryption; `file` is its name in the spool."""

    ordinal: int
    name: str
    file: str
    size: int
    digest: bytes
    encrypted_size: int
    encrypted_digest: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of packing; `last_date` is the filter's date of the last invoice in the package."""

    invoice_count: int
    is_truncated: bool
    last_date: str | None
    parts: tuple[Part, ...]


def find_export(store: Store, reference: str) -> Export | None:
    row = store.row("SELECT * FROM exports WHERE reference = ?", reference)
    return None if row is None else Export(**row)


def find_next_export(store: Store, *, now: int) -> Export | None:
    """Return the next export that waits for being packed."""
    row = store.row(
        "SELECT * FROM exports WHERE code IS NULL AND due_at <= ? ORDER BY due_at, id LIMIT 1", now
    )
    return None if row is None else Export(**row)


def count_running_exports(store: Store, *, owner: tuple[str, str], now: int) -> int:
    row = store.row(
        "SELECT count(*) AS running FROM exports WHERE context_type = ? AND context = ? AND due_at > ?",
        *owner,
        now,
    )
    return 0 if row is None else int(row["running"])


def list_parts(store: Store, reference: str) -> list[Part]:
    rows = store.rows(
        "SELECT ordinal, name, file, size, digest, encrypted_size, encrypted_digest FROM export_parts"
        " WHERE export = ? ORDER BY ordinal",
        reference,
    )
    return [Part(**row) for row in rows]


def list_export_files(store: Store) -> list[str]:
    """Return the files of all packages, as the spool names them."""
    return [row["file"] for row in store.rows("SELECT file FROM export_parts")]


def take_expired_files(store: Store, *, now: int) -> list[str]:
    """Forget the parts of packages that nobody may fetch any more, and return their files."""
    expired = "export IN (SELECT reference FROM exports WHERE expires_at <= ?)"
    files = [row["file"] for row in store.rows(f"SELECT file FROM export_parts WHERE {expired}", now)]  # noqa: S608 - a constant.
    store.run(f"DELETE FROM export_parts WHERE {expired}", now)  # noqa: S608 - a constant.
    return files


def keep_outcome(store: Store, export: Export, outcome: Outcome, *, expires_at: int) -> None:
    store.update(
        "exports",
        export.id,
        code=200,
        invoice_count=outcome.invoice_count,
        is_truncated=int(outcome.is_truncated),
        last_date=outcome.last_date,
        expires_at=expires_at,
    )
    for part in outcome.parts:
        store.insert(
            "export_parts",
            export=export.reference,
            ordinal=part.ordinal,
            name=part.name,
            file=part.file,
            size=part.size,
            digest=part.digest,
            encrypted_size=part.encrypted_size,
            encrypted_digest=part.encrypted_digest,
        )


def plan_flaw(store: Store, flaw: Flaw) -> None:
    store.insert("planned_flaws", flaw=flaw.value)


def take_planned_flaw(store: Store) -> str | None:
    """Return the next planned flaw and forget it."""
    row = store.row("SELECT id, flaw FROM planned_flaws ORDER BY id LIMIT 1")
    if row is None:
        return None
    store.run("DELETE FROM planned_flaws WHERE id = ?", row["id"])
    return str(row["flaw"])
