"""Every fault of the simulator by its effect on a caller, and the script that plans them (reliability 4 and 5)."""

from __future__ import annotations

import json
import random
import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from ksef.simulator.faults import ConnectionDropped
from tests.contract.ministry import BUYER, START, OpenSession, Visitor, make_invoice, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

pytestmark = pytest.mark.contract

CHALLENGE = "/v2/auth/challenge"
KEYS = "/v2/security/public-key-certificates"
FAULTS = "/_control/faults"
SCRIPTS = "/_control/scripts"
AT_CHALLENGE = {"path_regex": CHALLENGE}
NUMBER = re.compile(r"(\d{10}-\d{8}-[0-9A-F]{12})-([0-9A-F]{2})")


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def _plan(visitor: Visitor, *faults: dict[str, Any]) -> list[dict[str, Any]]:
    response = visitor.ask("POST", FAULTS, json={"faults": list(faults)})
    assert response.status_code == 200, response.text
    planned: list[dict[str, Any]] = response.json()["faults"]
    return planned


def _raw(visitor: Visitor, method: str, path: str, **request: Any) -> httpx.Response:
    """Ask without holding the answer against the contract, which a fault breaks."""
    headers = {"Authorization": f"Bearer {visitor.token}"} if visitor.token else {}
    return visitor.http.request(method, path, headers={**headers, **request.pop("headers", {})}, **request)


def _challenge(visitor: Visitor) -> int:
    try:
        return visitor.http.post(CHALLENGE).status_code
    except ConnectionDropped:
        return 0


def _ready(visitor: Visitor) -> tuple[OpenSession, str]:
    visitor.log_in()
    session = visitor.open_session()
    return session, f"/v2/sessions/online/{session.reference}/invoices"


def _received(visitor: Visitor) -> int:
    return len(visitor.get("/_control/ledger")["received"])


# Which requests, how often, for how long.


def test_storm_by_duration(visitor: Visitor) -> None:
    """F10: from the first request it meets on, for half an hour of the simulated clock."""
    _plan(visitor, {"match": AT_CHALLENGE, "action": "status", "status": 503, "for_seconds": 1800})
    visitor.clock.advance(hours=5)
    seen = []
    for _ in range(4):
        seen.append(_challenge(visitor))
        visitor.clock.advance(minutes=12)
    assert seen == [503, 503, 503, 200]
    (fault,) = visitor.get(FAULTS)["faults"]
    assert (fault["hits"], fault["seen"], fault["spent"]) == (3, 3, True)


def test_storm_by_chance_comes_again_with_its_seed(visitor: Visitor) -> None:
    """A share of the requests, the same ones each time; another seed hits others."""
    runs = []
    for seed in (7, 7, 8):
        storm = {"match": AT_CHALLENGE, "action": "status", "status": 500, "probability": 0.3, "seed": seed}
        visitor.ask("PUT", FAULTS, json={"faults": [storm]})
        runs.append([_challenge(visitor) for _ in range(60)])
    assert runs[0] == runs[1] != runs[2]
    assert all(8 <= run.count(500) <= 30 for run in runs)
    assert visitor.get(FAULTS)["faults"][0]["hits"] == runs[2].count(500)


def test_fault_of_one_context_only(visitor: Visitor) -> None:
    """I9: what hits one company leaves another, and the anonymous calls, alone."""
    visitor.log_in()
    theirs = Visitor(visitor.clock, visitor.http)
    theirs.log_in(BUYER)
    _plan(visitor, {"match": {"context": BUYER}, "action": "status", "status": 503, "times": 0})
    assert _raw(theirs, "GET", "/v2/rate-limits").status_code == 503
    assert _raw(visitor, "GET", "/v2/rate-limits").status_code == 200
    assert _challenge(visitor) == 200
    assert visitor.http.get("/v2/tokens", headers={"Authorization": "Bearer a.!.c"}).status_code == 401


def test_faults_one_after_another(visitor: Visitor) -> None:
    """A sequence: the next step begins when the former is spent, by count or by time; `pass` lets requests through."""
    step = {"match": AT_CHALLENGE}
    _plan(
        visitor,
        {
            "sequence": [
                {**step, "action": "status", "status": 500, "times": 2},
                {**step, "action": "pass", "times": 1},
                {**step, "action": "limited", "retry_after": 5, "for_seconds": 60},
                {**step, "action": "drop_before", "after": 1},
            ]
        },
    )
    assert [_challenge(visitor) for _ in range(5)] == [500, 500, 200, 429, 429]
    visitor.clock.advance(seconds=60)
    assert [_challenge(visitor) for _ in range(3)] == [200, 0, 200]
    (line,) = visitor.get(FAULTS)["faults"]
    assert [step["hits"] for step in line["sequence"]] == [2, 1, 2, 1]
    assert (line["hits"], all(step["spent"] for step in line["sequence"])) == (6, True)


