"""What the lists of permissions are narrowed by; None and empty mean all."""

from dataclasses import dataclass
from enum import StrEnum

from ksef.exchange.identifiers import Identifier
from ksef.exchange.permissions import AuthorizationScope, PermissionScope, PermissionState


class PersonQuery(StrEnum):
    IN_CONTEXT = "PermissionsInCurrentContext"
    GRANTED_IN_CONTEXT = "PermissionsGrantedInCurrentContext"


class AuthorizationQuery(StrEnum):
    GRANTED = "Granted"
    RECEIVED = "Received"


@dataclass(frozen=True, slots=True)
class PersonalFilters:
    context: Identifier | None = None
    target: Identifier | None = None
    scopes: tuple[PermissionScope, ...] = ()
    state: PermissionState | None = None


@dataclass(frozen=True, slots=True)
class PersonFilters:
    query: PersonQuery = PersonQuery.IN_CONTEXT
    author: Identifier | None = None
    authorized: Identifier | None = None
    context: Identifier | None = None
    target: Identifier | None = None
    scopes: tuple[PermissionScope, ...] = ()
    state: PermissionState | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationFilters:
    query: AuthorizationQuery = AuthorizationQuery.GRANTED
    authorizing: Identifier | None = None
    authorized: Identifier | None = None
    scopes: tuple[AuthorizationScope, ...] = ()


@dataclass(frozen=True, slots=True)
class EuEntityFilters:
    """The VAT number is matched whole, the fingerprint in part."""

    vat_ue: str | None = None
    fingerprint: str | None = None
    scopes: tuple[PermissionScope, ...] = ()
