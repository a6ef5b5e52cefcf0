"""Collective identifiers in the simulator: making them, finding them, and who sees their details (section 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.documents import Third, nip, write_fa
from tests.contract.ministry import BUYER, SELLER, Visitor, visiting
from tests.contract.reading import preload, set_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.contract

OTHER = "1234563218"
PATH = "/v2/collective-identifiers"
MISSING = f"{SELLER}-20261120-000000000000-00"
RANGE = {"dateCreatedFrom": "2026-11-01T00:00:00Z", "dateCreatedTo": "2026-12-01T00:00:00Z"}


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


@pytest.fixture
def numbers(visitor: Visitor) -> list[str]:
    """Three invoices of one seller to one buyer."""
    return preload(visitor, seller=SELLER, buyer=BUYER, number="FV", count=3)


def _body(*numbers: str, **more: object) -> dict[str, object]:
    return {"invoices": [{"ksefNumber": number, **more} for number in numbers]}


def _create(visitor: Visitor, *numbers: str, **more: object) -> str:
    answer = visitor.ask("POST", PATH, json=_body(*numbers, **more))
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["collectiveIdentifierNumber"]
    return number


def _post(visitor: Visitor, path: str, body: Mapping[str, object], **request: Any) -> Any:
    answer = visitor.ask("POST", f"{PATH}{path}", json=body, **request)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _crc(text: str) -> str:
    """CRC-8 of the contract, bit by bit: polynomial 0x07 and nothing else."""
    register = 0
    for bit in "".join(f"{byte:08b}" for byte in text.encode()):
        out = register >> 7
        register = (register << 1) & 0xFF
        if out ^ int(bit):
            register ^= 0x07
    return f"{register:02X}"


def test_number_of_an_identifier(visitor: Visitor, numbers: list[str]) -> None:
    """7.5 and 8: seller, IZ with the month in Poland, twelve hex digits and the CRC-8 of all before."""
    assert _crc("1111111111-IZ202607-65ED02180000") == "E7"
    number = _create(visitor, *numbers)
    seller, month, technical, check = number.split("-")
    assert (seller, month, len(technical)) == (SELLER, "IZ202611", 12)
    assert set(technical) <= set("0123456789ABCDEF")
    assert check == _crc(number[:32])
    visitor.clock.advance(days=10, hours=13, minutes=30)
    visitor.log_in()
    assert _create(visitor, *numbers).split("-")[1] == "IZ202612"


def test_what_cannot_be_collected(visitor: Visitor, numbers: list[str]) -> None:
    """71001, 71004, 71005, and 21405 for too few, too many and what is no number; nothing is left behind."""
    [strange] = preload(visitor, seller=OTHER, number="FV")
    for body, code in (
        (_body(numbers[0], MISSING), 71001),
        (_body(numbers[0], strange), 71004),
        (_body(numbers[0], numbers[1], numbers[0]), 71005),
        (_body(numbers[0]), 21405),
        (_body(), 21405),
        ({}, 21405),
        (_body(numbers[0], "FV/1"), 21405),
        (_body(*numbers, payment={"amount": 1}), 21405),
        (_body(*numbers, payment={"amount": "1", "currency": "PLN"}), 21405),
        (_body(*numbers, payment={"amount": 1, "currency": "ZŁ"}), 21405),
        (_body(*numbers, description="x" * 513), 21405),
    ):
        assert visitor.refusal("POST", PATH, json=body) == code, body
    assert _post(visitor, "/query", RANGE) == {"collectiveIdentifiers": []}


def test_refusals_name_every_invoice(visitor: Visitor, numbers: list[str]) -> None:
    """7.5: the details are the contract's sentences, one for each invoice that is wrong."""
    more = preload(visitor, seller=OTHER, number="FV", count=2)
    answer = visitor.ask("POST", PATH, json=_body(numbers[0], *more)).json()
    [detail] = answer["exception"]["exceptionDetailList"]
    assert detail["details"] == [f"Faktura o numerze KSeF {number} ma innego sprzedawcę." for number in more]


def test_limit_of_invoices(visitor: Visitor, numbers: list[str]) -> None:
    """12: 500 by default; the context's own limit counts, and the number is what /limits/context tells."""
    many = preload(visitor, seller=SELLER, number="X", count=501)
    assert visitor.refusal("POST", PATH, json=_body(*many)) == 21405
    number = _create(visitor, *many[:500])
    [found] = _post(visitor, "/query", RANGE)["collectiveIdentifiers"]
    assert (found["collectiveIdentifierNumber"], found["invoiceCount"]) == (number, 500)
    set_options(visitor, max_collective_invoices=2)
    assert visitor.get("/v2/limits/context")["collectiveIdentifier"]["maxInvoices"] == 2
    assert visitor.refusal("POST", PATH, json=_body(*numbers)) == 21405


