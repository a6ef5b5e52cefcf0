"""Lists of sessions of both kinds, who sees which, and sessions that the control API ends (section 4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.ministry import (
    OpenSession,
    Visitor,
    make_credential,
    make_invoice,
    seal_subject,
    visiting,
)
from tests.contract.packages import invoices, open_batch, package_of, processed, send_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

PERSON = "1234563218"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


def _listed(visitor: Visitor, query: str = "", kind: str = "Online") -> list[str]:
    """Return the references of all pages."""
    path = f"/v2/sessions?sessionType={kind}{query}"
    page = visitor.get(path)
    found = list(page["sessions"])
    while token := page.get("continuationToken"):
        page = visitor.get(path, headers={"x-continuation-token": token})
        assert page["sessions"]
        found += page["sessions"]
    return [item["referenceNumber"] for item in found]


def _opened(visitor: Visitor, count: int) -> list[OpenSession]:
    """Open so many sessions, two in each second."""
    sessions = []
    for number in range(count):
        sessions.append(visitor.open_session())
        visitor.clock.advance(seconds=number % 2)
    return sessions


def test_pages_of_sessions(visitor: Visitor) -> None:
    """4.5 and 0: newest first; every session once, however many moments they share."""
    expected = [session.reference for session in reversed(_opened(visitor, 23))]
    assert _listed(visitor) == expected
    assert _listed(visitor, "&pageSize=11") == expected
    first = visitor.get("/v2/sessions?sessionType=Online")
    assert len(first["sessions"]) == 10
    assert "continuationToken" not in visitor.get("/v2/sessions?sessionType=Online&pageSize=23")


def test_pages_stand_still_while_sessions_come(visitor: Visitor) -> None:
    """0: a session opened between two pages moves nothing."""
    expected = [session.reference for session in reversed(_opened(visitor, 12))]
    page = visitor.get("/v2/sessions?sessionType=Online")
    visitor.open_session()
    rest = visitor.get(
        "/v2/sessions?sessionType=Online", headers={"x-continuation-token": page["continuationToken"]}
    )
    assert [item["referenceNumber"] for item in page["sessions"] + rest["sessions"]] == expected


@pytest.mark.parametrize(
    "token", ["x", "bm9uZQ==", "W10=", "WyIvdjIvc2Vzc2lvbnMiLCBbMV1d", "WyIvdjIvc2Vzc2lvbnMiLCBbMSwgLTFdXQ=="]
)
def test_tokens_that_are_not_ours(visitor: Visitor, token: str) -> None:
    """21418: no JSON, another shape, one number too few, a negative one."""
    headers = {"x-continuation-token": token}
    assert visitor.refusal("GET", "/v2/sessions?sessionType=Online", headers=headers) == 21418


@pytest.mark.parametrize("size", ["9", "1001", "x", "-10", "1e2", "٣٠", "9" * 30])
def test_sizes_that_are_none(visitor: Visitor, size: str) -> None:
    """4.5: ten to a thousand."""
    assert visitor.refusal("GET", f"/v2/sessions?sessionType=Online&pageSize={size}") == 21405


def test_filters_of_both_kinds(visitor: Visitor) -> None:
    """4.5: status, reference, and all three dates, of packages as of online sessions."""
    good = processed(visitor, package_of(invoices(1)))
    visitor.clock.advance(minutes=1)
    bad = processed(visitor, package_of({"x.xml": b"<x/>"}))
    visitor.clock.advance(minutes=1)
    waiting = send_batch(visitor, package_of(invoices(1, first=2)))
    visitor.clock.advance(minutes=1)
    opened = open_batch(visitor, package_of(invoices(1, first=3)))
    visitor.ask("POST", "/_control/sessions/expire", json={"referenceNumber": opened.reference})

    def references(query: str) -> list[str]:
        return _listed(visitor, query, kind="Batch")

    everything = [opened.reference, waiting.reference, bad.reference, good.reference]
    assert references("") == everything
    assert references("&statuses=Succeeded") == [waiting.reference, good.reference]
    assert references("&statuses=Failed") == [bad.reference]
    assert references("&statuses=Cancelled") == [opened.reference]
    assert references("&statuses=Cancelled&statuses=Failed") == [opened.reference, bad.reference]
    assert references("&statuses=InProgress") == []
    assert references(f"&referenceNumber={bad.reference}") == [bad.reference]
    assert references("&dateCreatedFrom=2026-11-20T10:02:00Z") == [opened.reference, waiting.reference]
    assert references("&dateClosedTo=2026-11-20T10:01:30Z") == [bad.reference, good.reference]
    assert references("&dateModifiedFrom=2026-11-20T10:03:00Z") == [opened.reference]
    assert references("&dateModifiedTo=2026-11-20T10:00:59Z&statuses=Succeeded") == [good.reference]
    assert _listed(visitor) == []


def test_in_progress_until_the_outcome(visitor: Visitor) -> None:
    """4.5: 100 and 150 are InProgress."""
    session = open_batch(visitor, package_of(invoices(1)))
    assert _listed(visitor, "&statuses=InProgress", kind="Batch") == [session.reference]
    session.upload_all()
    session.close()
    assert _listed(visitor, "&statuses=InProgress", kind="Batch") == [session.reference]
    visitor.clock.advance(seconds=1)
    assert _listed(visitor, "&statuses=InProgress", kind="Batch") == []


@pytest.mark.parametrize("name", ["dateCreatedFrom", "dateClosedTo", "dateModifiedTo"])
@pytest.mark.parametrize("value", ["soon", "2026-13-01T00:00:00Z", "99999-01-01", "2026-11-20T25:00:00"])
def test_dates_that_are_none(visitor: Visitor, name: str, value: str) -> None:
    """21405."""
    assert visitor.refusal("GET", f"/v2/sessions?sessionType=Online&{name}={value}") == 21405


def test_who_sees_whose_sessions(visitor: Visitor) -> None:
    """4.5: InvoiceWrite sees what its subject opened; Introspection and EnforcementOperations see the history."""
    owners = visitor.open_session()
    _grant(visitor, "InvoiceWrite")
    _log_in_as_person(visitor)
    own = visitor.open_session()
    assert _listed(visitor) == [own.reference]
    visitor.log_in()
    assert _listed(visitor) == [own.reference, owners.reference]
    _grant(visitor, "Introspection")
    _log_in_as_person(visitor)
    assert _listed(visitor) == [own.reference, owners.reference]


def _grant(visitor: Visitor, permission: str) -> None:
    """Let a person work for the company."""
    body = {
        "contextIdentifier": {"type": "Nip", "value": "5265877635"},
        "authorizedIdentifier": {"type": "Nip", "value": PERSON},
        "permissions": [{"permissionType": permission, "description": "Praca w firmie"}],
    }
    assert visitor.ask("POST", "/v2/testdata/permissions", json=body, token="").status_code == 200


def _log_in_as_person(visitor: Visitor) -> None:
    visitor.redeem(visitor.begin_login(make_credential(seal_subject(PERSON))))


def test_counts_follow_the_invoices(visitor: Visitor) -> None:
    """4.5: the list tells the same as the status."""
    session = visitor.open_session()
    visitor.send(session, make_invoice())
    visitor.send(session, b"<no/>")
    names = ("totalInvoiceCount", "successfulInvoiceCount", "failedInvoiceCount")

    def counts() -> list[int]:
        (item,) = visitor.get("/v2/sessions?sessionType=Online")["sessions"]
        return [item[name] for name in names]

    assert counts() == [2, 0, 0]
    visitor.clock.advance(seconds=1)
    assert counts() == [2, 1, 1]


def _fail(visitor: Visitor, **body: Any) -> Any:
    return visitor.ask("POST", "/_control/sessions/fail", json=body)


@pytest.mark.parametrize("code", [405, 420, 430, 435, 445, 500])
def test_package_fails_in_mid_run(visitor: Visitor, code: int) -> None:
    """4.5: a planned outcome; the waiting invoices are cancelled with the session (405), and may be sent anew."""
    session = send_batch(visitor, package_of(invoices(3)))
    visitor.clock.advance(seconds=0.25)
    assert set(session.codes().values()) == {150}
    assert _fail(visitor, code=code).json() == {"referenceNumber": session.reference, "code": code}
    assert session.code == code
    assert set(session.codes().values()) == {405}
    status = session.status()
    assert (status["invoiceCount"], status["failedInvoiceCount"]) == (3, 3)
    assert len(session.invoices("/failed")) == 3
    assert processed(visitor, session.package).code == 200


def test_package_fails_before_it_is_unpacked(visitor: Visitor) -> None:
    """4.5: 500 while it waits; uploads and the close are over."""
    session = open_batch(visitor, package_of(invoices(2), parts=2))
    session.upload(1)
    assert _fail(visitor, code=500, details=["Awaria"]).status_code == 200
    assert (session.code, session.details) == (500, ["Awaria"])
    assert session.upload(2).status_code == 403
    assert session.refused_close() == 21180


def test_online_session_fails_in_mid_run(visitor: Visitor) -> None:
    """4.5: what was judged stays, what waited ends with 405; sending is refused from then on."""
    session = visitor.open_session()
    assert visitor.judged(session, make_invoice())["status"]["code"] == 200
    waiting = visitor.send(session, make_invoice(number="FV/2"))
    assert _fail(visitor, code=440, referenceNumber=session.reference).status_code == 200
    assert visitor.invoice(session, waiting)["status"]["code"] == 405
    path = f"/v2/sessions/online/{session.reference}/invoices"
    assert visitor.refusal("POST", path, json=session.package(make_invoice(number="FV/3"))) == 21180


def test_failures_that_make_no_sense(visitor: Visitor) -> None:
    """The control API refuses codes the table has not, sessions that are unknown, and a second outcome."""
    assert _fail(visitor, code=500).status_code == 404
    session = visitor.open_session()
    assert _fail(visitor, code=500).status_code == 400
    assert _fail(visitor, code=440, referenceNumber="x").status_code == 404
    assert _fail(visitor, code=440).status_code == 200
    assert _fail(visitor, code=440, referenceNumber=session.reference).status_code == 400


def test_session_closed_from_elsewhere(visitor: Visitor) -> None:
    """F16: another program of the company closes it; sending is 21180 and what was sent is judged."""
    session = visitor.open_session()
    visitor.send(session, make_invoice())
    assert visitor.ask("POST", "/_control/sessions/close").json()["code"] == 170
    path = f"/v2/sessions/online/{session.reference}"
    assert (
        visitor.refusal("POST", f"{path}/invoices", json=session.package(make_invoice(number="FV/2")))
        == 21180
    )
    assert visitor.refusal("POST", f"{path}/close") == 21180
    visitor.clock.advance(seconds=1)
    assert visitor.get(f"/v2/sessions/{session.reference}")["status"]["code"] == 200
    batch = open_batch(visitor, package_of(invoices(1, first=2)))
    assert visitor.ask("POST", "/_control/sessions/close").status_code == 400
    batch.upload_all()
    assert visitor.ask("POST", "/_control/sessions/close").json()["code"] == 150


def test_failure_planned_around_a_request(visitor: Visitor) -> None:
    """4.5: a fault may carry the operation out right after a close, on the newest session."""
    operation = {"method": "POST", "path": "/_control/sessions/fail", "body": {"code": 500}}
    fault = {"match": {"path_regex": "batch/.*/close$"}, "action": "control_after", "operation": operation}
    visitor.ask("POST", "/_control/faults", json={"faults": [fault]}).raise_for_status()
    session = send_batch(visitor, package_of(invoices(2)))
    visitor.clock.advance(seconds=1)
    assert (session.code, session.invoices()) == (500, [])
