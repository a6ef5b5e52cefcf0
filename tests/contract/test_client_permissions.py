"""Permissions, logins, tokens and limits: the client against the official contract (sections 2, 11, 12)."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from ksef.errors import Ambiguous, Unavailable
from ksef.exchange.grants import (
    AuthorizationGrant,
    EntityGrant,
    EntityScope,
    EuAdministrationGrant,
    EuEntityGrant,
    ForeignPerson,
    Grant,
    IdentifiedPerson,
    IndirectGrant,
    Person,
    PersonGrant,
    SubunitGrant,
)
from ksef.exchange.identifiers import Identifier, IdentifierKind
from ksef.exchange.limits import PUBLISHED_RATES, RateGroup, RateLimit
from ksef.exchange.permission_filters import (
    AuthorizationFilters,
    AuthorizationQuery,
    EuEntityFilters,
    PersonalFilters,
    PersonFilters,
    PersonQuery,
)
from ksef.exchange.permissions import (
    AuthorizationScope,
    IdentityDocument,
    PermissionScope,
    PermissionState,
    SubjectEntity,
)
from ksef.exchange.tokens import TokenFilters, TokenPermission, TokenStatus
from ksef.gateway import Gateway
from tests.contract.openapi import find_contract
from tests.contract.understudy import ENDPOINT, Shape, Understudy

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]

REFERENCE = "20251010-EG-1B6C9EB000-4B15D3AEB9-89"
MOMENT = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
NIP = Identifier(IdentifierKind.NIP, "5265877635")
PESEL = Identifier(IdentifierKind.PESEL, "12345678901")
UNIT = Identifier(IdentifierKind.INTERNAL_ID, "5265877635-12345")
PARTNERS = Identifier(IdentifierKind.ALL_PARTNERS)
FINGERPRINT = "AB" * 32
CERTIFICATE = Identifier(IdentifierKind.FINGERPRINT, FINGERPRINT)
PERSON = Person("Jan", "Próbny")
KNOWN = IdentifiedPerson("Jan", "Próbny", PESEL)
FOREIGN = ForeignPerson(
    "Ana", "Beispiel", date(1990, 2, 3), IdentityDocument(kind="Passport", number="X1", country="DE")
)
ENTITY = SubjectEntity("Beispiel GmbH", "Weg 1, Berlin")
READ, WRITE = PermissionScope.INVOICE_READ, PermissionScope.INVOICE_WRITE

GRANTS: dict[str, Grant] = {
    "persons": PersonGrant(PESEL, (READ, WRITE), "opis uprawnienia", PERSON),
    "entities": EntityGrant(
        "1111111111", (EntityScope(READ), EntityScope(WRITE, can_delegate=True)), "biuro", "Biuro sp. z o.o."
    ),
    "authorizations": AuthorizationGrant(
        NIP, AuthorizationScope.SELF_INVOICING, "samofakturowanie", "Nabywca SA"
    ),
    "indirect": IndirectGrant(CERTIFICATE, (READ,), "wszyscy klienci", KNOWN, target=PARTNERS),
    "subunits": SubunitGrant(CERTIFICATE, UNIT, "administrator", FOREIGN, subunit_name="Oddział 1"),
    "eu-entities/administration": EuAdministrationGrant(
        FINGERPRINT, "5265877635-DE123456789", "administrator", ENTITY, subject=FOREIGN
    ),
    "eu-entities": EuEntityGrant(FINGERPRINT, (READ,), "przedstawiciel", ENTITY),
}

type Act = Callable[[Gateway], object]
QUERIES: dict[str, Act] = {
    "POST /permissions/query/personal/grants": lambda gateway: gateway.permissions.query_personal("t"),
    "POST /permissions/query/persons/grants": lambda gateway: gateway.permissions.query_persons("t"),
    "POST /permissions/query/subunits/grants": lambda gateway: gateway.permissions.query_subunits("t"),
    "POST /permissions/query/entities/grants": lambda gateway: gateway.permissions.query_entities("t"),
    "GET /permissions/query/entities/roles": lambda gateway: gateway.permissions.list_entity_roles("t"),
    "POST /permissions/query/subordinate-entities/roles": lambda gateway: (
        gateway.permissions.query_subordinate_roles("t")
    ),
    "POST /permissions/query/authorizations/grants": lambda gateway: gateway.permissions.query_authorizations(
        "t"
    ),
    "POST /permissions/query/eu-entities/grants": lambda gateway: gateway.permissions.query_eu_entities("t"),
    "GET /permissions/attachments/status": lambda gateway: gateway.permissions.get_attachments_status("t"),
}
CALLS: dict[str, Act] = {
    **QUERIES,
    "DELETE /permissions/common/grants/{permissionId}": lambda gateway: gateway.permissions.revoke(
        "t", REFERENCE
    ),
    "DELETE /permissions/authorizations/grants/{permissionId}": lambda gateway: (
        gateway.permissions.revoke_authorization("t", REFERENCE)
    ),
    "GET /permissions/operations/{referenceNumber}": lambda gateway: gateway.permissions.get_operation(
        "t", REFERENCE
    ),
    "GET /auth/sessions": lambda gateway: gateway.logins.list("t"),
    "DELETE /auth/sessions/current": lambda gateway: gateway.logins.end_current("t"),
    "DELETE /auth/sessions/{referenceNumber}": lambda gateway: gateway.logins.end("t", REFERENCE),
    "POST /tokens": lambda gateway: gateway.tokens.create(
        "t", permissions=[TokenPermission.INVOICE_READ], description="opis tokena"
    ),
    "GET /tokens": lambda gateway: gateway.tokens.list("t"),
    "GET /tokens/{referenceNumber}": lambda gateway: gateway.tokens.get("t", REFERENCE),
    "DELETE /tokens/{referenceNumber}": lambda gateway: gateway.tokens.revoke("t", REFERENCE),
    "GET /rate-limits": lambda gateway: gateway.limits.get_rate_limits("t"),
    "GET /limits/context": lambda gateway: gateway.limits.get_context_limits("t"),
    "GET /limits/subject": lambda gateway: gateway.limits.get_subject_limits("t"),
}


def test_every_operation_of_these_topics_has_its_call() -> None:
    contract = find_contract()
    assert contract is not None
    ours = ("/permissions", "/auth/sessions", "/tokens", "/rate-limits", "/limits")
    known = {
        contract.name_of(described)
        for path, methods in contract.document["paths"].items()
        for described in methods.values()
        if path.startswith(ours)
    }
    assert known == {*CALLS, *(f"POST /permissions/{kind}/grants" for kind in GRANTS)}


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("operation", CALLS)
def test_every_call_keeps_the_contract_and_reads_every_shape_of_answer(operation: str, shape: Shape) -> None:
    """Unknown members and enumeration values never break anything (F26)."""
    ksef = Understudy(shape)
    with ksef.gateway() as gateway:
        CALLS[operation](gateway)
    assert ksef.asked == [operation]


@pytest.mark.parametrize("kind", GRANTS)
def test_every_grant_keeps_the_contract(kind: str) -> None:
    ksef = Understudy(fixed={"referenceNumber": REFERENCE})
    with ksef.gateway() as gateway:
        assert gateway.permissions.grant("t", GRANTS[kind]) == REFERENCE
    assert ksef.asked == [f"POST /permissions/{kind}/grants"]


def _granted(grant: Grant) -> Any:
    ksef = Understudy()
    with ksef.gateway() as gateway:
        gateway.permissions.grant("t", grant)
    return ksef.body()


def test_person_is_described_by_what_ksef_knows_of_them() -> None:
    names = {"firstName": "Jan", "lastName": "Próbny"}
    assert _granted(GRANTS["persons"]) == {
        "subjectIdentifier": {"type": "Pesel", "value": "12345678901"},
        "permissions": ["InvoiceRead", "InvoiceWrite"],
        "description": "opis uprawnienia",
        "subjectDetails": {"subjectDetailsType": "PersonByIdentifier", "personById": names},
    }
    assert _granted(GRANTS["indirect"])["subjectDetails"] == {
        "subjectDetailsType": "PersonByFingerprintWithIdentifier",
        "personByFpWithId": names | {"identifier": {"type": "Pesel", "value": "12345678901"}},
    }
    assert _granted(GRANTS["subunits"])["subjectDetails"] == {
        "subjectDetailsType": "PersonByFingerprintWithoutIdentifier",
        "personByFpNoId": {
            "firstName": "Ana",
            "lastName": "Beispiel",
            "birthDate": "1990-02-03",
            "idDocument": {"type": "Passport", "number": "X1", "country": "DE"},
        },
    }


def test_partners_are_all_or_one() -> None:
    """`AllPartners` has no value."""
    assert _granted(GRANTS["indirect"])["targetIdentifier"] == {"type": "AllPartners"}
    one = IndirectGrant(NIP, (READ,), "jeden klient", PERSON)
    assert "targetIdentifier" not in _granted(one)


def test_other_grants_say_their_own() -> None:
    assert _granted(GRANTS["entities"])["permissions"] == [
        {"type": "InvoiceRead", "canDelegate": False},
        {"type": "InvoiceWrite", "canDelegate": True},
    ]
    assert _granted(GRANTS["authorizations"])["permission"] == "SelfInvoicing"
    assert _granted(GRANTS["subunits"])["subunitName"] == "Oddział 1"
    administration = _granted(GRANTS["eu-entities/administration"])
    assert administration["euEntityName"] == "Beispiel GmbH, Weg 1, Berlin"
    assert administration["contextIdentifier"] == {"type": "NipVatUe", "value": "5265877635-DE123456789"}
    assert _granted(GRANTS["eu-entities"])["subjectDetails"] == {
        "subjectDetailsType": "EntityByFingerprint",
        "entityByFp": {"fullName": "Beispiel GmbH", "address": "Weg 1, Berlin"},
    }


NARROWED: list[tuple[Act, dict[str, Any]]] = [
    (
        lambda gateway: gateway.permissions.query_personal(
            "t", filters=PersonalFilters(NIP, PARTNERS, (READ,), PermissionState.ACTIVE)
        ),
        {
            "contextIdentifier": {"type": "Nip", "value": "5265877635"},
            "targetIdentifier": {"type": "AllPartners"},
            "permissionTypes": ["InvoiceRead"],
            "permissionState": "Active",
        },
    ),
    (
        lambda gateway: gateway.permissions.query_persons(
            "t",
            filters=PersonFilters(
                PersonQuery.GRANTED_IN_CONTEXT, author=Identifier(IdentifierKind.SYSTEM), authorized=PESEL
            ),
        ),
        {
            "queryType": "PermissionsGrantedInCurrentContext",
            "authorIdentifier": {"type": "System"},
            "authorizedIdentifier": {"type": "Pesel", "value": "12345678901"},
        },
    ),
    (
        lambda gateway: gateway.permissions.query_subunits("t", subunit=UNIT),
        {"subunitIdentifier": {"type": "InternalId", "value": "5265877635-12345"}},
    ),
    (
        lambda gateway: gateway.permissions.query_entities("t", context=NIP),
        {"contextIdentifier": {"type": "Nip", "value": "5265877635"}},
    ),
    (
        lambda gateway: gateway.permissions.query_subordinate_roles("t", nip="5265877635"),
        {"subordinateEntityIdentifier": {"type": "Nip", "value": "5265877635"}},
    ),
    (
        lambda gateway: gateway.permissions.query_authorizations(
            "t",
            filters=AuthorizationFilters(
                AuthorizationQuery.RECEIVED, authorizing=NIP, scopes=(AuthorizationScope.RR_INVOICING,)
            ),
        ),
        {
            "queryType": "Received",
            "authorizingIdentifier": {"type": "Nip", "value": "5265877635"},
            "permissionTypes": ["RRInvoicing"],
        },
    ),
    (
        lambda gateway: gateway.permissions.query_eu_entities(
            "t", filters=EuEntityFilters("DE123456789", "AB", (PermissionScope.VAT_UE_MANAGE,))
        ),
        {
            "vatUeIdentifier": "DE123456789",
            "authorizedFingerprintIdentifier": "AB",
            "permissionTypes": ["VatUeManage"],
        },
    ),
]


@pytest.mark.parametrize(("act", "body"), NARROWED)
def test_lists_are_narrowed_by_what_is_asked(act: Act, body: dict[str, Any]) -> None:
    ksef = Understudy()
    with ksef.gateway() as gateway:
        act(gateway)
    assert ksef.body() == body


def test_owner_sees_the_permissions_nobody_granted() -> None:
    """Since 2.9.0; before that the member is absent."""
    with Understudy(fixed={"ownerPermissions": ["InvoiceRead", "Later"]}).gateway() as gateway:
        page = gateway.permissions.query_personal("t")
    assert page.owner_permissions == ("InvoiceRead", "Later")
    with Understudy(Shape.SPARSE).gateway() as gateway:
        assert gateway.permissions.query_personal("t").owner_permissions == ()


def test_personal_permission_is_read_with_all_its_parts() -> None:
    fixed = {
        "permissionScope": "InvoiceWrite",
        "contextIdentifier": {"type": "Nip", "value": "5265877635"},
        "targetIdentifier": {"type": "AllPartners"},
        "firstName": "Jan",
        "lastName": "Próbny",
        "birthDate": "1990-02-03",
        "personIdentifier": {"type": "Pesel", "value": "12345678901"},
    }
    with Understudy(fixed=fixed).gateway() as gateway:
        (one,) = gateway.permissions.query_personal("t").items
    assert (one.scope, one.valid_from, one.can_delegate) == (WRITE, MOMENT, True)
    assert (one.context, one.target) == (NIP, PARTNERS)
    assert one.person is not None
    assert one.entity is not None
    assert (one.person.first_name, one.person.identifier) == ("Jan", PESEL)
    assert one.person.birth_date == date(1990, 2, 3)
    assert "1990" not in repr(one)


def test_each_list_says_who_for_whom() -> None:
    fixed = {
        "authorizedEntityIdentifier": {"type": "PeppolId", "value": "PPL123456"},
        "authorizingEntityIdentifier": {"type": "Nip", "value": "5265877635"},
        "subunitIdentifier": {"type": "InternalId", "value": "5265877635-12345"},
        "subunitName": "Oddział",
        "authorizedFingerprintIdentifier": FINGERPRINT,
        "vatUeIdentifier": "DE123456789",
        "parentEntityIdentifier": None,
        "subordinateEntityIdentifier": {"type": "Nip", "value": "1111111111"},
    }
    with Understudy(fixed=fixed).gateway() as gateway:
        (authorization,) = gateway.permissions.query_authorizations("t").items
        (subunit,) = gateway.permissions.query_subunits("t").items
        (european,) = gateway.permissions.query_eu_entities("t").items
        (role,) = gateway.permissions.list_entity_roles("t").items
        (below,) = gateway.permissions.query_subordinate_roles("t").items
    assert authorization.authorized == Identifier(IdentifierKind.PEPPOL_ID, "PPL123456")
    assert authorization.authorizing == NIP
    assert (subunit.context, subunit.place_name) == (UNIT, "Oddział")
    assert european.authorized == CERTIFICATE
    assert european.context == Identifier(IdentifierKind.NIP_VAT_UE, "DE123456789")
    assert european.eu_entity is not None
    assert (role.role, role.entity) == ("CourtBailiff", None)
    assert below.entity == Identifier(IdentifierKind.NIP, "1111111111")


def test_attachments_are_allowed_only_when_ksef_says_so() -> None:
    with Understudy(Shape.SPARSE).gateway() as gateway:
        assert not gateway.permissions.get_attachments_status("t").is_allowed
    with Understudy().gateway() as gateway:
        status = gateway.permissions.get_attachments_status("t")
    assert (status.is_allowed, status.revoked_at) == (True, MOMENT)


def test_login_is_listed_with_its_method() -> None:
    fixed = {"category": "XadesSignature", "displayName": "Pieczęć", "isCurrent": True, "code": 200}
    with Understudy(
        fixed=fixed | {"authenticationMethodInfo": fixed | {"code": "seal"}}
    ).gateway() as gateway:
        (login,) = gateway.logins.list("t").items
    assert (login.method.category, login.method.code, login.method.name) == (
        "XadesSignature",
        "seal",
        "Pieczęć",
    )
    assert login.is_current
    assert (login.started_at, login.status.code) == (MOMENT, 200)


def test_pages_follow_their_token() -> None:
    ksef = Understudy(fixed={"continuationToken": "next"})
    with ksef.gateway() as gateway:
        first = gateway.logins.list("t")
        gateway.logins.list("t", cursor=first.cursor)
        gateway.tokens.list("t", cursor="more")
    told = [request.headers.get("x-continuation-token") for request in ksef.requests]
    assert told == [None, "next", "more"]


def test_new_token_stays_out_of_its_repr() -> None:
    ksef = Understudy(fixed={"token": "20260101-EC-SECRET", "referenceNumber": REFERENCE})
    with ksef.gateway() as gateway:
        created = gateway.tokens.create(
            "t",
            permissions=[TokenPermission.INVOICE_READ, TokenPermission.INTROSPECTION],
            description="portal",
        )
    assert (created.reference, created.token) == (REFERENCE, "20260101-EC-SECRET")
    assert "SECRET" not in repr(created)
    assert ksef.body() == {"permissions": ["InvoiceRead", "Introspection"], "description": "portal"}


def test_tokens_are_narrowed_by_repeated_parameters() -> None:
    """Section 0: an array is a parameter several times."""
    ksef = Understudy(fixed={"status": "Active", "requestedPermissions": ["InvoiceRead", "Later"]})
    filters = TokenFilters((TokenStatus.ACTIVE, TokenStatus.PENDING), description="portal", author=NIP)
    with ksef.gateway() as gateway:
        (token,) = gateway.tokens.list("t", filters=filters).items
    params = ksef.requests[0].url.params
    assert params.get_list("status") == ["Active", "Pending"]
    assert (params["description"], params["authorIdentifier"], params["authorIdentifierType"]) == (
        "portal",
        "5265877635",
        "Nip",
    )
    assert token.status == TokenStatus.ACTIVE
    assert token.permissions == ("InvoiceRead", "Later")


def test_rate_limits_are_read_per_group() -> None:
    """-1 is none; a group that is missing keeps what is published, one that is new is passed over."""
    values = {"perSecond": 60, "perMinute": -1, "perHour": -1}
    answer = {
        "anonymous": values,
        "invoiceSend": {"perSecond": 20, "perMinute": 60, "perHour": 360},
        "new": values,
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    with Gateway(ENDPOINT, transport=transport) as gateway:
        limits = gateway.limits.get_rate_limits("t")
    assert limits.of(RateGroup.ANONYMOUS) == RateLimit(60)
    assert limits.of(RateGroup.INVOICE_SEND) == RateLimit(20, 60, 360)
    assert limits.of(RateGroup.INVOICE_EXPORT) == RateLimit(8, 16, 20)


def test_context_limits_are_in_bytes_of_a_million() -> None:
    """Section 0: sizes are SI."""
    fixed = {"maxInvoiceSizeInMB": 1, "maxInvoiceWithAttachmentSizeInMB": 3, "maxInvoices": 10_000}
    with Understudy(fixed=fixed).gateway() as gateway:
        limits = gateway.limits.get_context_limits("t")
        subject = gateway.limits.get_subject_limits("t")
    assert limits.online.invoice_bytes == 1_000_000
    assert limits.batch.invoice_with_attachment_bytes == 3_000_000
    assert limits.collective_identifier_invoices == 10_000
    assert (subject.enrollments, subject.certificates) == (7, 7)


LOST: list[tuple[Act, type[Exception]]] = [
    (lambda gateway: gateway.permissions.grant("t", GRANTS["persons"]), Ambiguous),
    (CALLS["POST /tokens"], Ambiguous),
    (CALLS["DELETE /tokens/{referenceNumber}"], Unavailable),
    (CALLS["DELETE /permissions/common/grants/{permissionId}"], Unavailable),
    (CALLS["DELETE /auth/sessions/current"], Unavailable),
    (CALLS["GET /rate-limits"], Unavailable),
]


@pytest.mark.parametrize(("act", "error"), LOST)
def test_lost_answer_is_ambiguous_where_a_second_try_would_do_it_twice(
    act: Act, error: type[Exception]
) -> None:
    """F4: granting and making tokens; revoking and ending twice change nothing."""

    def lose(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("lost")

    with Gateway(ENDPOINT, transport=httpx.MockTransport(lose)) as gateway, pytest.raises(error) as caught:
        act(gateway)
    assert caught.type is error


def test_published_rates_cover_every_group() -> None:
    contract = find_contract()
    assert contract is not None
    groups = contract.document["components"]["schemas"]["EffectiveApiRateLimits"]["properties"]
    assert set(groups) == set(RateGroup) == set(PUBLISHED_RATES)
