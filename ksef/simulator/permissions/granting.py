"""Giving permissions to persons and entities, directly and indirectly (section 11)."""

from collections.abc import Callable

from ksef.simulator.errors import Refusal
from ksef.simulator.identifiers import Identifier
from ksef.simulator.messages import Fields, Response
from ksef.simulator.permissions import judging
from ksef.simulator.permissions.bodies import (
    read_delegable_scopes,
    read_description,
    read_entity,
    read_person,
    read_scopes,
)
from ksef.simulator.permissions.operations import accept
from ksef.simulator.permissions.records import ALL_PARTNERS, Kind, NewGrants, insert_grants
from ksef.simulator.permissions.scopes import AUTHORIZATIONS, INVOICING, PERSONAL
from ksef.simulator.routing import Call


def give(call: Call, new: NewGrants, *, judge: Callable[[], int]) -> Response:
    """Accept the operation that gives these permissions."""

    def apply(started_at: int) -> None:
        insert_grants(call.world.store, new, started_at=started_at)

    return accept(call, judge=judge, apply=apply)


def grant_to_person(call: Call) -> Response:
    """POST /permissions/persons/grants: work in the present context."""
    context = call.caller.require_context("Nip", "InternalId")
    fields = Fields.of(call.request)
    person = read_person(fields, checks_nip=call.world.flavour.checks_nip)
    new = NewGrants(
        kind=Kind.PERSON,
        subject=person.identifier,
        granted_in=context,
        context=context,
        scopes=read_scopes(fields, PERSONAL),
        description=read_description(fields),
        author=call.caller.subject,
        details=person.details,
    )
    return give(call, new, judge=lambda: judging.judge_person(call, new))


def grant_to_entity(call: Call) -> Response:
    """POST /permissions/entities/grants: the invoices of the present context, to be handed on or not."""
    context = call.caller.require_context("Nip", "InternalId")
    fields = Fields.of(call.request)
    entity = read_entity(fields, kinds=("Nip",), checks_nip=call.world.flavour.checks_nip)
    new = NewGrants(
        kind=Kind.ENTITY,
        subject=entity.identifier,
        granted_in=context,
        context=context,
        scopes=read_delegable_scopes(fields, INVOICING),
        description=read_description(fields),
        author=call.caller.subject,
        details=entity.details,
    )
    return give(call, new, judge=lambda: judging.judge_entity(call, new))


def grant_authorization(call: Call) -> Response:
    """POST /permissions/authorizations/grants: acting for the present context in one's own."""
    context = call.caller.require_context("Nip")
    fields = Fields.of(call.request)
    entity = read_entity(fields, kinds=("Nip", "PeppolId"), checks_nip=call.world.flavour.checks_nip)
    new = NewGrants(
        kind=Kind.AUTHORIZATION,
        subject=entity.identifier,
        granted_in=context,
        context=context,
        scopes={fields.choice("permission", AUTHORIZATIONS): False},
        description=read_description(fields),
        author=call.caller.subject,
        details=entity.details,
    )
    return give(call, new, judge=lambda: judging.judge_authorization(call, new))


def grant_indirectly(call: Call) -> Response:
    """POST /permissions/indirect/grants: a person's work for one client of the present context, or for all."""
    context = call.caller.require_context("Nip")
    fields = Fields.of(call.request)
    checks_nip = call.world.flavour.checks_nip
    person = read_person(fields, checks_nip=checks_nip)
    new = NewGrants(
        kind=Kind.INDIRECT,
        subject=person.identifier,
        granted_in=context,
        context=read_target(fields, checks_nip=checks_nip) or ALL_PARTNERS,
        scopes=read_scopes(fields, INVOICING),
        description=read_description(fields),
        author=call.caller.subject,
        details=person.details,
    )
    return give(call, new, judge=lambda: judging.judge_indirect(call, new))


def read_target(fields: Fields, *, checks_nip: bool = False) -> Identifier | None:
    """Return the client of an indirect permission, ALL_PARTNERS, or None where nothing is said."""
    target = fields.optional_child("targetIdentifier")
    if target is None:
        return None
    kind = target.choice("type", ("Nip", "AllPartners", "InternalId"))
    if kind != ALL_PARTNERS[0]:
        return kind, target.matching("value", kind, checks_nip=checks_nip)
    if target.has("value"):
        raise Refusal(21405, "targetIdentifier.value: dla typu AllPartners należy pozostawić puste.")
    return ALL_PARTNERS