def test_sequences_run_beside_each_other(visitor: Visitor) -> None:
    """Each line keeps its own step; the first that hits a request is the one that counts."""
    keys = {"path_regex": KEYS}
    _plan(
        visitor,
        {"sequence": [{"match": AT_CHALLENGE, "action": "status", "status": 500}] * 2},
        {"sequence": [{"match": keys, "action": "status", "status": 502}]},
    )
    assert visitor.http.get(KEYS).status_code == 502
    assert [_challenge(visitor) for _ in range(3)] == [500, 500, 200]
    assert visitor.http.get(KEYS).status_code == 200


# Waiting.


def test_random_waits_stay_between_their_bounds(visitor: Visitor) -> None:
    """F11: seeded, and not all the same."""
    waits = []
    _plan(
        visitor, {"match": AT_CHALLENGE, "action": "delay", "seconds": 2, "up_to": 25, "seed": 3, "times": 0}
    )
    for _ in range(20):
        before = visitor.clock.now
        _challenge(visitor)
        waits.append((visitor.clock.now - before).total_seconds())
    assert all(2 <= wait <= 25 for wait in waits)
    assert len(set(waits)) == 20


# Answers that say no.


@pytest.mark.parametrize(
    ("form", "expected"),
    [({"retry_after": 30}, "30"), ({"retry_after": 30, "as": "date"}, "date"), ({"as": "absent"}, None)],
)
def test_retry_after_in_every_form(visitor: Visitor, form: dict[str, Any], expected: str | None) -> None:
    """F8: seconds, a date, or nothing at all."""
    _plan(visitor, {"match": AT_CHALLENGE, "action": "limited", **form})
    answer = visitor.http.post(CHALLENGE)
    told = answer.headers.get("retry-after")
    assert answer.status_code == 429
    if expected == "date":
        assert told is not None
        assert parsedate_to_datetime(told) == START + timedelta(seconds=30)
    else:
        assert told == expected


@pytest.mark.parametrize(("action", "received"), [("html", 0), ("html_after", 1), ("status_after", 1)])
def test_gateway_answers_in_the_place_of_ksef(visitor: Visitor, action: str, received: int) -> None:
    """F7: HTML or a bare 5xx, before the invoice came in or after: the caller cannot know which."""
    session, path = _ready(visitor)
    _plan(visitor, {"match": {"path_regex": "/invoices$"}, "action": action, "status": 504})
    answer = _raw(visitor, "POST", path, json=session.package(make_invoice()))
    assert answer.status_code == 504
    if action.startswith("html"):
        assert answer.headers["content-type"] == "text/html"
        assert answer.text.startswith("<!DOCTYPE html>")
    assert _received(visitor) == received


def test_gateway_page_is_a_502_by_itself(visitor: Visitor) -> None:
    """Unless a status is given."""
    _plan(visitor, {"match": AT_CHALLENGE, "action": "html"})
    assert _challenge(visitor) == 502


def test_redirect_leads_away(visitor: Visitor) -> None:
    """A 3xx with its Location; what has no business in a header is refused."""
    fault = {"match": AT_CHALLENGE, "action": "status", "status": 307, "location": "http://elsewhere.test/x"}
    _plan(visitor, fault)
    answer = visitor.http.post(CHALLENGE)
    assert (answer.status_code, answer.headers["location"]) == (307, "http://elsewhere.test/x")
    for wrong in ("x\r\nX-Injected: y", "ą", ""):
        refused = visitor.ask("POST", FAULTS, json={"faults": [{**fault, "location": wrong}]})
        assert refused.status_code == 400


# What happens in the middle of a run.


def _planned_operation(visitor: Visitor, path: str, body: dict[str, Any] | None = None, **more: Any) -> None:
    operation = {"path": path} if body is None else {"path": path, "body": body}
    fault = {"match": {"path_regex": "/invoices$"}, "action": "control", "operation": operation, **more}
    _plan(visitor, fault)


