"""Who may do what in the context of this login: seeing, granting and revoking (section 11)."""

from ksef.client import permission_grants, permission_lists
from ksef.client.transport import Transport
from ksef.exchange.grants import Grant
from ksef.exchange.identifiers import Identifier
from ksef.exchange.paging import Page
from ksef.exchange.permission_filters import (
    AuthorizationFilters,
    EuEntityFilters,
    PersonalFilters,
    PersonFilters,
)
from ksef.exchange.permissions import AttachmentsStatus, Permission, PersonalPage, Role
from ksef.exchange.status import OperationStatus

_ALL_PERSONAL = PersonalFilters()
_ALL_PERSONS = PersonFilters()
_ALL_GRANTED = AuthorizationFilters()
_ALL_EU = EuEntityFilters()


class Permissions:
    """`gateway.permissions`; the lists come in pages of a hundred (`ksef.gateway.paging.every` reads them all)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def query_personal(
        self, access_token: str, *, filters: PersonalFilters = _ALL_PERSONAL, cursor: str | None = None
    ) -> PersonalPage:
        """What this login may do here, granted or as the owner; anybody may ask."""
        return permission_lists.query_personal(self._transport, access_token, filters=filters, cursor=cursor)

    def query_persons(
        self, access_token: str, *, filters: PersonFilters = _ALL_PERSONS, cursor: str | None = None
    ) -> Page[Permission]:
        return permission_lists.query_persons(self._transport, access_token, filters=filters, cursor=cursor)

    def query_subunits(
        self, access_token: str, *, subunit: Identifier | None = None, cursor: str | None = None
    ) -> Page[Permission]:
        return permission_lists.query_subunits(self._transport, access_token, subunit=subunit, cursor=cursor)

    def query_entities(
        self, access_token: str, *, context: Identifier | None = None, cursor: str | None = None
    ) -> Page[Permission]:
        """The permissions that this company received from others, each with its `context`."""
        return permission_lists.query_entities(self._transport, access_token, context=context, cursor=cursor)

    def list_entity_roles(self, access_token: str, *, cursor: str | None = None) -> Page[Role]:
        return permission_lists.list_entity_roles(self._transport, access_token, cursor=cursor)

    def query_subordinate_roles(
        self, access_token: str, *, nip: str | None = None, cursor: str | None = None
    ) -> Page[Role]:
        return permission_lists.query_subordinate_roles(self._transport, access_token, nip=nip, cursor=cursor)

    def query_authorizations(
        self,
        access_token: str,
        *,
        filters: AuthorizationFilters = _ALL_GRANTED,
        cursor: str | None = None,
    ) -> Page[Permission]:
        return permission_lists.query_authorizations(
            self._transport, access_token, filters=filters, cursor=cursor
        )

    def query_eu_entities(
        self, access_token: str, *, filters: EuEntityFilters = _ALL_EU, cursor: str | None = None
    ) -> Page[Permission]:
        return permission_lists.query_eu_entities(
            self._transport, access_token, filters=filters, cursor=cursor
        )

    def get_attachments_status(self, access_token: str) -> AttachmentsStatus:
        return permission_lists.get_attachments_status(self._transport, access_token)

    def grant(self, access_token: str, wanted: Grant) -> str:
        """The reference of the operation, which `get_operation` follows; granted it is only after that.

        After `Ambiguous` look at the lists before granting again.
        """
        return permission_grants.grant(self._transport, access_token, wanted)

    def revoke(self, access_token: str, permission_id: str) -> str:
        """For all but authorizations; the reference of the operation. Safe to repeat."""
        return permission_grants.revoke(self._transport, access_token, permission_id)

    def revoke_authorization(self, access_token: str, permission_id: str) -> str:
        """For what `query_authorizations` lists; the reference of the operation. Safe to repeat."""
        return permission_grants.revoke_authorization(self._transport, access_token, permission_id)

    def get_operation(self, access_token: str, reference: str) -> OperationStatus:
        """Raises `Refused` 410 when the operation is older than 30 days."""
        return permission_grants.get_operation(self._transport, access_token, reference)
