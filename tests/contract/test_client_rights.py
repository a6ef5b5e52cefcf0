"""Rights, tokens, logins and limits: the client and the simulator, each story to its end (sections 2, 11, 12)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from cryptography.x509.oid import NameOID

from ksef.errors import AccessExpired, Refused
from ksef.exchange import TokenCredential
from ksef.exchange.grants import (
    AuthorizationGrant,
    EntityGrant,
    EntityScope,
    EuAdministrationGrant,
    EuEntityGrant,
    ForeignPerson,
    Grant,
    IndirectGrant,
    Person,
    PersonGrant,
    SubunitGrant,
)
from ksef.exchange.identifiers import Identifier, IdentifierKind
from ksef.exchange.limits import PUBLISHED_RATES, RateGroup
from ksef.exchange.logins import AllowedAddresses
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
from ksef.gateway.paging import every
from ksef.status import OperationFate, operation_fate
from tests.contract.ministry import make_credential, seal_subject, visiting
from tests.contract.permissions import (
    BUYER,
    CLIENT,
    COMPOSED,
    OFFICE,
    PESEL,
    SELLER,
    UNIT,
    VAT_UE,
    company,
    fingerprint,
    pesel,
)
from tests.contract.witness import Client, as_credential, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.ministry import Credential

pytestmark = pytest.mark.contract

READ, WRITE = PermissionScope.INVOICE_READ, PermissionScope.INVOICE_WRITE
MANAGE = PermissionScope.CREDENTIALS_MANAGE
JAN = Identifier(IdentifierKind.PESEL, PESEL)
JAN_NAME = Person("Jan", "Próbny")


@pytest.fixture
def client() -> Iterator[Client]:
    with visiting() as visitor, client_of(visitor) as client:
        yield client


def log_in(
    client: Client, credential: Credential, *, nip: str = SELLER, context: Identifier | None = None
) -> str:
    return client.gateway.log_in(as_credential(credential), nip=nip, context=context).access.token


def owner(client: Client, nip: str = SELLER) -> str:
    return log_in(client, company(nip), nip=nip)


def give(client: Client, access: str, wanted: Grant) -> None:
    status = client.settle(client.gateway.permissions.grant(access, wanted), access)
    assert operation_fate(status.code) is OperationFate.DONE, status


def refusal_of_login(client: Client, credential: Credential, context: Identifier | None = None) -> int:
    with pytest.raises(Refused) as caught:
        log_in(client, credential, context=context)
    return caught.value.code


def test_person_is_let_in_and_sent_away_again(client: Client) -> None:
    """S90: what this login may do here, and nothing once it is taken back."""
    access = owner(client)
    assert refusal_of_login(client, pesel()) == 415
    give(client, access, PersonGrant(JAN, (READ, WRITE), "Księgowa firmy", JAN_NAME))
    theirs = log_in(client, pesel())
    own = client.gateway.permissions.query_personal(theirs)
    assert {one.scope for one in own.items} == {READ, WRITE}
    assert own.owner_permissions == ()
    listed = client.gateway.permissions.query_persons(access).items
    assert {(one.scope, one.authorized, one.state) for one in listed} == {
        (READ, JAN, PermissionState.ACTIVE),
        (WRITE, JAN, PermissionState.ACTIVE),
    }
    assert {one.person.last_name for one in listed if one.person} == {"Próbny"}
    for one in listed:
        assert client.settle(client.gateway.permissions.revoke(access, one.id), access).code == 200
    assert client.gateway.permissions.query_persons(access).items == ()
    assert refusal_of_login(client, pesel()) == 415


def test_owner_may_do_everything_without_a_grant(client: Client) -> None:
    """Since 2.9.0."""
    page = client.gateway.permissions.query_personal(owner(client))
    assert set(page.owner_permissions) >= {READ, WRITE, MANAGE}
    assert page.items == ()


def test_accounting_office_works_for_its_client(client: Client) -> None:
    """Section 11: the client lets the office hand on, and the office sends its accountant."""
    selling, office = owner(client), owner(client, OFFICE)
    scopes = (EntityScope(READ, can_delegate=True), EntityScope(WRITE))
    give(client, selling, EntityGrant(OFFICE, scopes, "Biuro rachunkowe", "Biuro sp. z o.o."))
    received = client.gateway.permissions.query_entities(office).items
    assert {(one.scope, one.can_delegate) for one in received} == {(READ, True), (WRITE, False)}
    assert {one.context for one in received} == {Identifier(IdentifierKind.NIP, SELLER)}
    target = Identifier(IdentifierKind.NIP, SELLER)
    give(client, office, IndirectGrant(JAN, (READ,), "Dla klienta", JAN_NAME, target=target))
    theirs = client.gateway.permissions.query_personal(
        log_in(client, pesel()), filters=PersonalFilters(scopes=(READ,))
    )
    assert [one.scope for one in theirs.items] == [READ]
    granted = PersonFilters(PersonQuery.GRANTED_IN_CONTEXT, authorized=JAN)
    (given,) = client.gateway.permissions.query_persons(office, filters=granted).items
    assert (given.target, given.state) == (target, PermissionState.ACTIVE)


def test_self_invoicing_is_seen_from_both_sides(client: Client) -> None:
    selling, buying = owner(client), owner(client, BUYER)
    buyer = Identifier(IdentifierKind.NIP, BUYER)
    give(
        client,
        selling,
        AuthorizationGrant(buyer, AuthorizationScope.SELF_INVOICING, "Samofakturowanie", "Nabywca SA"),
    )
    received = AuthorizationFilters(AuthorizationQuery.RECEIVED)
    (one,) = client.gateway.permissions.query_authorizations(buying, filters=received).items
    (same,) = client.gateway.permissions.query_authorizations(selling).items
    assert one.id == same.id
    assert (one.authorized, one.authorizing) == (buyer, Identifier(IdentifierKind.NIP, SELLER))
    assert one.entity is not None
    assert one.entity.full_name == "Nabywca SA"
    revoked = client.gateway.permissions.revoke_authorization(selling, one.id)
    assert client.settle(revoked, selling).code == 200
    assert client.gateway.permissions.query_authorizations(buying, filters=received).items == ()


def test_administrator_of_a_unit_logs_in_there(client: Client) -> None:
    """A login to an InternalId context, with a certificate and with a token made in it."""
    unit = Identifier(IdentifierKind.INTERNAL_ID, UNIT)
    access = owner(client)
    give(client, access, SubunitGrant(JAN, unit, "Administrator", JAN_NAME, subunit_name="Oddział 1"))
    (listed,) = client.gateway.permissions.query_subunits(access, subunit=unit).items
    assert (listed.context, listed.place_name, listed.scope) == (unit, "Oddział 1", MANAGE)
    there = log_in(client, pesel(), context=unit)
    (mine,) = client.gateway.permissions.query_personal(there).items
    assert mine.scope == MANAGE
    token = client.gateway.tokens.create(
        there, permissions=[TokenPermission.CREDENTIALS_MANAGE], description="Token oddziału"
    )
    client.visitor.clock.advance(seconds=5)
    credential = TokenCredential(token.token)
    assert client.gateway.log_in(credential, nip=SELLER, context=unit).access.token
    with pytest.raises(Refused) as elsewhere:
        client.gateway.log_in(credential, nip=SELLER)
    assert elsewhere.value.code == 450


def test_eu_entity_is_run_by_fingerprints(client: Client) -> None:
    """A login to a NipVatUe context: strangers are known by their certificates."""
    stranger = make_credential({NameOID.COUNTRY_NAME: "DE", NameOID.COMMON_NAME: "Ana Beispiel"})
    other = make_credential({NameOID.COUNTRY_NAME: "DE", NameOID.COMMON_NAME: "Max Beispiel"})
    context = Identifier(IdentifierKind.NIP_VAT_UE, COMPOSED)
    person = ForeignPerson(
        "Ana", "Beispiel", date(1980, 1, 1), IdentityDocument("Paszport", "AB1234567", "DE")
    )
    entity = SubjectEntity("Beispiel G.m.b.H.", "Berlin")
    access = owner(client)
    wanted = EuAdministrationGrant(fingerprint(stranger), COMPOSED, "Administrator", entity, subject=person)
    give(client, access, wanted)
    only = EuEntityFilters(scopes=(PermissionScope.VAT_UE_MANAGE,))
    (managing,) = client.gateway.permissions.query_eu_entities(access, filters=only).items
    assert managing.authorized == Identifier(IdentifierKind.FINGERPRINT, fingerprint(stranger))
    assert managing.context is not None
    assert managing.context.value == VAT_UE
    there = log_in(client, stranger, context=context)
    give(client, there, EuEntityGrant(fingerprint(other), (READ,), "Przedstawiciel", entity))
    assert log_in(client, other, context=context)
    assert refusal_of_login(client, other) == 415


def test_operation_that_ksef_refuses_says_so(client: Client) -> None:
    """Nobody is made a subordinate by being named one."""
    stranger = Identifier(IdentifierKind.NIP, CLIENT)
    access = owner(client)
    reference = client.gateway.permissions.grant(
        access, SubunitGrant(JAN, stranger, "Administrator", JAN_NAME)
    )
    assert client.gateway.permissions.get_operation(access, reference).code == 100
    assert operation_fate(client.settle(reference, access).code) is OperationFate.REFUSED


def test_roles_name_the_other_side(client: Client) -> None:
    group = {
        "subjectNip": SELLER,
        "subjectType": "VatGroup",
        "description": "Grupa VAT",
        "subunits": [{"subjectNip": CLIENT, "description": "Członek grupy"}],
    }
    assert client.visitor.ask("POST", "/v2/testdata/subject", json=group, token="").status_code == 200
    above, below = owner(client), owner(client, CLIENT)
    roles = client.gateway.permissions.list_entity_roles(below).items
    assert [(one.role, one.entity) for one in roles] == [
        ("VatGroupSubUnit", Identifier(IdentifierKind.NIP, SELLER))
    ]
    (member,) = client.gateway.permissions.query_subordinate_roles(above).items
    assert member.entity == Identifier(IdentifierKind.NIP, CLIENT)


def test_attachments_need_a_consent(client: Client) -> None:
    access = owner(client)
    assert not client.gateway.permissions.get_attachments_status(access).is_allowed
    client.visitor.ask("POST", "/v2/testdata/attachment", json={"nip": SELLER}, token="")
    assert client.gateway.permissions.get_attachments_status(access).is_allowed


def test_nobody_lists_without_the_right_to(client: Client) -> None:
    access = owner(client)
    give(client, access, PersonGrant(JAN, (READ,), "Tylko wgląd", JAN_NAME))
    with pytest.raises(Refused) as caught:
        client.gateway.permissions.query_persons(log_in(client, pesel()))
    assert (caught.value.code, caught.value.reason) == (403, "missing-permissions")


def test_token_lives_from_pending_to_revoked(client: Client) -> None:
    """S55 to S61, section 2.7."""
    access = owner(client)
    client.visitor.ask("POST", "/_control/options", json={"authentication": 2})
    created = client.gateway.tokens.create(
        access, permissions=[TokenPermission.INVOICE_READ], description="Portal firmy"
    )
    assert client.gateway.tokens.get(access, created.reference).status == TokenStatus.PENDING
    client.visitor.clock.advance(seconds=5)
    listed = client.gateway.tokens.get(access, created.reference)
    assert (listed.status, listed.permissions) == (TokenStatus.ACTIVE, (TokenPermission.INVOICE_READ,))
    assert listed.author == listed.context == Identifier(IdentifierKind.NIP, SELLER)
    theirs = client.gateway.log_in(TokenCredential(created.token), nip=SELLER).access.token
    assert client.gateway.tokens.get(theirs, created.reference).last_used_at is not None
    client.gateway.tokens.revoke(theirs, created.reference)
    client.visitor.clock.advance(seconds=5)
    gone = TokenFilters(statuses=(TokenStatus.REVOKED,), description="Portal")
    found = list(every(lambda cursor: client.gateway.tokens.list(access, filters=gone, cursor=cursor)))
    assert [one.reference for one in found] == [created.reference]
    with pytest.raises(Refused) as caught:
        client.gateway.log_in(TokenCredential(created.token), nip=SELLER)
    assert caught.value.code == 450


def test_token_gives_no_more_than_its_author_has(client: Client) -> None:
    """Code 26001."""
    give(client, owner(client), PersonGrant(JAN, (READ,), "Tylko wgląd", JAN_NAME))
    with pytest.raises(Refused) as caught:
        client.gateway.tokens.create(
            log_in(client, pesel()), permissions=[TokenPermission.INVOICE_WRITE], description="Za dużo"
        )
    assert caught.value.code == 26001


def test_many_tokens_are_listed_to_the_last(client: Client) -> None:
    access = owner(client)
    for _ in range(101):
        client.visitor.control_token()
    found = list(every(lambda cursor: client.gateway.tokens.list(access, cursor=cursor)))
    assert len({one.reference for one in found}) == 101


def test_login_that_was_ended_gives_no_new_access(client: Client) -> None:
    """Section 2.5: the access token lives on to its end, the refresh token does not."""
    first = client.gateway.log_in(as_credential(company(SELLER)), nip=SELLER)
    second = client.gateway.log_in(as_credential(company(SELLER)), nip=SELLER)
    listed = client.gateway.logins.list(second.access.token).items
    by_reference = {one.reference: one for one in listed}
    assert by_reference[second.authentication_reference].is_current
    assert not by_reference[first.authentication_reference].is_current
    assert by_reference[first.authentication_reference].method.category == "XadesSignature"
    client.gateway.logins.end(second.access.token, first.authentication_reference)
    with pytest.raises(AccessExpired):
        client.gateway.refresh(first.refresh.token)
    client.gateway.limits.get_rate_limits(first.access.token)
    client.gateway.logins.end_current(second.refresh.token)
    with pytest.raises(AccessExpired):
        client.gateway.refresh(second.refresh.token)


@pytest.mark.parametrize("kind", ["certificate", "token"])
def test_access_from_another_address_is_not_taken(client: Client, kind: str) -> None:
    """Section 2.2: the login names the addresses; the simulator sees us at 127.0.0.1."""
    seal = as_credential(company(SELLER))
    credential = seal if kind == "certificate" else TokenCredential(client.visitor.control_token())
    here, there = AllowedAddresses(masks=("127.0.0.0/24",)), AllowedAddresses(("10.1.2.3",))
    near = client.gateway.log_in(credential, nip=SELLER, addresses=here).access.token
    client.gateway.limits.get_subject_limits(near)
    far = client.gateway.log_in(credential, nip=SELLER, addresses=there).access.token
    with pytest.raises(Refused) as caught:
        client.gateway.limits.get_subject_limits(far)
    assert (caught.value.code, caught.value.reason) == (403, "ip-not-allowed")


def test_limits_are_those_of_ksef_unless_changed(client: Client) -> None:
    access = owner(client)
    context = client.gateway.limits.get_context_limits(access)
    assert (context.online.invoice_bytes, context.batch.invoices) == (1_000_000, 10_000)
    assert context.collective_identifier_invoices == 500
    subject = client.gateway.limits.get_subject_limits(access)
    assert (subject.enrollments, subject.certificates) == (300, 100)
    rates = client.gateway.limits.get_rate_limits(access)
    for group in RateGroup:
        if PUBLISHED_RATES[group].per_minute:
            assert rates.of(group) == PUBLISHED_RATES[group]


def test_old_operation_is_gone(client: Client) -> None:
    """410 after 30 days."""
    access = owner(client)
    reference = client.gateway.permissions.grant(access, PersonGrant(JAN, (READ,), "Dawno temu", JAN_NAME))
    client.visitor.clock.advance(days=31)
    later = make_credential(seal_subject(SELLER), valid_from=client.visitor.clock.now)
    access = log_in(client, later)
    with pytest.raises(Refused) as caught:
        client.gateway.permissions.get_operation(access, reference)
    assert caught.value.code == 410
