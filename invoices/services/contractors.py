"""Keeping contractors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.domain.errors import RuleBroken
from invoices.models import Contractor, Invoice
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from roles.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractorDetails:
    kind: str
    name: str
    tax_id: str
    tax_country: str
    country: str
    address_line1: str
    address_line2: str
    email: str


def save_contractor(
    *, actor: Actor, details: ContractorDetails, contractor_id: uuid.UUID | None = None
) -> Contractor:
    """Create or change a contractor; approved invoices keep the data they were approved with."""
    actor.require(Right.ISSUE)
    contractor = (
        Contractor(company_id=actor.company_id)
        if contractor_id is None
        else Contractor.objects.select_for_update().get(id=contractor_id)
    )
    contractor.kind = details.kind
    contractor.name = details.name
    contractor.tax_id = details.tax_id
    contractor.tax_country = details.tax_country
    contractor.country = details.country
    contractor.address_line1 = details.address_line1
    contractor.address_line2 = details.address_line2
    contractor.email = details.email
    contractor.save()
    return contractor


def delete_contractor(*, actor: Actor, contractor_id: uuid.UUID) -> None:
    """Remove a contractor that no invoice names. Raises RuleBroken: contractor_in_use."""
    actor.require(Right.ISSUE)
    contractor = Contractor.objects.select_for_update().get(id=contractor_id)
    if Invoice.objects.filter(contractor_id=contractor_id).exists():
        raise RuleBroken("contractor_in_use")
    contractor.delete()
