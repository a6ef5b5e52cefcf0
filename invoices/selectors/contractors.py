"""Contractors as the list and the form show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.urls import reverse

from invoices.domain.snapshot import BuyerKind
from invoices.models import Contractor

if TYPE_CHECKING:
    import uuid

_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class ContractorRow:
    name: str
    identifier: str
    kind: str
    place: str
    url: str


@dataclass(frozen=True, slots=True)
class ContractorPage:
    rows: tuple[ContractorRow, ...]
    previous_url: str | None
    next_url: str | None
    is_filtered: bool


@dataclass(frozen=True, slots=True)
class StoredContractor:
    id: uuid.UUID
    kind: str
    name: str
    tax_id: str
    tax_country: str
    country: str
    address_line1: str
    address_line2: str
    email: str


def list_contractors(*, slug: str, query: str, page: int) -> ContractorPage:
    """One page of contractors by name; each word of `query` is part of a name or of a tax number."""
    rows = Contractor.objects.order_by("name", "id")
    for word in query.split():
        rows = rows.filter(Q(name__icontains=word) | Q(tax_id__icontains=word.replace("-", "")))
    start = (page - 1) * _PAGE
    # One more than shown tells whether there is a next page, without counting all.
    found = list(rows[start : start + _PAGE + 1])
    return ContractorPage(
        rows=tuple(_row(contractor, slug) for contractor in found[:_PAGE]),
        previous_url=_page_url(slug=slug, query=query, page=page - 1) if page > 1 else None,
        next_url=_page_url(slug=slug, query=query, page=page + 1) if len(found) > _PAGE else None,
        is_filtered=bool(query),
    )


def get_contractor(contractor_id: uuid.UUID) -> StoredContractor:
    """The contractor; 404 for whatever this company does not have."""
    contractor = get_object_or_404(Contractor.objects.all(), id=contractor_id)
    return StoredContractor(
        id=contractor.id,
        kind=contractor.kind,
        name=contractor.name,
        tax_id=contractor.tax_id,
        tax_country=contractor.tax_country,
        country=contractor.country,
        address_line1=contractor.address_line1,
        address_line2=contractor.address_line2,
        email=contractor.email,
    )


def _row(contractor: Contractor, slug: str) -> ContractorRow:
    prefix = contractor.tax_country if contractor.kind == BuyerKind.EU else ""
    return ContractorRow(
        name=contractor.name,
        identifier=f"{prefix}{contractor.tax_id}",
        kind=BuyerKind(contractor.kind).label,
        place=contractor.address_line2 or contractor.address_line1,
        url=reverse("contractors:edit", args=[slug, contractor.id]),
    )


def _page_url(*, slug: str, query: str, page: int) -> str:
    return reverse("contractors:index", args=[slug], query={"szukaj": query, "strona": page})