def test_session_ends_in_mid_run(visitor: Visitor) -> None:
    """F16: the third invoice finds the session over, as after twelve hours; what came before is judged."""
    session, path = _ready(visitor)
    _planned_operation(visitor, "/_control/sessions/expire", after=2)
    codes = []
    for turn in range(3):
        answer = visitor.ask("POST", path, json=session.package(make_invoice(number=f"FV/{turn}")))
        codes.append(answer.status_code)
    assert codes == [202, 202, 400]
    assert visitor.refusal("POST", path, json=session.package(make_invoice(number="FV/9"))) == 21180
    visitor.clock.advance(seconds=2)
    status = visitor.get(f"/v2/sessions/{session.reference}")
    assert (status["status"]["code"], status["successfulInvoiceCount"]) == (200, 2)


def test_one_session_of_several_ends(visitor: Visitor) -> None:
    """By its reference; the operation tells which it was."""
    first, _ = _ready(visitor)
    second = visitor.open_session()
    body = {"referenceNumber": first.reference}
    assert visitor.ask("POST", "/_control/sessions/expire", json=body).json() == {
        "expired": [first.reference]
    }
    visitor.send(second, make_invoice())
    assert visitor.ask("POST", "/_control/sessions/expire").json() == {"expired": [second.reference]}


def test_access_token_expires_in_mid_session(visitor: Visitor) -> None:
    """F12: 401 before anything came in; a refreshed token does."""
    visitor.token = ""
    tokens = visitor.log_in()
    session = visitor.open_session()
    _planned_operation(visitor, "/_control/logins/expire", {"kind": "access"}, after=1)
    visitor.send(session, make_invoice(number="FV/1"))
    path = f"/v2/sessions/online/{session.reference}/invoices"
    assert visitor.ask("POST", path, json=session.package(make_invoice(number="FV/2"))).status_code == 401
    refreshed = visitor.ask("POST", "/v2/auth/token/refresh", token=tokens["refreshToken"]["token"])
    visitor.token = refreshed.json()["accessToken"]["token"]
    visitor.send(session, make_invoice(number="FV/2"))
    assert _received(visitor) == 2


def test_refresh_token_expires(visitor: Visitor) -> None:
    """F13: the access token lives on, the refresh token does not."""
    tokens = visitor.log_in()
    visitor.ask("POST", "/_control/logins/expire", json={"kind": "refresh"})
    assert visitor.ask("GET", "/v2/rate-limits").status_code == 200
    assert (
        visitor.ask("POST", "/v2/auth/token/refresh", token=tokens["refreshToken"]["token"]).status_code
        == 401
    )
    assert visitor.ask("POST", "/_control/logins/expire", json={"kind": "all"}).status_code == 400


def test_key_rotates_in_mid_run(visitor: Visitor) -> None:
    """F21: what was encrypted for the old key is refused with 21470 and nothing else has changed."""
    visitor.log_in()
    opening = visitor.opening(bytes(32), bytes(16))
    _, old = visitor.public_key()
    operation = {"path": "/_control/keys", "body": {"mode": "emergency"}}
    match = {"method": "POST", "path_regex": "/sessions/online$"}
    _plan(visitor, {"match": match, "action": "control", "operation": operation})
    assert visitor.refusal("POST", "/v2/sessions/online", json=opening) == 21470
    assert visitor.public_key()[1] != old
    visitor.open_session()


def test_operation_after_the_answer(visitor: Visitor) -> None:
    """The clock jumps once the invoice is in: the next request finds it judged."""
    session, path = _ready(visitor)
    operation = {"path": "/_control/clock", "body": {"offset": 60}}
    _plan(visitor, {"match": {"path_regex": "/invoices$"}, "action": "control_after", "operation": operation})
    reference = visitor.ask("POST", path, json=session.package(make_invoice())).json()["referenceNumber"]
    assert visitor.invoice(session, reference)["status"]["code"] == 200


def test_slow_processing(visitor: Visitor) -> None:
    """F11: an invoice stays "in processing" for as long as the setting says, and is judged then."""
    visitor.ask("POST", "/_control/options", json={"access_token_lifetime": 9000})
    session, path = _ready(visitor)
    _planned_operation(visitor, "/_control/options", {"processing": 3600})
    reference = visitor.ask("POST", path, json=session.package(make_invoice())).json()["referenceNumber"]
    visitor.clock.advance(minutes=59)
    assert visitor.invoice(session, reference)["status"]["code"] in {100, 150}
    visitor.clock.advance(minutes=2)
    assert visitor.invoice(session, reference)["status"]["code"] == 200


