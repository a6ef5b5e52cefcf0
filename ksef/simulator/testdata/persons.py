"""Invented persons: a sole trader whose PESEL is the owner's, a bailiff, somebody deceased."""

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response
from ksef.simulator.permissions.records import revoke_all_of
from ksef.simulator.routing import Call
from ksef.simulator.testdata.subjects import DESCRIPTION, read_creation, require_later


def create_person(call: Call) -> Response:
    """POST /testdata/person; 30001 for a NIP or a PESEL that somebody has already."""
    fields = Fields.of(call.request)
    nip, pesel = fields.matching("nip", "Nip"), fields.matching("pesel", "Pesel")
    if not fields.has("isBailiff"):
        raise Refusal(21405, "isBailiff: wymagana jest wartość logiczna.")
    created_at = read_creation(call, fields)
    store = call.world.store
    living = "SELECT 1 FROM persons WHERE (nip = ? OR pesel = ?) AND removed_at IS NULL"
    if store.row(living, nip, pesel):
        raise Refusal(30001)
    former = store.row("SELECT max(created_at) AS at FROM persons WHERE nip = ? OR pesel = ?", nip, pesel)
    require_later(created_at, former=former["at"] if former else None)
    store.insert(
        "persons",
        nip=nip,
        pesel=pesel,
        is_bailiff=int(fields.flag("isBailiff")),
        is_deceased=int(fields.has("isDeceased") and fields.flag("isDeceased")),
        description=fields.text("description", length=DESCRIPTION),
        created_at=created_at,
    )
    return Response(200)


def remove_person(call: Call) -> Response:
    """POST /testdata/person/remove: every permission of the person ends, too."""
    nip = Fields.of(call.request).matching("nip", "Nip")
    store = call.world.store
    person = store.row("SELECT id, pesel FROM persons WHERE nip = ? AND removed_at IS NULL", nip)
    if person is None:
        raise Refusal(21405, f"nip: osoba {nip} nie istnieje.")
    store.run("UPDATE persons SET removed_at = ? WHERE id = ?", call.now, person["id"])
    for subject in (("Nip", nip), ("Pesel", str(person["pesel"]))):
        revoke_all_of(store, subject, now=call.now)
    return Response(200)
