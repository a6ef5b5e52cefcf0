"""What was invented through /testdata: who is deceased, what is blocked, who has consented to attachments."""

from ksef.simulator.access.identity import Identity
from ksef.simulator.world import World


def is_blocked(world: World, *, context: tuple[str, str]) -> bool:  # noqa: ARG001 - blocks.
    """Return whether logging in to the context ends with 480."""
    return False


def is_deceased(world: World, identity: Identity) -> bool:  # noqa: ARG001 - persons.
    """Return whether this person's login ends with 470."""
    return False


def may_attach(world: World, *, nip: str, now: int) -> bool:  # noqa: ARG001 - consents.
    """Return whether the taxpayer has given notice of attachments; else they end with 415 (13.8)."""
    return False


def identifiers_of(world: World, *, kind: str, value: str) -> tuple[tuple[str, str], ...]:  # noqa: ARG001 - persons.
    """Return all that one subject is known by: the identifier itself and the one that a person's NIP or PESEL adds."""
    return ((kind, value),)