def test_refused_operation_is_told_and_hinders_nobody(
    visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script with a mistake must not look like one that works."""
    operation = {"path": "/_control/keys", "body": {"mode": "sideways"}}
    _plan(visitor, {"match": AT_CHALLENGE, "action": "control", "operation": operation})
    assert _challenge(visitor) == 200
    assert "planned POST /_control/keys" in capsys.readouterr().err


# Answers that are not what they should be.


def test_unknown_members(visitor: Visitor) -> None:
    """F52: in every object, at every depth; what was there stays."""
    plain = visitor.get(KEYS)
    _plan(visitor, {"match": {"path_regex": KEYS}, "action": "extra_fields"})
    (key,) = _raw(visitor, "GET", KEYS).json()
    assert key.pop("futureMember") == {"code": "FutureValue", "rawCode": 999}
    assert [key] == plain


def _rewritten(visitor: Visitor, path: str, *changes: dict[str, Any]) -> Any:
    match = {"path_regex": f"^{re.escape(path)}$"}
    _plan(visitor, {"match": match, "action": "rewrite", "changes": list(changes)})
    answer = _raw(visitor, "GET", path)
    assert answer.status_code == 200
    return answer.json()


def test_unknown_codes_and_values(visitor: Visitor) -> None:
    """F26: a status code 299 and a mode that nobody knows, by path and by name; the rest is untouched."""
    session, _ = _ready(visitor)
    reference = visitor.judged(session, make_invoice())["referenceNumber"]
    path = f"/v2/sessions/{session.reference}/invoices/{reference}"
    plain = visitor.get(path)
    changed = _rewritten(
        visitor, path, {"at": "status.code", "value": 299}, {"at": "invoicingMode", "value": "Beam"}
    )
    assert (changed["status"]["code"], changed["invoicingMode"]) == (299, "Beam")
    assert changed == plain | {
        "status": plain["status"] | {"code": 299},
        "invoicingMode": "Beam",
        # These are made anew with every answer.
        "upoDownloadUrl": changed["upoDownloadUrl"],
        "upoDownloadUrlExpirationDate": changed["upoDownloadUrlExpirationDate"],
    }


def test_missing_members_and_items(visitor: Visitor) -> None:
    """F20, F26, F52: a member gone wherever it stands, one invoice of a list gone, a member that was not there."""
    session, path = _ready(visitor)
    for turn in range(3):
        visitor.judged(session, make_invoice(number=f"FV/{turn}"))
    listed = path.replace("/online", "")
    changed = _rewritten(
        visitor,
        listed,
        {"at": "ksefNumber", "remove": True},
        {"at": "invoices.1", "remove": True},
        {"at": "invoices.*.status.details", "value": ["?"]},
        {"at": "$.continuationToken", "value": "again"},
        {"at": "invoices.0.nothing.here", "value": 1},
        {"at": "invoices.first", "value": 1},
        {"at": "neverThere", "value": 1},
    )
    assert [item["invoiceNumber"] for item in changed["invoices"]] == ["FV/0", "FV/2"]
    assert all(
        "ksefNumber" not in item and item["status"]["details"] == ["?"] for item in changed["invoices"]
    )
    assert changed["continuationToken"] == "again"
    assert not {"nothing", "neverThere"} & {*changed, *changed["invoices"][0]}


def test_changes_leave_other_content_alone(visitor: Visitor) -> None:
    """A receipt is XML: its bytes and its hash are as they were."""
    session, path = _ready(visitor)
    reference = visitor.judged(session, make_invoice())["referenceNumber"]
    upo = f"{path.replace('/online', '')}/{reference}/upo"
    plain = visitor.ask("GET", upo)
    _plan(visitor, {"match": {"path_regex": "/upo$"}, "action": "extra_fields"})
    assert _raw(visitor, "GET", upo).content == plain.content


def test_wrong_check_of_a_ksef_number(visitor: Visitor) -> None:
    """F52: only in the answer; the ledger knows the right one."""
    session, path = _ready(visitor)
    right = visitor.judged(session, make_invoice())["ksefNumber"]
    _plan(visitor, {"match": {"path_regex": "/invoices$"}, "action": "wrong_crc"})
    answer = _raw(visitor, "GET", path.replace("/online", "")).json()
    wrong = answer["invoices"][0]["ksefNumber"]
    head, check = NUMBER.fullmatch(wrong).groups()  # type: ignore[union-attr]
    assert right.startswith(f"{head}-")
    assert not right.endswith(check)
    assert visitor.get("/_control/ledger")["accepted"][0]["ksefNumber"] == right


def test_server_whose_clock_is_wrong(visitor: Visitor) -> None:
    """F36: every moment of the answer is ten minutes off, and nothing else."""
    match = {"path_regex": "/auth/challenge$"}
    _plan(visitor, {"match": match, "action": "skew", "seconds": -600})
    answer = visitor.http.post(CHALLENGE).json()
    assert datetime.fromisoformat(answer["timestamp"]) == START - timedelta(minutes=10)
    assert answer["timestampMs"] == (START - timedelta(minutes=10)).timestamp() * 1000
    assert answer["clientIp"] == "127.0.0.1"
    begun = visitor.begin_token_login(visitor.control_token())
    _plan(visitor, {"match": {"path_regex": "/redeem$"}, "action": "skew", "seconds": 600})
    token = begun["authenticationToken"]["token"]
    answer = visitor.http.post("/v2/auth/token/redeem", headers={"Authorization": f"Bearer {token}"}).json()
    until = datetime.fromisoformat(answer["accessToken"]["validUntil"])
    assert until == START + timedelta(minutes=15 + 10)


def test_continuation_token_that_repeats(visitor: Visitor) -> None:
    """F26: from the second page on the same page comes for ever; without the fault the list ends."""
    session, path = _ready(visitor)
    for turn in range(25):
        visitor.send(session, make_invoice(number=f"FV/{turn}"))
    listed = f"{path.replace('/online', '')}?pageSize=10"

    def pages() -> list[int]:
        token, found = "", list[int]()
        while len(found) < 6:
            answer = _raw(
                visitor, "GET", listed, headers={"x-continuation-token": token} if token else {}
            ).json()
            found.append(answer["invoices"][0]["ordinalNumber"])
            token = answer.get("continuationToken", "")
            if not token:
                break
        return found

    assert pages() == [1, 11, 21]
    _plan(visitor, {"match": {"path_regex": "/invoices$"}, "action": "repeat_token", "times": 0})
    assert pages() == [1, 11, 11, 11, 11, 11]


# Scripts by name.


def test_saved_script_is_started_by_name(visitor: Visitor) -> None:
    """It can be started again and again, and its hits are told with its name."""
    body = {"description": "Próba", "faults": [{"match": AT_CHALLENGE, "action": "status", "status": 500}]}
    saved = visitor.ask("PUT", f"{SCRIPTS}/mine", json=body).json()
    assert (saved["name"], saved["description"], saved["builtIn"]) == ("mine", "Próba", False)
    assert _challenge(visitor) == 200
    for _ in range(2):
        assert visitor.ask("POST", f"{SCRIPTS}/mine/start").status_code == 200
        assert [_challenge(visitor), _challenge(visitor)] == [500, 200]
    shown = visitor.get(FAULTS)["faults"]
    assert [(line["script"], line["hits"]) for line in shown] == [("mine", 1), ("mine", 1)]
    assert visitor.ask("DELETE", f"{SCRIPTS}/mine").status_code == 204
    for method, path in (("DELETE", f"{SCRIPTS}/mine"), ("POST", f"{SCRIPTS}/mine/start")):
        assert visitor.ask(method, path).status_code == 404
    assert visitor.ask("PUT", f"{SCRIPTS}/slow", json=body).status_code == 400
    assert visitor.ask("PUT", f"{SCRIPTS}/mine", json={"faults": [{"action": "explode"}]}).status_code == 400


def test_scripts_that_come_with_the_simulator(visitor: Visitor) -> None:
    """All can be started; each says what it does."""
    scripts = visitor.get(SCRIPTS)["scripts"]
    assert {script["name"] for script in scripts} >= {"gateway-storm", "too-many-requests", "lost-answers"}
    for script in scripts:
        assert script["builtIn"]
        assert script["description"].endswith(".")
        assert visitor.ask("POST", f"{SCRIPTS}/{script['name']}/start").status_code == 200
    assert len(visitor.get(FAULTS)["faults"]) == sum(len(script["faults"]) for script in scripts)
    visitor.ask("POST", "/_control/reset")
    assert visitor.get(FAULTS)["faults"] == []


def test_script_of_expiries(visitor: Visitor) -> None:
    """The built-in one does what it says: the session at the third invoice, the token at the sixth."""
    session, path = _ready(visitor)
    visitor.ask("POST", f"{SCRIPTS}/expiring/start")
    seen = [
        _raw(visitor, "POST", path, json=session.package(make_invoice(number=f"FV/{turn}"))).status_code
        for turn in range(6)
    ]
    assert seen == [202, 202, 400, 400, 400, 401]


# What makes no sense.


@pytest.mark.parametrize(
    "fault",
    [
        {"match": {}, "action": "status", "status": 200},
        {"match": {}, "action": "status", "status": 999},
        {"match": {}, "action": "delay", "seconds": -1},
        {"match": {}, "action": "delay", "seconds": 1e300},
        {"match": {}, "action": "limited"},
        {"match": {}, "action": "limited", "retry_after": 1, "as": "never"},
        {"match": {}, "action": "rewrite"},
        {"match": {}, "action": "rewrite", "changes": [{"value": 1}]},
        {"match": {}, "action": "control"},
        {"match": {}, "action": "control", "operation": {"path": "/v2/auth/challenge"}},
        {"match": {}, "action": "pass", "probability": 2},
        {"match": {}, "action": "pass", "for_seconds": -1},
        {"match": {}, "action": "pass", "times": -1},
        {"match": {"path_regex": "*"}, "action": "pass"},
        {"sequence": [{"match": {}, "action": "explode"}]},
        {"sequence": "often"},
    ],
)
def test_faults_that_make_no_sense(visitor: Visitor, fault: dict[str, Any]) -> None:
    """400, and what ran before goes on."""
    _plan(visitor, {"match": AT_CHALLENGE, "action": "status", "status": 500})
    assert visitor.ask("PUT", FAULTS, json={"faults": [fault]}).status_code == 400
    assert _challenge(visitor) == 500


def test_shown_faults_can_be_planned_again(visitor: Visitor) -> None:
    """What GET shows is what POST takes, for every action."""
    rewrite = [
        {"at": "$.a", "value": None},
        {"at": "b", "remove": True},
        {"at": "c.*.d", "value": {"x": [1]}},
    ]
    planned: list[dict[str, Any]] = [
        {
            "match": {"method": "POST", "path_regex": "^/x", "context": "1"},
            "action": "status",
            "status": 307,
            "location": "/elsewhere",
            "seed": 5,
        },
        {"match": {}, "action": "delay", "seconds": 1, "up_to": 2, "probability": 0.5},
        {"match": {}, "action": "limited", "retry_after": 3, "as": "date", "for_seconds": 9},
        {"match": {}, "action": "limited", "as": "absent"},
        {"match": {}, "action": "rewrite", "changes": rewrite},
        {"match": {}, "action": "control", "operation": {"path": "/_control/reset"}},
        {"sequence": [{"match": {}, "action": "html"}, {"match": {}, "action": "drop_after", "times": 4}]},
    ]
    shown = _plan(visitor, *planned)
    again = visitor.ask("PUT", FAULTS, json={"faults": shown}).json()["faults"]
    assert again == shown
    assert shown[0]["match"] == planned[0]["match"]
    assert shown[4]["changes"] == rewrite


def test_hostile_garbage_is_refused(visitor: Visitor) -> None:
    """V42: whatever is sent as a script, the answer is 400 or a plan, never a broken simulator."""
    chance = random.Random(4)  # noqa: S311 - garbage that comes again.
    values: list[Any] = [None, True, -1, 1e308, "", "x" * 5000, [], {}, [[]], {"a": []}, float("nan")]
    names = [
        "match",
        "action",
        "times",
        "after",
        "status",
        "changes",
        "operation",
        "sequence",
        "seed",
        "up_to",
    ]
    for _ in range(300):
        fault = {name: chance.choice(values) for name in chance.sample(names, 4)}
        fault.setdefault("match", {})
        fault.setdefault("action", chance.choice(["pass", "rewrite", "control", "delay"]))
        content = json.dumps({"faults": [fault, chance.choice(values)]})
        assert visitor.http.post(FAULTS, content=content).status_code in {200, 400}
    visitor.ask("DELETE", FAULTS)
    assert _challenge(visitor) == 200
