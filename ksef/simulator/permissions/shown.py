"""How grants are shown in the answers to queries, and what the queries have in common (section 11)."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from ksef.simulator.identifiers import Identifier
from ksef.simulator.messages import Fields, Response, json_response, without_empty
from ksef.simulator.paging import read_numbered_page
from ksef.simulator.permissions.effect import is_active
from ksef.simulator.permissions.records import Grant
from ksef.simulator.routing import Call
from ksef.simulator.world import iso

STATES: Final = ("Active", "Inactive")


def answer(
    call: Call,
    name: str,
    grants: Sequence[Grant],
    *,
    shown: Callable[[Grant], dict[str, object]],
    more: dict[str, object] | None = None,
) -> Response:
    """Return the page asked for, in the order of the contract: startDate descending, id ascending."""
    page = read_numbered_page(call, low=10, high=100)
    ordered = sorted(grants, key=lambda grant: (-grant.started_at, grant.permission_id))
    items = [without_empty(shown(grant)) for grant in page.cut(ordered)]
    return json_response({name: items, **(more or {}), "hasMore": page.has_more(len(ordered))})


def as_json(identifier: Identifier) -> dict[str, object]:
    """Show an identifier; System and AllPartners have no value."""
    kind, value = identifier
    return {"type": kind, "value": value} if value else {"type": kind}


def common(grant: Grant) -> dict[str, object]:
    """Return the members that every kind of answer has."""
    return {
        "id": grant.permission_id,
        "description": grant.description,
        "startDate": iso(grant.started_at),
        **grant.details,
    }


def state_of(call: Call, grant: Grant) -> str:
    return STATES[0] if is_active(call.world.store, grant, now=call.now) else STATES[1]


def read_wanted(fields: Fields, name: str, allowed: Collection[str]) -> Callable[[str], bool]:
    """Return whether a value passes the filter: a list of an enumeration, of which none means all."""
    wanted = fields.choices(name, allowed) if fields.has(name) else ()
    return lambda value: not wanted or value in wanted


def fits(wanted: Identifier | None, found: Identifier | None) -> bool:
    """Return whether an identifier passes a filter that may not be there."""
    return wanted is None or wanted == found
