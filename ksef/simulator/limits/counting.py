"""Counting calls against the limits of their group, per context and address (section 12)."""

from dataclasses import dataclass
from typing import Final

from ksef.simulator.errors import TooManyRequests
from ksef.simulator.limits.effective import counted_rates
from ksef.simulator.limits.windows import HOUR, MINUTE, SECOND
from ksef.simulator.world import World

_SPANS: Final = {SECOND: "sekundę", MINUTE: "minutę", HOUR: "godzinę"}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a call is counted by; without a context, as in the anonymous group, by the address alone."""

    operation: str
    group: str
    context: tuple[str, str] | None
    address: str


def count_call(world: World, call: Counted, *, now: int) -> None:
    """Let a call pass that fits; TooManyRequests with the time to wait for one that does not."""
    context = None if call.group == "anonymous" else call.context
    rates = counted_rates(world, context=context, group=call.group)
    if rates is None:
        return
    counter = call.operation if call.group == "other" else call.group
    excess = world.rates.admit((*(context or ()), call.address, counter), rates, now=now)
    if excess is not None:
        raise TooManyRequests(
            excess.retry_after, reason=f"Przekroczono limit {excess.limit} żądań na {_SPANS[excess.span]}."
        )
