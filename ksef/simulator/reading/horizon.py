"""The HWM: the moment up to which nothing more will be stored (section 7.2), and how storage keeps that promise."""

from ksef.simulator.state import Store
from ksef.simulator.world import World, as_milliseconds


def horizon(world: World, *, now: int) -> int:
    """Return the HWM and remember that it was told."""
    options = world.options
    told = _told(world.store)
    if told is not None and options.hwm_frozen:
        return told
    moment = now - as_milliseconds(options.hwm_lag)
    if options.hwm_moment:
        moment = min(moment, as_milliseconds(options.hwm_moment))
    if told is None or moment > told:
        world.store.run("DELETE FROM horizon")
        world.store.insert("horizon", told=moment)
        return moment
    return moment if options.hwm_may_go_back else told


def storage_moment(world: World, *, acquired_at: int) -> int:
    """Return when an invoice that is accepted now is stored for good: later than every HWM that was ever told."""
    stored_at = acquired_at + as_milliseconds(world.options.storage)
    told = _told(world.store)
    return stored_at if told is None else max(stored_at, told + 1)


def _told(store: Store) -> int | None:
    row = store.row("SELECT told FROM horizon")
    return None if row is None else int(row["told"])
