"""Giving and taking back permissions: each kind from its grant to its effect, and every refusal (section 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.contract.ministry import Visitor, make_credential, make_invoice, visiting
from tests.contract.permissions import (
    AUTHORIZATIONS,
    BY_FINGERPRINT,
    BY_ID,
    CLIENT,
    COMPOSED,
    ENTITIES,
    INDIRECT,
    OFFICE,
    OTHER_PESEL,
    PERSONS,
    PESEL,
    PROVIDER,
    SELLER,
    SUBUNITS,
    UNIT,
    VAT_UE_ADMINISTRATION,
    VAT_UE_GRANTS,
    Person,
    company,
    fingerprint,
    give,
    grant,
    identifier,
    in_context,
    pesel,
    query,
    revoke,
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
GROUP: Final[dict[str, Any]] = {
    "subjectNip": SELLER,
    "subjectType": "VatGroup",
    "description": "Grupa VAT",
    "subunits": [{"subjectNip": CLIENT, "description": "Członek grupy"}],
}


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


def _refresh(visitor: Visitor, tokens: dict[str, Any]) -> None:
    """Go on with a fresh access token."""
    token = tokens["refreshToken"]["token"]
    fresh = visitor.ask("POST", "/v2/auth/token/refresh", token=token)
    assert fresh.status_code == 200, fresh.text
    visitor.token = fresh.json()["accessToken"]["token"]


def _invent_group(visitor: Visitor) -> None:
    visitor.ask("POST", "/v2/testdata/subject", json=GROUP, token="")


def test_a_person_works_until_the_permission_is_taken_back(visitor: Visitor) -> None:
    """Grant, query, login, operation, revocation; the access token lives on, the refresh loses all (2.4, 11)."""
    person = Person(visitor, pesel())
    assert person.login_code(NIP) == 415
    give(visitor, PERSONS, to_person("InvoiceWrite"))
    (shown,) = in_context(visitor)
    owner = visitor.token
    tokens = person.log_in(NIP)
    session = visitor.open_session()
    assert visitor.judged(session, make_invoice())["status"]["code"] == 200
    refused = visitor.ask("GET", "/v2/permissions/query/entities/roles")
    assert refused.json()["security"] == {
        "requiredAnyOfPermissions": ["CredentialsManage", "CredentialsRead"],
        "presentPermissions": ["InvoiceWrite"],
    }
    staff, visitor.token = visitor.token, owner
    assert revoke(visitor, shown["id"]) == 200
    assert in_context(visitor) == []
    visitor.token = staff
    visitor.open_session()
    assert visitor.refusal("POST", "/v2/auth/token/refresh", token=tokens["refreshToken"]["token"]) == 21301
    assert person.login_code(NIP) == 415


def test_nothing_happens_before_the_operation_is_done(visitor: Visitor) -> None:
    """11: accepted is not given, and revoked is not yet gone."""
    person = Person(visitor, pesel())
    visitor.ask("POST", PERSONS, json=to_person("InvoiceRead"))
    assert (in_context(visitor), person.login_code(NIP)) == ([], 415)
    visitor.clock.advance(seconds=1)
    (shown,) = in_context(visitor)
    visitor.ask("DELETE", f"/v2/permissions/common/grants/{shown['id']}")
    assert (len(in_context(visitor)), person.login_code(NIP)) == (1, 200)
    visitor.clock.advance(seconds=1)
    assert (in_context(visitor), person.login_code(NIP)) == ([], 415)


def test_a_refresh_takes_up_what_was_given_and_lost(visitor: Visitor) -> None:
    """2.4: access tokens keep their permissions, each refresh brings those of today."""
    owner = visitor.token
    give(visitor, PERSONS, to_person("InvoiceRead", "CredentialsRead"))
    tokens = Person(visitor, pesel()).log_in(NIP)
    opening = visitor.opening(b"k" * 32, b"i" * 16)
    assert visitor.ask("POST", "/v2/sessions/online", json=opening).status_code == 403
    staff, visitor.token = visitor.token, owner
    give(visitor, PERSONS, to_person("InvoiceWrite"))
    (reading,) = in_context(visitor, permissionTypes=["CredentialsRead"])
    assert revoke(visitor, reading["id"]) == 200
    visitor.token = staff
    assert visitor.ask("POST", "/v2/sessions/online", json=opening).status_code == 403
    assert len(in_context(visitor)) == 2
    _refresh(visitor, tokens)
    visitor.open_session()
    body = {"queryType": "PermissionsInCurrentContext"}
    assert visitor.ask("POST", "/v2/permissions/query/persons/grants", json=body).status_code == 403


def test_a_ksef_token_is_worth_what_its_author_may(visitor: Visitor) -> None:
    """2.3, 2.7: it gives less when its author lost something, and nothing (415) when he lost all."""
    owner = visitor.token
    give(visitor, PERSONS, to_person("InvoiceRead", "InvoiceWrite"))
    Person(visitor, pesel()).log_in(NIP)
    wish = {"permissions": ["InvoiceRead", "InvoiceWrite"], "description": "Token pracownika"}
    token = visitor.ask("POST", "/v2/tokens", json=wish).json()["token"]
    visitor.token = owner
    for shown in in_context(visitor, permissionTypes=["InvoiceWrite"]):
        assert revoke(visitor, shown["id"]) == 200
    visitor.redeem(visitor.begin_token_login(token))
    refused = visitor.ask("POST", "/v2/sessions/online", json=visitor.opening(b"k" * 32, b"i" * 16))
    assert refused.json()["security"]["presentPermissions"] == ["InvoiceRead"]
    visitor.token = owner
    for shown in in_context(visitor):
        assert revoke(visitor, shown["id"]) == 200
    assert visitor.login_status(visitor.begin_token_login(token))["code"] == 415


def test_a_fingerprint_stands_for_its_certificate_only(visitor: Visitor) -> None:
    """2.2: the login must ask for the fingerprint, and with the very certificate."""
    person = Person(visitor, pesel())
    body = to_person(
        "InvoiceRead",
        subjectIdentifier=identifier("Fingerprint", fingerprint(person.credential)),
        subjectDetails=BY_FINGERPRINT,
    )
    give(visitor, PERSONS, body)
    assert person.login_code(NIP) == 415
    assert person.login_code(NIP, by_fingerprint=True) == 200
    assert Person(visitor, pesel()).login_code(NIP, by_fingerprint=True) == 415


def test_an_accountant_of_an_office_sends_for_a_client(visitor: Visitor) -> None:
    """11: client to office with canDelegate, office to accountant for this client; each link is needed."""
    client, office, accountant = (
        Person(visitor, company(SELLER)),
        Person(visitor, company(OFFICE)),
        Person(visitor, pesel()),
    )
    give(visitor, ENTITIES, to_entity(delegated=("InvoiceWrite",), kept=("InvoiceRead",)))
    assert office.login_code(NIP) == 200
    assert accountant.login_code(NIP) == 415
    office.log_in(("Nip", OFFICE))
    wish = to_person("InvoiceWrite", "InvoiceRead", targetIdentifier=identifier("Nip", SELLER))
    give(visitor, INDIRECT, wish)
    states = {shown["permissionScope"]: shown["permissionState"] for shown in in_context(visitor)}
    assert states == {"InvoiceWrite": "Active", "InvoiceRead": "Inactive"}
    tokens = accountant.log_in(NIP)
    session = visitor.open_session()
    assert visitor.judged(session, make_invoice())["status"]["code"] == 200
    client.log_in(NIP)
    for shown in in_context(visitor):
        assert revoke(visitor, shown["id"]) == 200
    assert visitor.refusal("POST", "/v2/auth/token/refresh", token=tokens["refreshToken"]["token"]) == 21301
    assert (office.login_code(NIP), accountant.login_code(NIP)) == (415, 415)
    office.log_in(("Nip", OFFICE))
    assert {shown["permissionState"] for shown in in_context(visitor)} == {"Inactive"}


@pytest.mark.parametrize("target", [None, {"type": "AllPartners"}], ids=["left out", "named"])
def test_a_general_permission_reaches_every_client(visitor: Visitor, target: dict[str, str] | None) -> None:
    """11: AllPartners, before and after the client comes; only what the client lets the office hand on."""
    office, accountant = Person(visitor, company(OFFICE)), Person(visitor, pesel())
    owner = visitor.token
    office.log_in(("Nip", OFFICE))
    give(visitor, INDIRECT, to_person("InvoiceRead", targetIdentifier=target))
    assert [shown["permissionState"] for shown in in_context(visitor)] == ["Inactive"]
    visitor.token = owner
    give(visitor, ENTITIES, to_entity(kept=("InvoiceRead",)))
    assert accountant.login_code(NIP) == 415
    visitor.log_in(CLIENT)
    give(visitor, ENTITIES, to_entity(delegated=("InvoiceRead", "InvoiceWrite")))
    accountant.log_in(("Nip", CLIENT))
    refused = visitor.ask("POST", "/v2/sessions/online", json=visitor.opening(b"k" * 32, b"i" * 16))
    assert refused.json()["security"]["presentPermissions"] == ["InvoiceRead"]
    assert accountant.login_code(NIP) == 415


def test_given_once_more_nothing_changes(visitor: Visitor) -> None:
    """Issue 370 of the official repository: the flag of a permission that is there already stays."""
    give(visitor, ENTITIES, to_entity(delegated=("InvoiceRead",)))
    (first,) = in_context(visitor)
    give(visitor, ENTITIES, to_entity(kept=("InvoiceRead",)))
    assert in_context(visitor) == [first]
    assert revoke(visitor, first["id"]) == 200
    give(visitor, ENTITIES, to_entity(kept=("InvoiceRead",)))
    (second,) = in_context(visitor)
    assert (second["canDelegate"], second["id"] != first["id"]) == (False, True)


def test_the_administrator_of_a_unit_rules_there(visitor: Visitor) -> None:
    """11: a unit is made by appointing its administrator, who appoints others; its context issues for the NIP."""
    unit, administrator = ("InternalId", UNIT), Person(visitor, pesel())
    assert administrator.login_code(unit) == 415
    give(visitor, SUBUNITS, to_administrator())
    (shown,) = query(visitor, "subunits")
    owner = visitor.token
    administrator.log_in(unit)
    give(visitor, PERSONS, to_person("InvoiceWrite", value=OTHER_PESEL))
    clerk = Person(visitor, pesel(OTHER_PESEL))
    clerk.log_in(unit)
    assert visitor.judged(visitor.open_session(), make_invoice())["status"]["code"] == 200
    assert clerk.login_code(NIP) == 415
    visitor.token = owner
    assert revoke(visitor, shown["id"]) == 200
    assert (administrator.login_code(unit), clerk.login_code(unit)) == (415, 200)


def test_the_administrator_of_a_subordinate(visitor: Visitor) -> None:
    """11: a VAT group appoints for its member, known by NIP."""
    _invent_group(visitor)
    give(visitor, SUBUNITS, to_administrator("Nip", CLIENT, subunitName=None))
    Person(visitor, pesel()).log_in(("Nip", CLIENT))
    give(visitor, PERSONS, to_person("InvoiceWrite"))
    (parent,) = query(visitor, "personal", {"permissionTypes": ["CredentialsManage"]})
    assert parent["contextIdentifier"] == identifier("Nip", SELLER)


def test_administrators_and_representatives_of_an_eu_entity(visitor: Visitor) -> None:
    """11: a composed context, an administrator with VatUeManage, and a representative by fingerprint."""
    context, administrator = ("NipVatUe", COMPOSED), Person(visitor, make_credential())
    give(visitor, VAT_UE_ADMINISTRATION, to_vat_ue(administrator.credential))
    owner = visitor.token
    administrator.log_in(context, by_fingerprint=True)
    representative = Person(visitor, pesel())
    body = {
        "subjectIdentifier": identifier("Fingerprint", fingerprint(representative.credential)),
        "permissions": ["InvoiceRead"],
        "description": "Reprezentant podmiotu",
        "subjectDetails": {
            "subjectDetailsType": "EntityByFingerprint",
            "entityByFp": {"fullName": "Firma G.m.b.H.", "address": "Berlin"},
        },
    }
    give(visitor, VAT_UE_GRANTS, body)
    (shown,) = [item for item in query(visitor, "eu-entities") if "subjectEntityDetails" in item]
    assert representative.login_code(context, by_fingerprint=True) == 200
    assert revoke(visitor, shown["id"]) == 200
    assert representative.login_code(context, by_fingerprint=True) == 415
    visitor.token = owner
    managing = {"permissionTypes": ["VatUeManage"]}
    (managed,) = query(visitor, "eu-entities", managing)
    assert revoke(visitor, managed["id"]) == 200
    assert query(visitor, "eu-entities", managing) == []
    administrator.log_in(context, by_fingerprint=True)
    assert visitor.ask("POST", VAT_UE_GRANTS, json=body).status_code == 403


def test_a_provider_is_authorized_once_it_is_registered(visitor: Visitor) -> None:
    """11: PefInvoicing for a Peppol provider, who sees it as received and cannot be given anything else."""
    wish = to_other("PefInvoicing", subjectIdentifier=identifier("PeppolId", PROVIDER))
    assert grant(visitor, AUTHORIZATIONS, wish) == 450
    visitor.ask("POST", "/_control/peppol", json={"id": PROVIDER, "name": "Dostawca"})
    assert grant(visitor, AUTHORIZATIONS, {**wish, "permission": "SelfInvoicing"}) == 450
    assert grant(visitor, AUTHORIZATIONS, wish) == 200
    (shown,) = query(visitor, "authorizations", {"queryType": "Granted"})
    assert shown["authorizedEntityIdentifier"] == identifier("PeppolId", PROVIDER)
    assert revoke(visitor, shown["id"]) == 450
    assert revoke(visitor, shown["id"], kind="authorizations") == 200
    assert query(visitor, "authorizations", {"queryType": "Granted"}) == []


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (PERSONS, to_person("EnforcementOperations"), 430),
        (ENTITIES, to_entity(SELLER, kept=("InvoiceRead",)), 440),
        (AUTHORIZATIONS, to_other("SelfInvoicing", SELLER), 440),
        (AUTHORIZATIONS, to_other("PefInvoicing"), 450),
        (INDIRECT, to_person("InvoiceRead", targetIdentifier=identifier("Nip", SELLER)), 440),
        (INDIRECT, to_person("InvoiceRead", targetIdentifier=identifier("Nip", CLIENT)), 430),
        (SUBUNITS, to_administrator(unit="6824515772-12343"), 410),
        (SUBUNITS, to_administrator("Nip", CLIENT), 430),
        (
            VAT_UE_ADMINISTRATION,
            to_vat_ue(make_credential(), contextIdentifier=identifier("NipVatUe", f"{OFFICE}-DE123456789")),
            410,
        ),
    ],
)
def test_operations_that_fail(visitor: Visitor, path: str, body: dict[str, Any], code: int) -> None:
    """11: accepted with 202, and found wanting when they are processed."""
    assert grant(visitor, path, body) == code
    assert (in_context(visitor), query(visitor, "subunits"), query(visitor, "eu-entities")) == ([], [], [])


def test_a_stranger_is_no_subordinate(visitor: Visitor) -> None:
    """410: the context is superior, but not to this NIP."""
    _invent_group(visitor)
    assert grant(visitor, SUBUNITS, to_administrator("Nip", OFFICE)) == 410
    assert grant(visitor, SUBUNITS, to_administrator("Nip", CLIENT)) == 200


def test_rights_that_only_a_company_gives(visitor: Visitor) -> None:
    """403 context-type-not-allowed in a unit; SubunitManage there is 430."""
    give(visitor, SUBUNITS, to_administrator())
    Person(visitor, pesel()).log_in(("InternalId", UNIT))
    for path, body in (
        (AUTHORIZATIONS, to_other("SelfInvoicing")),
        (INDIRECT, to_person("InvoiceRead")),
        (VAT_UE_ADMINISTRATION, to_vat_ue(make_credential())),
    ):
        refused = visitor.ask("POST", path, json=body).json()
        assert refused["reasonCode"] == "context-type-not-allowed"
        assert refused["security"] == {"contextIdentifierType": "InternalId"}
    assert grant(visitor, PERSONS, to_person("SubunitManage")) == 430
    assert grant(visitor, PERSONS, to_person("EnforcementOperations")) == 430
    assert grant(visitor, ENTITIES, to_entity(SELLER, kept=("InvoiceRead",))) == 440
    assert grant(visitor, ENTITIES, to_entity(kept=("InvoiceRead",))) == 200


def test_an_old_access_token_gives_nothing_any_more(visitor: Visitor) -> None:
    """420: the token still says CredentialsManage, whoever holds it has lost it."""
    owner = visitor.token
    give(visitor, PERSONS, to_person("CredentialsManage", "InvoiceRead"))
    administrator = Person(visitor, pesel())
    administrator.log_in(NIP)
    give(visitor, PERSONS, to_person("InvoiceRead", value=OTHER_PESEL))
    (reading,) = in_context(visitor, authorizedIdentifier=identifier("Pesel", OTHER_PESEL))
    staff, visitor.token = visitor.token, owner
    (managing,) = in_context(visitor, permissionTypes=["CredentialsManage"])
    assert revoke(visitor, managing["id"]) == 200
    visitor.token = staff
    for path, body in (
        (PERSONS, to_person("InvoiceWrite")),
        (ENTITIES, to_entity(kept=("InvoiceRead",))),
        (AUTHORIZATIONS, to_other("SelfInvoicing")),
        (INDIRECT, to_person("InvoiceRead")),
        (VAT_UE_ADMINISTRATION, to_vat_ue(make_credential())),
    ):
        assert grant(visitor, path, body) == 420
    assert revoke(visitor, reading["id"]) == 420
    visitor.token = owner
    assert len(in_context(visitor)) == 2


def test_who_may_take_back_what(visitor: Visitor) -> None:
    """11: unknown or gone is 400, of another context 420; a unit's administrator takes SubunitManage."""
    unknown = "0c9a72e8-f344-457f-9c16-7c640eb60242"
    assert revoke(visitor, unknown) == 400
    assert visitor.refusal("DELETE", "/v2/permissions/common/grants/12") == 21405
    give(visitor, PERSONS, to_person("CredentialsManage"))
    give(visitor, SUBUNITS, to_administrator(subjectIdentifier=identifier("Pesel", OTHER_PESEL)))
    give(visitor, AUTHORIZATIONS, to_other("SelfInvoicing"))
    (managing,), (unit,) = in_context(visitor), query(visitor, "subunits")
    (authorized,) = query(visitor, "authorizations", {"queryType": "Granted"})
    owner = visitor.token
    Person(visitor, pesel()).log_in(NIP)
    assert revoke(visitor, unit["id"]) == 420
    assert revoke(visitor, managing["id"], kind="authorizations") == 450
    assert revoke(visitor, authorized["id"], kind="authorizations") == 200
    visitor.log_in(OFFICE)
    assert revoke(visitor, managing["id"]) == 420
    visitor.token = owner
    assert revoke(visitor, unit["id"]) == 200
    assert revoke(visitor, unit["id"]) == 400


