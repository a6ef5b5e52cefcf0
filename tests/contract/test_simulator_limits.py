"""The simulator's limits: requests in time, sizes and numbers of invoices, certificates (sections 12 and 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.ministry import BUYER, Visitor, calling_from, make_invoice, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

pytestmark = pytest.mark.contract

CHALLENGE = "/v2/auth/challenge"
RATES = "/v2/testdata/rate-limits"
SESSION = "/v2/testdata/limits/context/session"
CERTIFICATE = "/v2/testdata/limits/subject/certificate"
PROBLEM = {"X-Error-Format": "problem-details"}

GENEROUS = {"perSecond": 100, "perMinute": 1000, "perHour": 10_000}
CHANGEABLE = (
    *("onlineSession", "batchSession", "invoiceSend", "invoiceStatus", "sessionList", "sessionInvoiceList"),
    *("sessionMisc", "invoiceMetadata", "invoiceExport", "invoiceExportStatus", "invoiceDownload"),
    *("collectiveIdentifier", "other"),
)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def _settings(visitor: Visitor, **options: float) -> None:
    changed = visitor.ask("POST", "/_control/options", json=options)
    assert changed.status_code == 200, changed.text


def _counted(visitor: Visitor) -> Visitor:
    """Log in for a long time and have the calls counted as in production."""
    _settings(visitor, access_token_lifetime=9 * 3600)
    visitor.log_in()
    _settings(visitor, rate_limits=True)
    return visitor


def _burst(visitor: Visitor, path: str, *, times: int, method: str = "GET", **request: Any) -> list[int]:
    return [visitor.ask(method, path, **request).status_code for _ in range(times)]


def _refused(visitor: Visitor, path: str, **request: Any) -> httpx.Response:
    answer = visitor.ask("GET", path, **request)
    assert answer.status_code == 429, answer.text
    return answer


def _rates(**changes: dict[str, int]) -> dict[str, Any]:
    return {"rateLimits": dict.fromkeys(CHANGEABLE, GENEROUS) | changes}


def _lower(visitor: Visitor, **changes: dict[str, int]) -> None:
    assert visitor.ask("POST", RATES, json=_rates(**changes)).status_code == 200


def test_nothing_is_counted_unless_asked(visitor: Visitor) -> None:
    """The default of the program and of the tests."""
    visitor.log_in()
    assert set(_burst(visitor, "/v2/rate-limits", times=150)) == {200}


@pytest.mark.parametrize(
    ("bursts", "at", "limit", "retry_after"),
    [
        ([0], 0.25, "10 żądań na sekundę", 1),
        ([0, 1, 2], 3, "30 żądań na minutę", 57),
        ([0, 1, 2, 60, 61, 62, 120, 121, 122, 180, 181, 182], 240, "120 żądań na godzinę", 3360),
    ],
)
def test_all_three_windows_slide(
    visitor: Visitor, bursts: list[int], at: float, limit: str, retry_after: int
) -> None:
    """12: the answer names the limit that is broken, and a call fits again at Retry-After and not before."""
    _counted(visitor)
    start = visitor.clock.now
    for moment in bursts:
        visitor.clock.now = start
        visitor.clock.advance(seconds=moment)
        assert _burst(visitor, "/v2/limits/context", times=10) == [200] * 10
    visitor.clock.now = start
    visitor.clock.advance(seconds=at)
    answer = _refused(visitor, "/v2/limits/context")
    assert int(answer.headers["retry-after"]) == retry_after
    (text,) = answer.json()["status"]["details"]
    assert text == f"Przekroczono limit {limit}. Spróbuj ponownie po {retry_after} sekundach."
    visitor.clock.advance(seconds=retry_after)
    assert visitor.ask("GET", "/v2/limits/context").status_code == 200


def test_refusal_in_both_formats(visitor: Visitor) -> None:
    """12: the legacy body and problem+json, each with the header; Visitor holds them against the contract."""
    _counted(visitor)
    _burst(visitor, "/v2/rate-limits", times=10)
    assert _refused(visitor, "/v2/rate-limits").json()["status"]["code"] == 429
    problem = _refused(visitor, "/v2/rate-limits", headers=PROBLEM)
    assert (problem.json()["status"], problem.json()["title"]) == (429, "Too Many Requests")
    assert "Przekroczono limit 10 żądań na sekundę." in problem.json()["detail"]
    assert problem.headers["retry-after"] == "2"


def test_block_grows_with_every_violation_and_is_forgiven(visitor: Visitor) -> None:
    """12: a call during a block doubles it, up to two hours; after a quiet hour the first is the first again."""
    _counted(visitor)
    path = "/v2/limits/subject"
    _burst(visitor, path, times=10)
    waits = [int(_refused(visitor, path).headers["retry-after"]) for _ in range(16)]
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert waits[12:] == [4096, 7200, 7200, 7200]
    visitor.clock.advance(seconds=7199)
    assert int(_refused(visitor, path).headers["retry-after"]) == 7200
    visitor.clock.advance(seconds=7200)
    assert _burst(visitor, path, times=11) == [*[200] * 10, 429]
    visitor.clock.advance(hours=3)
    _burst(visitor, path, times=10)
    assert _refused(visitor, path).headers["retry-after"] == "1"


def test_refused_calls_do_not_fill_the_windows(visitor: Visitor) -> None:
    """Only what was answered is counted: otherwise nobody would ever come out of a block."""
    _counted(visitor)
    path = "/v2/limits/subject"
    assert _burst(visitor, path, times=12) == [*[200] * 10, 429, 429]
    visitor.clock.advance(seconds=2)
    assert _burst(visitor, path, times=10) == [200] * 10


def test_groups_contexts_and_operations_are_counted_apart(visitor: Visitor) -> None:
    """12: by context; by group; and within "other" by operation."""
    _counted(visitor)
    _burst(visitor, "/v2/rate-limits", times=10)
    _refused(visitor, "/v2/rate-limits")
    assert visitor.ask("GET", "/v2/limits/context").status_code == 200
    assert visitor.ask("GET", "/v2/tokens").status_code == 200
    assert _burst(visitor, "/v2/sessions?sessionType=Online", times=6) == [*[200] * 5, 429]
    theirs = Visitor(visitor.clock, visitor.http)
    theirs.log_in(BUYER)
    assert theirs.ask("GET", "/v2/rate-limits").status_code == 200
    _refused(visitor, "/v2/rate-limits")


def test_one_group_for_several_operations(visitor: Visitor) -> None:
    """12: the list of a session's invoices and of the failed ones share their limit."""
    _counted(visitor)
    session = visitor.open_session()
    path = f"/v2/sessions/{session.reference}/invoices"
    assert _burst(visitor, path, times=5) == [200] * 5
    assert _burst(visitor, f"{path}/failed", times=6) == [*[200] * 5, 429]
    _refused(visitor, path)


