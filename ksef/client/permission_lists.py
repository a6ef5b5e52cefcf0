"""Requests that list permissions and roles (section 11)."""

from collections.abc import Callable
from typing import Any

from ksef.client.parts import numbered, read_numbered, without_none, write_identifier
from ksef.client.permission_rows import (
    read_authorization,
    read_entity_permission,
    read_eu_permission,
    read_permission,
    read_role,
    read_subordinate_role,
    read_subunit_permission,
)
from ksef.client.reading import Fields
from ksef.client.transport import Answer, Call, Transport
from ksef.exchange.identifiers import Identifier, IdentifierKind
from ksef.exchange.paging import Page
from ksef.exchange.permission_filters import (
    AuthorizationFilters,
    EuEntityFilters,
    PersonalFilters,
    PersonFilters,
)
from ksef.exchange.permissions import AttachmentsStatus, Permission, PersonalPage, Role

PAGE_SIZE = 100
_QUERIES = "/permissions/query"


def query_personal(
    transport: Transport, access_token: str, *, filters: PersonalFilters, cursor: str | None
) -> PersonalPage:
    body = _body(
        contextIdentifier=filters.context,
        targetIdentifier=filters.target,
        permissionTypes=list(filters.scopes),
        permissionState=filters.state,
    )

    def read(answer: Answer) -> PersonalPage:
        fields = Fields.parse(answer.body)
        page = read_numbered(fields, "permissions", read=read_permission, cursor=cursor)
        return PersonalPage(
            items=page.items, cursor=page.cursor, owner_permissions=fields.texts("ownerPermissions")
        )

    return transport.run(_query(f"{_QUERIES}/personal/grants", access_token, body, cursor), read)


def query_persons(
    transport: Transport, access_token: str, *, filters: PersonFilters, cursor: str | None
) -> Page[Permission]:
    body = _body(
        queryType=filters.query,
        authorIdentifier=filters.author,
        authorizedIdentifier=filters.authorized,
        contextIdentifier=filters.context,
        targetIdentifier=filters.target,
        permissionTypes=list(filters.scopes),
        permissionState=filters.state,
    )
    call = _query(f"{_QUERIES}/persons/grants", access_token, body, cursor)
    return transport.run(call, _page("permissions", read_permission, cursor))


def query_subunits(
    transport: Transport, access_token: str, *, subunit: Identifier | None, cursor: str | None
) -> Page[Permission]:
    call = _query(f"{_QUERIES}/subunits/grants", access_token, _body(subunitIdentifier=subunit), cursor)
    return transport.run(call, _page("permissions", read_subunit_permission, cursor))


def query_entities(
    transport: Transport, access_token: str, *, context: Identifier | None, cursor: str | None
) -> Page[Permission]:
    call = _query(f"{_QUERIES}/entities/grants", access_token, _body(contextIdentifier=context), cursor)
    return transport.run(call, _page("permissions", read_entity_permission, cursor))


def list_entity_roles(transport: Transport, access_token: str, *, cursor: str | None) -> Page[Role]:
    call = Call(
        "GET",
        f"{_QUERIES}/entities/roles",
        bearer=access_token,
        params=numbered(cursor, page_size=PAGE_SIZE),
    )
    return transport.run(call, _page("roles", read_role, cursor))


def query_subordinate_roles(
    transport: Transport, access_token: str, *, nip: str | None, cursor: str | None
) -> Page[Role]:
    entity = Identifier(IdentifierKind.NIP, nip) if nip else None
    body = _body(subordinateEntityIdentifier=entity)
    call = _query(f"{_QUERIES}/subordinate-entities/roles", access_token, body, cursor)
    return transport.run(call, _page("roles", read_subordinate_role, cursor))


def query_authorizations(
    transport: Transport, access_token: str, *, filters: AuthorizationFilters, cursor: str | None
) -> Page[Permission]:
    body = _body(
        queryType=filters.query,
        authorizingIdentifier=filters.authorizing,
        authorizedIdentifier=filters.authorized,
        permissionTypes=list(filters.scopes),
    )
    call = _query(f"{_QUERIES}/authorizations/grants", access_token, body, cursor)
    return transport.run(call, _page("authorizationGrants", read_authorization, cursor))


def query_eu_entities(
    transport: Transport, access_token: str, *, filters: EuEntityFilters, cursor: str | None
) -> Page[Permission]:
    body = _body(
        vatUeIdentifier=filters.vat_ue,
        authorizedFingerprintIdentifier=filters.fingerprint,
        permissionTypes=list(filters.scopes),
    )
    call = _query(f"{_QUERIES}/eu-entities/grants", access_token, body, cursor)
    return transport.run(call, _page("permissions", read_eu_permission, cursor))


def get_attachments_status(transport: Transport, access_token: str) -> AttachmentsStatus:
    call = Call("GET", "/permissions/attachments/status", bearer=access_token)
    return transport.run(call, _read_attachments)


def _query(path: str, access_token: str, body: dict[str, Any], cursor: str | None) -> Call:
    params = numbered(cursor, page_size=PAGE_SIZE)
    return Call("POST", path, bearer=access_token, json=body, params=params)


def _body(**members: Identifier | str | list[Any] | None) -> dict[str, Any]:
    """Only what is asked for; identifiers as KSeF writes them."""
    written = {
        name: write_identifier(value) if isinstance(value, Identifier) else value
        for name, value in members.items()
        if value != []
    }
    return without_none(written)


def _page[T](name: str, read: Callable[[Fields], T], cursor: str | None) -> Callable[[Answer], Page[T]]:
    return lambda answer: read_numbered(Fields.parse(answer.body), name, read=read, cursor=cursor)


def _read_attachments(answer: Answer) -> AttachmentsStatus:
    fields = Fields.parse(answer.body)
    return AttachmentsStatus(
        is_allowed=fields.find_boolean("isAttachmentAllowed") or False,
        revoked_at=fields.find_moment("revokedDate"),
    )