def test_what_the_tax_office_gave_can_be_taken_back(visitor: Visitor) -> None:
    """14: the author of such a permission is the system."""
    body = {
        "contextIdentifier": identifier("Nip", SELLER),
        "authorizedIdentifier": identifier("Pesel", PESEL),
        "permissions": [{"permissionType": "CredentialsManage", "description": "Z formularza ZAW-FA"}],
    }
    visitor.ask("POST", "/v2/testdata/permissions", json=body, token="")
    (shown,) = in_context(visitor, authorIdentifier={"type": "System"})
    assert shown["authorIdentifier"] == {"type": "System"}
    assert revoke(visitor, shown["id"]) == 200
    assert in_context(visitor) == []


def test_operations_are_forgotten_after_thirty_days(visitor: Visitor) -> None:
    """410 Gone; unknown, and of another context, is 21405."""
    reference = visitor.ask("POST", PERSONS, json=to_person("InvoiceRead")).json()["referenceNumber"]
    path = f"/v2/permissions/operations/{reference}"
    assert reference[8:12] == "-EG-"
    mine, theirs = visitor.control_token(), visitor.control_token(OFFICE)
    visitor.clock.advance(days=30)
    visitor.redeem(visitor.begin_token_login(mine))
    assert visitor.get(path)["status"] == {"code": 200, "description": "Operacja zakończona sukcesem"}
    visitor.redeem(visitor.begin_token_login(theirs, nip=OFFICE))
    assert visitor.refusal("GET", path) == 21405
    visitor.clock.advance(seconds=1)
    visitor.redeem(visitor.begin_token_login(mine))
    assert visitor.ask("GET", path).status_code == 410
    assert visitor.refusal("GET", "/v2/permissions/operations/20261120-EG-0") == 21405


