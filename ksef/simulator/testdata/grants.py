"""Permissions as the form ZAW-FA gives them, without anybody of the company (section 14)."""

from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.identifiers import Identifier
from ksef.simulator.messages import Fields, Response
from ksef.simulator.permissions.records import SYSTEM, Kind, NewGrants, insert_grants, revoke_all_of
from ksef.simulator.permissions.scopes import PERSONAL
from ksef.simulator.routing import Call
from ksef.simulator.testdata.subjects import DESCRIPTION

_SUBJECTS: Final = ("Nip", "Pesel", "Fingerprint")


def grant_permissions(call: Call) -> Response:
    """POST /testdata/permissions: at once, and what is there already stays."""
    fields = Fields.of(call.request)
    context, subject = _read_parties(fields)
    wished = [
        (item.choice("permissionType", PERSONAL), item.text("description", length=DESCRIPTION))
        for item in fields.children("permissions")
    ]
    if not wished:
        raise Refusal(21405, "permissions: wymagane jest co najmniej jedno uprawnienie.")
    for scope, description in wished:
        new = NewGrants(
            kind=Kind.PERSON,
            subject=subject,
            granted_in=context,
            context=context,
            scopes={scope: False},
            description=description,
            author=SYSTEM,
        )
        insert_grants(call.world.store, new, started_at=call.now)
    return Response(200)


def revoke_permissions(call: Call) -> Response:
    """POST /testdata/permissions/revoke: all that the subject may do in the context."""
    context, subject = _read_parties(Fields.of(call.request))
    revoke_all_of(call.world.store, subject, context=context, now=call.now)
    return Response(200)


def _read_parties(fields: Fields) -> tuple[Identifier, Identifier]:
    context = fields.identifier("contextIdentifier", kinds=("Nip",))
    return context, fields.identifier("authorizedIdentifier", kinds=_SUBJECTS)
