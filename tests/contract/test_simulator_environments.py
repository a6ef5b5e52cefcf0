"""TEST, DEMO and PRODUCTION in one process: their differences (section 1), and that they share nothing."""

from __future__ import annotations

import base64
import json
import os
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from lxml import etree

from ksef.simulator.environments import Environments, create_environments
from ksef.simulator.flavours import DEMO, FLAVOURS, PRODUCTION, TEST, Flavour
from ksef.simulator.routes import ROUTES
from ksef.simulator.world import Options
from tests.contract.enrolling import issue_pair
from tests.contract.ministry import SELLER, START, Clock, Visitor, make_invoice, sha256_base64

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.contract

NAMES = ("test", "demo", "production")
WRONG_NIP = "1111111112"
UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"
FORMS = {
    "FA (2)": ("1-0E", "FA"),
    "FA (3)": ("1-0E", "FA"),
    "FA_RR (1)": ("1-1E", "FA_RR"),
}


@cache
def _mounted() -> tuple[Environments, Clock]:
    """All environments for all tests of a process: making their keys is slow."""
    clock = Clock()
    options = Options(processing=0.5, authentication=0, storage=0)
    return create_environments(options=options, wall_clock=clock), clock


@contextmanager
def _visiting(environment: str) -> Iterator[Visitor]:
    app, clock = _mounted()
    address = f"http://ksef.test{environment}"
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url=address) as http:
        yield Visitor(clock, http)


@pytest.fixture
def visitors() -> Iterator[dict[str, Visitor]]:
    """Return one visitor of each environment, all of them emptied."""
    _mounted()[1].now = START
    with _visiting("") as test, _visiting("/demo") as demo, _visiting("/production") as production:
        found = {"test": test, "demo": demo, "production": production}
        for visitor in found.values():
            visitor.http.post("/_control/reset").raise_for_status()
        yield found


def _enter(visitor: Visitor) -> Visitor:
    """Log in as one can everywhere: with a certificate that this environment has issued."""
    visitor.redeem(visitor.begin_login(issue_pair(visitor, nip=SELLER)[1]))
    return visitor


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_test_stands_at_the_root_and_at_its_name(visitors: dict[str, Visitor]) -> None:
    """One environment by two addresses; each answer links to where it was asked."""
    _enter(visitors["test"])
    with _visiting("/test") as same:
        same.token = visitors["test"].token
        session = same.open_session()
        status = same.judged(session, make_invoice())
        assert status["upoDownloadUrl"].startswith("http://ksef.test/test/download/")
        status = visitors["test"].invoice(session, status["referenceNumber"])
        assert status["upoDownloadUrl"].startswith("http://ksef.test/download/")


@pytest.mark.parametrize("name", NAMES)
def test_whole_way_in_every_environment(visitors: dict[str, Visitor], name: str) -> None:
    """Log in, send, receive: the receipt names the environment, its link leads back, the code's page knows it."""
    visitor = _enter(visitors[name])
    content = make_invoice()
    status = visitor.judged(visitor.open_session(), content)
    assert status["status"]["code"] == 200
    receipt = visitor.http.get(status["upoDownloadUrl"], headers={})
    assert receipt.headers["x-ms-meta-hash"] == sha256_base64(receipt.content)
    receiver = etree.fromstring(receipt.content).findtext(f"{UPO}NazwaPodmiotuPrzyjmujacego")
    assert (
        receiver
        == {
            "test": "Ministerstwo Finansów - środowisko testowe (TE)",
            "demo": "Ministerstwo Finansów - środowisko przedprodukcyjne (TR)",
            "production": "Ministerstwo Finansów",
        }[name]
    )
    digest = sha256_base64(content).rstrip("=").translate(str.maketrans("+/", "-_"))
    page = f"/invoice/{SELLER}/{START:%d-%m-%Y}/{digest}"
    found = {other: status["ksefNumber"] in visitors[other].http.get(page).text for other in NAMES}
    assert found == {other: other == name for other in NAMES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMS)
