"""Every operation of the official contract is counted in the group that its description names (section 12)."""

import re
from typing import Any

import pytest

from ksef.client.transport import Call
from ksef.exchange.limits import PUBLISHED_RATES, RateGroup, RateLimit
from tests.contract.openapi import find_contract

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]

_GROUP = re.compile(r"\*\*Limity liczby żądań\*\*(?: \|[^|]+){3}\| *(\w+)")


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    contract = find_contract()
    if contract is None:
        return []
    return [
        (method.upper(), path, described)
        for path, methods in contract.document["paths"].items()
        for method, described in methods.items()
        if "/testdata/" not in path
    ]


@pytest.mark.parametrize(("method", "path", "described"), _operations())
def test_group_is_the_described_one(method: str, path: str, described: dict[str, Any]) -> None:
    """With the published numbers beside it, and with references in the place of their names."""
    told = _GROUP.search(described["responses"]["429"]["description"])
    limits = described["x-rate-limits"]
    group = Call(method, re.sub(r"\{\w+\}", "20251010-EH-1B6C9EB000-4B15D3AEB9-89", path)).group
    if told is None:
        assert group is RateGroup.ANONYMOUS
    else:
        assert group.value == told[1]
    assert PUBLISHED_RATES[group] == RateLimit(
        limits.get("perSecond"), limits.get("perMinute"), limits.get("perHour")
    )


def test_unknown_call_is_one_of_the_others() -> None:
    assert Call("GET", "/later").group is RateGroup.OTHER
    assert len(_operations()) > 60
