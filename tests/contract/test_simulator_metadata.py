"""Metadata of invoices in the simulator: filters, pages, truncation and the HWM (sections 7.1 and 7.2; F28, F29)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.documents import NO_ID, Third, internal_id, nip, other_id, vat_ue, write_fa, write_rr
from tests.contract.ministry import (
    BUYER,
    SELLER,
    START,
    TODAY,
    Visitor,
    make_credential,
    sha256_base64,
    visiting,
)
from tests.contract.permissions import (
    COMPOSED,
    PERSONS,
    SUBUNITS,
    UNIT,
    VAT_UE_ADMINISTRATION,
    Person,
    give,
    pesel,
    to_administrator,
    to_person,
    to_vat_ue,
)
from tests.contract.reading import (
    EVER,
    filters_for,
    find,
    found_numbers,
    metadata_page,
    preload,
    set_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

OTHER = "1234563218"
PATH = "/v2/invoices/query/metadata"
NOW = "2026-11-20T10:00:00.000+00:00"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


def _stored(dates: dict[str, object]) -> dict[str, object]:
    return {"dateType": "PermanentStorage", "from": "2026-11-20T00:00:00Z", **dates}


def test_metadata_of_a_document(visitor: Visitor) -> None:
    """7.1: every member that can be read out of the document or that KSeF adds."""
    third = (Third(nip("3333333333"), 4), Third(NO_ID, 0, None))
    xml = write_fa(
        buyer=vat_ue("DE", "123456789"),
        buyer_name="Käufer",
        third=third,
        authorized=(OTHER, 3),
        currency="EUR",
        amounts=(("P_13_1", "100.10"), ("P_14_1", "23.02"), ("P_14_1W", "98.97")),
        gross="123.12",
        self_invoicing=True,
    )
    [number] = preload(visitor, xml)
    assert metadata_page(visitor, filters_for()) == {
        "hasMore": False,
        "isTruncated": False,
        "invoices": [
            {
                "ksefNumber": number,
                "invoiceNumber": "FV/1",
                "issueDate": "2026-11-20",
                "invoicingDate": NOW,
                "acquisitionDate": NOW,
                "permanentStorageDate": NOW,
                "seller": {"nip": SELLER, "name": "Próba & Syn"},
                "buyer": {"identifier": {"type": "VatUe", "value": "DE123456789"}, "name": "Käufer"},
                "netAmount": 100.1,
                "grossAmount": 123.12,
                "vatAmount": 98.97,
                "currency": "EUR",
                "invoicingMode": "Online",
                "invoiceType": "Vat",
                "formCode": {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"},
                "isSelfInvoicing": True,
                "hasAttachment": False,
                "invoiceHash": sha256_base64(xml),
                "thirdSubjects": [
                    {"identifier": {"type": "Nip", "value": "3333333333"}, "name": "Trzeci", "role": 4},
                    {"identifier": {"type": "None"}, "role": 0},
                ],
                "authorizedSubject": {"nip": OTHER, "name": "Upoważniony", "role": 3},
            }
        ],
    }


def test_invoice_from_a_session_is_found(visitor: Visitor) -> None:
    """7.1: what was sent and accepted, with the hash it corrects technically; a rejected one is nowhere."""
    session = visitor.open_session()
    broken = b"<broken/>"
    assert visitor.judged(session, broken, offlineMode=True)["status"]["code"] == 430
    digest = sha256_base64(broken)
    sent = visitor.judged(session, write_fa(), offlineMode=True, hashOfCorrectedInvoice=digest)
    [found] = metadata_page(visitor, filters_for())["invoices"]
    assert (found["ksefNumber"], found["hashOfCorrectedInvoice"]) == (sent["ksefNumber"], digest)
    for name in ("invoicingDate", "acquisitionDate", "permanentStorageDate", "invoicingMode", "invoiceHash"):
        assert found[name] == sent[name], name


@pytest.fixture
def varied(visitor: Visitor) -> Visitor:
    """A ledger in which every filter parts some from others."""
    preload(visitor, write_fa(number="plain"))
    preload(visitor, write_fa(number="euro", currency="EUR", amounts=(("P_13_7", "50"),), gross="50"))
    preload(visitor, write_fa(number="minus", kind="KOR", amounts=(("P_13_7", "-10"),), gross="-10"))
    preload(visitor, write_fa(number="self", self_invoicing=True, buyer=vat_ue("DE", "1")))
    preload(visitor, write_fa(number="annex", attachment=True, buyer=other_id("X1")))
    preload(visitor, write_fa(number="consumer", buyer=NO_ID))
    preload(visitor, write_fa(number="advance", kind="ZAL"), offlineMode=True)
    preload(visitor, write_fa(number="old", form="FA (2)", kind="ROZ"), form="FA (2)")
    preload(visitor, write_rr(number="farm", seller=SELLER, buyer=BUYER), form="FA_RR (1)")
    return visitor


EVERYTHING = ["plain", "euro", "minus", "self", "annex", "consumer", "advance", "old", "farm"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, EVERYTHING),
        ({"invoiceNumber": "euro"}, ["euro"]),
        ({"invoiceNumber": "eur"}, []),
        ({"amount": {"type": "Brutto", "from": 200}}, ["farm"]),
        ({"amount": {"type": "Brutto", "from": -20, "to": 50}}, ["euro", "minus"]),
        ({"amount": {"type": "Netto", "from": 100, "to": 100}}, ["plain", *EVERYTHING[3:8]]),
        ({"amount": {"type": "Vat", "from": 13.99, "to": 14.01}}, ["farm"]),
        ({"amount": {"type": "Vat"}}, EVERYTHING),
        ({"sellerNip": SELLER}, EVERYTHING),
        ({"sellerNip": OTHER}, []),
        ({"buyerIdentifier": {"type": "Nip"}}, ["plain", "euro", "minus", "advance", "old", "farm"]),
        ({"buyerIdentifier": {"type": "Nip", "value": OTHER}}, []),
        ({"buyerIdentifier": {"type": "VatUe", "value": "DE1"}}, ["self"]),
        ({"buyerIdentifier": {"type": "Other", "value": "X1"}}, ["annex"]),
        ({"buyerIdentifier": {"type": "None"}}, ["consumer"]),
        ({"currencyCodes": ["EUR"]}, ["euro"]),
        ({"currencyCodes": ["EUR", "PLN"]}, EVERYTHING),
        ({"currencyCodes": []}, EVERYTHING),
        ({"invoicingMode": "Offline"}, ["advance"]),
        ({"isSelfInvoicing": True}, ["self"]),
        ({"isSelfInvoicing": False}, [name for name in EVERYTHING if name != "self"]),
        ({"formType": "FA_RR"}, ["farm"]),
        ({"formType": "FA"}, EVERYTHING[:-1]),
        ({"formType": "PEF"}, []),
        ({"invoiceTypes": ["Kor", "VatRr"]}, ["minus", "farm"]),
        ({"invoiceTypes": ["Roz"]}, ["old"]),
        ({"hasAttachment": True}, ["annex"]),
        (
            {"hasAttachment": False, "currencyCodes": ["PLN"], "invoiceTypes": ["Vat"]},
            ["plain", "self", "consumer"],
        ),
        (
            dict.fromkeys(("ksefNumber", "amount", "buyerIdentifier", "currencyCodes", "hasAttachment")),
            EVERYTHING,
        ),
    ],
)
def test_every_filter(varied: Visitor, changes: dict[str, object], expected: list[str]) -> None:
    """7.1: each filter alone and some together; null is as good as nothing."""
    assert find(varied, **changes) == expected


def test_filter_by_ksef_number(varied: Visitor) -> None:
    """7.1: exactly this one."""
    wanted = metadata_page(varied, filters_for())["invoices"][2]
    assert find(varied, ksefNumber=wanted["ksefNumber"]) == ["minus"]
    assert find(varied, ksefNumber=f"{SELLER}-20261120-000000000000-00") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"subjectType": "Subject4"},
        {"subjectType": None},
        {"dateRange": None},
        {"dateRange": {**EVER, "dateType": "Sending"}},
        {"dateRange": {"dateType": "Issue"}},
        {"dateRange": {**EVER, "from": "soon"}},
        {"dateRange": {**EVER, "from": "0001-01-01T00:00:00Z"}},
        {"dateRange": {**EVER, "to": "9999-12-31T23:59:59Z"}},
        {"dateRange": {**EVER, "to": 5}},
        {"dateRange": {**EVER, "to": "2026-08-31T00:00:00Z"}},
        {"dateRange": {**EVER, "dateType": "PermanentStorage", "restrictToPermanentStorageHwmDate": "yes"}},
        {"ksefNumber": "1"},
        {"ksefNumber": f"{SELLER}-20261120-000000000000-0G"},
        {"invoiceNumber": "x" * 257},
        {"amount": {"type": "Gross"}},
        {"amount": {"type": "Brutto", "from": "1"}},
        {"amount": {"type": "Brutto", "from": 10**400}},
        {"amount": {"type": "Brutto", "to": True}},
        {"amount": 5},
        {"sellerNip": "123"},
        {"buyerIdentifier": {"type": "Pesel"}},
        {"buyerIdentifier": {"value": BUYER}},
        {"buyerIdentifier": {"type": "Other", "value": "x" * 51}},
        {"currencyCodes": ["ZŁ"]},
        {"currencyCodes": "PLN"},
        {"invoicingMode": "Both"},
        {"isSelfInvoicing": 1},
        {"formType": "KSEF"},
        {"invoiceTypes": ["VAT"]},
        {"hasAttachment": "no"},
    ],
)
def test_filters_that_make_no_sense(visitor: Visitor, changes: dict[str, object]) -> None:
    """21405 in both error formats."""
    assert visitor.refusal("POST", PATH, json=filters_for() | changes) == 21405


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000], ids=["empty", "cut", "list", "deep"])
def test_body_that_cannot_be_read(visitor: Visitor, body: bytes) -> None:
    """21001."""
    assert visitor.refusal("POST", PATH, content=body) == 21001


@pytest.mark.parametrize(
    "query", ["?pageSize=9", "?pageSize=251", "?pageSize=x", "?pageOffset=-1", "?sortOrder=Up"]
)
def test_pages_that_do_not_exist(visitor: Visitor, query: str) -> None:
    """7.1: 10 to 250 a page, Asc or Desc."""
    assert visitor.refusal("POST", f"{PATH}{query}", json=filters_for()) == 21405


def test_answers_to_nobody(visitor: Visitor) -> None:
    """7.1: InvoiceRead; without a token 401."""
    assert visitor.ask("POST", PATH, json=filters_for(), token="").status_code == 401
    token = visitor.control_token(permissions=["InvoiceWrite", "CredentialsManage"])
    visitor.redeem(visitor.begin_token_login(token))
    refused = visitor.ask("POST", PATH, json=filters_for())
    assert (refused.status_code, refused.json()["reasonCode"]) == (403, "missing-permissions")
    reader = visitor.control_token(permissions=["InvoiceRead"])
    visitor.redeem(visitor.begin_token_login(reader))
    assert find(visitor) == []


def test_everybody_sees_what_names_him(visitor: Visitor) -> None:
    """7.1: each subjectType is one role of the caller; the same party twice is one row; a stranger sees nothing."""
    third = (Third(nip("3333333333"), 4), Third(nip("3333333333"), 6))
    preload(visitor, write_fa(number="A", third=third, authorized=("2222222222", 2)))
    preload(visitor, write_fa(number="B", seller=BUYER, buyer=nip(SELLER)))
    roles = ("Subject1", "Subject2", "Subject3", "SubjectAuthorized")
    expected = {
        SELLER: [["A"], ["B"], [], []],
        BUYER: [["B"], ["A"], [], []],
        "3333333333": [[], [], ["A"], []],
        "2222222222": [[], [], [], ["A"]],
        OTHER: [[], [], [], []],
    }
    for caller, found in expected.items():
        visitor.log_in(caller)
        assert [find(visitor, role) for role in roles] == found, caller


def test_contexts_other_than_a_company(visitor: Visitor) -> None:
    """7.1: a unit finds what names its identifier, an EU entity what its own seller has issued to it."""
    unit, other_unit = (Third(internal_id(value), 8) for value in (UNIT, "6824515772-12343"))
    preload(visitor, write_fa(number="unit", third=(unit,)))
    preload(visitor, write_fa(number="other unit", third=(other_unit,)))
    [number] = preload(visitor, write_fa(number="entity", buyer=vat_ue("DE", "123456789")))
    preload(visitor, write_fa(number="other seller", seller=OTHER, buyer=vat_ue("DE", "123456789")))
    entity = Person(visitor, make_credential())
    give(visitor, VAT_UE_ADMINISTRATION, to_vat_ue(entity.credential))
    give(visitor, SUBUNITS, to_administrator())
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    give(visitor, PERSONS, to_person("InvoiceRead"))
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    roles = ("Subject1", "Subject2", "Subject3", "SubjectAuthorized")
    assert [find(visitor, role) for role in roles] == [[], [], ["unit"], []]
    assert visitor.refusal("GET", f"/v2/invoices/ksef/{number}") == 21164
    entity.log_in(("NipVatUe", COMPOSED), by_fingerprint=True)
    assert [find(visitor, role) for role in roles] == [[], ["entity"], [], []]
    assert visitor.ask("GET", f"/v2/invoices/ksef/{number}").status_code == 200


def test_dates_of_all_three_kinds(visitor: Visitor) -> None:
    """7.1: the day of issue is a Polish one, receipt and storage are moments; both ends count."""
    set_options(visitor, storage=60)
    preload(visitor, write_fa(issue_date=date(2026, 11, 18)))
    visitor.clock.advance(minutes=1)

    def finds(date_type: str, low: str, high: str) -> bool:
        return find(visitor, dateRange={"dateType": date_type, "from": low, "to": high}) == ["FV/1"]

    assert finds("Issue", "2026-11-18T00:00:00+01:00", "2026-11-18T00:00:00+01:00")
    # 23:30 UTC of the day before is the day itself in Poland, and 23:30 UTC of the day is the next.
    assert finds("Issue", "2026-11-17T23:30:00Z", "2026-11-17T23:45:00Z")
    assert not finds("Issue", "2026-11-18T23:30:00Z", "2026-11-19T10:00:00Z")
    assert finds("Invoicing", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z")
    assert not finds("Invoicing", "2026-11-20T10:00:00.001Z", "2026-11-20T12:00:00Z")
    assert finds("PermanentStorage", "2026-11-20T10:01:00Z", "2026-11-20T11:00:00Z")
    assert not finds("PermanentStorage", "2026-11-20T10:00:00Z", "2026-11-20T10:00:59.999Z")
    # Without an offset it is Polish time: 11:00 there is 10:00 UTC (2.1.2 of the changelog).
    assert finds("Invoicing", "2026-11-20T11:00:00", "2026-11-20T11:00:00")
    assert not finds("Invoicing", "2026-11-20T10:00:00", "2026-11-20T10:30:00")
    assert finds("Invoicing", "2026-11-20T15:30:00+05:30", "2026-11-20T15:30:00+05:30")


def test_hundred_days(visitor: Visitor) -> None:
    """7.1: the longest range, counted in UTC, and without `to` until now."""
    low = datetime(2026, 3, 1, tzinfo=UTC)

    def ask(low: datetime, high: datetime | None) -> int:
        end = {} if high is None else {"to": high.isoformat()}
        body = filters_for(dateRange={"dateType": "Issue", "from": low.isoformat(), **end})
        return visitor.ask("POST", PATH, json=body).status_code

    assert ask(low, low + timedelta(days=100)) == 200
    assert ask(low, low + timedelta(days=100, seconds=1)) == 400
    assert ask(START - timedelta(days=100), None) == 200
    assert ask(START - timedelta(days=100, seconds=1), None) == 400
    # From the future until now is empty and no mistake.
    assert ask(START + timedelta(days=1), None) == 200


def test_order_and_pages(visitor: Visitor) -> None:
    """7.1: by the date that is filtered by, equal dates in the order of arrival, in both directions."""
    names = [f"FV/{number}" for number in range(25)]
    for number, name in enumerate(names):
        preload(visitor, seller=SELLER, number=name, issueDate=str(TODAY - timedelta(days=number % 3)))
        visitor.clock.advance(seconds=number % 2)

    def pages(query: str, **changes: object) -> list[str]:
        found: list[str] = []
        for offset in range(3):
            page = metadata_page(visitor, filters_for(**changes), f"?pageOffset={offset}{query}")
            assert (page["hasMore"], page["isTruncated"]) == (offset < 2, False)
            found += found_numbers(page)
        return found

    assert pages("") == names
    assert pages("&sortOrder=Desc") == names[::-1]
    by_issue = names[2::3] + names[1::3] + names[::3]
    assert pages("", dateRange={**EVER, "dateType": "Issue"}) == by_issue
    assert pages("&sortOrder=Desc", dateRange={**EVER, "dateType": "Issue"}) == by_issue[::-1]
    assert pages("", dateRange={**EVER, "dateType": "PermanentStorage"}) == names
    assert found_numbers(metadata_page(visitor, filters_for(), "?pageOffset=3")) == []


def _walk(visitor: Visitor, *, page_size: int) -> list[str]:
    """Fetch everything as section 7.1 advises, and return the KSeF numbers in the order they were first seen."""
    seen: dict[str, None] = {}
    low, offset = EVER["from"], 0
    for _ in range(50):
        dates = {"dateType": "PermanentStorage", "from": low}
        query = f"?pageOffset={offset}&pageSize={page_size}"
        page = metadata_page(visitor, filters_for(dateRange=dates), query)
        seen |= dict.fromkeys(invoice["ksefNumber"] for invoice in page["invoices"])
        if not page["hasMore"]:
            return list(seen)
        if page["isTruncated"]:
            assert page["invoices"][-1]["permanentStorageDate"] > low
            low, offset = page["invoices"][-1]["permanentStorageDate"], 0
        else:
            offset += 1
    raise AssertionError("there is no end to it")


@pytest.mark.parametrize("page_size", [10, 15], ids=["whole pages", "a page that is cut"])
def test_truncated_in_the_middle_of_one_moment(visitor: Visitor, page_size: int) -> None:
    """F28: the 10 000 rows (here 20) end among invoices of one timestamp; from there on nothing gets lost."""
    set_options(visitor, metadata_rows=20)
    expected: list[str] = []
    for batch in (14, 12, 9):
        expected += preload(visitor, seller=SELLER, number=f"FV/{batch}", count=batch)
        visitor.clock.advance(seconds=1)
    assert _walk(visitor, page_size=page_size) == expected


def test_more_of_one_moment_than_a_query_shows(visitor: Visitor) -> None:
    """F28: one row more than fits, all of one timestamp: the last page says that more would follow."""
    set_options(visitor, metadata_rows=20)
    preload(visitor, seller=SELLER, number="FV", count=21)

    def page(offset: int, size: int) -> tuple[int, bool, bool]:
        told = metadata_page(visitor, filters_for(), f"?pageOffset={offset}&pageSize={size}")
        return len(told["invoices"]), told["hasMore"], told["isTruncated"]

    assert [page(offset, 10) for offset in (0, 1, 2)] == [
        (10, True, False),
        (10, True, True),
        (0, True, True),
    ]
    assert [page(offset, 15) for offset in (0, 1)] == [(15, True, False), (5, True, True)]
    set_options(visitor, metadata_rows=21)
    assert [page(offset, 15) for offset in (0, 1)] == [(15, True, False), (6, False, False)]


def _hwm(visitor: Visitor, **dates: object) -> str | None:
    told = metadata_page(visitor, filters_for(dateRange=_stored(dates)))
    hwm: str | None = told.get("permanentStorageHwmDate")
    return hwm


def test_hwm_follows_the_clock(visitor: Visitor) -> None:
    """7.2: a little behind now, never behind the range asked for, and only for dates of storage."""
    set_options(visitor, hwm_lag=30)
    assert _hwm(visitor) == "2026-11-20T09:59:30.000+00:00"
    visitor.clock.advance(minutes=1)
    assert _hwm(visitor) == "2026-11-20T10:00:30.000+00:00"
    assert _hwm(visitor, to="2026-11-20T08:00:00Z") == "2026-11-20T08:00:00.000+00:00"
    for date_type in ("Issue", "Invoicing"):
        page = metadata_page(visitor, filters_for(dateRange={**EVER, "dateType": date_type}))
        assert "permanentStorageHwmDate" not in page


def test_hwm_bounds_what_is_shown(visitor: Visitor) -> None:
    """7.2: beyond it only if one does not mind; `from` beyond it is 21183."""
    set_options(visitor, hwm_lag=30)
    preload(visitor, seller=SELLER, number="early")
    visitor.clock.advance(seconds=20)
    preload(visitor, seller=SELLER, number="late")
    visitor.clock.advance(seconds=20)
    restricted: dict[str, object] = {"restrictToPermanentStorageHwmDate": True}
    assert find(visitor, dateRange=_stored({})) == ["early", "late"]
    assert find(visitor, dateRange=_stored({"restrictToPermanentStorageHwmDate": None})) == ["early", "late"]
    assert find(visitor, dateRange=_stored(restricted)) == ["early"]
    # The HWM is 10:00:10 now.
    assert find(visitor, dateRange=_stored({**restricted, "from": "2026-11-20T10:00:10Z"})) == []
    beyond = filters_for(dateRange=_stored({**restricted, "from": "2026-11-20T10:00:10.001Z"}))
    assert visitor.refusal("POST", PATH, json=beyond) == 21183
    # It means nothing for other dates.
    other = {**EVER, "from": "2026-11-20T10:00:15Z", **restricted}
    assert find(visitor, dateRange=other) == ["late"]


def test_hwm_that_stands_still(visitor: Visitor) -> None:
    """F29: it stays where it was told last, or at a moment; whatever is stored then lies behind it."""
    told = _hwm(visitor)
    set_options(visitor, hwm_frozen=1)
    visitor.clock.advance(minutes=5)
    preload(visitor, seller=SELLER, number="FV")
    restricted = _stored({"restrictToPermanentStorageHwmDate": True})
    assert (_hwm(visitor), find(visitor, dateRange=restricted)) == (told, [])
    set_options(visitor, hwm_frozen=0)
    assert _hwm(visitor) == "2026-11-20T10:05:00.000+00:00"
    assert find(visitor, dateRange=restricted) == ["FV"]
    visitor.clock.advance(minutes=4)
    set_options(visitor, hwm_moment=(START + timedelta(minutes=7)).timestamp())
    assert _hwm(visitor) == "2026-11-20T10:07:00.000+00:00"
    visitor.clock.advance(minutes=4)
    assert _hwm(visitor) == "2026-11-20T10:07:00.000+00:00"


def test_hwm_goes_back_only_when_told_to(visitor: Visitor) -> None:
    """F29: neither a longer lag nor a clock that is put back moves it, only the option for that fault."""
    told = _hwm(visitor)
    set_options(visitor, hwm_lag=60)
    assert _hwm(visitor) == told
    visitor.clock.advance(minutes=-5)
    assert _hwm(visitor) == told
    set_options(visitor, hwm_may_go_back=1)
    assert _hwm(visitor) == "2026-11-20T09:54:00.000+00:00"


def test_nothing_is_stored_below_a_told_hwm(visitor: Visitor) -> None:
    """7.2: the promise holds whatever comes late: a slow verdict, a clock put back, a delivery of last week."""
    session = visitor.open_session()
    visitor.send(session, write_fa())
    told = _hwm(visitor)
    visitor.clock.advance(minutes=-5)
    preload(visitor, seller=SELLER, number="last week", receivedAt="2026-11-13T10:00:00Z")
    visitor.clock.advance(minutes=10)
    later = metadata_page(visitor, filters_for(dateRange=_stored({})))["invoices"]
    assert {invoice["invoiceNumber"] for invoice in later} == {"FV/1", "last week"}
    assert all(invoice["permanentStorageDate"] > str(told) for invoice in later)


def test_storage_takes_its_time(visitor: Visitor) -> None:
    """7.2 and 4.5: without a date of permanent storage an invoice is in no list, whatever date is asked for."""
    set_options(visitor, storage=5)
    session = visitor.open_session()
    status = visitor.judged(session, write_fa())
    assert "ksefNumber" in status
    assert "permanentStorageDate" not in status
    everything = [
        filters_for(dateRange={**EVER, "dateType": kind})
        for kind in ("Issue", "Invoicing", "PermanentStorage")
    ]
    assert [found_numbers(metadata_page(visitor, each)) for each in everything] == [[], [], []]
    visitor.clock.advance(seconds=5)
    assert [found_numbers(metadata_page(visitor, each)) for each in everything] == [["FV/1"]] * 3


def test_document_for_everybody_it_names(visitor: Visitor) -> None:
    """7.4: seller, buyer, third parties and the authorized; 21164 for others, 21405 for what is no number."""
    xml = write_fa(third=(Third(nip("3333333333"), 6),), authorized=("2222222222", 1))
    [number] = preload(visitor, xml)
    for caller in (SELLER, BUYER, "3333333333", "2222222222"):
        visitor.log_in(caller)
        answer = visitor.ask("GET", f"/v2/invoices/ksef/{number}")
        assert answer.content == xml, caller
        assert answer.headers["x-ms-meta-hash"] == sha256_base64(xml)
    visitor.log_in(OTHER)
    assert visitor.refusal("GET", f"/v2/invoices/ksef/{number}") == 21164
    assert visitor.refusal("GET", "/v2/invoices/ksef/FV-1") == 21405


def test_delivery_by_another_system(visitor: Visitor) -> None:
    """F19: a number that another system has used; its invoice is there for its parties, receipt included."""
    [number] = preload(visitor, seller=SELLER, buyer=BUYER, number="FV/1", net="10.00", vat="2.30")
    mine = visitor.judged(visitor.open_session(), write_fa())
    extensions = mine["status"]["extensions"]
    assert (mine["status"]["code"], extensions["originalKsefNumber"]) == (440, number)
    path = f"/v2/sessions/{extensions['originalSessionReferenceNumber']}"
    [listed] = visitor.get(f"{path}/invoices")["invoices"]
    assert (listed["ksefNumber"], listed["invoiceHash"] != mine["invoiceHash"]) == (number, True)
    assert visitor.ask("GET", f"{path}/invoices/ksef/{number}/upo").status_code == 200
    assert visitor.get(path)["successfulInvoiceCount"] == 1
    visitor.log_in(BUYER)
    [bought] = metadata_page(visitor, filters_for("Subject2"))["invoices"]
    assert (bought["netAmount"], bought["vatAmount"], bought["grossAmount"]) == (10.0, 2.3, 12.3)
    document = visitor.ask("GET", f"/v2/invoices/ksef/{number}")
    assert b"<P_2>FV/1</P_2>" in document.content


def test_many_deliveries(visitor: Visitor) -> None:
    """The numbers of one call differ, their documents are valid and their own, and the consumer is nobody."""
    numbers = preload(visitor, seller=SELLER, sellerName="A & B <C>", number="Ż&1", count=300)
    assert len(set(numbers)) == 300
    found = metadata_page(visitor, filters_for(), "?pageSize=250")["invoices"]
    assert [invoice["invoiceNumber"] for invoice in found] == [f"Ż&1/{number}" for number in range(1, 251)]
    assert {invoice["seller"]["name"] for invoice in found} == {"A & B <C>"}
    document = visitor.ask("GET", f"/v2/invoices/ksef/{numbers[299]}").content
    assert "Ż&amp;1/300" in document.decode()
    # It is what would have been sent: KSeF refuses it as a duplicate and for no other reason.
    assert visitor.judged(visitor.open_session(), document)["status"]["code"] == 440


@pytest.mark.parametrize(
    "body",
    [
        {"seller": SELLER},
        {"seller": "123", "number": "FV"},
        {"seller": SELLER, "number": "FV", "net": "1,00"},
        {"seller": SELLER, "number": "FV", "issueDate": "2026-11-21"},
        {"seller": SELLER, "number": "FV", "count": 0},
        {"seller": SELLER, "number": "FV", "receivedAt": "yesterday"},
        {"xml": "PGJyb2tlbi8+"},
        {"xml": "?"},
        {"xml": "PGJyb2tlbi8+", "form": "FA (9)"},
    ],
)
def test_delivery_that_ksef_would_not_take(visitor: Visitor, body: dict[str, Any]) -> None:
    """The control API lets in only what could be there; nothing of a refused call stays."""
    assert visitor.ask("POST", "/_control/invoices", json=body).status_code == 400
    assert visitor.get("/_control/ledger")["received"] == []


def test_delivery_twice(visitor: Visitor) -> None:
    """13.2 holds for other systems, too; of a call that cannot be carried out whole nothing stays."""
    preload(visitor, seller=SELLER, number="FV/3")
    body = {"seller": SELLER, "number": "FV", "count": 5}
    assert visitor.ask("POST", "/_control/invoices", json=body).status_code == 400
    assert len(visitor.get("/_control/ledger")["accepted"]) == 1
