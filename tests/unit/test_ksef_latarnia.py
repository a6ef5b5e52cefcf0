"""The lighthouse read and judged: nothing but a published message is an outage (F49, V39)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksef.errors import KSeFError, Unavailable
from ksef.exchange.outages import LighthouseMessage, OutageCategory
from ksef.latarnia import Lighthouse, LighthouseDark, outage_at, outages_of

pytestmark = pytest.mark.unit

URL = "https://latarnia.example"
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def message(kind: str = "FAILURE_START", **changes: Any) -> LighthouseMessage:
    given: dict[str, Any] = {
        "id": f"K/2026/{kind}",
        "event": 1,
        "category": "FAILURE",
        "kind": kind,
        "title": "Awaria",
        "text": "Trwa awaria.",
        "starts_at": START,
        "ends_at": None,
        "version": 1,
        "published_at": START,
    }
    return LighthouseMessage(**given | changes)


def maintenance(**changes: Any) -> LighthouseMessage:
    usual = {"category": "MAINTENANCE", "ends_at": START + 2 * HOUR, "published_at": START - 48 * HOUR}
    return message("MAINTENANCE_ANNOUNCEMENT", **usual | changes)


def test_failure_goes_on_until_a_message_ends_it() -> None:
    begun = message(ends_at=START + HOUR)
    assert outage_at([begun], START - timedelta(seconds=1)) is None
    assert outage_at([begun], START + 100 * HOUR) is not None, "a foreseen end is no end"
    ended = message("FAILURE_END", ends_at=START + 3 * HOUR, published_at=START + 4 * HOUR)
    lasting = outage_at([ended, begun], START + 3 * HOUR - timedelta(seconds=1))
    assert lasting is not None
    assert lasting.ends_at == START + 3 * HOUR
    assert lasting.message_ids == ("K/2026/FAILURE_START", "K/2026/FAILURE_END")
    assert outage_at([begun, ended], START + 3 * HOUR) is None


def test_end_without_a_time_ends_when_it_is_published() -> None:
    (outage,) = outages_of([message(), message("FAILURE_END", published_at=START + HOUR)])
    assert outage.ends_at == START + HOUR


def test_end_alone_tells_the_whole_event() -> None:
    """The start has dropped off the list."""
    (outage,) = outages_of([message("FAILURE_END", ends_at=START + HOUR)])
    assert (outage.starts_at, outage.ends_at) == (START, START + HOUR)


def test_maintenance_ends_as_announced() -> None:
    assert outage_at([maintenance()], START - HOUR) is None
    lasting = outage_at([maintenance()], START + HOUR)
    assert lasting is not None
    assert lasting.category is OutageCategory.MAINTENANCE
    assert outage_at([maintenance()], START + 2 * HOUR) is None


def test_newer_version_of_a_message_counts() -> None:
    longer = maintenance(version=2, ends_at=START + 5 * HOUR, published_at=START)
    for messages in ([maintenance(), longer], [longer, maintenance()]):
        (outage,) = outages_of(messages)
        assert outage.ends_at == START + 5 * HOUR


def test_gravest_of_several_is_told() -> None:
    several = [maintenance(event=1), message(event=2, category="TOTAL_FAILURE"), message(event=3)]
    worst = outage_at(several, START + HOUR)
    assert worst is not None
    assert (worst.event, worst.category) == (2, OutageCategory.TOTAL_FAILURE)
    assert [outage.event for outage in outages_of(several)] == [1, 2, 3]


@pytest.mark.parametrize("changes", [{"category": "EARTHQUAKE"}, {"kind": "RUMOUR"}])
def test_unknown_messages_mean_nothing(changes: dict[str, str]) -> None:
    """F49: never read as an outage."""
    assert outages_of([message(**changes)]) == ()


@given(
    messages=st.lists(
        st.builds(
            message,
            kind=st.sampled_from(["FAILURE_START", "FAILURE_END", "MAINTENANCE_ANNOUNCEMENT", "RUMOUR"]),
            event=st.integers(1, 3),
            category=st.sampled_from([*OutageCategory, "X"]),
            ends_at=st.none() | st.just(START + HOUR),
            version=st.integers(0, 3),
        ),
        max_size=8,
    ),
    hours=st.integers(-2, 5),
)
def test_order_of_messages_does_not_matter(messages: list[LighthouseMessage], hours: int) -> None:
    found = outage_at(messages, START + hours * HOUR)
    assert found is None or found.lasts_at(START + hours * HOUR)
    assert len(outages_of(messages)) <= 3


def lighthouse(*replies: httpx.Response | Exception, url: str = URL) -> Lighthouse:
    left = iter(replies)

    def answer(_: httpx.Request) -> httpx.Response:
        reply = next(left)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return Lighthouse(url, transport=httpx.MockTransport(answer))


ENTRY = {
    "id": "K/2026/AWR/02",
    "eventId": 7,
    "category": "FAILURE",
    "type": "FAILURE_START",
    "title": "Awaria",
    "text": "x" * 10_000,
    "start": "2026-11-20T11:00:00+01:00",
    "version": 1,
    "published": "2026-11-20T10:05:00Z",
    "later": {"added": True},
}


def test_messages_are_read_with_what_was_added_later() -> None:
    with lighthouse(httpx.Response(200, json=[ENTRY, ENTRY | {"category": "NEW", "end": None}])) as house:
        first, second = house.get_messages()
    assert (first.id, first.event, first.kind) == ("K/2026/AWR/02", 7, "FAILURE_START")
    assert (first.starts_at, first.ends_at) == (START, None)
    assert len(first.text) == 4_000
    assert second.category == "NEW"


@pytest.mark.parametrize("messages", [{}, {"messages": None}, {"messages": []}])
def test_status_without_messages_is_a_status(messages: dict[str, Any]) -> None:
    """F49: red without a message is no outage."""
    with lighthouse(httpx.Response(200, json={"status": "TOTAL_FAILURE", **messages})) as house:
        status = house.get_status()
    assert status.status == "TOTAL_FAILURE"
    assert outage_at(status.messages, START) is None


DARK = [
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut"),
    ConnectionResetError(),
    httpx.Response(502, text="<html>"),
    httpx.Response(504),
    httpx.Response(404),
    httpx.Response(204),
    httpx.Response(302, headers={"Location": "https://evil.example/"}),
    httpx.Response(200, text="<html>fine</html>"),
    httpx.Response(200, text=""),
    httpx.Response(200, json={"status": "PURPLE", "messages": "none"}),
    httpx.Response(200, json=None),
    httpx.Response(200, text="[" * 100_000),
    httpx.Response(200, json=["text"]),
    httpx.Response(200, json=[ENTRY | {"start": "soon"}]),
    httpx.Response(200, json=[ENTRY | {"published": None}]),
    httpx.Response(200, json=[{name: value for name, value in ENTRY.items() if name != "eventId"}]),
    httpx.Response(200, content=b"[" + b" " * 1_000_001 + b"]"),
]


@pytest.mark.parametrize("reply", DARK, ids=lambda reply: repr(reply)[:40])
def test_trouble_of_the_lighthouse_is_no_trouble_of_ksef(reply: httpx.Response | Exception) -> None:
    """F49: another error than the one for a KSeF that does not answer."""
    with lighthouse(reply) as house, pytest.raises(LighthouseDark) as caught:
        house.get_messages()
    assert isinstance(caught.value, KSeFError)
    assert not isinstance(caught.value, Unavailable)
    assert caught.value.is_safe_to_repeat
    assert caught.value.__cause__ is None


def test_nonsense_is_no_status_either() -> None:
    answers: tuple[object, ...] = ({"status": "PURPLE", "messages": "none"}, {"status": 3}, [], {})
    for answer in answers:
        with lighthouse(httpx.Response(200, json=answer)) as house, pytest.raises(LighthouseDark):
            house.get_status()


def test_lighthouse_is_asked_over_tls() -> None:
    """V39: without it only where the simulator stands beside us."""
    with pytest.raises(ValueError, match="TLS"):
        Lighthouse("http://latarnia.example")
    with Lighthouse("http://127.0.0.1:8180/latarnia", is_local=True):
        pass
