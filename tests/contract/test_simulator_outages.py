"""The simulator's outages and its lighthouse: what is told, when, and what the API does meanwhile (section 1, F49)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ksef_client.models import (
    LighthouseKsefStatus,
    LighthouseMessage,
    LighthouseMessageCategory,
    LighthouseMessageType,
    LighthouseStatusResponse,
)

from ksef.simulator.faults import ConnectionDropped
from tests.contract.ministry import BUYER, START, OpenSession, Visitor, make_invoice, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

pytestmark = pytest.mark.contract

OUTAGES = "/_control/outages"
CHALLENGE = "/v2/auth/challenge"
PROBLEM = {"X-Error-Format": "problem-details"}
HOUR = 3600


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def _plan(visitor: Visitor, *outages: dict[str, object], method: str = "POST") -> list[dict[str, Any]]:
    response = visitor.ask(method, OUTAGES, json={"outages": list(outages)})
    assert response.status_code == 200, response.text
    planned: list[dict[str, Any]] = response.json()["outages"]
    return planned


def _change(visitor: Visitor, event: int, **members: object) -> None:
    response = visitor.ask("POST", f"{OUTAGES}/{event}", json=members)
    assert response.status_code == 200, response.text


def _status(visitor: Visitor) -> LighthouseStatusResponse:
    """Read the status as the models of ksef-client do, which others wrote; a member they miss would be an error."""
    answer = visitor.get("/latarnia/status", token="")
    assert all(_is_complete(message) for message in answer.get("messages", []))
    return LighthouseStatusResponse.from_dict(answer)


def _messages(visitor: Visitor) -> list[LighthouseMessage]:
    answer = visitor.get("/latarnia/messages", token="")
    assert all(_is_complete(message) for message in answer)
    return [LighthouseMessage.from_dict(message) for message in answer]


def _is_complete(message: dict[str, object]) -> bool:
    names = {"id", "eventId", "category", "type", "title", "text", "start", "version", "published"}
    return message.keys() - {"end"} == names and None not in message.values()


def _types(messages: list[LighthouseMessage] | None) -> list[str]:
    return [message.type.value for message in messages or []]


def _at(**later: float) -> datetime:
    return START + timedelta(**later)


def test_nothing_is_told_when_everything_works(visitor: Visitor) -> None:
    """1: AVAILABLE without messages."""
    assert visitor.get("/latarnia/status", token="") == {"status": "AVAILABLE"}
    assert visitor.get("/latarnia/messages", token="") == []


def test_failure_is_told_at_its_start_and_at_its_end(visitor: Visitor) -> None:
    """1: two messages of one event, each from the moment of its publication on; the clock does the rest."""
    (planned,) = _plan(
        visitor,
        {"category": "FAILURE", "start": 600, "end": 7200, "title": "Awaria", "text": "Nie działa wysyłka."},
    )
    assert _status(visitor).status is LighthouseKsefStatus.AVAILABLE
    assert _messages(visitor) == []
    visitor.clock.advance(seconds=600)
    told = _status(visitor)
    assert told.status is LighthouseKsefStatus.FAILURE
    (start,) = told.messages or []
    assert (start.category, start.type) == (
        LighthouseMessageCategory.FAILURE,
        LighthouseMessageType.FAILURE_START,
    )
    assert (start.event_id, start.title, start.text) == (planned["event"], "Awaria", "Nie działa wysyłka.")
    assert datetime.fromisoformat(start.start) == _at(seconds=600) == datetime.fromisoformat(start.published)
    assert (start.end, start.version) == (None, 1)
    visitor.clock.advance(seconds=6600)
    assert _status(visitor) == LighthouseStatusResponse(LighthouseKsefStatus.AVAILABLE)
    end, still = _messages(visitor)
    assert (end.type, still) == (LighthouseMessageType.FAILURE_END, start)
    assert (end.event_id, end.category) == (start.event_id, start.category)
    assert datetime.fromisoformat(str(end.end)) == _at(seconds=7200)
    assert end.id != start.id
    assert start.id.startswith("K/2026/")


def test_maintenance_is_announced_before(visitor: Visitor) -> None:
    """1: one announcement with both ends; the status changes at the start and changes back at the end."""
    _plan(visitor, {"category": "MAINTENANCE", "start": 2 * HOUR, "end": 4 * HOUR, "announced": HOUR})
    seen = []
    for _ in range(5):
        seen.append((_status(visitor).status.value, _types(_messages(visitor))))
        visitor.clock.advance(hours=1)
    told = ["MAINTENANCE_ANNOUNCEMENT"]
    assert seen == [
        ("AVAILABLE", []),
        ("AVAILABLE", told),
        ("MAINTENANCE", told),
        ("MAINTENANCE", told),
        ("AVAILABLE", told),
    ]
    (message,) = _messages(visitor)
    assert datetime.fromisoformat(message.start) == _at(hours=2)
    assert datetime.fromisoformat(str(message.end)) == _at(hours=4)
    assert datetime.fromisoformat(message.published) == _at(hours=1)


def test_outage_of_unknown_length_is_ended_by_hand(visitor: Visitor) -> None:
    """Its end is told when somebody says so."""
    (planned,) = _plan(visitor, {"category": "TOTAL_FAILURE"})
    visitor.clock.advance(days=3)
    assert _status(visitor).status is LighthouseKsefStatus.TOTAL_FAILURE
    _change(visitor, planned["event"], end=0)
    assert _status(visitor).status is LighthouseKsefStatus.AVAILABLE
    assert _types(_messages(visitor)) == ["FAILURE_END", "FAILURE_START"]


def test_late_notice(visitor: Visitor) -> None:
    """F46: the API fails first and the lighthouse tells hours later, of the end too."""
    outage = {"category": "FAILURE", "start": 0, "end": HOUR, "announced": 2 * HOUR, "endAnnounced": 3 * HOUR}
    _plan(visitor, outage)
    assert visitor.ask("GET", "/latarnia/status").json() == {"status": "AVAILABLE"}
    assert visitor.http.post(CHALLENGE).status_code == 500
    visitor.clock.advance(hours=2)
    assert visitor.http.post(CHALLENGE).status_code == 200
    assert _status(visitor).status is LighthouseKsefStatus.FAILURE
    visitor.clock.advance(hours=1)
    assert _status(visitor).status is LighthouseKsefStatus.AVAILABLE
    end, start = _messages(visitor)
    assert datetime.fromisoformat(str(end.end)) == _at(hours=1)
    assert datetime.fromisoformat(start.published) == _at(hours=2)


def test_changed_announcement_is_another_version(visitor: Visitor) -> None:
    """1: `version`: same id and event, new words, published again."""
    (planned,) = _plan(visitor, {"category": "MAINTENANCE", "start": 2 * HOUR, "end": 4 * HOUR})
    (first,) = _messages(visitor)
    visitor.clock.advance(minutes=5)
    _change(visitor, planned["event"], end="2026-11-20T18:00:00+00:00", text="Potrwa dłużej.")
    (second,) = _messages(visitor)
    assert (second.id, second.event_id, second.version) == (first.id, first.event_id, 2)
    assert (second.text, datetime.fromisoformat(str(second.end))) == ("Potrwa dłużej.", _at(hours=8))
    assert datetime.fromisoformat(second.published) == _at(minutes=5)
    _change(visitor, planned["event"], api="works")
    assert _messages(visitor) == [second]


def test_worst_of_several_outages_is_the_status(visitor: Visitor) -> None:
    """And the messages of all of them are there."""
    _plan(
        visitor,
        {"category": "MAINTENANCE", "api": "works"},
        {"category": "TOTAL_FAILURE", "api": "works", "end": 60},
        {"category": "FAILURE", "api": "works", "end": 120},
    )
    seen = []
    for _ in range(3):
        status = _status(visitor)
        seen.append((status.status.value, len(status.messages or [])))
        visitor.clock.advance(seconds=60)
    assert seen == [("TOTAL_FAILURE", 3), ("FAILURE", 2), ("MAINTENANCE", 1)]


def _session(visitor: Visitor) -> tuple[OpenSession, str]:
    visitor.log_in()
    session = visitor.open_session()
    return session, f"/v2/sessions/online/{session.reference}/invoices"


def test_maintenance_refuses_sending_and_is_503_elsewhere(visitor: Visitor) -> None:
    """4.3: 21184 for an open session, in both formats; nothing comes in, and afterwards the session goes on."""
    session, path = _session(visitor)
    _plan(visitor, {"category": "MAINTENANCE", "end": HOUR})
    assert visitor.refusal("POST", path, json=session.package(make_invoice())) == 21184
    answer = visitor.ask("POST", path, json=session.package(make_invoice())).json()
    detail = answer["exception"]["exceptionDetailList"][0]
    assert detail["exceptionDescription"] == "Sesja tymczasowo niedostępna."
    assert session.reference in detail["details"][0]
    for method, other in (
        ("POST", CHALLENGE),
        ("GET", "/v2/sessions"),
        ("GET", path),
        ("GET", "/v2/nothing"),
    ):
        unavailable = visitor.http.request(method, other)
        assert (unavailable.status_code, unavailable.json()["status"]) == (503, 503)
    assert visitor.ask("POST", path, json={}, token="").status_code == 401
    assert visitor.get("/_control/ledger")["received"] == []
    visitor.clock.advance(seconds=HOUR)
    visitor.redeem(visitor.begin_token_login(visitor.control_token()))
    assert visitor.judged(session, make_invoice())["status"]["code"] == 200


def test_only_the_sessions_opened_before(visitor: Visitor) -> None:
    """4.3: "or open a new session": an outage that touches nothing else."""
    session, path = _session(visitor)
    visitor.clock.advance(seconds=1)
    _plan(visitor, {"category": "MAINTENANCE", "api": "sessions"})
    assert visitor.refusal("POST", path, json=session.package(make_invoice())) == 21184
    visitor.clock.advance(seconds=1)
    assert visitor.judged(visitor.open_session(), make_invoice())["status"]["code"] == 200
    visitor.close(session)


def test_failure_is_a_5xx_of_choice(visitor: Visitor) -> None:
    """Everything under /v2, without an effect; pre-signed links go on."""
    session, path = _session(visitor)
    link = visitor.judged(session, make_invoice())["upoDownloadUrl"]
    for status in (500, 502, 504):
        _plan(visitor, {"category": "FAILURE", "status": status}, method="PUT")
        headers = {"Authorization": f"Bearer {visitor.token}"}
        answer = visitor.http.post(path, json=session.package(make_invoice(number="FV/2")), headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert visitor.http.get(link).status_code == 200
    assert len(visitor.get("/_control/ledger")["received"]) == 1


def test_total_failure_drops_connections(visitor: Visitor) -> None:
    """Nothing is served, not even a link."""
    session, path = _session(visitor)
    link = visitor.judged(session, make_invoice())["upoDownloadUrl"]
    (planned,) = _plan(visitor, {"category": "TOTAL_FAILURE"})
    for method, place in (("POST", CHALLENGE), ("POST", path), ("GET", link)):
        with pytest.raises(ConnectionDropped) as dropped:
            visitor.http.request(method, place)
        assert not dropped.value.served
    _change(visitor, planned["event"], end=0)
    assert visitor.http.post(CHALLENGE).status_code == 200


@pytest.mark.parametrize("category", ["MAINTENANCE", "FAILURE", "TOTAL_FAILURE"])
def test_what_goes_on_during_every_outage(visitor: Visitor, category: str) -> None:
    """The control API, the pages and the lighthouse; and with api "works" the API too."""
    _plan(visitor, {"category": category})
    for path in ("/", "/_control/clock", "/latarnia/status", "/latarnia/messages"):
        assert visitor.ask("GET", path).status_code == 200
    _plan(visitor, {"category": category, "api": "works"}, method="PUT")
    assert _status(visitor).status.value == category
    visitor.log_in(BUYER)


@pytest.mark.parametrize(
    "outage",
    [
        {},
        {"category": "PANIC"},
        {"category": "FAILURE", "api": "explodes"},
        {"category": "FAILURE", "status": 404},
        {"category": "FAILURE", "start": "tomorrow"},
        {"category": "FAILURE", "start": "2026-11-20T10:00:00"},
        {"category": "FAILURE", "start": "0001-01-01T00:00:00+14:00"},
        {"category": "FAILURE", "start": 1e300},
        {"category": "FAILURE", "start": 60, "end": 30},
        {"category": "FAILURE", "title": ""},
    ],
)
def test_outages_that_make_no_sense(visitor: Visitor, outage: dict[str, object]) -> None:
    """400, and what was planned before stays."""
    _plan(visitor, {"category": "MAINTENANCE", "api": "works"})
    assert visitor.ask("PUT", OUTAGES, json={"outages": [outage]}).status_code == 400
    assert [item["category"] for item in visitor.get(OUTAGES)["outages"]] == ["MAINTENANCE"]


def test_outages_are_shown_and_forgotten(visitor: Visitor) -> None:
    """GET tells which lasts; DELETE and a reset forget; an event's number never comes again."""
    planned = _plan(visitor, {"category": "FAILURE", "start": HOUR}, {"category": "FAILURE", "api": "works"})
    assert [outage["lasts"] for outage in planned] == [False, True]
    assert [len(outage["messages"]) for outage in planned] == [0, 1]
    assert visitor.ask("DELETE", OUTAGES).status_code == 204
    assert _messages(visitor) == []
    (again,) = _plan(visitor, {"category": "FAILURE"})
    assert again["event"] > planned[-1]["event"]
    assert visitor.ask("POST", f"{OUTAGES}/0", json={}).status_code == 404
    visitor.ask("POST", "/_control/reset")
    assert visitor.get(OUTAGES) == {"outages": [], "lighthouse": "works"}