def test_forms(visitors: dict[str, Visitor], name: str, form: str) -> None:
    """1 and 4.2: FA(2) is for TEST alone."""
    visitor = _enter(visitors[name])
    version, value = FORMS[form]
    body = visitor.opening(os.urandom(32), os.urandom(16))
    body["formCode"] = {"systemCode": form, "schemaVersion": version, "value": value}
    if form == "FA (2)" and name != "test":
        assert visitor.refusal("POST", "/v2/sessions/online", json=body) == 21405
    else:
        assert visitor.ask("POST", "/v2/sessions/online", json=body).status_code == 201


@pytest.mark.parametrize("name", NAMES)
def test_check_digits_of_a_nip(visitors: dict[str, Visitor], name: str) -> None:
    """1: enforced in production; elsewhere when the session asks for it."""
    visitor = _enter(visitors[name])
    content = make_invoice(buyer=WRONG_NIP)
    plain = visitor.judged(visitor.open_session(), content)
    assert plain["status"]["code"] == (450 if name == "production" else 200)
    asked = visitor.open_session(headers={"X-KSeF-Feature": "subject-identifier-validation"})
    content = make_invoice(number="FV/2", buyer=WRONG_NIP)
    assert visitor.judged(asked, content)["status"]["code"] == 450


@pytest.mark.parametrize("name", NAMES)
def test_test_data_is_for_test_alone(visitors: dict[str, Visitor], name: str) -> None:
    """1: not one of the operations under /testdata exists elsewhere, with or without a login."""
    visitor = _enter(visitors[name])
    routes = [route for route in ROUTES if route.path.startswith("/v2/testdata/")]
    assert len(routes) > 8
    for route in routes:
        path = route.path.replace("{", "").replace("}", "")
        for headers in ({}, {"Authorization": f"Bearer {visitor.token}"}):
            status = visitor.http.request(route.method, path, headers=headers, json={}).status_code
            assert (status == 404) == (name != "test"), (route, status)


@pytest.mark.parametrize("name", NAMES)
def test_warnings_on_demand_are_for_test_alone(visitors: dict[str, Visitor], name: str) -> None:
    """0: X-Test-System-Warning; a warning that was set is told everywhere."""
    wanted = {"X-Test-System-Warning": "[W]: x"}
    answer = visitors[name].ask("POST", "/v2/auth/challenge", headers=wanted)
    assert answer.headers.get("x-system-warning") == ("[W]: x" if name == "test" else None)
    visitors[name].ask("POST", "/_control/warning", json={"text": "[S]: y"})
    assert visitors[name].ask("POST", "/v2/auth/challenge").headers["x-system-warning"] == "[S]: y"


def test_bearer_tokens_are_not_portable(visitors: dict[str, Visitor]) -> None:
    """1: each has its issuer and audience, and is 401 elsewhere."""
    for visitor in visitors.values():
        _enter(visitor)
    issued = {name: _claims(visitor.token) for name, visitor in visitors.items()}
    assert {name: claims["iss"] for name, claims in issued.items()} == {
        "test": "ksef-api-te",
        "demo": "ksef-api-tr",
        "production": "ksef-api-pr",
    }
    assert all(claims["aud"] == claims["iss"] for claims in issued.values())
    for name, visitor in visitors.items():
        for other in NAMES:
            status = visitors[other].ask("GET", "/v2/rate-limits", token=visitor.token).status_code
            assert status == (200 if other == name else 401)


def test_ksef_tokens_and_keys_are_not_portable(visitors: dict[str, Visitor]) -> None:
    """1: a token of one is 450 in another, a key of one is 21470; never cache keys across environments."""
    test, demo = visitors["test"], visitors["demo"]
    token = demo.control_token()
    assert demo.login_status(demo.begin_token_login(token))["code"] == 200
    assert test.login_status(test.begin_token_login(token))["code"] == 450
    key_ids = {visitor.public_key()[1] for visitor in visitors.values()}
    assert len(key_ids) == 3
    _enter(test)
    opening = test.opening(os.urandom(32), os.urandom(16), publicKeyId=demo.public_key()[1])
    assert test.refusal("POST", "/v2/sessions/online", json=opening) == 21470


