"""Who may issue for whom: every reason of section 13.9, each beside a sending that lacks it (status 410)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.documents import Third, nip, vat_ue, write_fa, write_rr
from tests.contract.ministry import OpenSession, Visitor, make_credential, visiting
from tests.contract.permissions import (
    AUTHORIZATIONS,
    BUYER,
    COMPOSED,
    OFFICE,
    OTHER_PESEL,
    PERSONS,
    PESEL,
    SELLER,
    SUBUNITS,
    UNIT,
    VAT_UE,
    VAT_UE_ADMINISTRATION,
    Person,
    company,
    give,
    pesel,
    query,
    revoke,
    to_administrator,
    to_other,
    to_person,
    to_vat_ue,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


def _send(visitor: Visitor, document: bytes, *, form: tuple[str, str, str] = ("FA (3)", "1-0E", "FA")) -> int:
    """Send one invoice in a session of its own and return its status code."""
    key, iv = os.urandom(32), os.urandom(16)
    names = dict(zip(("systemCode", "schemaVersion", "value"), form, strict=True))
    opening = {**visitor.opening(key, iv), "formCode": names}
    opened = visitor.ask("POST", "/v2/sessions/online", json=opening)
    assert opened.status_code == 201, opened.text
    status = visitor.judged(OpenSession(opened.json()["referenceNumber"], key, iv), document)["status"]
    code: int = status["code"]
    if code == 410:
        assert status["description"] == "Nieprawidłowy zakres uprawnień"
    return code


def _invent(visitor: Visitor, what: str, body: dict[str, Any]) -> None:
    response = visitor.ask("POST", f"/v2/testdata/{what}", json=body, token="")
    assert response.status_code == 200, response.text


def test_ones_own_company_and_nobody_elses(visitor: Visitor) -> None:
    """13.9: the seller's own context; a permission in it is enough, an entity's permission is none for its own."""
    assert _send(visitor, write_fa(number="1")) == 200
    assert _send(visitor, write_fa(number="2", seller=BUYER)) == 410
    give(visitor, PERSONS, to_person("InvoiceWrite"))
    Person(visitor, pesel()).log_in(("Nip", SELLER))
    assert _send(visitor, write_fa(number="3")) == 200
    assert _send(visitor, write_fa(number="4", seller=OFFICE)) == 410


def test_self_invoicing_is_the_buyers(visitor: Visitor) -> None:
    """13.9: P_17 and SelfInvoicing in the buyer's context, as long as the authorization holds (11)."""
    document: dict[str, Any] = {"seller": SELLER, "buyer": nip(OFFICE), "self_invoicing": True}
    assert _send(visitor, write_fa(number="1", **document)) == 410
    buyer = Person(visitor, company(OFFICE))
    owner = visitor.token
    buyer.log_in(("Nip", OFFICE))
    assert _send(visitor, write_fa(number="2", **document)) == 410
    mine, visitor.token = visitor.token, owner
    give(visitor, AUTHORIZATIONS, to_other("SelfInvoicing"))
    (shown,) = query(visitor, "authorizations", {"queryType": "Granted"})
    visitor.token = mine
    assert _send(visitor, write_fa(number="3", **document)) == 200
    assert _send(visitor, write_fa(number="4", **{**document, "self_invoicing": False})) == 410
    assert _send(visitor, write_fa(number="5", **{**document, "buyer": nip(BUYER)})) == 410
    mine, visitor.token = visitor.token, owner
    assert revoke(visitor, shown["id"], kind="authorizations") == 200
    visitor.token = mine
    assert _send(visitor, write_fa(number="6", **document)) == 410


def test_an_eu_entity_invoices_itself(visitor: Visitor) -> None:
    """11, 13.9: in the composed context, for its seller, with its own number and P_17."""
    administrator = Person(visitor, make_credential())
    give(visitor, VAT_UE_ADMINISTRATION, to_vat_ue(administrator.credential))
    administrator.log_in(("NipVatUe", COMPOSED), by_fingerprint=True)
    mine, other = vat_ue("DE", VAT_UE.removeprefix("DE")), vat_ue("DE", "987654321")
    assert _send(visitor, write_fa(number="1", buyer=mine, self_invoicing=True)) == 200
    assert _send(visitor, write_fa(number="2", buyer=mine)) == 410
    assert _send(visitor, write_fa(number="3", buyer=other, self_invoicing=True)) == 410
    assert _send(visitor, write_fa(number="4", seller=OFFICE, buyer=mine, self_invoicing=True)) == 410


def test_rr_is_issued_by_the_buyer_the_farmer_chose(visitor: Visitor) -> None:
    """13.9: FA_RR in the buyer's context with RRInvoicing from the farmer."""
    form = ("FA_RR (1)", "1-1E", "FA_RR")
    farmer = visitor.token
    visitor.log_in(OFFICE)
    assert _send(visitor, write_rr(number="1", seller=SELLER, buyer=OFFICE), form=form) == 410
    mine, visitor.token = visitor.token, farmer
    give(visitor, AUTHORIZATIONS, to_other("RRInvoicing"))
    visitor.token = mine
    assert _send(visitor, write_rr(number="2", seller=SELLER, buyer=OFFICE), form=form) == 200
    assert _send(visitor, write_rr(number="3", seller=SELLER, buyer=BUYER), form=form) == 410
    assert _send(visitor, write_fa(number="4", buyer=nip(OFFICE), self_invoicing=True)) == 410


