"""What becomes of an operation on permissions: the status code it ends with (section 11)."""

from ksef.simulator.identifiers import nip_of
from ksef.simulator.permissions.operations import (
    FAILED,
    LINKED,
    NOT_ENTITLED,
    SUCCESS,
    UNRELATED,
    WRONG_KIND,
    WRONG_ROLE,
    still_holds,
)
from ksef.simulator.permissions.peppol import is_provider
from ksef.simulator.permissions.records import ALL_PARTNERS, Grant, Kind, NewGrants, grants_in
from ksef.simulator.permissions.scopes import ENFORCEMENT, MANAGE, MANAGE_UNITS, MANAGE_VAT_UE
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import AUTHORITY, BAILIFF, UNIT_OF_PARENT, has_role, subordinates_of


def judge_person(call: Call, new: NewGrants) -> int:
    """Enforcement is for bailiffs and authorities, units are those of a company and not of a unit."""
    if not still_holds(call, MANAGE):
        return NOT_ENTITLED
    is_company = new.context[0] == "Nip"
    enforces = is_company and has_role(call.world.store, new.context[1], BAILIFF, AUTHORITY)
    if (ENFORCEMENT in new.scopes and not enforces) or (MANAGE_UNITS in new.scopes and not is_company):
        return WRONG_ROLE
    return SUCCESS


def judge_entity(call: Call, new: NewGrants) -> int:
    """Nobody keeps his own books for himself."""
    if not still_holds(call, MANAGE):
        return NOT_ENTITLED
    return LINKED if new.subject[1] == nip_of(new.context[1]) else SUCCESS


def judge_authorization(call: Call, new: NewGrants) -> int:
    """PefInvoicing is for registered Peppol providers, everything else for other companies."""
    if not still_holds(call, MANAGE):
        return NOT_ENTITLED
    if new.subject == new.context:
        return LINKED
    kind, value = new.subject
    is_peppol = kind == "PeppolId"
    if is_peppol != ("PefInvoicing" in new.scopes):
        return WRONG_KIND
    return WRONG_KIND if is_peppol and not is_provider(call.world.store, value) else SUCCESS


def judge_indirect(call: Call, new: NewGrants) -> int:
    """A client must have given something that may be handed on; all of them need not be there yet."""
    if not still_holds(call, MANAGE):
        return NOT_ENTITLED
    client, intermediary = new.context, new.granted_in
    if client == ALL_PARTNERS:
        return SUCCESS
    if client == intermediary:
        return LINKED
    given = grants_in(call.world.store, client, now=call.now)
    supports = any(
        grant.kind is Kind.ENTITY and grant.can_delegate and grant.subject == intermediary for grant in given
    )
    return SUCCESS if supports else WRONG_ROLE


def judge_unit(call: Call, new: NewGrants) -> int:
    """A unit's identifier begins with the NIP of the context; another NIP must be subordinate to a superior one."""
    if not still_holds(call, MANAGE_UNITS):
        return NOT_ENTITLED
    store, (kind, value), superior = call.world.store, new.context, new.granted_in[1]
    if kind == "InternalId":
        return SUCCESS if nip_of(value) == superior else UNRELATED
    if not has_role(store, superior, *UNIT_OF_PARENT):
        return WRONG_ROLE
    return SUCCESS if any(role.nip == value for role in subordinates_of(store, superior)) else UNRELATED


def judge_vat_ue_administrator(call: Call, new: NewGrants) -> int:
    """The composed context begins with the NIP of the present one."""
    if not still_holds(call, MANAGE):
        return NOT_ENTITLED
    return SUCCESS if nip_of(new.context[1]) == new.granted_in[1] else UNRELATED


def judge_vat_ue_representative(call: Call) -> int:
    return SUCCESS if still_holds(call, MANAGE_VAT_UE) else NOT_ENTITLED


def judge_revocation(call: Call, grant: Grant | None, *, authorization: bool) -> int:
    """Only what was given from the present context, or in it by the tax office, and by the right to give it."""
    if grant is None:
        return FAILED
    if (grant.kind is Kind.AUTHORIZATION) != authorization:
        return WRONG_KIND
    context = call.caller.context
    if grant.kind is Kind.VAT_UE_ADMINISTRATOR and context == grant.context:
        return SUCCESS if still_holds(call, MANAGE_VAT_UE) else NOT_ENTITLED
    if grant.granted_in != context:
        return NOT_ENTITLED
    return SUCCESS if still_holds(call, _right_to_give(grant.kind)) else NOT_ENTITLED


def _right_to_give(kind: Kind) -> str:
    return {Kind.SUBUNIT: MANAGE_UNITS, Kind.VAT_UE_REPRESENTATIVE: MANAGE_VAT_UE}.get(kind, MANAGE)
