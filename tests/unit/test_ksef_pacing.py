"""Pacing against a naive model of KSeF's windows: never a call too many, hardly a moment lost (F8, section 12)."""

from random import Random

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksef.errors import Limited
from ksef.exchange.limits import PUBLISHED_RATES
from ksef.gateway import Endpoint, Environment, Gateway
from ksef.pacing import Lane, Pacer, RateGroup, RateLimit, RateLimits

pytestmark = pytest.mark.unit

START = 1_795_000_000.0
SPANS = (1.0, 60.0, 3600.0)


def busiest(moments: list[float], span: float) -> int:
    """The most calls in any window of this length, by counting them all, both ends included."""
    return max(sum(first <= moment <= first + span for moment in moments) for first in moments)


def keeps(moments: list[float], limit: RateLimit) -> bool:
    limits = zip(SPANS, (limit.per_second, limit.per_minute, limit.per_hour), strict=True)
    return all(most is None or busiest(moments, span) <= most for span, most in limits)


def ideal(count: int, limit: RateLimit) -> list[float]:
    """As early as the limits allow, with nothing in reserve."""
    moments: list[float] = []
    limits = [
        (span, most)
        for span, most in zip(SPANS, (limit.per_second, limit.per_minute, limit.per_hour), strict=True)
        if most is not None
    ]
    for _ in range(count):
        earliest = [moments[-most] + span for span, most in limits if len(moments) >= most]
        moments.append(max([START, *moments[-1:], *earliest]))
    return moments


class Hasty:
    """A sender that goes as soon as it may, or comes when it wants to."""

    def __init__(self, limit: RateLimit, lane: Lane | None = None) -> None:
        self.limit = limit
        self.lane = lane or Lane()
        self.now = START
        self.sent: list[float] = []

    def send(self, *, after: float = 0.0) -> None:
        self.now += after
        for _ in range(10):
            wait = self.lane.wait(self.limit, now=self.now)
            if not wait:
                break
            self.now += wait
        else:
            raise AssertionError("waiting as told does not help")
        self.lane = self.lane.entered(self.limit, now=self.now)
        self.sent.append(self.now)


LIMITS = st.builds(
    RateLimit,
    per_second=st.none() | st.integers(1, 12),
    per_minute=st.none() | st.integers(1, 40),
    per_hour=st.none() | st.integers(5, 150),
)


@given(limit=LIMITS, pauses=st.lists(st.sampled_from([0, 0, 0, 0.001, 0.3, 1, 7.5, 59.9, 700]), max_size=150))
@settings(max_examples=150, deadline=None)
def test_no_window_ever_holds_a_call_too_many(limit: RateLimit, pauses: list[float]) -> None:
    sender = Hasty(limit)
    for pause in pauses:
        sender.send(after=pause)
    assert not sender.sent or keeps(sender.sent, limit)