def test_planned_trouble_of_an_operation(visitor: Visitor) -> None:
    """400, 500 and 550 by the control API: nothing is given."""
    visitor.ask("POST", "/_control/endings", json={"area": "permissions", "codes": [400, 500, 550]})
    body = to_person("InvoiceRead")
    assert [grant(visitor, PERSONS, body) for _ in range(3)] == [400, 500, 550]
    assert in_context(visitor) == []
    assert grant(visitor, PERSONS, body) == 200


FP: Final = identifier("Fingerprint", "A" * 64)
WRONG_BODIES: Final[list[tuple[str, dict[str, Any]]]] = [
    (PERSONS, to_person()),
    (PERSONS, to_person("InvoiceRead", "InvoiceRead")),
    (PERSONS, to_person("VatUeManage")),
    (PERSONS, to_person("Owner")),
    (PERSONS, to_person("InvoiceRead", description="abcd")),
    (PERSONS, to_person("InvoiceRead", description="a" * 257)),
    (PERSONS, to_person("InvoiceRead", subjectDetails=None)),
    (PERSONS, to_person("InvoiceRead", subjectDetails={"subjectDetailsType": "PersonByIdentifier"})),
    (
        PERSONS,
        to_person("InvoiceRead", subjectDetails={**BY_ID, "personById": {"firstName": "A", "lastName": "B"}}),
    ),
    (PERSONS, to_person("InvoiceRead", subjectDetails=BY_FINGERPRINT)),
    (PERSONS, to_person("InvoiceRead", subjectIdentifier=FP)),
    (PERSONS, to_person("InvoiceRead", subjectIdentifier=identifier("Fingerprint", "a" * 64))),
    (PERSONS, to_person("InvoiceRead", subjectIdentifier=identifier("Pesel", "15132788702"))),
    (PERSONS, to_person("InvoiceRead", subjectIdentifier=identifier("Nip", "0123456789"))),
    (PERSONS, to_person("InvoiceRead", subjectIdentifier=identifier("InternalId", UNIT))),
    (
        PERSONS,
        to_person(
            "InvoiceRead",
            subjectIdentifier=FP,
            subjectDetails={
                **BY_FINGERPRINT,
                "personByFpNoId": {
                    **BY_FINGERPRINT["personByFpNoId"],  # type: ignore[dict-item]  # One of its values is a mapping.
                    "idDocument": {"type": "Paszport", "number": "1", "country": "de"},
                },
            },
        ),
    ),
    (ENTITIES, to_entity()),
    (ENTITIES, to_entity(kept=("CredentialsRead",))),
    (ENTITIES, to_entity(kept=("InvoiceRead",), delegated=("InvoiceRead",))),
    (ENTITIES, {**to_entity(kept=("InvoiceRead",)), "subjectDetails": {"fullName": "Firm"}}),
    (ENTITIES, {**to_entity(kept=("InvoiceRead",)), "subjectIdentifier": identifier("Pesel", PESEL)}),
    (AUTHORIZATIONS, to_other("InvoiceRead")),
    (AUTHORIZATIONS, to_other("SelfInvoicing", subjectIdentifier=identifier("PeppolId", "PL000001"))),
    (INDIRECT, to_person("CredentialsRead")),
    (INDIRECT, to_person("InvoiceRead", targetIdentifier={"type": "Nip"})),
    (INDIRECT, to_person("InvoiceRead", targetIdentifier={"type": "AllPartners", "value": CLIENT})),
    (INDIRECT, to_person("InvoiceRead", targetIdentifier=identifier("InternalId", f"{CLIENT}-11111"))),
    (SUBUNITS, to_administrator(subunitName=None)),
    (SUBUNITS, to_administrator(subunitName="Mała")),
    (SUBUNITS, to_administrator(unit=f"{SELLER}-12345")),
    (SUBUNITS, to_administrator("NipVatUe", COMPOSED)),
    (VAT_UE_ADMINISTRATION, to_vat_ue(make_credential(), subjectIdentifier=identifier("Nip", SELLER))),
    (VAT_UE_ADMINISTRATION, to_vat_ue(make_credential(), subjectDetails=BY_ID)),
    (VAT_UE_ADMINISTRATION, to_vat_ue(make_credential(), euEntityName="GmbH")),
    (VAT_UE_ADMINISTRATION, to_vat_ue(make_credential(), euEntityDetails={"fullName": "Firma"})),
    (
        VAT_UE_ADMINISTRATION,
        to_vat_ue(make_credential(), contextIdentifier=identifier("NipVatUe", f"{SELLER}-DE123")),
    ),
]


