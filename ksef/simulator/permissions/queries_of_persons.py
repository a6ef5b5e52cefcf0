"""Queries about who may work where: one's own permissions, and those of the context (section 11)."""

from collections.abc import Callable
from typing import Final

from ksef.simulator.identifiers import Identifier
from ksef.simulator.messages import Fields, Response
from ksef.simulator.permissions.bodies import PERSONS
from ksef.simulator.permissions.effect import direct_grants, indirect_grants, works_in
from ksef.simulator.permissions.granting import read_target
from ksef.simulator.permissions.records import (
    ALL_PARTNERS,
    SYSTEM,
    Grant,
    Kind,
    grants_by,
    grants_in,
    grants_to,
)
from ksef.simulator.permissions.scopes import ENFORCEMENT, MANAGE_VAT_UE, OWNED, OWNER, PERSONAL
from ksef.simulator.permissions.shown import STATES, answer, as_json, common, fits, read_wanted, state_of
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import identifiers_of

_CONTEXTS: Final = ("Nip", "InternalId")
_TYPES: Final = ("PermissionsInCurrentContext", "PermissionsGrantedInCurrentContext")
_OF_CONTEXT: Final = frozenset({Kind.PERSON, Kind.ENTITY, Kind.SUBUNIT})

type _Condition = Callable[[Grant], bool]


def query_own(call: Call) -> Response:
    """POST /permissions/query/personal/grants: what the caller may do in the present context, and why."""
    fields = Fields.of(call.request)
    granter = fields.optional_identifier("contextIdentifier", kinds=_CONTEXTS)
    conditions = _common_conditions(call, fields, scopes=(*PERSONAL, MANAGE_VAT_UE))
    found = [
        grant
        for grant in _own_grants(call)
        if fits(granter, grant.granted_in) and all(condition(grant) for condition in conditions)
    ]
    owned = OWNER in call.caller.permissions
    more: dict[str, object] = {"ownerPermissions": _owned(call)} if owned else {}
    return answer(call, "permissions", found, shown=lambda grant: _as_own(call, grant), more=more)


def _owned(call: Call) -> list[str]:
    """Return what Owner stands for; enforcement is there only with the role (since 2.9.0 in the answer)."""
    enforces = ENFORCEMENT in call.caller.permissions
    return [*OWNED, ENFORCEMENT] if enforces else list(OWNED)


def _aliases(call: Call) -> frozenset[Identifier]:
    kind, value = call.caller.subject
    return frozenset(identifiers_of(call.world, kind=kind, value=value))


def _own_grants(call: Call) -> list[Grant]:
    """Direct ones, those of a superior, indirect ones as intermediary or as client, and the owner's as an entity."""
    store, now, context = call.world.store, call.now, call.caller.context
    aliases = _aliases(call)
    own = direct_grants(store, aliases, context=context, now=now)
    own += [
        grant
        for grant in indirect_grants(store, aliases, now=now)
        if context in {grant.granted_in, grant.context}
        or (grant.context == ALL_PARTNERS and works_in(store, grant, context, now=now))
    ]
    if OWNER in call.caller.permissions:
        own += [grant for grant in grants_to(store, context, now=now) if grant.kind is Kind.ENTITY]
    return list({grant.id: grant for grant in own}.values())


def _as_own(call: Call, grant: Grant) -> dict[str, object]:
    from_others = grant.kind in {Kind.ENTITY, Kind.SUBUNIT}
    is_other = grant.subject != call.caller.subject
    return {
        **common(grant),
        "contextIdentifier": as_json(grant.granted_in) if from_others else None,
        "authorizedIdentifier": as_json(grant.subject) if is_other else None,
        **_scope(call, grant),
    }


def query_persons(call: Call) -> Response:
    """POST /permissions/query/persons/grants: what holds in the context, or what the caller gave from it."""
    fields = Fields.of(call.request)
    listed = _in_context if fields.choice("queryType", _TYPES) == _TYPES[0] else _given_by_caller
    author = _read_author(fields)
    authorized = fields.optional_identifier("authorizedIdentifier", kinds=PERSONS)
    unit = fields.optional_identifier("contextIdentifier", kinds=_CONTEXTS)
    conditions = _common_conditions(call, fields, scopes=PERSONAL)
    found = [
        grant
        for grant in listed(call)
        if fits(author, grant.author)
        and fits(authorized, grant.subject)
        and fits(unit, grant.context)
        and all(condition(grant) for condition in conditions)
    ]
    return answer(call, "permissions", found, shown=lambda grant: _as_of_person(call, grant))


def _in_context(call: Call) -> list[Grant]:
    """Persons and entities that may work here, and whom this context lets work for its clients."""
    store, now, context = call.world.store, call.now, call.caller.context
    here = [grant for grant in grants_in(store, context, now=now) if grant.kind in _OF_CONTEXT]
    return here + [grant for grant in grants_by(store, context, now=now) if grant.kind is Kind.INDIRECT]


def _given_by_caller(call: Call) -> list[Grant]:
    """What the caller gave from here: for this context, its units and its clients."""
    aliases, kinds = _aliases(call), _OF_CONTEXT | {Kind.INDIRECT}
    given = grants_by(call.world.store, call.caller.context, now=call.now)
    return [grant for grant in given if grant.author in aliases and grant.kind in kinds]


def _as_of_person(call: Call, grant: Grant) -> dict[str, object]:
    return {
        **common(grant),
        "authorizedIdentifier": as_json(grant.subject),
        "contextIdentifier": as_json(grant.context) if grant.kind is Kind.SUBUNIT else None,
        "authorIdentifier": as_json(grant.author),
        **_scope(call, grant),
    }


def _scope(call: Call, grant: Grant) -> dict[str, object]:
    return {
        "targetIdentifier": as_json(grant.context) if grant.kind is Kind.INDIRECT else None,
        "permissionScope": grant.scope,
        "permissionState": state_of(call, grant),
        "canDelegate": grant.can_delegate,
    }


def _common_conditions(call: Call, fields: Fields, *, scopes: tuple[str, ...]) -> tuple[_Condition, ...]:
    """Read the filters by client, by permission and by state."""
    target = read_target(fields)
    state = fields.choice("permissionState", STATES) if fields.has("permissionState") else None
    has_scope = read_wanted(fields, "permissionTypes", scopes)
    # The client of a direct permission is the context itself, as the official client's tests expect.
    return (
        lambda grant: fits(target, grant.context),
        lambda grant: has_scope(grant.scope),
        lambda grant: state in {None, state_of(call, grant)},
    )


def _read_author(fields: Fields) -> Identifier | None:
    author = fields.optional_child("authorIdentifier")
    if author is None:
        return None
    kind = author.choice("type", (*PERSONS, SYSTEM[0]))
    return SYSTEM if kind == SYSTEM[0] else (kind, author.matching("value", kind))
