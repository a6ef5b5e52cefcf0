"""Certificates and enrolments as they are remembered, and the queries over them."""

from dataclasses import asdict, dataclass, field
from typing import Final

from ksef.simulator.state import Store

ISSUED: Final = 200
KINDS: Final = ("Authentication", "Offline")
STATUSES: Final = ("Active", "Blocked", "Revoked", "Expired")


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate; it is there from `ready_at` on, and being revoked takes until `ended_at`."""

    id: int
    serial: str
    name: str
    kind: str
    subject_type: str
    subject: str
    common_name: str
    content: bytes = field(repr=False)
    key_hash: str
    requested_at: int
    ready_at: int
    valid_from: int
    valid_to: int
    used_at: int | None
    revoked_at: int | None
    ended_at: int | None
    reason: str | None

    def status_at(self, now: int) -> str:
        """Return the status; one that begins later is Active, though it cannot be used yet."""
        if self.ended_at is not None:
            return "Revoked" if now >= self.ended_at else "Blocked"
        return "Expired" if now >= self.valid_to else "Active"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrollment:
    """One request; its result is decided at once and told from `ready_at` on."""

    reference: str
    subject_type: str
    subject: str
    requested_at: int
    ready_at: int
    code: int
    detail: str
    serial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment(NewEnrollment):
    id: int

    def code_at(self, now: int) -> int:
        return self.code if now >= self.ready_at else 100


def find_certificate(store: Store, serial: str, *, now: int) -> Certificate | None:
    row = store.row("SELECT * FROM certificates WHERE serial = ? AND ready_at <= ?", serial, now)
    return None if row is None else Certificate(**row)


def list_certificates(store: Store, *, holders: tuple[tuple[str, str], ...], now: int) -> list[Certificate]:
    """Return what was issued to any of these identifiers, the newest request first."""
    rows = [
        row
        for kind, value in holders
        for row in store.rows(
            "SELECT * FROM certificates WHERE subject_type = ? AND subject = ? AND ready_at <= ?",
            kind,
            value,
            now,
        )
    ]
    found = [Certificate(**row) for row in rows]
    return sorted(found, key=lambda item: (item.requested_at, item.id), reverse=True)


def list_latest_certificates(store: Store, *, now: int, most: int) -> list[Certificate]:
    rows = store.rows("SELECT * FROM certificates WHERE ready_at <= ? ORDER BY id DESC LIMIT ?", now, most)
    return [Certificate(**row) for row in rows]


def count_active(store: Store, *, subject_type: str, subject: str, now: int, and_waiting: bool) -> int:
    """Count the certificates that fill the limit; `and_waiting`: those too that are still being made."""
    rows = store.row(
        "SELECT count(*) AS number FROM certificates WHERE subject_type = ? AND subject = ?"
        " AND ended_at IS NULL AND valid_to > ? AND (ready_at <= ? OR ?)",
        subject_type,
        subject,
        now,
        now,
        and_waiting,
    )
    return int(rows["number"]) if rows else 0


def is_certified_for_another(store: Store, key_hash: str, *, subject_type: str, subject: str) -> bool:
    found = store.row(
        "SELECT id FROM certificates WHERE key_hash = ? AND NOT (subject_type = ? AND subject = ?)",
        key_hash,
        subject_type,
        subject,
    )
    return found is not None


def add_enrollment(store: Store, new: NewEnrollment) -> None:
    store.insert("enrollments", **asdict(new))


def find_enrollment(store: Store, reference: str) -> Enrollment | None:
    row = store.row("SELECT * FROM enrollments WHERE reference = ?", reference)
    return None if row is None else Enrollment(**row)


def count_enrollments(store: Store, *, subject_type: str, subject: str) -> int:
    row = store.row(
        "SELECT count(*) AS number FROM enrollments WHERE subject_type = ? AND subject = ?",
        subject_type,
        subject,
    )
    return int(row["number"]) if row else 0


def revoke(store: Store, certificate: Certificate, *, now: int, ended_at: int, reason: str) -> None:
    store.run(
        "UPDATE certificates SET revoked_at = ?, ended_at = ?, reason = ? WHERE id = ?",
        now,
        ended_at,
        reason,
        certificate.id,
    )
