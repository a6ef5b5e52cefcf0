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