@given(limit=LIMITS, count=st.integers(1, 150), seed=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_network_may_take_its_time(limit: RateLimit, count: int, seed: Random) -> None:
    """KSeF counts when a call arrives, and not every call takes as long as the one before."""
    sender = Hasty(limit)
    for _ in range(count):
        sender.send()
    assert keeps([moment + seed.uniform(0.02, 0.26) for moment in sender.sent], limit)


@pytest.mark.parametrize("group", [group for group in RateGroup if PUBLISHED_RATES[group].per_minute])
@pytest.mark.parametrize("minutes", [2, 6, 70])
def test_hardly_a_moment_is_lost(group: RateGroup, minutes: int) -> None:
    """At least 95 % of what the published limits allow."""
    limit = PUBLISHED_RATES[group]
    allowed = [moment for moment in ideal(2000, limit) if moment <= START + minutes * 60]
    sender = Hasty(limit)
    while len(sender.sent) < len(allowed):
        sender.send()
    done = sum(moment <= START + minutes * 60 / 0.95 for moment in sender.sent)
    assert done >= len(allowed)


def test_an_hour_of_invoices_goes_in_five_minutes() -> None:
    """180 sends at 10/s, 30/min and 180/h: five minutes at best, five and a half at most."""
    sender = Hasty(PUBLISHED_RATES[RateGroup.INVOICE_SEND])
    for _ in range(180):
        sender.send()
    assert sender.sent[-1] - START <= 330
    sender.send()
    assert 3600 <= sender.sent[-1] - START <= 3640


@given(limit=LIMITS, pauses=st.lists(st.sampled_from([0, 0.5, 20, 90]), max_size=60), cut=st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_stored_lane_goes_on_where_it_stood(limit: RateLimit, pauses: list[float], cut: int) -> None:
    whole, first = Hasty(limit), Hasty(limit)
    for place, pause in enumerate(pauses):
        if place == cut:
            first.lane = Lane.load(first.lane.dump())
        whole.send(after=pause)
        first.send(after=pause)
    assert whole.sent == first.sent


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[1]", "[1,2]", '[1,[["a",1]]]', "[1,[[1]]]", "null", "[" * 10_000]
)
def test_anything_else_is_no_lane(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Lane.load(text)


def test_lane_stays_small() -> None:
    """What PostgreSQL holds per context and group: 1200 status calls in an hour are not 1200 rows."""
    sender = Hasty(PUBLISHED_RATES[RateGroup.INVOICE_STATUS])
    for _ in range(1200):
        sender.send(after=2.7)
    assert len(sender.lane.dump()) < 12_000
    assert keeps(sender.sent, sender.limit)
    alone = Hasty(PUBLISHED_RATES[RateGroup.ANONYMOUS])
    for _ in range(300):
        alone.send(after=0.1)
    assert len(alone.lane.calls) < 20


def test_block_holds_the_whole_group_for_as_long_as_ksef_said() -> None:
    """F8."""
    limit = RateLimit(10, 30, 180)
    lane = Lane().blocked(retry_after=45, now=START)
    assert lane.wait(limit, now=START) == 45
    assert lane.wait(limit, now=START + 44) == 1
    assert lane.wait(limit, now=START + 45) == 0
    shorter = lane.blocked(retry_after=5, now=START + 1)
    assert shorter.wait(limit, now=START + 1) == 44


def test_clock_turned_back_does_not_hold_a_group_for_ever() -> None:
    limit = RateLimit(10, 30, 180)
    lane = Lane().entered(limit, now=START)
    for _ in range(9):
        lane = lane.entered(limit, now=START)
    assert 0 < lane.wait(limit, now=START - 10_000) <= 2
    assert lane.blocked(retry_after=10, now=START).wait(limit, now=START - 10**9) <= 86_400


def test_group_without_limits_never_waits_and_remembers_nothing() -> None:
    lane = Lane()
    for _ in range(1000):
        lane = lane.entered(RateLimit(), now=START)
    assert lane == Lane()


class Wall:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def test_pacer_keeps_groups_apart_and_counts_all_calls_together() -> None:
    wall = Wall()
    told = {RateGroup.GLOBAL: RateLimit(per_second=3), RateGroup.OTHER: RateLimit(per_second=2)}
    pacer = Pacer(now=wall, limits=RateLimits(told))
    pacer.enter(RateGroup.OTHER)
    pacer.enter(RateGroup.OTHER)
    with pytest.raises(Limited) as caught:
        pacer.enter(RateGroup.OTHER)
    assert 1 <= caught.value.retry_after <= 1.25
    pacer.enter(RateGroup.INVOICE_STATUS)
    assert pacer.wait(RateGroup.INVOICE_STATUS) > 0, "three calls of any kind in a second"
    wall.now += 2
    assert pacer.wait(RateGroup.OTHER) == 0


def test_pacer_goes_on_with_kept_lanes() -> None:
    wall = Wall()
    pacer = Pacer(now=wall)
    pacer.limited(RateGroup.INVOICE_SEND, retry_after=30)
    later = Pacer(now=wall, lanes=pacer.lanes)
    assert later.wait(RateGroup.INVOICE_SEND) == 30
    assert later.wait(RateGroup.INVOICE_STATUS) == 0


ENDPOINT = Endpoint(
    environment=Environment.TEST, api_url="https://ksef.example/v2", qr_url="https://qr.example"
)


def _replies(*replies: httpx.Response) -> tuple[httpx.MockTransport, list[str]]:
    asked: list[str] = []
    left = iter(replies)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return next(left)

    return httpx.MockTransport(answer), asked


def test_gate_is_asked_before_every_request_and_may_forbid_it() -> None:
    """Nothing goes out, so nothing is ambiguous, even for a write."""
    transport, asked = _replies()
    wall = Wall()
    pacer = Pacer(now=wall, limits=RateLimits({RateGroup.OTHER: RateLimit(per_minute=1)}))
    pacer.enter(RateGroup.OTHER)
    with Gateway(ENDPOINT, transport=transport, gate=pacer) as gateway, pytest.raises(Limited) as caught:
        gateway.limits.get_rate_limits("t")
    assert caught.value.retry_after == 61
    assert asked == []


def test_gate_hears_of_a_429() -> None:
    transport, asked = _replies(httpx.Response(429, headers={"Retry-After": "40"}), httpx.Response(204))
    wall = Wall()
    pacer = Pacer(now=wall)
    with Gateway(ENDPOINT, transport=transport, gate=pacer) as gateway:
        with pytest.raises(Limited):
            gateway.logins.end_current("t")
        with pytest.raises(Limited) as caught:
            gateway.logins.end_current("t")
        assert caught.value.retry_after == 40
        assert len(asked) == 1
        wall.now += 40
        gateway.logins.end_current("t")
    assert len(asked) == 2
