"""Every query about permissions with every filter, its order and its pages (section 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.contract.ministry import Visitor, make_credential, visiting
from tests.contract.permissions import (
    AUTHORIZATIONS,
    BY_FINGERPRINT,
    CLIENT,
    COMPOSED,
    ENTITIES,
    INDIRECT,
    OFFICE,
    OTHER_PESEL,
    PERSONS,
    PESEL,
    PROVIDER,
    QUERIES,
    SELLER,
    SUBUNITS,
    UNIT,
    VAT_UE,
    VAT_UE_ADMINISTRATION,
    VAT_UE_GRANTS,
    Person,
    company,
    fingerprint,
    give,
    given_here,
    identifier,
    in_context,
    pesel,
    provider,
    query,
    to_administrator,
    to_entity,
    to_other,
    to_person,
    to_vat_ue,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

NIP: Final = ("Nip", SELLER)
ALL_OWNED: Final = [
    "CollectiveIdentifierManage",
    "CredentialsManage",
    "CredentialsRead",
    "Introspection",
    "InvoiceRead",
    "InvoiceWrite",
    "SubunitManage",
]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


def _scopes(found: list[dict[str, Any]]) -> list[str]:
    return sorted(shown["permissionScope"] for shown in found)


def _own(visitor: Visitor, **filters: object) -> list[dict[str, Any]]:
    return query(visitor, "personal", filters)


def _owned(visitor: Visitor) -> list[str] | None:
    answer = visitor.ask("POST", f"{QUERIES}/personal/grants", json={}).json()
    owned = answer.get("ownerPermissions")
    return None if owned is None else sorted(owned)


def test_a_grant_is_shown_as_it_was_given(visitor: Visitor) -> None:
    """11: every member of a person's permission, and of an entity's."""
    give(visitor, PERSONS, to_person("InvoiceRead"))
    (shown,) = in_context(visitor)
    identity = shown.pop("id")
    assert len(identity) == 36
    assert shown == {
        "authorizedIdentifier": identifier("Pesel", PESEL),
        "authorIdentifier": identifier("Nip", SELLER),
        "permissionScope": "InvoiceRead",
        "description": "Opis uprawnienia",
        "subjectPersonDetails": {
            "subjectDetailsType": "PersonByIdentifier",
            "firstName": "Adam",
            "lastName": "Abacki",
        },
        "permissionState": "Active",
        "startDate": "2026-11-20T10:00:00.500+00:00",
        "canDelegate": False,
    }
    give(visitor, ENTITIES, to_entity(delegated=("InvoiceWrite",)))
    (shown,) = in_context(visitor, permissionTypes=["InvoiceWrite"])
    assert (shown["authorizedIdentifier"], shown["canDelegate"]) == (identifier("Nip", OFFICE), True)
    assert shown["subjectEntityDetails"] == {
        "subjectDetailsType": "EntityByIdentifier",
        "fullName": "Biuro rachunkowe",
    }


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (
            BY_FINGERPRINT,
            {
                "birthDate": "1980-01-01",
                "idDocument": {"type": "Paszport", "number": "AB1234567", "country": "DE"},
            },
        ),
        (
            {
                "subjectDetailsType": "PersonByFingerprintWithIdentifier",
                "personByFpWithId": {
                    "firstName": "Adam",
                    "lastName": "Abacki",
                    "identifier": identifier("Nip", OFFICE),
                },
            },
            {"personIdentifier": identifier("Nip", OFFICE)},
        ),
    ],
    ids=["document", "identifier"],
)
def test_details_of_who_has_no_identifier(
    visitor: Visitor, details: dict[str, object], expected: dict[str, object]
) -> None:
    """11: a document and a birth date, or a NIP that is not in the certificate."""
    subject = identifier("Fingerprint", "A" * 64)
    give(visitor, PERSONS, to_person("InvoiceRead", subjectIdentifier=subject, subjectDetails=details))
    (shown,) = in_context(visitor)
    kind = {"subjectDetailsType": details["subjectDetailsType"]}
    assert shown["subjectPersonDetails"] == {**kind, "firstName": "Adam", "lastName": "Abacki", **expected}


def test_filters_of_persons(visitor: Visitor) -> None:
    """11: author, authorized, target, types and state; a filter that is null asks for nothing."""
    give(visitor, PERSONS, to_person("CredentialsManage", "InvoiceRead"))
    owner = visitor.token
    Person(visitor, pesel()).log_in(NIP)
    give(visitor, PERSONS, to_person("InvoiceWrite", value=OTHER_PESEL))
    give(visitor, INDIRECT, to_person("InvoiceWrite", value=OTHER_PESEL))
    visitor.token = owner
    for filters, scopes in (
        ({}, ["CredentialsManage", "InvoiceRead", "InvoiceWrite", "InvoiceWrite"]),
        ({"authorIdentifier": None, "permissionTypes": [], "permissionState": None}, None),
        ({"authorIdentifier": identifier("Pesel", PESEL)}, ["InvoiceWrite", "InvoiceWrite"]),
        ({"authorIdentifier": identifier("Nip", SELLER)}, ["CredentialsManage", "InvoiceRead"]),
        ({"authorIdentifier": {"type": "System"}}, []),
        ({"authorizedIdentifier": identifier("Pesel", PESEL)}, ["CredentialsManage", "InvoiceRead"]),
        ({"targetIdentifier": {"type": "AllPartners"}}, ["InvoiceWrite"]),
        ({"targetIdentifier": identifier("Nip", CLIENT)}, []),
        ({"permissionTypes": ["InvoiceRead", "CredentialsManage"]}, ["CredentialsManage", "InvoiceRead"]),
        ({"permissionState": "Inactive"}, ["InvoiceWrite"]),
        ({"permissionState": "Active"}, ["CredentialsManage", "InvoiceRead", "InvoiceWrite"]),
        ({"contextIdentifier": identifier("InternalId", UNIT)}, []),
    ):
        expected = (
            ["CredentialsManage", "InvoiceRead", "InvoiceWrite", "InvoiceWrite"] if scopes is None else scopes
        )
        assert _scopes(in_context(visitor, **filters)) == expected, filters


def test_the_two_lists_of_persons(visitor: Visitor) -> None:
    """11: what holds here, and what the caller gave from here: also in units and for clients."""
    give(visitor, PERSONS, to_person("CredentialsManage", "InvoiceRead"))
    give(visitor, SUBUNITS, to_administrator())
    give(visitor, INDIRECT, to_person("InvoiceWrite"))
    assert _scopes(in_context(visitor)) == ["CredentialsManage", "InvoiceRead", "InvoiceWrite"]
    assert _scopes(given_here(visitor)) == [
        "CredentialsManage",
        "CredentialsManage",
        "InvoiceRead",
        "InvoiceWrite",
    ]
    (unit,) = given_here(visitor, contextIdentifier=identifier("InternalId", UNIT))
    assert unit["contextIdentifier"] == identifier("InternalId", UNIT)
    Person(visitor, pesel()).log_in(NIP)
    assert given_here(visitor) == []
    give(visitor, PERSONS, to_person("InvoiceWrite", value=OTHER_PESEL))
    assert [shown["authorizedIdentifier"]["value"] for shown in given_here(visitor)] == [OTHER_PESEL]
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    (administrator,) = in_context(visitor)
    assert administrator["authorIdentifier"] == identifier("Nip", SELLER)


def test_whom_an_office_lets_work_its_clients_do_not_see(visitor: Visitor) -> None:
    """11: indirect permissions are the intermediary's list, not the client's."""
    give(visitor, ENTITIES, to_entity(delegated=("InvoiceRead",)))
    visitor.log_in(OFFICE)
    give(visitor, INDIRECT, to_person("InvoiceRead", targetIdentifier=identifier("Nip", SELLER)))
    (shown,) = in_context(visitor)
    assert (shown["targetIdentifier"], shown["permissionState"]) == (identifier("Nip", SELLER), "Active")
    visitor.log_in()
    assert [shown["authorizedIdentifier"]["type"] for shown in in_context(visitor)] == ["Nip"]


def test_what_an_owner_sees_of_his_own(visitor: Visitor) -> None:
    """11: ownerPermissions instead of a list; what others gave to the company; EnforcementOperations by role only."""
    assert (_own(visitor), _owned(visitor)) == ([], ALL_OWNED)
    visitor.log_in(CLIENT)
    give(visitor, ENTITIES, to_entity(SELLER, kept=("InvoiceRead",)))
    visitor.log_in()
    (received,) = _own(visitor)
    assert received["contextIdentifier"] == identifier("Nip", CLIENT)
    assert "authorizedIdentifier" not in received
    assert _own(visitor, contextIdentifier=identifier("Nip", OFFICE)) == []
    bailiff = {"nip": SELLER, "pesel": PESEL, "isBailiff": True, "description": "Komornik"}
    visitor.ask("POST", "/v2/testdata/person", json=bailiff, token="")
    Person(visitor, pesel()).log_in(NIP)
    assert _owned(visitor) == sorted([*ALL_OWNED, "EnforcementOperations"])
    (received,) = _own(visitor)
    assert received["authorizedIdentifier"] == identifier("Nip", SELLER)


def test_what_others_see_of_their_own(visitor: Visitor) -> None:
    """11: direct permissions and indirect ones, where one is intermediary and where one is client."""
    give(visitor, ENTITIES, to_entity(delegated=("InvoiceRead",), kept=("InvoiceWrite",)))
    office = Person(visitor, company(OFFICE))
    office.log_in(NIP)
    assert (_scopes(_own(visitor)), _owned(visitor)) == (["InvoiceRead", "InvoiceWrite"], None)
    office.log_in(("Nip", OFFICE))
    give(visitor, PERSONS, to_person("CredentialsRead"))
    give(visitor, INDIRECT, to_person("InvoiceRead", "InvoiceWrite"))
    give(visitor, INDIRECT, to_person("InvoiceRead", targetIdentifier=identifier("Nip", SELLER)))
    accountant = Person(visitor, pesel())
    accountant.log_in(("Nip", OFFICE))
    assert _scopes(_own(visitor)) == ["CredentialsRead", "InvoiceRead", "InvoiceRead", "InvoiceWrite"]
    for filters, scopes in (
        ({"targetIdentifier": identifier("Nip", SELLER)}, ["InvoiceRead"]),
        ({"targetIdentifier": {"type": "AllPartners"}}, ["InvoiceRead", "InvoiceWrite"]),
        ({"permissionState": "Inactive"}, ["InvoiceWrite"]),
        ({"permissionTypes": ["CredentialsRead"]}, ["CredentialsRead"]),
        ({"contextIdentifier": identifier("Nip", CLIENT)}, []),
        # As a test of the official client asks: the client of a direct permission is the context itself.
        (
            {
                "contextIdentifier": identifier("Nip", OFFICE),
                "targetIdentifier": identifier("Nip", OFFICE),
            },
            ["CredentialsRead"],
        ),
    ):
        assert _scopes(_own(visitor, **filters)) == scopes, filters
    accountant.log_in(NIP)
    assert _scopes(_own(visitor)) == ["InvoiceRead", "InvoiceRead"]


def test_administrators_of_units(visitor: Visitor) -> None:
    """11: those appointed from the context, not what they give inside; filtered by the unit."""
    visitor.ask(
        "POST",
        "/v2/testdata/subject",
        json={
            "subjectNip": SELLER,
            "subjectType": "JST",
            "description": "Gmina",
            "subunits": [{"subjectNip": CLIENT, "description": "Szkoła"}],
        },
        token="",
    )
    give(visitor, SUBUNITS, to_administrator())
    give(visitor, SUBUNITS, to_administrator("Nip", CLIENT, subunitName=None))
    assert len(query(visitor, "subunits")) == 2
    (unit,) = query(visitor, "subunits", {"subunitIdentifier": identifier("InternalId", UNIT)})
    assert (unit["subunitName"], unit["permissionScope"]) == ("Jednostka 014", "CredentialsManage")
    (school,) = query(visitor, "subunits", {"subunitIdentifier": identifier("Nip", CLIENT)})
    assert "subunitName" not in school
    answer = visitor.ask("POST", f"{QUERIES}/subordinate-entities/roles", json={}).json()
    (role,) = answer["roles"]
    assert (role["role"], role["subordinateEntityIdentifier"]) == (
        "LocalGovernmentSubUnit",
        identifier("Nip", CLIENT),
    )
    for nip, count in ((CLIENT, 1), (OFFICE, 0)):
        body = {"subordinateEntityIdentifier": identifier("Nip", nip)}
        found = visitor.ask("POST", f"{QUERIES}/subordinate-entities/roles", json=body).json()["roles"]
        assert len(found) == count
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    give(visitor, PERSONS, to_person("CredentialsManage", value=OTHER_PESEL))
    assert query(visitor, "subunits") == []
    assert visitor.get(f"{QUERIES}/entities/roles")["roles"] == []


def test_what_an_office_received(visitor: Visitor) -> None:
    """11: the grants of companies and of their units, filtered by who gave them."""
    give(visitor, ENTITIES, to_entity(delegated=("InvoiceRead",)))
    give(visitor, SUBUNITS, to_administrator())
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    give(visitor, ENTITIES, to_entity(kept=("InvoiceWrite",)))
    visitor.log_in(OFFICE)
    assert _scopes(query(visitor, "entities")) == ["InvoiceRead", "InvoiceWrite"]
    (shown,) = query(visitor, "entities", {"contextIdentifier": identifier("InternalId", UNIT)})
    assert (shown["permissionScope"], shown["canDelegate"]) == ("InvoiceWrite", False)
    assert set(shown) == {
        "id",
        "contextIdentifier",
        "permissionScope",
        "description",
        "startDate",
        "canDelegate",
    }


def test_authorizations_given_and_received(visitor: Visitor) -> None:
    """11: by type of the query, by either party and by permission; a Peppol provider may ask with PefInvoiceWrite."""
    visitor.ask("POST", "/_control/peppol", json={"id": PROVIDER, "name": "Dostawca"})
    give(visitor, AUTHORIZATIONS, to_other("SelfInvoicing"))
    give(visitor, AUTHORIZATIONS, to_other("TaxRepresentative"))
    peppol = to_other("PefInvoicing", subjectIdentifier=identifier("PeppolId", PROVIDER))
    give(visitor, AUTHORIZATIONS, peppol)

    def scopes(kind: str, **filters: object) -> list[str]:
        found = query(visitor, "authorizations", {"queryType": kind, **filters})
        return sorted(shown["authorizationScope"] for shown in found)

    assert scopes("Granted") == ["PefInvoicing", "SelfInvoicing", "TaxRepresentative"]
    assert scopes("Granted", permissionTypes=["SelfInvoicing"]) == ["SelfInvoicing"]
    assert scopes("Granted", authorizedIdentifier=identifier("PeppolId", PROVIDER)) == ["PefInvoicing"]
    assert scopes("Granted", authorizingIdentifier=identifier("Nip", SELLER), permissionTypes=None) != []
    assert scopes("Received") == []
    visitor.log_in(OFFICE)
    assert scopes("Received", authorizingIdentifier=identifier("Nip", SELLER)) == [
        "SelfInvoicing",
        "TaxRepresentative",
    ]
    assert scopes("Received", authorizingIdentifier=identifier("Nip", CLIENT)) == []
    Person(visitor, provider()).log_in(("PeppolId", PROVIDER))
    assert scopes("Received") == ["PefInvoicing"]


def test_eu_entities_seen_from_the_company_and_from_inside(visitor: Visitor) -> None:
    """11: the company sees administrators, the composed context everybody; filtered by number, print and right."""
    administrator = Person(visitor, make_credential())
    give(visitor, VAT_UE_ADMINISTRATION, to_vat_ue(administrator.credential))
    found = query(visitor, "eu-entities")
    assert _scopes(found) == ["Introspection", "InvoiceRead", "InvoiceWrite", "VatUeManage"]
    assert {shown["vatUeIdentifier"] for shown in found} == {VAT_UE}
    assert found[0]["euEntityDetails"] == {"fullName": "Firma G.m.b.H.", "address": "Berlin"}
    administrator.log_in(("NipVatUe", COMPOSED), by_fingerprint=True)
    assert _scopes(_own(visitor)) == ["Introspection", "InvoiceRead", "InvoiceWrite", "VatUeManage"]
    print_of_other = "B" * 64
    body = {
        "subjectIdentifier": identifier("Fingerprint", print_of_other),
        "permissions": ["InvoiceRead"],
        "description": "Reprezentant podmiotu",
        "subjectDetails": BY_FINGERPRINT,
    }
    give(visitor, VAT_UE_GRANTS, body)
    inside = query(visitor, "eu-entities", {"authorizedFingerprintIdentifier": "BBBB"})
    assert [shown["euEntityName"] for shown in inside] == ["Firma G.m.b.H., Berlin"]
    mine = fingerprint(administrator.credential)
    assert len(query(visitor, "eu-entities", {"authorizedFingerprintIdentifier": mine[5:20]})) == 4
    assert len(query(visitor, "eu-entities", {"permissionTypes": ["InvoiceRead", "VatUeManage"]})) == 3
    visitor.log_in()
    assert len(query(visitor, "eu-entities", {"vatUeIdentifier": VAT_UE})) == 4
    assert query(visitor, "eu-entities", {"vatUeIdentifier": "FR12123456789"}) == []


def test_order_and_pages(visitor: Visitor) -> None:
    """11: startDate descending, id ascending; pageOffset counts pages; hasMore until the last."""
    for number in range(6):
        give(visitor, PERSONS, to_person("InvoiceRead", "InvoiceWrite", value=f"8001011234{number}"))
    body = {"queryType": "PermissionsInCurrentContext"}
    path = f"{QUERIES}/persons/grants"
    first = visitor.ask("POST", f"{path}?pageSize=10", json=body).json()
    second = visitor.ask("POST", f"{path}?pageSize=10&pageOffset=1", json=body).json()
    third = visitor.ask("POST", f"{path}?pageOffset=2", json=body).json()
    assert (first["hasMore"], second["hasMore"], third) == (
        True,
        False,
        {"permissions": [], "hasMore": False},
    )
    rows = [*first["permissions"], *second["permissions"]]
    assert len({row["id"] for row in rows}) == 12
    assert rows == sorted(
        sorted(rows, key=lambda row: row["id"]), key=lambda row: row["startDate"], reverse=True
    )
    for wrong in ("pageSize=9", "pageSize=101", "pageOffset=-1", "pageSize=x"):
        assert visitor.refusal("POST", f"{path}?{wrong}", json=body) == 21405


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("persons", {}),
        ("persons", {"queryType": "Everything"}),
        ("persons", {"queryType": "PermissionsInCurrentContext", "permissionState": "Waiting"}),
        ("persons", {"queryType": "PermissionsInCurrentContext", "permissionTypes": ["VatUeManage"]}),
        ("persons", {"queryType": "PermissionsInCurrentContext", "authorIdentifier": {"type": "Nip"}}),
        ("personal", {"permissionTypes": ["Owner"]}),
        ("personal", {"contextIdentifier": {"type": "NipVatUe", "value": COMPOSED}}),
        ("personal", {"targetIdentifier": {"type": "AllPartners", "value": SELLER}}),
        ("subunits", {"subunitIdentifier": {"type": "Pesel", "value": PESEL}}),
        ("entities", {"contextIdentifier": {"type": "Nip", "value": "1"}}),
        ("authorizations", {}),
        ("authorizations", {"queryType": "Granted", "permissionTypes": ["InvoiceRead"]}),
        (
            "authorizations",
            {"queryType": "Granted", "authorizingIdentifier": {"type": "PeppolId", "value": PROVIDER}},
        ),
        ("eu-entities", {"vatUeIdentifier": "DE12345678"}),
        ("eu-entities", {"permissionTypes": ["CredentialsManage"]}),
    ],
)
def test_filters_against_the_contract(visitor: Visitor, what: str, body: dict[str, Any]) -> None:
    """21405."""
    assert visitor.refusal("POST", f"{QUERIES}/{what}/grants", json=body) == 21405


def test_unreadable_filters(visitor: Visitor) -> None:
    """21001."""
    for what in ("personal", "persons", "subunits", "entities", "authorizations", "eu-entities"):
        assert visitor.refusal("POST", f"{QUERIES}/{what}/grants", content=b"[") == 21001
