"""Endings that are KSeF's own trouble: tests plan them through the control API, area by area."""

from typing import Final

from ksef.simulator.world import World

PLANNED: Final = {
    "login": frozenset({500, 550}),
    "permissions": frozenset({400, 500, 550}),
    "enrollment": frozenset({500, 550}),
    "token": frozenset({500}),
    "export": frozenset({500, 550}),
}
"""The areas and the status codes that nothing else leads to; a token has no codes, and 500 lets it fail."""


def plan(world: World, *, area: str, codes: list[int]) -> None:
    """Let the next operations of this area end so, whatever they ask for."""
    for code in codes:
        world.store.insert("planned_endings", area=area, code=code)


def take_planned(world: World, area: str) -> int | None:
    """Return the next planned code and forget it."""
    row = world.store.row("SELECT id, code FROM planned_endings WHERE area = ? ORDER BY id LIMIT 1", area)
    if row is None:
        return None
    world.store.run("DELETE FROM planned_endings WHERE id = ?", row["id"])
    return int(row["code"])
