"""The only place that writes where a received document is: an event is appended, the place follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils import timezone

from invoices.domain.inbox import Place, next_place
from invoices.models import ReceivedDocument, ReceivedEvent

if TYPE_CHECKING:
    import uuid

    from invoices.domain.inbox import Move


def lock_document(document_id: uuid.UUID) -> ReceivedDocument:
    """The document, locked until the transaction ends. Raises ReceivedDocument.DoesNotExist."""
    return ReceivedDocument.objects.select_for_update().get(id=document_id)


def apply_move(document: ReceivedDocument, move: Move, *, actor_id: uuid.UUID) -> None:
    """Append an event to a locked document and move it; raises IllegalMove, writing nothing."""
    place = next_place(Place(document.place), move)
    last = ReceivedEvent.objects.filter(document_id=document.id).aggregate(last=Max("seq"))["last"] or 0
    ReceivedEvent.objects.create(
        company_id=document.company_id,
        document=document,
        seq=last + 1,
        type=move,
        actor_id=actor_id,
        at=timezone.now(),
    )
    document.place = place
    document.save(update_fields=["place"])
