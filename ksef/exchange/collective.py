"""Collective identifiers: one number under which many invoices of a seller are paid (section 7.5)."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ksef.number import CollectiveIdentifier


@dataclass(frozen=True, slots=True)
class Payment:
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """An invoice to be paid under a collective identifier, whole or with the part named here."""

    ksef_number: str
    payment: Payment | None = None
    description: str | None = field(default=None, repr=False)  # At most 512 characters.


@dataclass(frozen=True, slots=True)
class CollectiveFilters:
    """Created between two moments, at most a hundred days apart; None asks for nothing."""

    created_from: datetime
    created_to: datetime
    number: str | None = None
    least_invoices: int | None = None
    most_invoices: int | None = None
    is_own: bool | None = None


@dataclass(frozen=True, slots=True)
class ListedCollective:
    """`is_own`: created in the asking context; `invoice_count` is told only by a query."""

    number: CollectiveIdentifier
    created_at: datetime
    is_own: bool
    invoice_count: int | None


@dataclass(frozen=True, slots=True)
class CollectiveInvoice:
    """What is inside; payment and description are for its creator and the parties of the invoice."""

    number: CollectiveIdentifier
    ksef_number: str
    payment: Payment | None
    description: str | None = field(repr=False)
    are_details_hidden: bool
