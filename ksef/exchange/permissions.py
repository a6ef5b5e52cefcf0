"""Permissions as KSeF lists them: who may do what, where, and by whose grant (section 11)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from ksef.exchange.identifiers import Identifier
from ksef.exchange.paging import Page


class PermissionScope(StrEnum):
    """What may be granted; KSeF may send others, so scopes are plain texts that compare equal to these."""

    INVOICE_READ = "InvoiceRead"
    INVOICE_WRITE = "InvoiceWrite"
    CREDENTIALS_READ = "CredentialsRead"
    CREDENTIALS_MANAGE = "CredentialsManage"
    SUBUNIT_MANAGE = "SubunitManage"
    VAT_UE_MANAGE = "VatUeManage"
    INTROSPECTION = "Introspection"
    ENFORCEMENT_OPERATIONS = "EnforcementOperations"
    COLLECTIVE_IDENTIFIER_MANAGE = "CollectiveIdentifierManage"


class AuthorizationScope(StrEnum):
    """Acting for another taxpayer."""

    SELF_INVOICING = "SelfInvoicing"
    RR_INVOICING = "RRInvoicing"
    TAX_REPRESENTATIVE = "TaxRepresentative"
    PEF_INVOICING = "PefInvoicing"


class PermissionState(StrEnum):
    ACTIVE = "Active"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    kind: str
    number: str = field(repr=False)
    country: str


@dataclass(frozen=True, slots=True)
class SubjectPerson:
    """Who has the permission, as the one who granted it wrote."""

    first_name: str
    last_name: str
    identifier: Identifier | None = None
    birth_date: date | None = field(default=None, repr=False)
    document: IdentityDocument | None = None


@dataclass(frozen=True, slots=True)
class SubjectEntity:
    full_name: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of any of the lists; what a list does not tell is None or empty."""

    id: str
    scope: str
    description: str
    valid_from: datetime
    authorized: Identifier | None = None  # Who may; None in one's own list for oneself.
    author: Identifier | None = None  # Who granted it.
    authorizing: Identifier | None = None  # For whom an authorized entity acts.
    context: Identifier | None = None  # Where it holds.
    target: Identifier | None = None  # Of an indirect one: for which partner.
    person: SubjectPerson | None = None
    entity: SubjectEntity | None = None
    eu_entity: SubjectEntity | None = None  # In whose context somebody from the EU may act.
    place_name: str | None = None  # Of the subordinate unit or the EU entity.
    state: str | None = None
    can_delegate: bool | None = None


@dataclass(frozen=True, slots=True)
class PersonalPage(Page[Permission]):
    """What this login may do here; an owner has its permissions without a grant (since 2.9.0)."""

    owner_permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """`entity` is above the context in its own roles, and below it in the roles of subordinates."""

    role: str
    description: str
    valid_from: datetime
    entity: Identifier | None


@dataclass(frozen=True, slots=True)
class AttachmentsStatus:
    """Whether invoices may carry attachments; consent is given at the tax office (section 11)."""

    is_allowed: bool
    revoked_at: datetime | None