def test_invoice_in_too_many_identifiers(visitor: Visitor, numbers: list[str]) -> None:
    """71002: 132 times in one context, and in another context again."""
    for _ in range(132):
        _create(visitor, numbers[0], numbers[1])
    assert visitor.refusal("POST", PATH, json=_body(numbers[0], numbers[2])) == 71002
    visitor.log_in(BUYER)
    _create(visitor, numbers[0], numbers[2])


def test_query_of_identifiers(visitor: Visitor, numbers: list[str]) -> None:
    """7.5: newest first; by number, by time, by count, and by who made it."""
    first = _create(visitor, numbers[0], numbers[1])
    visitor.clock.advance(minutes=1)
    second = _create(visitor, *numbers)
    visitor.clock.advance(minutes=1)
    visitor.log_in(BUYER)
    third = _create(visitor, numbers[1], numbers[2])

    def found(**changes: object) -> list[str]:
        items = _post(visitor, "/query", RANGE | changes)["collectiveIdentifiers"]
        return [item["collectiveIdentifierNumber"] for item in items]

    # The buyer sees what he made; the seller also what others made of his invoices.
    assert found() == [third]
    visitor.log_in(SELLER)
    assert found() == [third, second, first]
    shown = _post(visitor, "/query", RANGE)["collectiveIdentifiers"]
    assert [item["createdInCurrentContext"] for item in shown] == [False, True, True]
    assert shown[2] == {
        "collectiveIdentifierNumber": first,
        "dateCreated": "2026-11-20T10:00:00.000+00:00",
        "invoiceCount": 2,
        "createdInCurrentContext": True,
    }
    assert found(collectiveIdentifierNumber=second) == [second]
    assert found(createdInCurrentContext=False) == [third]
    assert found(createdInCurrentContext=True) == [second, first]
    assert found(invoiceCountFrom=3) == [second]
    assert found(invoiceCountTo=2) == [third, first]
    # Without an offset a moment is Polish.
    assert found(dateCreatedFrom="2026-11-20T10:01:00Z", dateCreatedTo="2026-11-20T11:01:30") == [second]
    visitor.log_in(OTHER)
    assert found() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"dateCreatedTo": "2026-10-01T00:00:00Z"},
        {"dateCreatedTo": "2027-02-10T00:00:00Z"},
        {"dateCreatedFrom": None},
        {"dateCreatedTo": None},
        {"invoiceCountFrom": "2"},
        {"invoiceCountTo": 2**40},
        {"createdInCurrentContext": "yes"},
        {"collectiveIdentifierNumber": 5},
    ],
)
def test_queries_that_make_no_sense(visitor: Visitor, changes: dict[str, object]) -> None:
    """7.5: at most 100 days, both ends asked for."""
    assert visitor.refusal("POST", f"{PATH}/query", json=RANGE | changes) == 21405


def test_pages_of_identifiers(visitor: Visitor, numbers: list[str]) -> None:
    """0 and 7.5: ten at a time, equal moments by number, a token in the header and none on the last page."""
    made = sorted((_create(visitor, *numbers) for _ in range(25)), reverse=True)
    for method, path in (("POST", "/query"), ("GET", f"/ksef/{numbers[0]}")):
        listed: list[str] = []
        headers: dict[str, str] = {}
        for _ in range(3):
            page = visitor.ask(method, f"{PATH}{path}", json=RANGE, headers=headers).json()
            listed += [item["collectiveIdentifierNumber"] for item in page["collectiveIdentifiers"]]
            headers = {"x-continuation-token": page.get("continuationToken", "")}
        assert listed == made, path
        assert headers == {"x-continuation-token": ""}
    bad = {"x-continuation-token": "?"}
    assert visitor.refusal("POST", f"{PATH}/query", json=RANGE, headers=bad) == 21418
    assert visitor.refusal("POST", f"{PATH}/query?pageSize=201", json=RANGE) == 21405
    assert visitor.refusal("GET", f"{PATH}/ksef/{numbers[0]}?pageSize=201") == 21405
    assert visitor.refusal("POST", f"{PATH}/invoices?pageSize=501", json={}) == 21405


