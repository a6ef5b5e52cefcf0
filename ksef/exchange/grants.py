"""Permissions to be granted, one kind for each request of KSeF (section 11)."""

from dataclasses import dataclass
from datetime import date

from ksef.exchange.identifiers import Identifier
from ksef.exchange.permissions import (
    AuthorizationScope,
    IdentityDocument,
    PermissionScope,
    SubjectEntity,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose certificate carries a PESEL or NIP."""

    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class IdentifiedPerson:
    """Somebody known to KSeF by a certificate's fingerprint, who has a PESEL or NIP none the less."""

    first_name: str
    last_name: str
    identifier: Identifier


@dataclass(frozen=True, slots=True)
class ForeignPerson:
    """Somebody known to KSeF by a certificate's fingerprint, without a PESEL or NIP."""

    first_name: str
    last_name: str
    birth_date: date
    document: IdentityDocument


type AnyPerson = Person | IdentifiedPerson | ForeignPerson


@dataclass(frozen=True, slots=True)
class PersonGrant:
    """To a person: Nip, Pesel or Fingerprint."""

    subject: Identifier
    scopes: tuple[PermissionScope, ...]
    description: str
    person: AnyPerson


@dataclass(frozen=True, slots=True)
class EntityScope:
    scope: PermissionScope
    can_delegate: bool = False


@dataclass(frozen=True, slots=True)
class EntityGrant:
    """To a company that works for this one, such as its accounting office."""

    nip: str
    scopes: tuple[EntityScope, ...]
    description: str
    full_name: str


@dataclass(frozen=True, slots=True)
class AuthorizationGrant:
    """To act for this taxpayer: Nip or PeppolId."""

    subject: Identifier
    scope: AuthorizationScope
    description: str
    full_name: str


@dataclass(frozen=True, slots=True)
class IndirectGrant:
    """To a person, by an intermediary, for one partner, or for all (`AllPartners`)."""

    subject: Identifier
    scopes: tuple[PermissionScope, ...]
    description: str
    person: AnyPerson
    target: Identifier | None = None


@dataclass(frozen=True, slots=True)
class SubunitGrant:
    """To the administrator of a subordinate unit; one with an InternalId must be named."""

    subject: Identifier
    context: Identifier
    description: str
    person: AnyPerson
    subunit_name: str | None = None


@dataclass(frozen=True, slots=True)
class EuAdministrationGrant:
    """To the administrator of an EU entity, whose context is a NipVatUe."""

    fingerprint: str
    nip_vat_ue: str
    description: str
    eu_entity: SubjectEntity
    subject: IdentifiedPerson | ForeignPerson | SubjectEntity


@dataclass(frozen=True, slots=True)
class EuEntityGrant:
    """To a representative of an EU entity."""

    fingerprint: str
    scopes: tuple[PermissionScope, ...]
    description: str
    subject: IdentifiedPerson | ForeignPerson | SubjectEntity


type Grant = (
    PersonGrant
    | EntityGrant
    | AuthorizationGrant
    | IndirectGrant
    | SubunitGrant
    | EuAdministrationGrant
    | EuEntityGrant
)
