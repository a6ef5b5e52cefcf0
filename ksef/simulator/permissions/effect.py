"""What grants amount to: the permissions of a login, and whether one may issue for a seller (sections 2.2, 13.9)."""

from ksef.simulator.access.identity import Identity
from ksef.simulator.world import World


def permissions_of(world: World, identity: Identity, *, context: tuple[str, str]) -> tuple[str, ...]:  # noqa: ARG001 - grants.
    """Return what this identity may do in the context; nothing means status 415."""
    context_type, value = context
    # The certificate's own NIP is the context: owner rights (section 2.2).
    if context_type == "Nip" and (identity.kind, identity.value) == ("Nip", value):
        return ("Owner",)
    return ()


def may_issue_for(world: World, *, context: tuple[str, str], seller: str) -> bool:  # noqa: ARG001 - grants.
    """Return whether invoices of this seller may be issued in the context, whoever does it (sections 9, 13.9)."""
    context_type, value = context
    # A subordinate unit and a composed EU identifier begin with the NIP of their company.
    return context_type != "PeppolId" and value.partition("-")[0] == seller