def _break(visitor: Visitor, mode: str) -> None:
    assert visitor.ask("POST", "/_control/lighthouse", json={"mode": mode}).json() == {"mode": mode}


def test_lighthouse_that_is_always_red(visitor: Visitor) -> None:
    """F49: as TEST's; the API works all the same."""
    _break(visitor, "red")
    assert _status(visitor).status is LighthouseKsefStatus.TOTAL_FAILURE
    visitor.clock.advance(days=20)
    assert _types(_messages(visitor)) == ["FAILURE_START"]
    visitor.log_in()
    _break(visitor, "works")
    assert _status(visitor).status is LighthouseKsefStatus.AVAILABLE


@pytest.mark.parametrize("path", ["/latarnia/status", "/latarnia/messages"])
def test_lighthouse_that_is_broken_itself(visitor: Visitor, path: str) -> None:
    """F49: a gateway's 502, JSON of another kind, or no answer; the API works all the same."""
    _break(visitor, "gateway")
    answer = visitor.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    _break(visitor, "nonsense")
    assert _is_nonsense(visitor.http.get(path))
    _break(visitor, "silent")
    with pytest.raises(ConnectionDropped):
        visitor.http.get(path)
    assert visitor.http.post(CHALLENGE).status_code == 200
    assert visitor.ask("POST", "/_control/lighthouse", json={"mode": "green"}).status_code == 400
    visitor.ask("POST", "/_control/reset")
    assert visitor.http.get(path).status_code == 200


def _is_nonsense(answer: httpx.Response) -> bool:
    body = answer.json()
    return isinstance(body, dict) and body.get("status") not in set(LighthouseKsefStatus)
