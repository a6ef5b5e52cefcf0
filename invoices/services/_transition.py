"""The only place that writes the state of an invoice: an event is appended, the state follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone

from invoices.domain.lifecycle import Event, State, next_state
from invoices.models import Invoice, InvoiceEvent

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence


def lock_invoice(invoice_id: uuid.UUID) -> Invoice:
    """The invoice, locked until the transaction ends. Raises Invoice.DoesNotExist."""
    return Invoice.objects.select_for_update().get(id=invoice_id)


def apply_event(
    invoice: Invoice, event: Event, *, actor_id: uuid.UUID | None, data: dict[str, Any] | None = None
) -> None:
    """Append an event to a locked invoice and move its state; raises IllegalTransition, writing nothing."""
    apply_event_to_all([invoice], event, actor_id=actor_id, data={invoice.id: data or {}})


def apply_event_to_all(
    invoices: Sequence[Invoice],
    event: Event,
    *,
    actor_id: uuid.UUID | None,
    data: Mapping[uuid.UUID, dict[str, Any]] | None = None,
) -> None:
    """The same event to many locked invoices, in a few statements; `data` by the invoice's id."""
    states = {invoice.id: next_state(State(invoice.state), event) for invoice in invoices}
    last = dict(
        InvoiceEvent.objects.filter(invoice_id__in=states)
        .order_by()
        .values_list("invoice_id")
        .annotate(last=Max("seq"))
    )
    InvoiceEvent.objects.bulk_create(
        InvoiceEvent(
            company_id=invoice.company_id,
            invoice=invoice,
            seq=last.get(invoice.id, 0) + 1,
            type=event,
            actor_id=actor_id,
            at=timezone.now(),
            data=(data or {}).get(invoice.id, {}),
        )
        for invoice in invoices
    )
    for state in set(states.values()):
        chosen = [invoice for invoice in invoices if states[invoice.id] == state]
        Invoice.objects.filter(id__in=[invoice.id for invoice in chosen]).update(state=state)
        for invoice in chosen:
            invoice.state = state
