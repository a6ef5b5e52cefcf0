"""What must be true of a company's invoices at any moment (I1 to I6): the tests and the daily watch ask the same.

Each question is one statement, so that an invoice on its way while it is asked cannot look broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    BinaryField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from invoices.domain.calendar import warsaw_date
from invoices.domain.lifecycle import MOVING, Event, IllegalTransition, State, fold
from invoices.models import (
    UPO,
    Invoice,
    InvoiceDocument,
    InvoiceEvent,
    NumberCounter,
    OutboxEntry,
    Submission,
)
from ksef.number import is_valid_ksef_number
from ksef.upo import UPOMismatch, check_upo
from roles.tenancy import active_tenant

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence
    from datetime import datetime

# The sweep rings four times a minute: what is due for so long is called by nobody.
_CALLED_BY_NOBODY = timedelta(minutes=15)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Breach:
    """One invariant that does not hold: which one, in what way, and the id of the row that shows it."""

    invariant: str
    fault: str
    subject: uuid.UUID


def find_breaches(*, now: datetime, since: datetime) -> Iterator[Breach]:
    """All breaches in the active company, among invoices to which something happened since then.

    What waits, and the counters of numbers, are looked at whatever their age.
    """
    moved = Q(Exists(InvoiceEvent.objects.filter(invoice_id=OuterRef("id"), at__gte=since)))
    yield from _histories(moved)
    yield from _documents(since)
    yield from _numbers_of_ksef(moved)
    yield from _receipts(since)
    yield from _abandoned()
    yield from _overdue(now)
    yield from _counters()


def _histories(moved: Q) -> Iterator[Breach]:
    """I6: the log has no gap, and the state is what it leads to."""
    silent = ~Q(Exists(InvoiceEvent.objects.filter(invoice_id=OuterRef("id"))))
    invoices = Invoice.objects.filter(moved | silent).annotate(
        types=ArrayAgg("events__type", order_by="events__seq", filter=Q(events__id__isnull=False)),
        places=ArrayAgg("events__seq", order_by="events__seq", filter=Q(events__id__isnull=False)),
    )
    rows = invoices.values_list("id", "state", "types", "places")
    for invoice_id, state, types, places in rows.iterator(chunk_size=_AT_ONCE):
        if (places or []) != list(range(1, len(places or []) + 1)):
            yield Breach("I6", "log_has_gap", invoice_id)
        elif _folded(types or []) != state:
            yield Breach("I6", "state_unexplained", invoice_id)


def _folded(types: Sequence[str]) -> State | None:
    try:
        return fold(Event(name) for name in types)
    except IllegalTransition:
        return None


def _documents(since: datetime) -> Iterator[Breach]:
    """I4: the bytes have the hash that was written beside them and into the log when they were frozen."""
    documents = InvoiceDocument.objects.filter(
        Exists(InvoiceEvent.objects.filter(invoice_id=OuterRef("invoice_id"), at__gte=since))
    )
    digest = Func(F("xml"), function="sha256", output_field=BinaryField())
    for document_id in (
        documents.annotate(digest=digest).exclude(digest=F("sha256")).values_list("id", flat=True)
    ):
        yield Breach("I4", "bytes_changed", document_id)
    hexadecimal = Func(F("sha256"), Value("hex"), function="encode", output_field=TextField())
    logged = InvoiceEvent.objects.annotate(sha256=KT("data__sha256")).filter(
        invoice_id=OuterRef("invoice_id"), sha256=OuterRef("hexadecimal")
    )
    unlogged = documents.annotate(hexadecimal=hexadecimal).filter(~Exists(logged))
    for document_id in unlogged.values_list("id", flat=True):
        yield Breach("I4", "hash_unexplained", document_id)


def _numbers_of_ksef(moved: Q) -> Iterator[Breach]:
    """I1, I3: who is accepted has a KSeF number of its own, the one in the log; nobody else has any."""
    accepted = InvoiceEvent.objects.filter(invoice_id=OuterRef("id"), type=Event.ACCEPTED)
    twin = Invoice.objects.filter(
        environment=OuterRef("environment"), ksef_number=OuterRef("ksef_number")
    ).exclude(Q(id=OuterRef("id")) | Q(ksef_number=""))
    invoices = Invoice.objects.filter(moved).annotate(
        logged=Subquery(accepted.annotate(number=KT("data__ksef_number")).values("number")[:1]),
        is_twin=Exists(twin),
    )
    rows = invoices.exclude(ksef_number="", logged=None).values_list("id", "ksef_number", "logged", "is_twin")
    for invoice_id, ksef_number, logged, is_twin in rows.iterator(chunk_size=_AT_ONCE):
        if is_twin:
            yield Breach("I1", "number_shared", invoice_id)
        if ksef_number != logged or not is_valid_ksef_number(ksef_number):
            yield Breach("I3", "number_unexplained", invoice_id)
    for invoice_id in invoices.filter(state=State.ACCEPTED, ksef_number="").values_list("id", flat=True):
        yield Breach("I3", "accepted_without_number", invoice_id)


def _receipts(since: datetime) -> Iterator[Breach]:
    """I3: a receipt that is kept speaks of our number and of our bytes, and is itself as it came."""
    frozen = InvoiceDocument.objects.filter(
        invoice_id=OuterRef("invoice_id"), revision=OuterRef("invoice__revision")
    )
    receipts = UPO.objects.filter(fetched_at__gte=since).annotate(
        digest=Func(F("xml"), function="sha256", output_field=BinaryField()),
        document_sha256=Subquery(frozen.values("sha256")[:1]),
    )
    for upo in receipts.select_related("invoice").iterator(chunk_size=_AT_ONCE):
        try:
            check_upo(
                bytes(upo.xml), ksef_number=upo.invoice.ksef_number, sha256=bytes(upo.document_sha256 or b"")
            )
        except UPOMismatch:
            yield Breach("I3", "receipt_of_another", upo.invoice_id)
        if bytes(upo.digest) != bytes(upo.sha256):
            yield Breach("I4", "receipt_changed", upo.invoice_id)


def _abandoned() -> Iterator[Breach]:
    """I2: whatever is on its way, or waits for its receipt, stands in the queue."""
    queued = OutboxEntry.objects.filter(target_id=OuterRef("id"))
    open_submissions = Submission.objects.filter(closed_at=None)
    for invoice_id in open_submissions.filter(~Exists(queued)).values_list("invoice_id", flat=True):
        yield Breach("I2", "not_in_queue", invoice_id)
    duty = open_submissions.filter(invoice_id=OuterRef("id"))
    for invoice_id in Invoice.objects.filter(~Exists(duty), state__in=MOVING).values_list("id", flat=True):
        yield Breach("I2", "moved_by_nobody", invoice_id)
    receipt = UPO.objects.filter(invoice_id=OuterRef("id"))
    fetching = OutboxEntry.objects.filter(
        kind=OutboxEntry.Kind.FETCH_UPO,
        target_id__in=Submission.objects.filter(invoice_id=OuterRef(OuterRef("id"))).values("id"),
    )
    without = Invoice.objects.filter(~Exists(receipt), ~Exists(fetching), state=State.ACCEPTED)
    for invoice_id in without.values_list("id", flat=True):
        yield Breach("I2", "receipt_not_asked_for", invoice_id)


def _overdue(now: datetime) -> Iterator[Breach]:
    """I2: a legal deadline that is over, and work that is due and that nobody takes, are alarms."""
    late = Invoice.objects.filter(send_by__lt=warsaw_date(now), state__in=[*MOVING, State.APPROVED])
    for invoice_id in late.values_list("id", flat=True):
        yield Breach("I2", "deadline_missed", invoice_id)
    limit = now - _CALLED_BY_NOBODY
    # What is in a package goes on with the package's own entry.
    forgotten = OutboxEntry.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=limit),
        batch_id=None,
        company_id=active_tenant().company_id,
        not_before__lt=limit,
    )
    for entry_id in forgotten.values_list("id", flat=True):
        yield Breach("I2", "called_by_nobody", entry_id)


def _counters() -> Iterator[Breach]:
    """I5: each series has given exactly as many numbers as its counters say; the database sees that none is twice.

    A number that was given up belongs to the document of another program (440).
    """
    numbered = (
        Invoice.objects.filter(series_id=OuterRef("series_id"), environment=OuterRef("environment"))
        .exclude(number="")
        .order_by()
        .values("series_id")
        .annotate(count=Count("id"))
        .values("count")
    )
    given_up = (
        InvoiceEvent.objects.filter(
            invoice__series_id=OuterRef("series_id"),
            invoice__environment=OuterRef("environment"),
            data__has_key="former_number",
        )
        .order_by()
        .values("invoice__series_id")
        .annotate(count=Count("id"))
        .values("count")
    )
    counters = (
        NumberCounter.objects.order_by()
        .values("series_id", "environment")
        .annotate(given=Cast(Sum("last"), IntegerField()))
        .annotate(used=Coalesce(Subquery(numbered), 0) + Coalesce(Subquery(given_up), 0))
        .exclude(given=F("used"))
    )
    for series_id in counters.values_list("series_id", flat=True):
        yield Breach("I5", "numbers_have_gap", series_id)
