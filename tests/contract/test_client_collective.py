"""Collective identifiers: every request and every shape of answer against the official contract (section 7.5)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import httpx
import pytest

from ksef.errors import Ambiguous, ContractBroken, Refused
from ksef.exchange.collective import CollectiveFilters, CollectiveInvoice, PaidInvoice, Payment
from ksef.gateway import Gateway
from ksef.gateway.paging import every
from tests.contract.openapi import find_contract
from tests.contract.understudy import ENDPOINT, Shape, Understudy

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]

NUMBER = "1111111111-IZ202607-65ED02180000-E7"
FIRST, SECOND = "5265877635-20250826-0100001AF629-AF", "5265877635-20250916-0200A0D6723E-C2"
NOON = datetime(2026, 11, 20, 13, tzinfo=timezone(timedelta(hours=1)))
READ = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
FILTERS = CollectiveFilters(created_from=NOON - timedelta(days=100), created_to=NOON)
PAID = [
    PaidInvoice(FIRST, payment=Payment(Decimal("100.55"), "PLN"), description="Rata"),
    PaidInvoice(SECOND),
]
FIXED = {"collectiveIdentifierNumber": NUMBER, "ksefNumber": FIRST}

CALLS: dict[str, Callable[[Gateway], object]] = {
    "POST /collective-identifiers": lambda gateway: gateway.collective_identifiers.create("t", PAID),
    "POST /collective-identifiers/query": lambda gateway: gateway.collective_identifiers.query("t", FILTERS),
    "POST /collective-identifiers/invoices": lambda gateway: gateway.collective_identifiers.list_invoices(
        "t", [NUMBER]
    ),
    "GET /collective-identifiers/ksef/{ksefNumber}": (
        lambda gateway: gateway.collective_identifiers.list_by_ksef_number("t", FIRST)
    ),
}


def test_every_operation_has_its_call() -> None:
    contract = find_contract()
    assert contract is not None
    known = {
        contract.name_of(described)
        for path, methods in contract.document["paths"].items()
        for described in methods.values()
        if path.startswith("/collective")
    }
    assert known == set(CALLS)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("operation", CALLS)
def test_every_call_keeps_the_contract_and_reads_every_shape_of_answer(operation: str, shape: Shape) -> None:
    """Unknown members and enumeration values never break anything (F26)."""
    ksef = Understudy(shape, fixed=FIXED)
    with ksef.gateway() as gateway:
        CALLS[operation](gateway)
    assert ksef.asked == [operation]


def test_invoices_are_named_with_what_is_paid_of_them() -> None:
    ksef = Understudy(fixed=FIXED)
    with ksef.gateway() as gateway:
        assert gateway.collective_identifiers.create("t", PAID) == NUMBER
    assert ksef.body() == {
        "invoices": [
            {
                "ksefNumber": FIRST,
                "payment": {"amount": 100.55, "currency": "PLN"},
                "description": "Rata",
            },
            {"ksefNumber": SECOND},
        ]
    }


def test_query_takes_every_filter() -> None:
    ksef = Understudy(fixed=FIXED | {"invoiceCount": 4})
    filters = CollectiveFilters(
        created_from=NOON - timedelta(days=1),
        created_to=NOON,
        number=NUMBER,
        least_invoices=2,
        most_invoices=500,
        is_own=False,
    )
    with ksef.gateway() as gateway:
        page = gateway.collective_identifiers.query("t", filters, cursor="next")
    assert ksef.body() == {
        "dateCreatedFrom": "2026-11-19T12:00:00Z",
        "dateCreatedTo": "2026-11-20T12:00:00Z",
        "collectiveIdentifierNumber": NUMBER,
        "invoiceCountFrom": 2,
        "invoiceCountTo": 500,
        "createdInCurrentContext": False,
    }
    assert ksef.requests[0].headers["x-continuation-token"] == "next"
    assert ksef.requests[0].url.params["pageSize"] == "200"
    (found,) = page.items
    assert (found.number, found.created_at, found.is_own, found.invoice_count) == (NUMBER, READ, True, 4)


def test_invoices_inside_are_told_with_or_without_their_details() -> None:
    ksef = Understudy(Shape.FULL, fixed=FIXED | {"amount": -0.1, "currency": "EUR", "detailsHidden": False})
    with ksef.gateway() as gateway:
        found = list(
            every(lambda cursor: gateway.collective_identifiers.list_invoices("t", [NUMBER], cursor=cursor))
        )
    (invoice,) = found
    assert invoice.payment == Payment(Decimal("-0.1"), "EUR")
    assert (invoice.number, invoice.ksef_number, invoice.are_details_hidden) == (NUMBER, FIRST, False)
    hidden = {"collectiveIdentifierNumber": NUMBER, "ksefNumber": FIRST, "detailsHidden": True}
    with Understudy(
        whole={"POST /collective-identifiers/invoices": {"invoices": [hidden]}}
    ).gateway() as gateway:
        (read,) = gateway.collective_identifiers.list_invoices("t", [NUMBER]).items
    assert read == CollectiveInvoice(
        number=read.number, ksef_number=FIRST, payment=None, description=None, are_details_hidden=True
    )


@pytest.mark.parametrize(
    "number", ["5265877635-IZ202606-65ED02180000-E7", FIRST, "1111111111-IZ202613-65ED02180000-E7"]
)
def test_damaged_identifier_is_not_taken(number: str) -> None:
    """Section 8: after a creation nobody knows what KSeF has made."""
    for operation, error in (
        ("POST /collective-identifiers", Ambiguous),
        ("POST /collective-identifiers/query", ContractBroken),
    ):
        ksef = Understudy(fixed=FIXED | {"collectiveIdentifierNumber": number})
        with ksef.gateway() as gateway, pytest.raises(error):
            CALLS[operation](gateway)


def test_lost_answer_leaves_doubt_and_a_refusal_none() -> None:
    body = {"title": "?", "errors": [{"code": 71004, "description": "Faktury mają różnych sprzedawców."}]}
    for answer, error in ((None, Ambiguous), (httpx.Response(400, json=body), Refused)):

        def reply(_request: httpx.Request, answer: httpx.Response | None = answer) -> httpx.Response:
            if answer is None:
                raise httpx.ReadTimeout("slow")
            return answer

        with (
            Gateway(ENDPOINT, transport=httpx.MockTransport(reply)) as gateway,
            pytest.raises(error),
        ):
            gateway.collective_identifiers.create("t", PAID)