@pytest.mark.parametrize(("path", "body"), WRONG_BODIES)
def test_bodies_against_the_contract(visitor: Visitor, path: str, body: dict[str, Any]) -> None:
    """21405 at once, in both error formats: nothing is begun."""
    assert visitor.refusal("POST", path, json=body) == 21405


def test_unreadable_bodies(visitor: Visitor) -> None:
    """21001."""
    for path in (PERSONS, ENTITIES, AUTHORIZATIONS, INDIRECT, SUBUNITS, VAT_UE_ADMINISTRATION):
        assert visitor.refusal("POST", path, content=b"{") == 21001


def test_nobody_gives_without_the_right_to(visitor: Visitor) -> None:
    """403 missing-permissions for each kind; VatUeManage is not even the owner's."""
    assert visitor.ask("POST", VAT_UE_GRANTS, json={}).json()["security"] == {
        "requiredAnyOfPermissions": ["VatUeManage"],
        "presentPermissions": ["Owner"],
    }
    give(visitor, PERSONS, to_person("InvoiceRead"))
    Person(visitor, pesel()).log_in(NIP)
    for path in (PERSONS, ENTITIES, AUTHORIZATIONS, INDIRECT, SUBUNITS, VAT_UE_ADMINISTRATION, VAT_UE_GRANTS):
        refused = visitor.ask("POST", path, json={})
        assert (refused.status_code, refused.json()["reasonCode"]) == (403, "missing-permissions")
    for kind in ("common", "authorizations"):
        assert visitor.ask("DELETE", f"/v2/permissions/{kind}/grants/{'0' * 36}").status_code == 403
