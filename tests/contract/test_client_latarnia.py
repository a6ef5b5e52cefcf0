"""Our eyes on the simulator's lighthouse: its messages are believed, its own troubles are not (section 1, F49)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ksef.exchange.outages import OutageCategory
from ksef.latarnia import Lighthouse, LighthouseDark, outage_at
from tests.contract.ministry import START, Visitor, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

HOUR = 3600


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


@pytest.fixture
def lighthouse(visitor: Visitor) -> Iterator[Lighthouse]:
    url = f"{visitor.http.base_url}/latarnia".replace("//latarnia", "/latarnia")
    with Lighthouse(url, transport=visitor.http._transport, is_local=True) as lighthouse:
        yield lighthouse


def _plan(visitor: Visitor, **outage: object) -> None:
    response = visitor.ask("POST", "/_control/outages", json={"outages": [outage]})
    assert response.status_code == 200, response.text


def _mode(visitor: Visitor, mode: str) -> None:
    response = visitor.ask("POST", "/_control/lighthouse", json={"mode": mode})
    assert response.status_code == 200, response.text


def test_quiet_lighthouse_has_nothing_to_say(lighthouse: Lighthouse) -> None:
    status = lighthouse.get_status()
    assert (status.status, status.messages) == ("AVAILABLE", ())
    assert lighthouse.get_messages() == ()


def test_failure_is_seen_while_it_lasts(visitor: Visitor, lighthouse: Lighthouse) -> None:
    _plan(visitor, category="FAILURE", end=2 * HOUR)
    lasting = outage_at(lighthouse.get_messages(), START)
    assert lasting is not None
    assert (lasting.category, lasting.ends_at) == (OutageCategory.FAILURE, None)
    assert lighthouse.get_status().status == "FAILURE"
    visitor.clock.advance(hours=3)
    messages = lighthouse.get_messages()
    assert outage_at(messages, visitor.clock.now) is None
    over = outage_at(messages, START + timedelta(hours=1))
    assert over is not None
    assert over.ends_at == START + timedelta(hours=2)


def test_red_lighthouse_of_test_is_seen_for_what_it_says(visitor: Visitor, lighthouse: Lighthouse) -> None:
    """F49: it has a message too, so the environment must be told apart by whoever asks."""
    _mode(visitor, "red")
    lasting = outage_at(lighthouse.get_messages(), START)
    assert lasting is not None
    assert lasting.category is OutageCategory.TOTAL_FAILURE


@pytest.mark.parametrize("mode", ["gateway", "nonsense", "silent"])
def test_broken_lighthouse_is_dark_and_no_more(visitor: Visitor, lighthouse: Lighthouse, mode: str) -> None:
    """F49."""
    _mode(visitor, mode)
    for ask in (lighthouse.get_status, lighthouse.get_messages):
        with pytest.raises(LighthouseDark):
            ask()
