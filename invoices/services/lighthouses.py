"""Asking the lighthouses, keeping what they published, and carrying it out for every waiting document.

The three steps are durable one after the other: a worker that dies in between loses nothing, the next beat goes on.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Company
from invoices import outbox
from invoices.domain.lifecycle import Mode
from invoices.models import Invoice, LighthouseWatch, OutageMessage, Submission
from invoices.selectors.outages import list_outages
from invoices.services import legal_clock
from ksef.exchange import Environment
from ksef.exchange.outages import gravest_at
from ksef.latarnia import Lighthouse, LighthouseDark
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from ksef.exchange.outages import LighthouseMessage, Outage

log = structlog.get_logger()

# A task has 45 seconds; a walk that is longer goes on with the next beat.
_LONGEST_WALK_SECONDS: Final = 20.0
_COMPANIES_AT_ONCE: Final = 200
# A document that is approved at the very moment of a change knows nothing of it and may not be seen by the walk yet,
# so the walk is repeated until one began when every such approval had long ended.
_STRAGGLERS: Final = timedelta(seconds=90)


def watch_lighthouses() -> None:
    """What the beat does: ask each lighthouse that is due, then carry out what it said."""
    for environment, url in settings.KSEF_LIGHTHOUSES.items():
        if environment in settings.KSEF_ENVIRONMENTS:
            ask_lighthouse(environment, url)
            settle_outages(environment)


def ask_lighthouse(environment: str, url: str) -> None:
    """Read and keep what is published; not oftener than every few minutes, whoever asks and however often.

    A lighthouse that cannot be read changes nothing at all (F49).
    """
    if not _may_ask(environment):
        return
    is_local = settings.KSEF_IS_SIMULATED or environment == Environment.SIMULATOR
    try:
        with Lighthouse(url, is_local=is_local) as lighthouse:
            messages = lighthouse.get_messages()
    except LighthouseDark as darkness:
        log.warning("the lighthouse is dark", environment=environment, error=str(darkness))
        return
    _keep(environment, messages)


def settle_outages(environment: str) -> None:
    """Move deadlines, release and wake what waits, in all companies, when an outage was published, began or ended."""
    watch = LighthouseWatch.objects.filter(environment=environment).first()
    if watch is None:
        return
    outages = list_outages(environment)
    if watch.walk_began_at is None:
        now = timezone.now()
        if not _is_unsettled(watch, outages, now):
            return
        watch.walk_began_at, watch.walked_to = now, None
        watch.save(update_fields=["walk_began_at", "walked_to"])
    _walk(watch, outages)


def _may_ask(environment: str) -> bool:
    LighthouseWatch.objects.get_or_create(environment=environment)
    now = timezone.now()
    lately = now - timedelta(seconds=settings.LIGHTHOUSE_SECONDS)
    due = LighthouseWatch.objects.filter(Q(asked_at=None) | Q(asked_at__lte=lately), environment=environment)
    return bool(due.update(asked_at=now))


def _keep(environment: str, messages: Iterable[LighthouseMessage]) -> None:
    with transaction.atomic():
        watch = LighthouseWatch.objects.select_for_update().get(environment=environment)
        now = timezone.now()
        watch.read_at = now
        if [message for message in messages if _is_new(environment, message, now)]:
            watch.changed_at = now
            log.warning("the lighthouse published something new", environment=environment)
        watch.save(update_fields=["read_at", "changed_at"])


def _is_new(environment: str, message: LighthouseMessage, now: datetime) -> bool:
    _, is_new = OutageMessage.objects.get_or_create(
        environment=environment,
        message_id=message.id,
        version=message.version,
        published_at=message.published_at,
        defaults={
            "event": message.event,
            "category": message.category,
            "kind": message.kind,
            "title": message.title,
            "text": message.text,
            "starts_at": message.starts_at,
            "ends_at": message.ends_at,
            "read_at": now,
        },
    )
    return is_new


def _is_unsettled(watch: LighthouseWatch, outages: Sequence[Outage], now: datetime) -> bool:
    if watch.changed_at is None:
        return False
    if watch.settled_at is None:
        return True
    turns = [moment for outage in outages for moment in (outage.starts_at, outage.ends_at) if moment]
    return any(
        moment <= now and watch.settled_at < moment + _STRAGGLERS for moment in (watch.changed_at, *turns)
    )


def _walk(watch: LighthouseWatch, outages: Sequence[Outage]) -> None:
    """Company by company, from where the last beat stopped; doing one twice changes nothing."""
    until = time.monotonic() + _LONGEST_WALK_SECONDS
    for company_id in _companies_after(watch.walked_to):
        _settle_company(company_id, watch.environment, outages)
        LighthouseWatch.objects.filter(environment=watch.environment).update(walked_to=company_id)
        if time.monotonic() > until:
            return
    LighthouseWatch.objects.filter(environment=watch.environment, walk_began_at=watch.walk_began_at).update(
        settled_at=F("walk_began_at"), walk_began_at=None, walked_to=None
    )


def _companies_after(last: uuid.UUID | None) -> Iterator[uuid.UUID]:
    while True:
        companies = Company.objects.order_by("id")
        if last is not None:
            companies = companies.filter(id__gt=last)
        ids = list(companies.values_list("id", flat=True)[:_COMPANIES_AT_ONCE])
        if not ids:
            return
        yield from ids
        last = ids[-1]


def _settle_company(company_id: uuid.UUID, environment: str, outages: Sequence[Outage]) -> None:
    with tenant_transaction(company_id):
        waiting = list(_waiting(environment).values_list("id", flat=True))
    for invoice_id in waiting:
        with tenant_transaction(company_id):
            legal_clock.settle(invoice_id, outages)
    if gravest_at(outages, timezone.now()) is None:
        with tenant_transaction(company_id):
            _wake(environment)


def _waiting(environment: str) -> QuerySet[Invoice]:
    offline = Q(state__in=legal_clock.MOVABLE) & ~Q(mode=Mode.ONLINE)
    return Invoice.objects.filter(
        offline | Q(state__in=legal_clock.RELEASABLE), environment=environment
    ).order_by("id")


def _wake(environment: str) -> None:
    """KSeF is back: what waited for the end of the outage is due, the nearest deadline first (F46)."""
    waiting = Submission.objects.filter(
        environment=environment, closed_at=None, problem=Submission.OUTAGE
    ).order_by(F("invoice__send_by").asc(nulls_last=True), "created_at")
    outbox.release_in_order(list(waiting.values_list("id", flat=True)))
