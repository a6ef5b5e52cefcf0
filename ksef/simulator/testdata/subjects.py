"""Invented subjects: enforcement authorities, VAT groups and local government with their subordinates."""

from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response
from ksef.simulator.routing import Call
from ksef.simulator.state import Store
from ksef.simulator.testdata.registry import AUTHORITY, UNIT_OF_PARENT
from ksef.simulator.world import as_milliseconds

DESCRIPTION: Final = (5, 256)
_ROLES: Final = {
    "EnforcementAuthority": AUTHORITY,
    "VatGroup": "VatGroupUnit",
    "JST": "LocalGovernmentUnit",
}


def create_subject(call: Call) -> Response:
    """POST /testdata/subject; 30001 for a NIP that has one already."""
    fields = Fields.of(call.request)
    nip = fields.matching("subjectNip", "Nip")
    role = _ROLES[fields.choice("subjectType", tuple(_ROLES))]
    description = fields.text("description", length=DESCRIPTION)
    units = fields.children("subunits") if fields.has("subunits") else []
    if units and role not in UNIT_OF_PARENT:
        raise Refusal(21405, "subunits: ten typ podmiotu nie ma jednostek podrzędnych.")
    members = [
        (unit.matching("subjectNip", "Nip"), unit.text("description", length=DESCRIPTION)) for unit in units
    ]
    nips = [nip, *(member for member, _ in members)]
    if len(set(nips)) != len(nips):
        raise Refusal(21405, "subunits: numery NIP nie mogą się powtarzać.")
    created_at = read_creation(call, fields)
    store = call.world.store
    for each in nips:
        _require_new(store, each, created_at=created_at)
    store.insert("subjects", nip=nip, role=role, description=description, created_at=created_at)
    for member, text in members:
        store.insert(
            "subjects",
            nip=member,
            role=UNIT_OF_PARENT[role],
            parent=nip,
            description=text,
            created_at=created_at,
        )
    return Response(200)


def read_creation(call: Call, fields: Fields) -> int:
    """Return createdDate, or now."""
    return (
        as_milliseconds(fields.moment("createdDate").timestamp()) if fields.has("createdDate") else call.now
    )


def require_later(created_at: int, *, former: int | None) -> None:
    """A subject made once more is younger than it was before (the contract's words on createdDate)."""
    if former is not None and created_at <= former:
        raise Refusal(21405, "createdDate: data musi być późniejsza niż poprzednia.")


def _require_new(store: Store, nip: str, *, created_at: int) -> None:
    if store.row("SELECT 1 FROM subjects WHERE nip = ? AND removed_at IS NULL", nip):
        raise Refusal(30001)
    former = store.row("SELECT max(created_at) AS at FROM subjects WHERE nip = ?", nip)
    require_later(created_at, former=former["at"] if former else None)


def remove_subject(call: Call) -> Response:
    """POST /testdata/subject/remove: its subordinates go with it."""
    nip = Fields.of(call.request).matching("subjectNip", "Nip")
    store = call.world.store
    if store.row("SELECT 1 FROM subjects WHERE nip = ? AND removed_at IS NULL", nip) is None:
        raise Refusal(21405, f"subjectNip: podmiot {nip} nie istnieje.")
    store.run(
        "UPDATE subjects SET removed_at = ? WHERE (nip = ? OR parent = ?) AND removed_at IS NULL",
        call.now,
        nip,
        nip,
    )
    return Response(200)