def test_a_tax_representative_is_named_and_authorized(visitor: Visitor) -> None:
    """13.9: PodmiotUpowazniony with RolaPU 3 and TaxRepresentative from the seller."""
    seller = visitor.token
    visitor.log_in(OFFICE)
    assert _send(visitor, write_fa(number="1", authorized=(OFFICE, 3))) == 410
    mine, visitor.token = visitor.token, seller
    give(visitor, AUTHORIZATIONS, to_other("TaxRepresentative"))
    visitor.token = mine
    assert _send(visitor, write_fa(number="2", authorized=(OFFICE, 3))) == 200
    assert _send(visitor, write_fa(number="3")) == 410
    assert _send(visitor, write_fa(number="4", authorized=(BUYER, 3))) == 410
    assert _send(visitor, write_fa(number="5", authorized=(OFFICE, 1))) == 410


def test_a_bailiff_sells_what_is_the_debtors(visitor: Visitor) -> None:
    """13.9: RolaPU 2 with the role and EnforcementOperations; nobody asks the debtor."""
    visitor.log_in(OFFICE)
    assert _send(visitor, write_fa(number="1", authorized=(OFFICE, 2))) == 410
    _invent(visitor, "person", {"nip": OFFICE, "pesel": PESEL, "isBailiff": True, "description": "Komornik"})
    Person(visitor, pesel()).log_in(("Nip", OFFICE))
    assert _send(visitor, write_fa(number="2", authorized=(OFFICE, 2))) == 200
    assert _send(visitor, write_fa(number="3", authorized=(OFFICE, 1))) == 410
    assert _send(visitor, write_fa(number="4", authorized=(BUYER, 2))) == 410
    assert _send(visitor, write_fa(number="5")) == 410


def test_an_officer_of_an_authority_enforces_and_nothing_else(visitor: Visitor) -> None:
    """11, 13.9: EnforcementOperations without InvoiceWrite opens a session, but not for ordinary invoices."""
    authority = {"subjectNip": OFFICE, "subjectType": "EnforcementAuthority", "description": "Organ"}
    _invent(visitor, "subject", authority)
    visitor.log_in(OFFICE)
    give(visitor, PERSONS, to_person("EnforcementOperations", value=OTHER_PESEL))
    Person(visitor, pesel(OTHER_PESEL)).log_in(("Nip", OFFICE))
    assert _send(visitor, write_fa(number="1", authorized=(OFFICE, 1))) == 200
    assert _send(visitor, write_fa(number="2", authorized=(OFFICE, 2))) == 410
    assert _send(visitor, write_fa(number="3", seller=OFFICE)) == 410


@pytest.mark.parametrize(("kind", "role", "other"), [("VatGroup", 9, 7), ("JST", 7, 9)])
def test_subordinates_issue_for_their_superior(visitor: Visitor, kind: str, role: int, other: int) -> None:
    """13.9: named as the issuing member or unit of the seller, and being one."""
    visitor.log_in(OFFICE)
    named = write_fa(number="1", third=(Third(nip(OFFICE), role),))
    assert _send(visitor, named) == 410
    structure = {
        "subjectNip": SELLER,
        "subjectType": kind,
        "description": "Podmiot nadrzędny",
        "subunits": [{"subjectNip": OFFICE, "description": "Podrzędny"}],
    }
    _invent(visitor, "subject", structure)
    assert _send(visitor, named) == 200
    assert _send(visitor, write_fa(number="2")) == 410
    assert _send(visitor, write_fa(number="3", third=(Third(nip(OFFICE), other),))) == 410
    assert _send(visitor, write_fa(number="4", third=(Third(nip(BUYER), role),))) == 410


def test_a_unit_issues_for_its_company(visitor: Visitor) -> None:
    """13.9 and issue 676 of the official repository: the unit's identifier begins with the seller's NIP."""
    give(visitor, SUBUNITS, to_administrator())
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    give(visitor, PERSONS, to_person("InvoiceWrite"))
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    assert _send(visitor, write_fa(number="1")) == 200
    assert _send(visitor, write_fa(number="2", seller=OFFICE)) == 410


def test_sessions_of_colleagues(visitor: Visitor) -> None:
    """Issue 841 of the official repository: the opener, the owner and Introspection see a session, others get 403."""
    give(visitor, PERSONS, to_person("InvoiceWrite"))
    give(visitor, PERSONS, to_person("InvoiceWrite", "InvoiceRead", value=OTHER_PESEL))
    owner = visitor.token
    Person(visitor, pesel()).log_in(("Nip", SELLER))
    session = visitor.open_session()
    invoice = visitor.send(session, write_fa())
    visitor.clock.advance(seconds=1)
    visitor.close(session)
    visitor.clock.advance(seconds=1)
    root = f"/v2/sessions/{session.reference}"
    upo = visitor.get(root)["upo"]["pages"][0]["referenceNumber"]
    paths = (
        root,
        f"{root}/invoices",
        f"{root}/invoices/failed",
        f"{root}/invoices/{invoice}",
        f"{root}/invoices/{invoice}/upo",
        f"{root}/upo/{upo}",
    )
    assert [visitor.ask("GET", path).status_code for path in paths] == [200] * 6
    colleague = Person(visitor, pesel(OTHER_PESEL))
    colleague.log_in(("Nip", SELLER))
    refused = [visitor.ask("GET", path) for path in paths]
    assert [answer.status_code for answer in refused] == [403] * 6
    assert {answer.json()["reasonCode"] for answer in refused} == {"insufficient-resource-access"}
    assert visitor.get("/v2/sessions?sessionType=Online")["sessions"] == []
    visitor.token = owner
    assert [visitor.ask("GET", path).status_code for path in paths] == [200] * 6
    give(visitor, PERSONS, to_person("Introspection", value=OTHER_PESEL))
    colleague.log_in(("Nip", SELLER))
    assert [visitor.ask("GET", path).status_code for path in paths] == [200] * 6
    visitor.log_in(OFFICE)
    assert visitor.refusal("GET", root) == 21173
