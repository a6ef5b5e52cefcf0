"""What was invented through /testdata, as others ask about it: roles, kinship, death, blocks and consents."""

from dataclasses import dataclass
from typing import Any, Final

from ksef.simulator.access.identity import Identity
from ksef.simulator.identifiers import Identifier
from ksef.simulator.state import Store
from ksef.simulator.world import World

BAILIFF: Final = "CourtBailiff"
AUTHORITY: Final = "EnforcementAuthority"
UNIT_OF_PARENT: Final = {
    "LocalGovernmentUnit": "LocalGovernmentSubUnit",
    "VatGroupUnit": "VatGroupSubUnit",
}
"""The roles of superior subjects, and what their subordinates are to them."""


@dataclass(frozen=True, slots=True)
class Role:
    """`parent` is the NIP of the superior subject, for the roles that have one."""

    id: int
    nip: str
    role: str
    parent: str | None
    description: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Consent:
    given_at: int
    ends_at: int | None

    def holds_at(self, now: int) -> bool:
        return self.given_at <= now and (self.ends_at is None or now < self.ends_at)


def roles_of(store: Store, nip: str) -> list[Role]:
    """Return the roles of a subject; a bailiff is a person and not a subject."""
    subjects = [
        _role(row) for row in store.rows("SELECT * FROM subjects WHERE nip = ? AND removed_at IS NULL", nip)
    ]
    persons = store.rows(
        "SELECT id, nip, ? AS role, NULL AS parent, description, created_at FROM persons"
        " WHERE nip = ? AND is_bailiff AND removed_at IS NULL",
        BAILIFF,
        nip,
    )
    return [*subjects, *(_role(row) for row in persons)]


def has_role(store: Store, nip: str, *roles: str) -> bool:
    return any(role.role in roles for role in roles_of(store, nip))


def subordinates_of(store: Store, nip: str) -> list[Role]:
    rows = store.rows("SELECT * FROM subjects WHERE parent = ? AND removed_at IS NULL", nip)
    return [_role(row) for row in rows]


def _role(row: dict[str, Any]) -> Role:
    return Role(**{name: row[name] for name in ("id", "nip", "role", "parent", "description", "created_at")})


def identifiers_of(world: World, *, kind: str, value: str) -> tuple[Identifier, ...]:
    """Return all that one subject is known by: a sole trader's NIP and PESEL stand for each other (section 14)."""
    rows = world.store.rows(
        "SELECT nip, pesel FROM persons WHERE removed_at IS NULL"
        " AND ((? = 'Nip' AND nip = ?) OR (? = 'Pesel' AND pesel = ?))",
        kind,
        value,
        kind,
        value,
    )
    linked = [pair for row in rows for pair in (("Nip", str(row["nip"])), ("Pesel", str(row["pesel"])))]
    return tuple(dict.fromkeys([(kind, value), *linked]))


def is_blocked(world: World, *, context: tuple[str, str]) -> bool:
    """Return whether logging in to the context ends with 480."""
    query = "SELECT 1 FROM blocked_contexts WHERE context_type = ? AND context = ?"
    return world.store.row(query, *context) is not None


def is_deceased(world: World, identity: Identity) -> bool:
    """Return whether this person's login ends with 470."""
    column = {"Nip": "nip", "Pesel": "pesel"}.get(identity.kind)
    if column is None:
        return False
    query = f"SELECT 1 FROM persons WHERE {column} = ? AND is_deceased AND removed_at IS NULL"  # noqa: S608 - our columns.
    return world.store.row(query, identity.value) is not None


def find_consent(store: Store, nip: str) -> Consent | None:
    row = store.row("SELECT given_at, ends_at FROM attachment_consents WHERE nip = ?", nip)
    return None if row is None else Consent(**row)


def may_attach(world: World, *, nip: str, now: int) -> bool:
    """Return whether the taxpayer has given notice of attachments; else they end with 415 (13.8)."""
    consent = find_consent(world.store, nip)
    return consent is not None and consent.holds_at(now)