def test_control_of_one_leaves_the_others_alone(visitors: dict[str, Visitor]) -> None:
    """Clock, settings, faults, outages and a reset are each environment's own."""
    test, demo = visitors["test"], visitors["demo"]
    for visitor in visitors.values():
        _enter(visitor)
        visitor.judged(visitor.open_session(), make_invoice())
    demo.ask("POST", "/_control/clock", json={"offset": 3600})
    demo.ask("POST", "/_control/options", json={"processing": 9})
    fault = {"match": {"path_regex": "challenge$"}, "action": "status", "status": 503}
    demo.ask("POST", "/_control/faults", json={"faults": [fault]})
    demo.ask("POST", "/_control/outages", json={"outages": [{"category": "FAILURE", "api": "works"}]})
    assert [visitor.get("/latarnia/status")["status"] for visitor in visitors.values()] == [
        "AVAILABLE",
        "FAILURE",
        "AVAILABLE",
    ]
    assert [visitor.http.post("/v2/auth/challenge").status_code for visitor in visitors.values()] == [
        200,
        503,
        200,
    ]
    assert [visitor.get("/_control/options")["processing"] for visitor in visitors.values()] == [0.5, 9, 0.5]
    assert [visitor.get("/_control/clock")["offset"] for visitor in visitors.values()] == [0, 3600, 0]
    assert demo.ask("POST", "/_control/reset").status_code == 204
    assert [len(visitor.get("/_control/ledger")["received"]) for visitor in visitors.values()] == [1, 0, 1]
    assert [visitor.get("/_control/")["state"]["environment"] for visitor in visitors.values()] == [*NAMES]
    assert test.ask("GET", "/v2/rate-limits").status_code == 200
    assert demo.ask("GET", "/v2/rate-limits").status_code == 401


def test_rate_limits_are_counted_apart(visitors: dict[str, Visitor]) -> None:
    """12: a block in one is none in another."""
    for visitor in visitors.values():
        _enter(visitor).ask("POST", "/_control/options", json={"rate_limits": True})
    for _ in range(10):
        visitors["demo"].get("/v2/rate-limits")
    assert [visitor.ask("GET", "/v2/rate-limits").status_code for visitor in visitors.values()] == [
        200,
        429,
        200,
    ]


def test_the_same_invoice_in_each(visitors: dict[str, Visitor]) -> None:
    """13.2: uniqueness is within an environment."""
    numbers = set()
    for visitor in visitors.values():
        session = _enter(visitor).open_session()
        status = visitor.judged(session, make_invoice())
        assert status["status"]["code"] == 200
        assert visitor.judged(session, make_invoice())["status"]["code"] == 440
        numbers.add(status["ksefNumber"])
    assert len(numbers) == 3


def test_names_of_environments_are_whole_path_segments(visitors: dict[str, Visitor]) -> None:
    """/demonstration is TEST's, and does not exist there; /demo is DEMO's front page only with its slash."""
    http = visitors["test"].http
    assert http.get("/demonstration/v2/security/public-key-certificates").status_code == 404
    assert "http://ksef.test/demo/v2" in http.get("/demo/").text
    assert http.get("/demo").status_code == 404


def _moved_clock(folder: Path) -> tuple[float, float]:
    """Move DEMO's clock by five seconds, and return how far it and TEST's were before."""
    with (
        create_environments(data=folder) as app,
        httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://ksef.test") as http,
    ):
        demo, test = (http.get(f"{at}/_control/clock").json()["offset"] for at in ("/demo", ""))
        http.post("/demo/_control/clock", json={"offset": demo + 5})
        return demo, test


def test_each_keeps_its_own_folder(tmp_path: Path) -> None:
    """With --data: three memories, which outlive the process."""
    found = [_moved_clock(tmp_path) for _ in range(2)]
    assert found == [(0, 0), (5, 0)]
    assert {path.name for path in tmp_path.iterdir()} == {flavour.name for flavour in FLAVOURS}


def test_flavours_are_those_of_the_digest() -> None:
    """1: the table, once more in figures."""
    assert [flavour.name for flavour in FLAVOURS] == [*NAMES]

    def told(flavour: Flavour) -> tuple[bool, bool, bool]:
        return flavour.takes_self_signed, flavour.checks_nip, flavour.has_test_data

    assert [told(flavour) for flavour in (TEST, DEMO, PRODUCTION)] == [
        (True, False, True),
        (False, False, False),
        (False, True, False),
    ]
