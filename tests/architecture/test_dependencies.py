"""Each dependency is wanted, explained and pinned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"


def _wanted(name: str) -> set[str]:
    lines = (REQUIREMENTS / f"{name}.in").read_text().splitlines()
    return {re.split(r"[<>=]", line)[0] for line in lines if line and line[0] not in "#-"}


def _pins(name: str) -> dict[str, str]:
    """Map each pinned package to what follows its name, hashes included."""
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?(==(?:.|\n )*)", text, re.MULTILINE))


def test_each_direct_dependency_is_explained() -> None:
    """docs/dependencies.md says what it does for us and why this one."""
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    rows = {
        package.strip()
        for line in explained.splitlines()
        if line.startswith("| ")
        for package in line.split("|")[1].split(",")
    }
    wanted = _wanted("base") | _wanted("dev")
    assert wanted - rows == set()
    assert rows - wanted == {"package"} | {row for row in rows if row.startswith("---")}


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_package_is_pinned_with_its_hashes(name: str) -> None:
    pins = _pins(name)
    assert {package.partition("[")[0] for package in _wanted(name)} <= set(pins)
    assert all("--hash=sha256:" in pin for pin in pins.values())


def test_the_demo_runs_on_what_the_portal_runs_on() -> None:
    base, dev = _pins("base"), _pins("dev")
    assert {name: pin.split()[0] for name, pin in base.items()} == {
        name: pin.split()[0] for name, pin in dev.items() if name in base
    }