def test_invoices_behind_identifiers(visitor: Visitor, numbers: list[str]) -> None:
    """7.5: by KSeF number downwards; pages of ten; several identifiers in one question, unknown ones for nothing."""
    many = preload(visitor, seller=SELLER, number="X", count=11)
    first, second = _create(visitor, *many), _create(visitor, many[0], numbers[0])
    asked: dict[str, object] = {
        "collectiveIdentifierNumbers": [first, second, f"{SELLER}-IZ202611-{'0' * 12}-00"]
    }
    page = _post(visitor, "/invoices", asked)
    token = {"x-continuation-token": page["continuationToken"]}
    rest = _post(visitor, "/invoices", asked, headers=token)
    listed = [
        (item["ksefNumber"], item["collectiveIdentifierNumber"])
        for item in page["invoices"] + rest["invoices"]
    ]
    expected = [(number, first) for number in many] + [(many[0], second), (numbers[0], second)]
    assert listed == sorted(expected, reverse=True)
    assert "continuationToken" not in rest
    for wrong in ([], [first] * 1 + [f"x{index}" for index in range(10)], "x", [5]):
        body = {"collectiveIdentifierNumbers": wrong}
        assert visitor.refusal("POST", f"{PATH}/invoices", json=body) == 21405


def test_who_sees_the_details(visitor: Visitor) -> None:
    """7.5: the maker and whoever the invoice names; others are told that there is something they do not see."""
    named = write_fa(number="A", third=(Third(nip("3333333333"), 6),))
    numbers = [*preload(visitor, named), *preload(visitor, write_fa(number="B"))]
    visitor.log_in("2222222222")
    paid: dict[str, object] = {
        "payment": {"amount": 45.5, "currency": "PLN"},
        "description": "za dwa tygodnie",
    }
    detailed, plain = _create(visitor, *numbers, **paid), _create(visitor, *numbers)
    nothing: dict[str, object] = {}
    expected: dict[str, dict[str, dict[str, object]]] = {
        "2222222222": {"A": paid, "B": paid},
        SELLER: {"A": paid, "B": paid},
        BUYER: {"A": paid, "B": paid},
        "3333333333": {"A": paid, "B": nothing},
        OTHER: {"A": nothing, "B": nothing},
    }
    names = dict(zip(numbers, "AB", strict=True))
    for caller, seen in expected.items():
        visitor.log_in(caller)
        for item in _post(visitor, "/invoices", {"collectiveIdentifierNumbers": [detailed]})["invoices"]:
            details = seen[names[item["ksefNumber"]]]
            assert item == {
                "ksefNumber": item["ksefNumber"],
                "collectiveIdentifierNumber": detailed,
                "detailsHidden": not details,
                **details,
            }, caller
        # Where there are none, nothing is hidden from anybody.
        items = _post(visitor, "/invoices", {"collectiveIdentifierNumbers": [plain]})["invoices"]
        assert [item["detailsHidden"] for item in items] == [False, False]


def test_identifiers_of_an_invoice(visitor: Visitor, numbers: list[str]) -> None:
    """7.5: whoever the invoice names sees all of them, another only his own."""
    mine = _create(visitor, numbers[0], numbers[1])
    visitor.clock.advance(seconds=1)
    visitor.log_in(OTHER)
    theirs = _create(visitor, numbers[0], numbers[2])

    def found(number: str) -> list[tuple[str, bool]]:
        items = visitor.get(f"{PATH}/ksef/{number}")["collectiveIdentifiers"]
        return [(item["collectiveIdentifierNumber"], item["createdInCurrentContext"]) for item in items]

    assert (found(numbers[0]), found(numbers[1])) == ([(theirs, True)], [])
    visitor.log_in(BUYER)
    assert found(numbers[0]) == [(theirs, False), (mine, False)]
    visitor.log_in(SELLER)
    assert found(numbers[0]) == [(theirs, False), (mine, True)]
    assert found(MISSING) == []
    assert visitor.refusal("GET", f"{PATH}/ksef/FV-1") == 21405


def test_permissions(visitor: Visitor, numbers: list[str]) -> None:
    """7.5: any of three permissions will do, others will not."""
    for permission in ("InvoiceRead", "InvoiceWrite", "CollectiveIdentifierManage"):
        token = visitor.control_token(permissions=[permission])
        visitor.redeem(visitor.begin_token_login(token))
        _create(visitor, *numbers)
    visitor.redeem(visitor.begin_token_login(visitor.control_token(permissions=["CredentialsRead"])))
    for method, path in (
        ("POST", ""),
        ("POST", "/query"),
        ("POST", "/invoices"),
        ("GET", f"/ksef/{MISSING}"),
    ):
        refused = visitor.ask(method, f"{PATH}{path}", json={})
        assert (refused.status_code, refused.json()["reasonCode"]) == (403, "missing-permissions"), path