def test_addresses_are_counted_apart(visitor: Visitor) -> None:
    """12: context *and* client address."""
    _counted(visitor)
    _burst(visitor, "/v2/rate-limits", times=11)
    with calling_from(visitor, "192.0.2.7") as elsewhere:
        assert elsewhere.ask("GET", "/v2/rate-limits").status_code == 200
    _refused(visitor, "/v2/rate-limits")


def test_anonymous_calls_are_counted_by_address(visitor: Visitor) -> None:
    """12: 60 a second for all of them together, and no longer window."""
    _counted(visitor)
    assert _burst(visitor, CHALLENGE, times=60, method="POST") == [200] * 60
    _refused(visitor, "/v2/security/public-key-certificates")
    with calling_from(visitor, "192.0.2.7") as elsewhere:
        assert elsewhere.ask("POST", CHALLENGE).status_code == 200
    for _ in range(3):
        visitor.clock.advance(seconds=2)
        assert set(_burst(visitor, CHALLENGE, times=60, method="POST")) == {200}


def test_refused_call_has_no_effect(visitor: Visitor) -> None:
    """The eleventh invoice of a second never comes in."""
    _counted(visitor)
    session = visitor.open_session()
    path = f"/v2/sessions/online/{session.reference}/invoices"
    answers = [
        visitor.ask("POST", path, json=session.package(make_invoice(number=f"FV/{turn}"))).status_code
        for turn in range(11)
    ]
    assert answers == [*[202] * 10, 429]
    assert len(visitor.get("/_control/ledger")["received"]) == 10


