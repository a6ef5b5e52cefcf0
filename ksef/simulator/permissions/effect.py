"""What grants amount to: the permissions somebody has in a context (sections 2.2 and 11)."""

from collections.abc import Iterable

from ksef.simulator.access.identity import Identity
from ksef.simulator.identifiers import Identifier
from ksef.simulator.permissions.records import ALL_PARTNERS, Grant, Kind, grants_in, grants_to
from ksef.simulator.permissions.scopes import ENFORCEMENT, OWNER
from ksef.simulator.state import Store
from ksef.simulator.testdata.registry import AUTHORITY, BAILIFF, has_role, identifiers_of
from ksef.simulator.world import World


def permissions_of(world: World, identity: Identity, *, context: tuple[str, str]) -> tuple[str, ...]:
    """Return what this identity may do in the context now; nothing means status 415."""
    store, now = world.store, world.now()
    aliases = frozenset(identifiers_of(world, kind=identity.kind, value=identity.value))
    if context[0] == "PeppolId":
        return ("PefInvoiceWrite",) if context in aliases else ()
    granted = {grant.scope for grant in direct_grants(store, aliases, context=context, now=now)}
    granted |= {
        grant.scope
        for grant in indirect_grants(store, aliases, now=now)
        if works_in(store, grant, context, now=now)
    }
    return (*_owned(store, aliases, context=context), *sorted(granted))


def _owned(store: Store, aliases: frozenset[Identifier], *, context: Identifier) -> tuple[str, ...]:
    """The identifier of the login is the context's, or that of its owner: owner rights (section 2.2)."""
    if context not in aliases:
        return ()
    return (OWNER, ENFORCEMENT) if has_role(store, context[1], BAILIFF, AUTHORITY) else (OWNER,)


def direct_grants(
    store: Store, aliases: Iterable[Identifier], *, context: Identifier, now: int
) -> list[Grant]:
    """Return the grants that name one of these subjects and this context, newest first.

    An authorization is none of them: it is looked at when an invoice is judged, in the context of its holder.
    """
    return [
        grant
        for grant in grants_in(store, context, now=now)
        if grant.subject in aliases and grant.kind not in {Kind.AUTHORIZATION, Kind.INDIRECT}
    ]


def indirect_grants(store: Store, aliases: Iterable[Identifier], *, now: int) -> list[Grant]:
    return [
        grant
        for alias in aliases
        for grant in grants_to(store, alias, now=now)
        if grant.kind is Kind.INDIRECT
    ]


def works_in(store: Store, grant: Grant, context: Identifier, *, now: int) -> bool:
    """Return whether an indirect permission reaches this context: the client still lets the intermediary hand it on."""
    if grant.context not in {context, ALL_PARTNERS}:
        return False
    return any(
        given.kind is Kind.ENTITY
        and given.can_delegate
        and given.scope == grant.scope
        and given.subject == grant.granted_in
        for given in grants_in(store, context, now=now)
    )


def is_active(store: Store, grant: Grant, *, now: int) -> bool:
    """Return whether a permission has any effect; an indirect one needs a client who supports it."""
    if grant.kind is not Kind.INDIRECT:
        return True
    if grant.context != ALL_PARTNERS:
        return works_in(store, grant, grant.context, now=now)
    return any(
        given.kind is Kind.ENTITY and given.can_delegate and given.scope == grant.scope
        for given in grants_to(store, grant.granted_in, now=now)
    )
