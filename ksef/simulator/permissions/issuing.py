"""Whether somebody may issue an invoice for its seller: the reasons of section 13.9, or status 410."""

from typing import TYPE_CHECKING, Final

from ksef.simulator.access.authentications import Authentication
from ksef.simulator.identifiers import Identifier, nip_of
from ksef.simulator.permissions.records import Kind, grants_to
from ksef.simulator.permissions.scopes import ENFORCEMENT, held
from ksef.simulator.state import Store
from ksef.simulator.testdata.registry import AUTHORITY, BAILIFF, has_role, roles_of
from ksef.simulator.world import World

if TYPE_CHECKING:
    from ksef.simulator.sending.facts import Facts

_SELF_INVOICING: Final = "SelfInvoicing"
_RR_INVOICING: Final = "RRInvoicing"
_REPRESENTATION: Final = "TaxRepresentative"
_REPRESENTATIVE: Final = 3
# RolaPU: who the authorized party of an enforcement is, and the role its NIP must have.
_ENFORCERS: Final = {1: AUTHORITY, 2: BAILIFF}
# Rola of Podmiot3: the subordinate that issues for its superior.
_ISSUING_UNITS: Final = {7: "LocalGovernmentSubUnit", 9: "VatGroupSubUnit"}


def may_issue(world: World, login: Authentication, facts: "Facts") -> bool:
    """Return whether what this login sends may name this seller; asked when the invoice is judged."""
    context = (login.context_type, login.context)
    permissions = held(login.granted)
    if ENFORCEMENT in permissions and _enforces(world.store, context, facts):
        return True
    return "InvoiceWrite" in permissions and (
        _is_own(context, facts)
        or _is_self_invoiced(world, context, facts)
        or _is_for_farmer(world, context, facts)
        or _is_represented(world, context, facts)
        or _is_of_unit(world.store, context, facts)
    )


def _is_own(context: Identifier, facts: "Facts") -> bool:
    """The seller's own context or a unit of it; self-invoicing is the buyer's (issue 91 of the official client)."""
    return (
        context[0] in {"Nip", "InternalId"}
        and nip_of(context[1]) == facts.seller
        and not facts.is_self_invoicing
    )


def _is_self_invoiced(world: World, context: Identifier, facts: "Facts") -> bool:
    """P_17 in the context of the buyer: a company the seller authorized, or an EU entity composed with the seller."""
    if not facts.is_self_invoicing:
        return False
    if context[0] == "NipVatUe":
        return context[1] == f"{facts.seller}-{facts.buyer.value}" and facts.buyer.type == "VatUe"
    is_buyers = context == ("Nip", facts.buyer.nip)
    return is_buyers and _is_authorized(world, context, seller=facts.seller, scope=_SELF_INVOICING)


def _is_for_farmer(world: World, context: Identifier, facts: "Facts") -> bool:
    """FA_RR is issued by the buyer, whom the farmer, who is its seller, authorized."""
    return (
        facts.form[2] == "FA_RR"
        and context == ("Nip", facts.buyer.nip)
        and _is_authorized(world, context, seller=facts.seller, scope=_RR_INVOICING)
    )


def _is_represented(world: World, context: Identifier, facts: "Facts") -> bool:
    """A tax representative is the authorized party of the invoice, and of the seller."""
    party = facts.authorized
    return (
        party is not None
        and party.role == _REPRESENTATIVE
        and context == ("Nip", party.nip)
        and _is_authorized(world, context, seller=facts.seller, scope=_REPRESENTATION)
    )


def _enforces(store: Store, context: Identifier, facts: "Facts") -> bool:
    """A bailiff or an authority sells what is a debtor's; nobody asks the debtor."""
    party = facts.authorized
    role = _ENFORCERS.get(party.role or 0) if party is not None else None
    if party is None or role is None:
        return False
    return context == ("Nip", party.nip) and has_role(store, context[1], role)


def _is_of_unit(store: Store, context: Identifier, facts: "Facts") -> bool:
    """A member of a VAT group or a unit of local government issues for its superior and is named so."""
    named = {
        _ISSUING_UNITS[party.role]
        for party in facts.third_parties
        if party.role in _ISSUING_UNITS and context == ("Nip", party.nip)
    }
    return any(role.parent == facts.seller and role.role in named for role in roles_of(store, context[1]))


def _is_authorized(world: World, context: Identifier, *, seller: str, scope: str) -> bool:
    return any(
        grant.kind is Kind.AUTHORIZATION and grant.scope == scope and grant.granted_in == ("Nip", seller)
        for grant in grants_to(world.store, context, now=world.now())
    )


def may_issue_for(world: World, *, context: Identifier, seller: str) -> bool:
    """Return whether invoices of this seller may be issued in the context, whoever does it (sections 9, 13.9)."""
    kind, value = context
    if kind == "PeppolId":
        return False
    # A subordinate unit and a composed EU identifier begin with the NIP of their company.
    if nip_of(value) == seller:
        return True
    scopes = (_SELF_INVOICING, _RR_INVOICING, _REPRESENTATION)
    if any(_is_authorized(world, context, seller=seller, scope=scope) for scope in scopes):
        return True
    # An enforcer's seller is any debtor.
    roles = roles_of(world.store, value)
    return any(role.parent == seller or role.role in _ENFORCERS.values() for role in roles)
