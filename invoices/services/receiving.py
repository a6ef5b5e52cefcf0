"""Asking for a check of what the company received: by a button, by a log-in, by the clock (S101, R6-R9, C6).

Asking is a row in the queue and nothing else. The queue keeps one entry for each company: its next time is the
schedule, and whoever asks makes it due at once. In whose name a check runs stands in docs/adr/0011.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.models import AccessTimer, Company
from accounts.selectors import find_connection, get_company
from invoices import outbox
from invoices.domain.calendar import WARSAW, warsaw_date
from invoices.models import OutboxEntry, Receiving, ReceivingCursor
from roles.access import Right, find_actor
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from datetime import date

    from roles.access import Actor

_AT_ONCE = 200


def request_check(*, actor: Actor, since: date, until: date) -> None:
    """Look for everything that KSeF received from `since` to `until`, soon and in the actor's own name (R7).

    What is here already is not fetched again. Asking twice costs nothing. Raises RuleBroken: not_connected (R9),
    wrong_dates.
    """
    actor.require(Right.RECEIVE)
    company = get_company(actor.company_id)
    if find_connection(actor=actor, environment=company.environment) is None:
        raise RuleBroken("not_connected")
    now = timezone.now()
    today = warsaw_date(now)
    if since > until or since > today:
        raise RuleBroken("wrong_dates", field="since")
    begin = _midnight(since)
    receiving = _ask(company, user_id=actor.user_id, begin=begin)
    receiving.is_thorough = True
    receiving.until = None if until >= today else _midnight(until + timedelta(days=1))
    receiving.save(update_fields=["is_thorough", "until"])
    for cursor in ReceivingCursor.objects.select_for_update().filter(
        receiving_id=receiving.id, since__gt=begin
    ):
        cursor.gap_until = cursor.gap_until or cursor.since
        cursor.gap_from = cursor.since = begin
        cursor.save(update_fields=["since", "gap_from", "gap_until"])


def check_at_login(*, company_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """S101: ask for new documents of a company that wants it, for somebody who has logged in; whether it was asked.

    In the person's own name, and only where the person may and can. Opens its own transaction.
    """
    actor = find_actor(user_id=user_id, company_id=company_id)
    if actor is None or not actor.may(Right.RECEIVE):
        return False
    company = get_company(company_id)
    if not company.fetches_at_login:
        return False
    with tenant_transaction(company_id, user_id=user_id):
        return _ask_if_connected(actor, company)


def schedule_checks() -> int:
    """Give a place in the queue to each company that wants checks, is connected, and has none yet."""
    connected = AccessTimer.objects.filter(company_id=OuterRef("id"), environment=OuterRef("environment"))
    queued = OutboxEntry.objects.filter(company_id=OuterRef("id"), kind=OutboxEntry.Kind.RECEIVE)
    companies = Company.objects.filter(Exists(connected), ~Exists(queued), fetches_at_login=True)
    started = 0
    for company in companies[:_AT_ONCE]:
        timer = AccessTimer.objects.filter(company_id=company.id, environment=company.environment).first()
        if timer is not None:
            with tenant_transaction(company.id, user_id=timer.user_id):
                receiving = _receiving(company, begin=first_of_month())
                _enqueue(receiving, user_id=timer.user_id)
            started += 1
    return started


def first_of_month() -> datetime:
    """Where the first check begins unless a person says otherwise (R7)."""
    return _midnight(warsaw_date(timezone.now()).replace(day=1))


def _ask_if_connected(actor: Actor, company: Company) -> bool:
    if find_connection(actor=actor, environment=company.environment) is None:
        return False
    receiving = _ask(company, user_id=actor.user_id, begin=first_of_month())
    receiving.until = None
    receiving.save(update_fields=["until"])
    return True


def _ask(company: Company, *, user_id: uuid.UUID, begin: datetime) -> Receiving:
    receiving = _receiving(company, begin=begin)
    Receiving.objects.filter(id=receiving.id).update(requested=F("requested") + 1)
    waiting = OutboxEntry.objects.filter(kind=OutboxEntry.Kind.RECEIVE, target_id=receiving.id)
    if not waiting.exists():
        _enqueue(receiving, user_id=user_id)
        return receiving
    # A worker that holds it sees by the count of askings that it has to look once more.
    waiting.filter(lease_until=None).update(user_id=user_id, not_before=Now())
    outbox.wake(waiting.get())
    return receiving


def _receiving(company: Company, *, begin: datetime) -> Receiving:
    """The row of the company's present environment, locked, so that two who ask at once ask one after the other."""
    receiving, _is_new = Receiving.objects.select_for_update().get_or_create(
        company_id=company.id, environment=company.environment, defaults={"begin_at": begin}
    )
    return receiving


def _enqueue(receiving: Receiving, *, user_id: uuid.UUID) -> None:
    outbox.enqueue(
        kind=OutboxEntry.Kind.RECEIVE,
        company_id=receiving.company_id,
        user_id=user_id,
        target_id=receiving.id,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=WARSAW).astimezone(UTC)
