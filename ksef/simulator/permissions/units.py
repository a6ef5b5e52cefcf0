"""Giving permissions in contexts that belong to the present one: units, subordinates and EU entities (section 11)."""

from typing import Final

from ksef.simulator.identifiers import Identifier
from ksef.simulator.messages import Fields, Response
from ksef.simulator.permissions import judging
from ksef.simulator.permissions.bodies import (
    read_company,
    read_description,
    read_holder_of_certificate,
    read_person,
    read_scopes,
)
from ksef.simulator.permissions.granting import give
from ksef.simulator.permissions.records import Kind, NewGrants, select_grants
from ksef.simulator.permissions.scopes import MANAGE, VAT_UE_ADMINISTRATOR, VAT_UE_REPRESENTATIVE
from ksef.simulator.routing import Call

_NAME: Final = (5, 256)


def grant_to_unit_administrator(call: Call) -> Response:
    """POST /permissions/subunits/grants: CredentialsManage in a unit, which is made thereby, or in a subordinate."""
    context = call.caller.require_context("Nip")
    fields = Fields.of(call.request)
    checks_nip = call.world.flavour.checks_nip
    person = read_person(fields, checks_nip=checks_nip)
    unit = fields.identifier("contextIdentifier", kinds=("InternalId", "Nip"), checks_nip=checks_nip)
    new = NewGrants(
        kind=Kind.SUBUNIT,
        subject=person.identifier,
        granted_in=context,
        context=unit,
        scopes={MANAGE: False},
        description=read_description(fields),
        author=call.caller.subject,
        details=person.details,
        unit=_read_name(fields, unit=unit),
    )
    return give(call, new, judge=lambda: judging.judge_unit(call, new))


def _read_name(fields: Fields, *, unit: Identifier) -> dict[str, object]:
    """A unit must have a name, a subordinate that has a NIP may do without."""
    if unit[0] != "InternalId" and not fields.has("subunitName"):
        return {}
    return {"subunitName": fields.text("subunitName", length=_NAME)}


def grant_to_vat_ue_administrator(call: Call) -> Response:
    """POST /permissions/eu-entities/administration/grants: the composed context is made thereby."""
    context = call.caller.require_context("Nip")
    fields = Fields.of(call.request)
    holder = read_holder_of_certificate(fields)
    checks_nip = call.world.flavour.checks_nip
    new = NewGrants(
        kind=Kind.VAT_UE_ADMINISTRATOR,
        subject=holder.identifier,
        granted_in=context,
        context=fields.identifier("contextIdentifier", kinds=("NipVatUe",), checks_nip=checks_nip),
        scopes=dict.fromkeys(VAT_UE_ADMINISTRATOR, False),
        description=read_description(fields),
        author=call.caller.subject,
        details=holder.details,
        unit={
            "euEntityName": fields.text("euEntityName", length=_NAME),
            "euEntityDetails": read_company(fields.child("euEntityDetails")),
        },
    )
    return give(call, new, judge=lambda: judging.judge_vat_ue_administrator(call, new))


def grant_to_vat_ue_representative(call: Call) -> Response:
    """POST /permissions/eu-entities/grants: in the composed context that is the present one."""
    context = call.caller.require_context("NipVatUe")
    fields = Fields.of(call.request)
    holder = read_holder_of_certificate(fields)
    new = NewGrants(
        kind=Kind.VAT_UE_REPRESENTATIVE,
        subject=holder.identifier,
        granted_in=context,
        context=context,
        scopes=read_scopes(fields, VAT_UE_REPRESENTATIVE),
        description=read_description(fields),
        author=call.caller.subject,
        details=holder.details,
        unit=_entity_of(call, context),
    )
    return give(call, new, judge=lambda: judging.judge_vat_ue_representative(call))


def _entity_of(call: Call, composed: Identifier) -> dict[str, object]:
    """Return how the EU entity was described when its context was made, which is before anybody could log in to it."""
    made = select_grants(
        call.world.store,
        now=None,
        kind=Kind.VAT_UE_ADMINISTRATOR.value,
        context_type=composed[0],
        context=composed[1],
    )
    return made[-1].unit
