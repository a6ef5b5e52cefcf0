"""Many invoices at one click (S72): each in a transaction of its own, so that one that cannot go holds up no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.domain.errors import RuleBroken
from invoices.domain.readiness import NotReady
from invoices.models import Invoice
from invoices.services.approval import approve_invoice
from invoices.services.submission import submit_invoice
from roles.access import Right
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterable

    from roles.access import Actor


@dataclass(frozen=True, slots=True)
class BulkResult:
    """One invoice as it stands afterwards, and what stood in its way, if anything did."""

    invoice: Invoice
    problem: RuleBroken | NotReady | None


def approve_invoices(*, actor: Actor, invoice_ids: Iterable[uuid.UUID]) -> tuple[BulkResult, ...]:
    """Approve these drafts, the oldest date first, so that numbers follow dates; repeating it changes nothing (S90).

    Ids of other companies are left out as if they did not exist. No transaction may be open.
    """
    actor.require(Right.APPROVE)
    return _each(actor, invoice_ids, lambda invoice_id: approve_invoice(actor=actor, invoice_id=invoice_id))


def submit_invoices(*, actor: Actor, invoice_ids: Iterable[uuid.UUID]) -> tuple[BulkResult, ...]:
    """Send these on demand (S72, S83, S88), in the actor's own name; repeating it sends nothing twice (S90).

    Ids of other companies are left out as if they did not exist. No transaction may be open.
    """
    actor.require(Right.SEND)
    return _each(actor, invoice_ids, lambda invoice_id: submit_invoice(actor=actor, invoice_id=invoice_id))


def _each(
    actor: Actor, invoice_ids: Iterable[uuid.UUID], act: Callable[[uuid.UUID], Invoice]
) -> tuple[BulkResult, ...]:
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        chosen = list(
            Invoice.objects.filter(id__in=tuple(invoice_ids)).order_by("issue_date", "created_at", "id")
        )
    return tuple(_one(actor, invoice, act) for invoice in chosen)


def _one(actor: Actor, invoice: Invoice, act: Callable[[uuid.UUID], Invoice]) -> BulkResult:
    try:
        with tenant_transaction(actor.company_id, user_id=actor.user_id):
            return BulkResult(act(invoice.id), None)
    except (RuleBroken, NotReady) as problem:
        return BulkResult(invoice, problem)
