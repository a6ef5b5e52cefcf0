"""What a subject is: its roles, its subordinates and its consent to attachments (sections 11 and 14)."""

from collections.abc import Callable

from ksef.simulator.identifiers import nip_of
from ksef.simulator.messages import Fields, Response, json_response, without_empty
from ksef.simulator.paging import read_numbered_page
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import Role, find_consent, roles_of, subordinates_of
from ksef.simulator.world import iso, iso_or_none


def query_roles(call: Call) -> Response:
    """GET /permissions/query/entities/roles: of the context's subject."""
    return _answer(call, roles_of(call.world.store, _subject(call)), shown=_as_role)


def query_subordinates(call: Call) -> Response:
    """POST /permissions/query/subordinate-entities/roles: nothing unless the context's subject is superior."""
    fields = Fields.of(call.request)
    wanted = fields.optional_identifier("subordinateEntityIdentifier", kinds=("Nip",))
    units = subordinates_of(call.world.store, _subject(call))
    return _answer(
        call, [unit for unit in units if wanted in {None, ("Nip", unit.nip)}], shown=_as_subordinate
    )


def _subject(call: Call) -> str:
    """Return the NIP of a context that is one; another has neither roles nor subordinates."""
    authentication = call.caller.authentication
    return authentication.context if authentication.context_type == "Nip" else ""


def _answer(call: Call, roles: list[Role], *, shown: Callable[[Role], dict[str, object]]) -> Response:
    page = read_numbered_page(call, low=10, high=100)
    newest = sorted(roles, key=lambda role: (-role.created_at, role.id))
    items = [shown(role) for role in page.cut(newest)]
    return json_response({"roles": items, "hasMore": page.has_more(len(newest))})


def _as_role(role: Role) -> dict[str, object]:
    parent = None if role.parent is None else {"type": "Nip", "value": role.parent}
    return without_empty(
        {
            "parentEntityIdentifier": parent,
            "role": role.role,
            "description": role.description,
            "startDate": iso(role.created_at),
        }
    )


def _as_subordinate(role: Role) -> dict[str, object]:
    return {
        "subordinateEntityIdentifier": {"type": "Nip", "value": role.nip},
        "role": role.role,
        "description": role.description,
        "startDate": iso(role.created_at),
    }


def show_attachment_consent(call: Call) -> Response:
    """GET /permissions/attachments/status."""
    consent = find_consent(call.world.store, nip_of(call.caller.authentication.context))
    return json_response(
        without_empty(
            {
                "isAttachmentAllowed": consent is not None and consent.holds_at(call.now),
                "revokedDate": iso_or_none(consent.ends_at) if consent is not None else None,
            }
        )
    )
