"""The oracle: what the portal believes, held against its own invariants and against what KSeF really has."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import Company
from invoices.domain.lifecycle import Event, State
from invoices.models import UPO, Invoice, InvoiceDocument, InvoiceEvent, OutboxEntry
from invoices.selectors.invariants import Breach, find_breaches
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

    from tests.servers import Simulator

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def breaches(company_id: uuid.UUID) -> list[Breach]:
    """I1 to I6 within one company, over all time."""
    with tenant_transaction(company_id):
        return list(find_breaches(now=timezone.now(), since=_EVER))


def assert_truth(simulator: Simulator, *, strangers: Collection[str] = ()) -> None:
    """The invariants hold for every company, and KSeF has what the portal says, once, and nothing else.

    `strangers`: hashes (hex) of documents that the test itself let another program send.
    """
    mine: dict[str, str] = {}
    for company in Company.objects.all():
        assert breaches(company.id) == []
        mine |= _accepted(company.id)
    accepted = simulator.ledger()
    ours = [entry for entry in accepted if entry["hashHex"] not in strangers]
    assert sorted((entry["ksefNumber"], entry["hashHex"]) for entry in ours) == sorted(mine.items())
    documents = Counter((entry["seller"], entry["number"], entry["kind"]) for entry in accepted)
    assert [document for document, times in documents.items() if times > 1] == []


def _accepted(company_id: uuid.UUID) -> dict[str, str]:
    """The hash of each accepted document by its KSeF number; with numbers given to two, the invariants deal."""
    with tenant_transaction(company_id):
        numbers = dict(Invoice.objects.filter(state=State.ACCEPTED).values_list("id", "ksef_number"))
        documents = InvoiceDocument.objects.filter(invoice_id__in=numbers).order_by("revision")
        hashes = {document.invoice_id: bytes(document.sha256).hex() for document in documents}
    return {ksef_number: hashes[invoice_id] for invoice_id, ksef_number in numbers.items()}


def assert_at_rest() -> None:
    """Every invoice that was to go has been accepted, with its receipt, or rejected, with KSeF's reason."""
    assert not OutboxEntry.objects.exists()
    for company in Company.objects.all():
        with tenant_transaction(company.id):
            assert not Invoice.objects.filter(state__in=[State.QUEUED, State.SENDING, State.OFFLINE]).exists()
            accepted = Invoice.objects.filter(state=State.ACCEPTED).count()
            assert UPO.objects.count() == accepted
            reasons = InvoiceEvent.objects.filter(type=Event.REJECTED).values_list("data__code", flat=True)
            assert all(reasons)


def count_states() -> dict[str, int]:
    """How many invoices of all companies are in each state."""
    states = Counter[str]()
    for company in Company.objects.all():
        with tenant_transaction(company.id):
            states.update(Invoice.objects.values_list("state", flat=True))
    return dict(states)
