"""The control API of the simulator: faults as data, clock, settings, reset and the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ksef.simulator.disturbing.scripts import BUILT_IN
from ksef.simulator.faults import Action, ConnectionDropped
from ksef.simulator.outages.records import Api
from ksef.simulator.routes import ROUTES
from tests.contract.ministry import SELLER, OpenSession, Visitor, make_invoice, sha256_base64, visiting
from tests.contract.openapi import find_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

CHALLENGE = "/v2/auth/challenge"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def _plan(visitor: Visitor, *faults: dict[str, Any]) -> None:
    response = visitor.ask("POST", "/_control/faults", json={"faults": list(faults)})
    assert response.status_code == 200, response.text


def _package(visitor: Visitor) -> tuple[OpenSession, str]:
    visitor.log_in()
    session = visitor.open_session()
    return session, f"/v2/sessions/online/{session.reference}/invoices"


@pytest.mark.parametrize(("action", "received"), [("drop_after", 1), ("drop_before", 0)])
def test_dropped_connection(visitor: Visitor, action: str, received: int) -> None:
    """F4 and F5: the answer is lost after, or the request before, it had its effect."""
    session, path = _package(visitor)
    _plan(visitor, {"match": {"method": "POST", "path_regex": "/invoices$"}, "action": action})
    with pytest.raises(ConnectionDropped) as dropped:
        visitor.ask("POST", path, json=session.package(make_invoice()))
    assert dropped.value.served is (received == 1)
    assert len(visitor.get("/_control/ledger")["received"]) == received


def test_truncated_answer(visitor: Visitor) -> None:
    """The request was served; half of the body comes."""
    session, path = _package(visitor)
    _plan(visitor, {"match": {"path_regex": "/invoices$"}, "action": "truncate"})
    with pytest.raises(ConnectionDropped):
        visitor.ask("POST", path, json=session.package(make_invoice()))
    assert len(visitor.get("/_control/ledger")["received"]) == 1


def test_garbled_answer(visitor: Visitor) -> None:
    """The request was served; its answer has the right status and cannot be read."""
    session, path = _package(visitor)
    _plan(visitor, {"match": {"path_regex": "/invoices$"}, "action": "garbled"})
    answer = visitor.http.post(
        path, json=session.package(make_invoice()), headers={"Authorization": f"Bearer {visitor.token}"}
    )
    assert answer.status_code == 202
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert len(visitor.get("/_control/ledger")["received"]) == 1


@pytest.mark.parametrize("code", [405, 500, 550])
def test_trouble_of_the_system_itself(visitor: Visitor, code: int) -> None:
    """4.5: codes that say nothing about the invoice; the next one is judged as usual."""
    visitor.log_in()
    session = visitor.open_session()
    visitor.ask("POST", "/_control/verdicts", json={"codes": [code]})
    assert visitor.judged(session, make_invoice())["status"]["code"] == code
    assert visitor.judged(session, make_invoice())["status"]["code"] == 200
    assert visitor.ask("POST", "/_control/verdicts", json={"codes": [200]}).status_code == 400


def test_faults_hit_in_the_order_of_the_script(visitor: Visitor) -> None:
    """`after` lets requests pass, `times` counts hits, and the next fault takes over."""
    _plan(
        visitor,
        {"match": {"path_regex": CHALLENGE}, "action": "error", "code": 21405, "after": 1, "times": 2},
        {"match": {"path_regex": CHALLENGE}, "action": "limited", "retry_after": 30, "after": 1},
    )
    statuses = [visitor.ask("POST", CHALLENGE).status_code for _ in range(5)]
    assert statuses == [200, 400, 400, 429, 200]
    hits = [fault["hits"] for fault in visitor.get("/_control/faults")["faults"]]
    assert hits == [2, 1]


def test_limited_and_unavailable_answers(visitor: Visitor) -> None:
    """12: 429 with Retry-After in both formats; a 503 without any effect."""
    _plan(visitor, {"match": {"path_regex": CHALLENGE}, "action": "limited", "retry_after": 7, "times": 2})
    for headers in ({}, {"X-Error-Format": "problem-details"}):
        limited = visitor.ask("POST", CHALLENGE, headers=headers)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    _plan(visitor, {"match": {"path_regex": "^/$"}, "action": "status", "status": 503})
    assert visitor.ask("GET", "/").status_code == 503
    assert visitor.ask("GET", "/").status_code == 200


@pytest.mark.parametrize("action", ["delay", "delay_after"])
def test_slow_answer(visitor: Visitor, action: str) -> None:
    """The request is served before or after the wait."""
    _plan(visitor, {"match": {"path_regex": CHALLENGE}, "action": action, "seconds": 30})
    _, moment = visitor.challenge()
    assert (visitor.clock().is_integer(), visitor.clock() * 1000 - moment) == (
        True,
        0 if action == "delay" else 30_000,
    )


def test_script_can_be_replaced_and_cleared(visitor: Visitor) -> None:
    """PUT and DELETE."""
    _plan(visitor, {"match": {}, "action": "drop_before", "times": 0})
    fault = {"match": {"path_regex": CHALLENGE}, "action": "status", "status": 500}
    replaced = visitor.ask("PUT", "/_control/faults", json={"faults": [fault]}).json()["faults"]
    assert [item["action"] for item in replaced] == ["status"]
    assert visitor.ask("DELETE", "/_control/faults").status_code == 204
    assert visitor.ask("POST", CHALLENGE).status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"match": {}, "action": "explode"},
        {"match": {}, "action": "status"},
        {"match": {"path_regex": "("}, "action": "drop_after"},
        {"action": "drop_after"},
    ],
)
def test_script_that_makes_no_sense(visitor: Visitor, fault: dict[str, object]) -> None:
    """400 and nothing planned."""
    assert visitor.ask("POST", "/_control/faults", json={"faults": [fault]}).status_code == 400
    assert visitor.get("/_control/faults")["faults"] == []


def test_clock(visitor: Visitor) -> None:
    """By offset and by moment."""
    assert visitor.get("/_control/clock") == {"now": "2026-11-20T10:00:00.000+00:00", "offset": 0.0}
    visitor.ask("POST", "/_control/clock", json={"offset": -3600})
    assert visitor.get("/_control/clock")["now"] == "2026-11-20T09:00:00.000+00:00"
    visitor.ask("POST", "/_control/clock", json={"now": "2027-01-01T00:00:00+01:00"})
    assert visitor.ask("POST", CHALLENGE).json()["timestamp"] == "2026-12-31T23:00:00.000+00:00"
    for body in ({"now": "tomorrow"}, {"now": "2027-01-01T00:00:00"}, {}):
        assert visitor.ask("POST", "/_control/clock", json=body).status_code == 400


def test_settings(visitor: Visitor) -> None:
    """Any by name; unknown and negative ones are refused."""
    visitor.ask("POST", "/_control/options", json={"processing": 5, "max_invoices": 3})
    options = visitor.get("/_control/options")
    assert (options["processing"], options["max_invoices"]) == (5, 3)
    for body in ({"speed": 1}, {"processing": -1}, {"processing": "quick"}):
        assert visitor.ask("POST", "/_control/options", json=body).status_code == 400


def test_ledger_tells_what_really_came(visitor: Visitor) -> None:
    """The oracle of the crash tests: accepted, and all that was received with its fate."""
    visitor.log_in()
    session = visitor.open_session()
    good = make_invoice()
    status = visitor.judged(session, good)
    visitor.judged(session, b"<bad/>")
    ledger = visitor.get("/_control/ledger")
    (accepted,) = ledger["accepted"]
    assert (accepted["ksefNumber"], accepted["hash"]) == (status["ksefNumber"], sha256_base64(good))
    assert (accepted["seller"], accepted["number"]) == (SELLER, "FV/1")
    assert [entry["code"] for entry in ledger["received"]] == [200, 430]


def test_reset_forgets(visitor: Visitor) -> None:
    """Invoices, logins, tokens, faults and settings go; the key stays, so that clients need not ask again."""
    visitor.log_in()
    visitor.judged(visitor.open_session(), make_invoice())
    _, key = visitor.public_key()
    visitor.ask("POST", "/_control/keys", json={"mode": "emergency"})
    visitor.ask("POST", "/_control/options", json={"processing": 9})
    visitor.ask("POST", "/_control/clock", json={"offset": 9})
    assert visitor.ask("POST", "/_control/reset").status_code == 204
    assert visitor.get("/_control/ledger")["received"] == []
    assert visitor.ask("GET", "/v2/auth/sessions").status_code == 401
    assert visitor.public_key()[1] == key
    assert visitor.get("/_control/options")["processing"] == 0.5
    assert visitor.get("/_control/clock")["offset"] == 0


def test_front_page_counts(visitor: Visitor) -> None:
    """What a curious person sees."""
    visitor.log_in()
    visitor.judged(visitor.open_session(), make_invoice())
    page = visitor.ask("GET", "/", token="").text
    assert "http://ksef.test/v2" in page
    assert "<dt>Przyjęte</dt><dd>1</dd>" in page


def test_places_that_do_not_exist(visitor: Visitor) -> None:
    """404 and 405, outside the contract."""
    assert visitor.http.get("/v2/nothing").status_code == 404
    assert visitor.http.post("/v2/rate-limits").status_code == 405


def test_answers_are_really_held_against_the_contract(visitor: Visitor) -> None:
    """The judge itself: an invented member and a missing one are both noticed."""
    contract = find_contract()
    if contract is None:
        pytest.skip("the official OpenAPI file is not here (KSEF_OPENAPI or ../shared)")
    response = visitor.http.post(CHALLENGE)
    contract.check(response)
    for wrong in ({**response.json(), "invented": 1}, {"challenge": "x"}):
        response._content = json.dumps(wrong).encode()
        with pytest.raises(AssertionError):
            contract.check(response)


def test_index_of_the_control_api(visitor: Visitor) -> None:
    """Every operation with a sentence, and the present state: what is planned, with its hits."""
    _plan(visitor, {"match": {"path_regex": CHALLENGE}, "action": "status", "status": 500, "times": 3})
    visitor.http.post(CHALLENGE)
    visitor.ask("POST", "/_control/lighthouse", json={"mode": "red"})
    visitor.ask("POST", "/_control/outages", json={"outages": [{"category": "FAILURE", "api": "works"}]})
    index = visitor.get("/_control/")
    listed = {(item["method"], item["path"]) for item in index["operations"]}
    assert listed == {
        (route.method, route.path) for route in ROUTES if route.path.startswith("/_control/")
    } - {("GET", "/_control/")}
    assert all(item["does"].endswith((".", "`")) and len(item["does"]) > 10 for item in index["operations"])
    state = index["state"]
    assert (state["environment"], state["lighthouse"]) == ("test", "red")
    assert [fault["hits"] for fault in state["faults"]] == [1]
    assert len(state["outages"]) == 1
    assert state["options"] == visitor.get("/_control/options")
    assert "gateway-storm" in state["scripts"]


def test_documentation_knows_everything() -> None:
    """Every operation of the control API, action and built-in script is named in docs/simulator.md."""
    page = (Path(__file__).resolve().parents[2] / "docs/simulator.md").read_text()
    rooms = {"/".join(route.path.split("/")[:3]) for route in ROUTES if route.path.startswith("/_control/")}
    missing = [
        *(room for room in rooms if room not in page),
        *(action for action in Action if f"`{action}`" not in page),
        *(api for api in Api if f"`{api}`" not in page),
        *(name for name in BUILT_IN if f"`{name}`" not in page),
    ]
    assert missing == []


def test_index_for_a_person(visitor: Visitor) -> None:
    """A browser gets a page, in which what was planned is text and never markup."""
    _plan(visitor, {"match": {"path_regex": "<script>alert(1)</script>"}, "action": "drop_before"})
    page = visitor.ask("GET", "/_control/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<code>POST /_control/outages/{event}</code>" in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text


def test_system_warning(visitor: Visitor) -> None:
    """0: X-System-Warning in ASCII on what goes well under /v2, until it is taken back."""
    text = "[KSEF-1]: Zażółć gęślą jaźń – „próba” | [KSEF-2]: Druga\r\nX-Injected: yes"
    assert visitor.ask("POST", "/_control/warning", json={"text": text}).json() == {"text": text}
    expected = '[KSEF-1]: Zazolc gesla jazn - "proba" | [KSEF-2]: Druga X-Injected: yes'
    answer = visitor.ask("POST", CHALLENGE)
    assert answer.headers["x-system-warning"] == expected
    assert "x-injected" not in answer.headers
    for response in (
        visitor.http.get("/v2/tokens"),
        visitor.http.get("/"),
        visitor.http.get("/_control/clock"),
    ):
        assert "x-system-warning" not in response.headers
    visitor.ask("POST", "/_control/warning", json={"text": ""})
    assert "x-system-warning" not in visitor.ask("POST", CHALLENGE).headers
    visitor.ask("POST", "/_control/warning", json={"text": "[A]: b"})
    visitor.ask("POST", "/_control/reset")
    assert "x-system-warning" not in visitor.ask("POST", CHALLENGE).headers


def test_system_warning_on_demand(visitor: Visitor) -> None:
    """0: X-Test-System-Warning on TEST, for one answer."""
    wanted = {"X-Test-System-Warning": "[W]: x"}
    assert visitor.ask("POST", CHALLENGE, headers=wanted).headers["x-system-warning"] == "[W]: x"
    assert "x-system-warning" not in visitor.ask("POST", CHALLENGE).headers
