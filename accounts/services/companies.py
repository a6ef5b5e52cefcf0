"""Founding a company in Kwit, and its data as the seller's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from accounts.models import Company
from roles.access import ADMINISTRATOR, READY_ROLES, Right
from roles.audit import record
from roles.models import Membership, Role
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid

    from roles.access import Actor

_SLUG_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_POLISH = str.maketrans("łŁ", "lL")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDetails:
    name: str
    nip: str
    address_line1: str
    address_line2: str
    bank_account: str


def create_company(*, user_id: uuid.UUID, details: CompanyDetails) -> Company:
    """Make a company with its ready roles; its founder becomes its administrator."""
    with transaction.atomic():
        company = Company.objects.create(
            slug=_new_slug(details.name),
            name=details.name,
            nip=details.nip,
            address_line1=details.address_line1,
            address_line2=details.address_line2,
            bank_account=details.bank_account,
            environment=settings.KSEF_ENVIRONMENTS[0],
        )
        with tenant_transaction(company.id, user_id=user_id):
            roles = {
                name: Role.objects.create(company_id=company.id, name=name, rights=sorted(rights))
                for name, rights in READY_ROLES.items()
            }
            Membership.objects.create(user_id=user_id, company=company, role=roles[ADMINISTRATOR])
    return company


def update_company(*, actor: Actor, details: CompanyDetails) -> Company:
    """Change the data that future invoices will carry; issued documents keep theirs, and the NIP stays for good."""
    actor.require(Right.SETTINGS)
    company = Company.objects.get(id=actor.company_id)
    company.name = details.name
    company.address_line1 = details.address_line1
    company.address_line2 = details.address_line2
    company.bank_account = details.bank_account
    company.save(update_fields=["name", "address_line1", "address_line2", "bank_account"])
    record(actor=actor, action="company_updated", detail={"name": details.name})
    return company


def add_member(*, company_id: uuid.UUID, user_id: uuid.UUID, role_name: str) -> Membership:
    """Let a person into the company in one of its roles. Only set-up code calls it: people are invited."""
    with tenant_transaction(company_id):
        role = Role.objects.get(name=role_name)
        return Membership.objects.create(user_id=user_id, company_id=company_id, role=role)


def _new_slug(name: str) -> str:
    # Always a random tail, so that an address never tells whether another tenant bears the name.
    tail = "".join(secrets.choice(_SLUG_ALPHABET) for _letter in range(5))
    return f"{slugify(name.translate(_POLISH))[:50].strip('-') or 'firma'}-{tail}"
