"""The technical correction of a rejected offline document: the buyer holds it, so its content stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.selectors import find_connection, get_company
from invoices.domain.lifecycle import Event, Mode, State, may_be_corrected
from invoices.models import InvoiceDocument
from invoices.services._drafts import stored_lines
from invoices.services._transition import apply_event, lock_invoice
from invoices.services.approval import buyer_of, freeze
from invoices.services.submission import is_on_its_way, queue_submission
from ksef.fa3.reader import read
from roles.access import Right

if TYPE_CHECKING:
    import uuid

    from invoices.models import Invoice
    from ksef.fa3.document import Faktura
    from roles.access import Actor


def correct_technically(*, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Write the rejected document anew with the same content, and send it in the place of the first one.

    KOD I that the buyer holds then leads to the new file, so what KSeF is told is the hash of the document that
    was handed over, also at a second correction. One that is on its way is returned unchanged (S90). Raises
    RuleBroken: not_correctable_technically, receive_only, not_connected, content_changed; NotReady for what
    KSeF would refuse.
    """
    actor.require(Right.SEND)
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if is_on_its_way(invoice):
            return invoice
        _require_correctable(invoice, actor=actor)
        rejected = InvoiceDocument.objects.get(invoice_id=invoice.id, revision=invoice.revision)
        document = freeze(
            invoice,
            lines=stored_lines(invoice),
            buyer=buyer_of(invoice.contractor),
            now=timezone.now(),
        )
        if _content(rejected) != _content(document):
            raise RuleBroken("content_changed")
        document.corrects = rejected.corrects or rejected.sha256
        document.save(force_insert=True)
        invoice.revision = document.revision
        invoice.save(update_fields=["revision"])
        facts = {
            "revision": document.revision,
            "sha256": bytes(document.sha256).hex(),
            "corrects": bytes(document.corrects).hex(),
        }
        apply_event(invoice, Event.CORRECTED, actor_id=actor.user_id, data=facts)
        queue_submission(invoice, actor=actor)
    return invoice


def _require_correctable(invoice: Invoice, *, actor: Actor) -> None:
    refusal = invoice.events.filter(type=Event.REJECTED).order_by("seq").last()
    if invoice.state != State.REJECTED or invoice.mode == Mode.ONLINE or refusal is None:
        raise RuleBroken("not_correctable_technically")
    if not may_be_corrected(refusal.data):
        raise RuleBroken("not_correctable_technically")
    if not get_company(actor.company_id).sends:
        raise RuleBroken("receive_only")
    if find_connection(actor=actor, environment=invoice.environment) is None:
        raise RuleBroken("not_connected")


def _content(document: InvoiceDocument) -> Faktura:
    """All that a buyer reads: everything but the moment at which the file was made."""
    faktura = read(bytes(document.xml))
    header = replace(faktura.Naglowek, DataWytworzeniaFa=document.invoice.created_at)
    return replace(faktura, Naglowek=header)