def test_links_and_everything_outside_the_api_are_not_counted(visitor: Visitor) -> None:
    """12: pre-signed links; here also the pages and the control API."""
    _counted(visitor)
    session = visitor.open_session()
    link = visitor.judged(session, make_invoice())["upoDownloadUrl"]
    for path in (link, "/", "/_control/clock"):
        assert set(_burst(visitor, path, times=130, token="")) == {200}


def test_calls_without_a_valid_token_are_not_counted(visitor: Visitor) -> None:
    """There is no context to count them by; they are 401."""
    _counted(visitor)
    assert set(_burst(visitor, "/v2/tokens", times=130, token="x.y.z")) == {401}


def test_limits_of_one_context_can_be_changed(visitor: Visitor) -> None:
    """14: shown, counted even where nothing else is, and taken back."""
    visitor.log_in()
    default = visitor.get("/v2/rate-limits")
    _lower(visitor, sessionList={"perSecond": 2, "perMinute": 3, "perHour": 1000})
    shown = visitor.get("/v2/rate-limits")
    assert shown["sessionList"] == {"perSecond": 2, "perMinute": 3, "perHour": 1000}
    assert shown["other"] == GENEROUS
    assert {name: shown[name] for name in shown.keys() - {*CHANGEABLE}} == {
        name: default[name] for name in default.keys() - {*CHANGEABLE}
    }
    path = "/v2/sessions?sessionType=Online"
    assert _burst(visitor, path, times=3) == [200, 200, 429]
    theirs = Visitor(visitor.clock, visitor.http)
    theirs.log_in(BUYER)
    assert theirs.get("/v2/rate-limits") == default
    assert _burst(theirs, path, times=3) == [200] * 3
    assert visitor.ask("DELETE", RATES).status_code == 200
    assert visitor.get("/v2/rate-limits") == default
    assert set(_burst(visitor, path, times=20)) == {200}


def test_production_limits_for_one_context(visitor: Visitor) -> None:
    """14: counted from then on, as in production."""
    visitor.log_in()
    assert visitor.ask("POST", f"{RATES}/production").status_code == 200
    assert visitor.get("/v2/rate-limits")["sessionList"] == {"perSecond": 5, "perMinute": 10, "perHour": 60}
    assert _burst(visitor, "/v2/sessions?sessionType=Online", times=6) == [*[200] * 5, 429]


def test_limits_lowered_at_run_time(visitor: Visitor) -> None:
    """F9: half of everything; GET /rate-limits tells so and the next call is held against it."""
    _counted(visitor)
    _burst(visitor, "/v2/limits/context", times=6)
    _settings(visitor, rate_factor=0.5)
    shown = visitor.get("/v2/rate-limits")
    assert shown["other"] == {"perSecond": 5, "perMinute": 15, "perHour": 60}
    _refused(visitor, "/v2/limits/context")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rateLimits": {"other": GENEROUS}},
        _rates(other={"perSecond": 1, "perMinute": 1}),
        _rates(other={"perSecond": -1, "perMinute": 1, "perHour": 1}),
        _rates(other={"perSecond": 2**31, "perMinute": 1, "perHour": 1}),
    ],
)
def test_rate_limits_that_make_no_sense(visitor: Visitor, body: dict[str, Any]) -> None:
    """14: 21405, and nothing has changed."""
    visitor.log_in()
    default = visitor.get("/v2/rate-limits")
    assert visitor.refusal("POST", RATES, json=body) == 21405
    assert visitor.get("/v2/rate-limits") == default


def _session_limits(**changes: object) -> dict[str, Any]:
    session = {"maxInvoiceSizeInMB": 2, "maxInvoiceWithAttachmentSizeInMB": 4, "maxInvoices": 2}
    return {
        "onlineSession": session,
        "batchSession": session,
        "collectiveIdentifier": {"maxInvoices": 7},
    } | changes


def test_session_limits_of_one_context(visitor: Visitor) -> None:
    """14: shown for this context alone, and taken back."""
    visitor.log_in()
    default = visitor.get("/v2/limits/context")
    batch = {"maxInvoiceSizeInMB": 5, "maxInvoiceWithAttachmentSizeInMB": 10, "maxInvoices": 100_000}
    changed = _session_limits(batchSession=batch)
    assert visitor.ask("POST", SESSION, json=changed).status_code == 200
    assert visitor.get("/v2/limits/context") == changed
    theirs = Visitor(visitor.clock, visitor.http)
    theirs.log_in(BUYER)
    assert theirs.get("/v2/limits/context") == default
    assert visitor.ask("DELETE", SESSION).status_code == 200
    assert visitor.get("/v2/limits/context") == default


