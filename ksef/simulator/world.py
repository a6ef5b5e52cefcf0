"""The simulator's surroundings: its clock, the settings a test may turn, its memory and its planned faults."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ksef.simulator.disturbing.scripts import Script
from ksef.simulator.faults import FaultBook
from ksef.simulator.flavours import TEST, Flavour
from ksef.simulator.limits.windows import RateBook
from ksef.simulator.spool import Spool
from ksef.simulator.state import Store

WARSAW: Final = ZoneInfo("Europe/Warsaw")


@dataclass(frozen=True, slots=True)
class Options:
    """Durations in seconds and limits; the defaults are those of the digest, except the quick processing.

    Calls are counted against the rate limits only if `rate_limits`, which `rate_factor` makes lower or higher.
    The HWM (section 7.2) follows the clock at `hwm_lag`; `hwm_frozen` lets it stand where it was told last,
    `hwm_moment` (Unix seconds) keeps it from going on, and only `hwm_may_go_back` lets it be lower than before.
    """

    processing: float = 0.3
    authentication: float = 0.1
    storage: float = 0.1
    challenge_lifetime: float = 600
    authentication_token_lifetime: float = 45 * 60
    access_token_lifetime: float = 15 * 60
    refresh_token_lifetime: float = 7 * 24 * 3600
    session_lifetime: float = 12 * 3600
    link_lifetime: float = 3 * 24 * 3600
    part_upload: float = 20 * 60
    certification: float = 0.2
    status_retention: float = 7 * 24 * 3600
    operation_retention: float = 30 * 24 * 3600
    max_invoices: int = 10_000
    max_invoice_bytes: int = 1_000_000
    max_invoice_bytes_with_attachment: int = 3_000_000
    upo_documents: int = 10_000
    max_collective_invoices: int = 500
    metadata_rows: int = 10_000
    export: float = 0.3
    export_invoices: int = 10_000
    export_bytes: int = 1_000_000_000
    export_part_bytes: int = 50_000_000
    export_link_lifetime: float = 3600
    export_lifetime: float = 3 * 24 * 3600
    concurrent_exports: int = 10
    hwm_lag: float = 1
    hwm_frozen: bool = False
    hwm_moment: float = 0
    hwm_may_go_back: bool = False
    rate_limits: bool = False
    rate_factor: float = 1

    def changed(self, changes: dict[str, float]) -> "Options":
        """Return other options; ValueError for an unknown name or a negative value."""
        known = {item.name: item.type for item in fields(self)}
        unknown = sorted(set(changes) - set(known))
        if unknown or any(value < 0 for value in changes.values()):
            raise ValueError(f"unknown or negative: {unknown or changes}")
        converted: dict[str, Any] = {name: _KINDS[known[name]](value) for name, value in changes.items()}
        return replace(self, **converted)


_KINDS: Final[dict[Any, Callable[[float], float]]] = {int: int, float: float, bool: bool}


def to_datetime(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


@lru_cache(maxsize=4096)
def iso(milliseconds: int) -> str:
    return to_datetime(milliseconds).isoformat(timespec="milliseconds")


def iso_or_none(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso(milliseconds)


def warsaw_date(milliseconds: int) -> date:
    return to_datetime(milliseconds).astimezone(WARSAW).date()


def to_milliseconds(moment: datetime) -> int:
    return as_milliseconds(moment.timestamp())


def as_milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


@dataclass(slots=True)
class World:
    """Time is milliseconds since 1970 everywhere, as the simulated clock shows it.

    `verdicts` are status codes that the next invoices will get whatever is in them: 405, 500 or 550.
    `schemas` is a folder with official schemas that no package brings along; without it those forms go unjudged.
    """

    store: Store
    wall_clock: Callable[[], float] = time.time
    options: Options = field(default_factory=Options)
    flavour: Flavour = TEST
    schemas: Path | None = None
    faults: FaultBook = field(default_factory=FaultBook)
    scripts: dict[str, Script] = field(default_factory=dict)
    rates: RateBook = field(default_factory=RateBook)
    verdicts: deque[int] = field(default_factory=deque)
    offset: float = 0.0
    warning: str = ""
    initial: Options = field(init=False)
    spool: Spool = field(init=False)

    def __post_init__(self) -> None:
        self.initial = self.options
        self.spool = Spool(self.store.folder and self.store.folder / "spool")

    def load(self) -> None:
        """Take up what a former process left: the clock's offset and the settings."""
        self.offset = float(self.store.setting("clock_offset") or 0.0)
        self.warning = str(self.store.setting("warning") or "")
        saved: dict[str, float] = self.store.setting("options") or {}
        self.options = self.options.changed(saved)

    def now(self) -> int:
        return as_milliseconds(self.wall_clock() + self.offset)

    def set_clock(self, *, offset: float) -> None:
        self.offset = offset
        self.store.set_setting("clock_offset", offset)

    def options_as_json(self) -> dict[str, float]:
        return asdict(self.options)

    def reset_settings(self) -> None:
        """Return to the settings the process was started with and to the real time."""
        self.options = self.initial
        self.offset = 0.0
        self.warning = ""
        self.store.run("DELETE FROM settings WHERE name IN ('clock_offset', 'options', 'warning')")

    def set_warning(self, text: str) -> None:
        """Have every answer that goes well carry this warning; none when it is empty."""
        self.warning = text
        self.store.set_setting("warning", text)

    def set_options(self, changes: dict[str, float]) -> None:
        self.options = self.options.changed(changes)
        self.store.set_setting("options", asdict(self.options))
