"""Permissions of the running program through a client that others wrote, which reads every answer strictly."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ksef_client import KsefClient, KsefClientOptions, models
from ksef_client.exceptions import KsefApiError
from ksef_client.services.workflows import AuthCoordinator

from tests.contract.ministry import make_credential, person_subject, seal_subject
from tests.contract.permissions import (
    OFFICE,
    PESEL,
    SELLER,
    UNIT,
    identifier,
    to_administrator,
    to_entity,
    to_other,
    to_person,
)
from tests.contract.test_simulator_program import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.x509 import ObjectIdentifier

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        running("--processing", "0.1") as (_, address),
        KsefClient(KsefClientOptions(base_url=address)) as client,
    ):
        yield client


def _log_in(client: Any, subject: dict[ObjectIdentifier, str], nip: str, **more: Any) -> Any:
    credential = make_credential(
        subject, valid_from=datetime.fromtimestamp(time.time(), tz=UTC) - timedelta(days=1)
    )
    return AuthCoordinator(client.auth).authenticate_with_xades(
        context_identifier_type="nip",
        context_identifier_value=nip,
        subject_identifier_type="certificateSubject",
        certificate_pem=credential.certificate_pem,
        private_key_pem=credential.key_pem,
        poll_interval_seconds=0.05,
        **more,
    )


def _finish(client: Any, accepted: Any, access: str) -> int:
    """Wait for an operation and return its status code."""
    deadline = time.monotonic() + 10
    while True:
        status = client.permissions.get_operation_status(
            accepted.reference_number, access_token=access
        ).status
        if status.code != 100:
            code: int = status.code
            return code
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_office_and_its_accountant(client: Any) -> None:
    """11: client, office and accountant grant, see, use and lose permissions."""
    permissions = client.permissions
    owner = _log_in(client, seal_subject(SELLER), SELLER).access_token
    body = models.EntityPermissionsGrantRequest.from_dict(to_entity(delegated=("InvoiceRead",)))
    assert _finish(client, permissions.grant_entity(body, access_token=owner), owner) == 200

    office = _log_in(client, seal_subject(OFFICE), OFFICE).access_token
    (received,) = permissions.query_entities_grants(
        models.EntityPermissionsQueryRequest.from_dict({}), access_token=office
    ).permissions
    assert (received.context_identifier.value, received.can_delegate) == (SELLER, True)
    wish = to_person("InvoiceRead", targetIdentifier=identifier("Nip", SELLER))
    body = models.IndirectPermissionsGrantRequest.from_dict(wish)
    assert _finish(client, permissions.grant_indirect(body, access_token=office), office) == 200
    asked = models.PersonPermissionsQueryRequest.from_dict(
        {"queryType": "PermissionsGrantedInCurrentContext"}
    )
    (given,) = permissions.query_persons_grants(asked, access_token=office, page_size=10).permissions
    assert (given.permission_state.value, given.target_identifier.value) == ("Active", SELLER)

    accountant = _log_in(client, person_subject(f"PNOPL-{PESEL}"), SELLER)
    own = permissions.query_personal_grants(
        models.PersonalPermissionsQueryRequest.from_dict({"permissionState": "Active"}),
        access_token=accountant.access_token,
    )
    assert [item.permission_scope.value for item in own.permissions] == ["InvoiceRead"]

    revoked = permissions.revoke_common_permission(received.id, access_token=owner)
    assert _finish(client, revoked, owner) == 200
    with pytest.raises(KsefApiError):
        client.auth.refresh_access_token(accountant.refresh_token)


def test_persons_units_and_authorizations(client: Any) -> None:
    """11: the other grants, queries and the second way of revoking, with what an owner holds."""
    permissions = client.permissions
    access = _log_in(client, seal_subject(SELLER), SELLER).access_token
    body = models.PersonPermissionsGrantRequest.from_dict(to_person("EnforcementOperations"))
    assert _finish(client, permissions.grant_person(body, access_token=access), access) == 430
    body = models.SubunitPermissionsGrantRequest.from_dict(to_administrator())
    assert _finish(client, permissions.grant_subunit(body, access_token=access), access) == 200
    (unit,) = permissions.query_subunits_grants(
        models.SubunitPermissionsQueryRequest.from_dict({}), access_token=access
    ).permissions
    assert (unit.subunit_identifier.value, unit.subunit_name) == (UNIT, "Jednostka 014")

    body = models.EntityAuthorizationPermissionsGrantRequest.from_dict(to_other("SelfInvoicing"))
    assert _finish(client, permissions.grant_authorization(body, access_token=access), access) == 200
    asked = models.EntityAuthorizationPermissionsQueryRequest.from_dict({"queryType": "Granted"})
    (given,) = permissions.query_authorizations_grants(asked, access_token=access).authorization_grants
    assert given.authorized_entity_identifier.value == OFFICE
    revoked = permissions.revoke_authorization(given.id, access_token=access)
    assert _finish(client, revoked, access) == 200
    own = permissions.query_personal_grants(
        models.PersonalPermissionsQueryRequest.from_dict({}), access_token=access
    )
    assert "InvoiceWrite" in [scope.value for scope in own.owner_permissions]


def test_test_data_and_roles(client: Any) -> None:
    """14: a group is invented, seen in its roles and removed; the consent to attachments is shown."""
    group = {
        "subjectNip": OFFICE,
        "subjectType": "VatGroup",
        "description": "Grupa VAT",
        "subunits": [{"subjectNip": SELLER, "description": "Członek grupy"}],
    }
    client.testdata.create_subject(models.SubjectCreateRequest.from_dict(group))
    access = _log_in(client, seal_subject(OFFICE), OFFICE).access_token
    (role,) = client.permissions.query_entities_roles(access_token=access).roles
    assert role.role.value == "VatGroupUnit"
    (unit,) = client.permissions.query_subordinate_entities_roles(
        models.SubordinateEntityRolesQueryRequest.from_dict({}), access_token=access
    ).roles
    assert unit.subordinate_entity_identifier.value == SELLER
    client.testdata.enable_attachment(models.AttachmentPermissionGrantRequest.from_dict({"nip": OFFICE}))
    assert client.permissions.check_attachment_permission_status(access).is_attachment_allowed is True
    client.testdata.remove_subject(models.SubjectRemoveRequest.from_dict({"subjectNip": OFFICE}))
    assert client.permissions.query_entities_roles(access_token=access).roles == []


def test_a_policy_that_shuts_its_owner_out(client: Any) -> None:
    """2.2: the addresses of the signed request are held against the real socket."""
    for address, allowed in (("127.0.0.0/8", True), ("10.0.0.0/8", False)):
        policy = (
            "<AuthorizationPolicy><AllowedIps>"
            f"<Ip4Mask>{address}</Ip4Mask></AllowedIps></AuthorizationPolicy>"
        )
        login = _log_in(client, seal_subject(SELLER), SELLER, authorization_policy_xml=policy)
        if allowed:
            assert client.auth.get_active_sessions(access_token=login.access_token).items
        else:
            with pytest.raises(KsefApiError) as refused:
                client.auth.get_active_sessions(access_token=login.access_token)
            assert refused.value.status_code == 403
