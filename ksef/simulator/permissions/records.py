"""Grants as they are remembered: one row for one permission, in force between two moments (section 11)."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ksef.simulator.identifiers import Identifier
from ksef.simulator.state import Store


class Kind(StrEnum):
    """By which operation a permission was given."""

    PERSON = "person"
    ENTITY = "entity"
    AUTHORIZATION = "authorization"
    INDIRECT = "indirect"
    SUBUNIT = "subunit"
    VAT_UE_ADMINISTRATOR = "vat-ue-administrator"
    VAT_UE_REPRESENTATIVE = "vat-ue-representative"


SYSTEM: Final[Identifier] = ("System", "")
"""The author of what came from the tax office (ZAW-FA)."""
ALL_PARTNERS: Final[Identifier] = ("AllPartners", "")
"""The target of an indirect permission for whoever lets the intermediary hand his permissions on."""


@dataclass(frozen=True, slots=True)
class NewGrants:
    """Permissions given together, each with whether it may be handed on.

    `context` is where they work, `granted_in` where they are given: they differ for units, EU entities and clients.
    """

    kind: Kind
    subject: Identifier
    granted_in: Identifier
    context: Identifier
    scopes: Mapping[str, bool]
    description: str
    author: Identifier
    details: dict[str, object] = field(default_factory=dict)
    unit: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """A row; `details` describe the subject and `unit` the subordinate unit or the EU entity, as answers show them."""

    id: int
    permission_id: str
    kind: Kind
    subject: Identifier
    granted_in: Identifier
    context: Identifier
    scope: str
    can_delegate: bool
    description: str
    details: dict[str, object]
    unit: dict[str, object]
    author: Identifier
    started_at: int
    revoked_at: int | None


def insert_grants(store: Store, new: NewGrants, *, started_at: int) -> None:
    """Keep the permissions from a moment on; one that is there already stays as it is, its flag included."""
    parties = {
        "kind": new.kind.value,
        "subject_type": new.subject[0],
        "subject": new.subject[1],
        "granted_in_type": new.granted_in[0],
        "granted_in": new.granted_in[1],
        "context_type": new.context[0],
        "context": new.context[1],
    }
    kept = {grant.scope for grant in select_grants(store, now=None, **parties) if grant.revoked_at is None}
    for scope, can_delegate in new.scopes.items():
        if scope not in kept:
            store.insert(
                "grants",
                permission_id=str(uuid.uuid4()),
                **parties,
                scope=scope,
                can_delegate=int(can_delegate),
                description=new.description,
                details=json.dumps(new.details),
                unit=json.dumps(new.unit),
                author_type=new.author[0],
                author=new.author[1],
                started_at=started_at,
            )


def select_grants(store: Store, *, now: int | None, **columns: str) -> list[Grant]:
    """Return the grants with these values, newest first; those in force at `now`, or of all times."""
    conditions = [f"{name} = ?" for name in columns]
    values: list[str | int] = list(columns.values())
    if now is not None:
        conditions.append("started_at <= ? AND (revoked_at IS NULL OR revoked_at > ?)")
        values += [now, now]
    where = " AND ".join(conditions)
    query = f"SELECT * FROM grants WHERE {where} ORDER BY started_at DESC, permission_id"  # noqa: S608 - our columns.
    return [_grant(row) for row in store.rows(query, *values)]


def grants_in(store: Store, context: Identifier, *, now: int) -> list[Grant]:
    """Return what was given for work in this very context; the indirect ones name theirs in other ways."""
    return select_grants(store, now=now, context_type=context[0], context=context[1])


def grants_by(store: Store, context: Identifier, *, now: int) -> list[Grant]:
    """Return what was given from this context, wherever it works."""
    return select_grants(store, now=now, granted_in_type=context[0], granted_in=context[1])


def grants_to(store: Store, subject: Identifier, *, now: int) -> list[Grant]:
    return select_grants(store, now=now, subject_type=subject[0], subject=subject[1])


def find_grant(store: Store, permission_id: str, *, now: int) -> Grant | None:
    found = select_grants(store, now=now, permission_id=permission_id)
    return found[0] if found else None


def latest_grants(store: Store, *, now: int, most: int) -> list[Grant]:
    rows = store.rows(
        "SELECT * FROM grants WHERE started_at <= ? AND (revoked_at IS NULL OR revoked_at > ?)"
        " ORDER BY id DESC LIMIT ?",
        now,
        now,
        most,
    )
    return [_grant(row) for row in rows]


def revoke_grant(store: Store, grant: Grant, *, at: int) -> None:
    store.run("UPDATE grants SET revoked_at = ? WHERE id = ?", at, grant.id)


def revoke_all_of(store: Store, subject: Identifier, *, now: int, context: Identifier | None = None) -> None:
    """End everything somebody was given, or what works in one context."""
    for grant in grants_to(store, subject, now=now):
        if context is None or grant.context == context:
            revoke_grant(store, grant, at=now)


def _grant(row: dict[str, Any]) -> Grant:
    return Grant(
        id=row["id"],
        permission_id=row["permission_id"],
        kind=Kind(row["kind"]),
        subject=(row["subject_type"], row["subject"]),
        granted_in=(row["granted_in_type"], row["granted_in"]),
        context=(row["context_type"], row["context"]),
        scope=row["scope"],
        can_delegate=bool(row["can_delegate"]),
        description=row["description"],
        details=json.loads(row["details"]),
        unit=json.loads(row["unit"]),
        author=(row["author_type"], row["author"]),
        started_at=row["started_at"],
        revoked_at=row["revoked_at"],
    )
