"""The only place that writes the state of an invoice: an event is appended, the state follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone

from invoices.domain.lifecycle import Event, State, next_state
from invoices.models import Invoice, InvoiceEvent

if TYPE_CHECKING:
    import uuid


def lock_invoice(invoice_id: uuid.UUID) -> Invoice:
    """The invoice, locked until the transaction ends. Raises Invoice.DoesNotExist."""
    return Invoice.objects.select_for_update().get(id=invoice_id)


def apply_event(
    invoice: Invoice, event: Event, *, actor_id: uuid.UUID | None, data: dict[str, Any] | None = None
) -> None:
    """Append an event to a locked invoice and move its state; raises IllegalTransition, writing nothing."""
    state = next_state(State(invoice.state), event)
    last = InvoiceEvent.objects.filter(invoice_id=invoice.id).aggregate(last=Max("seq"))["last"] or 0
    InvoiceEvent.objects.create(
        company_id=invoice.company_id,
        invoice=invoice,
        seq=last + 1,
        type=event,
        actor_id=actor_id,
        at=timezone.now(),
        data=data or {},
    )
    invoice.state = state
    invoice.save(update_fields=["state"])