def test_changed_session_limits_hold(visitor: Visitor) -> None:
    """14: 21155 for one invoice too many, a rejection for one that is too large, and both as before afterwards."""
    visitor.log_in()
    none = {"maxInvoiceSizeInMB": 0, "maxInvoiceWithAttachmentSizeInMB": 0, "maxInvoices": 2}
    visitor.ask("POST", SESSION, json=_session_limits(onlineSession=none))
    session = visitor.open_session()
    assert visitor.judged(session, make_invoice())["status"]["code"] == 430
    visitor.send(session, make_invoice())
    path = f"/v2/sessions/online/{session.reference}/invoices"
    assert visitor.refusal("POST", path, json=session.package(make_invoice())) == 21155
    visitor.ask("DELETE", SESSION)
    assert visitor.judged(session, make_invoice(number="FV/2"))["status"]["code"] == 200


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("maxInvoiceSizeInMB", 6),
        ("maxInvoiceWithAttachmentSizeInMB", 11),
        ("maxInvoices", 100_001),
        ("maxInvoices", -1),
        ("maxInvoices", "2"),
        ("maxInvoices", None),
    ],
)
@pytest.mark.parametrize("kind", ["onlineSession", "batchSession"])
def test_session_limits_out_of_bounds(visitor: Visitor, kind: str, member: str, value: object) -> None:
    """14: the contract's bounds; 21405 and nothing has changed."""
    visitor.log_in()
    default = visitor.get("/v2/limits/context")
    body = _session_limits()
    assert visitor.refusal("POST", SESSION, json=body | {kind: body[kind] | {member: value}}) == 21405
    for most in (1, 5001):
        body = _session_limits(collectiveIdentifier={"maxInvoices": most})
        assert visitor.refusal("POST", SESSION, json=body) == 21405
    assert visitor.get("/v2/limits/context") == default


def _subject_limits(visitor: Visitor) -> tuple[int, int]:
    shown = visitor.get("/v2/limits/subject")
    return shown["enrollment"]["maxEnrollments"], shown["certificate"]["maxCertificates"]


def test_certificate_limits_of_one_subject(visitor: Visitor) -> None:
    """3 and 14: 300/100 for a company; what is left out stays."""
    visitor.log_in()
    assert _subject_limits(visitor) == (300, 100)
    body: dict[str, Any] = {"enrollment": {"maxEnrollments": 3}, "certificate": {"maxCertificates": 2}}
    assert visitor.ask("POST", CERTIFICATE, json={**body, "subjectIdentifierType": "Nip"}).status_code == 200
    assert _subject_limits(visitor) == (3, 2)
    partly = {"enrollment": None, "certificate": {"maxCertificates": 0}}
    assert visitor.ask("POST", CERTIFICATE, json=partly).status_code == 200
    assert _subject_limits(visitor) == (300, 0)
    theirs = Visitor(visitor.clock, visitor.http)
    theirs.log_in(BUYER)
    assert _subject_limits(theirs) == (300, 100)
    assert visitor.ask("DELETE", CERTIFICATE).status_code == 200
    assert _subject_limits(visitor) == (300, 100)
    for wrong in ({"enrollment": {"maxEnrollments": -1}}, {"subjectIdentifierType": "Regon"}):
        assert visitor.refusal("POST", CERTIFICATE, json=wrong) == 21405


def test_limits_are_taken_back_by_a_reset(visitor: Visitor) -> None:
    """Every context begins anew, the counters too."""
    _counted(visitor)
    _burst(visitor, "/v2/limits/context", times=11)
    _lower(visitor, sessionList={"perSecond": 1, "perMinute": 1, "perHour": 1})
    visitor.ask("POST", "/_control/reset")
    _counted(visitor)
    assert visitor.get("/v2/rate-limits")["sessionList"]["perSecond"] == 5
    assert visitor.ask("GET", "/v2/limits/context").status_code == 200


def test_changing_limits_needs_a_login(visitor: Visitor) -> None:
    """14: it is the caller's own context that changes."""
    for method, path in (("POST", RATES), ("DELETE", SESSION), ("DELETE", CERTIFICATE)):
        assert visitor.ask(method, path, json=_rates()).status_code == 401
