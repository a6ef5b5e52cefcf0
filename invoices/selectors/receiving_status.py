"""How receiving stands, for the head of the list: when KSeF was asked last, and what stands in the way (S37)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from accounts.selectors import find_connection
from invoices.domain.calendar import warsaw_date
from invoices.domain.lifecycle import State
from invoices.models import Invoice, ReceivedDocument, Receiving, ReceivingCursor
from invoices.selectors.inbox_wording import problem_page, problem_text
from invoices.selectors.rendering import format_date, format_minute
from ksef.exchange.invoices import SubjectType

if TYPE_CHECKING:
    from datetime import date

    from accounts.models import Company
    from roles.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingStatus:
    is_running: bool = False
    checked_at: str = ""
    found: int = 0
    # From which day on everything that KSeF had at the last check is here.
    since: str = ""
    problem: str = ""
    problem_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchDefaults:
    """What the window of "Pobierz z KSeF" begins with (R7, R8)."""

    since: date
    until: date
    # Unapproved sales documents dated before today.
    forgotten: int


def get_receiving_status(*, company: Company, actor: Actor) -> ReceivingStatus:
    row = Receiving.objects.filter(environment=company.environment).first()
    if row is None:
        # The first check follows the log-in or the connection by moments.
        connection = find_connection(actor=actor, environment=company.environment)
        return ReceivingStatus(is_running=company.fetches_at_login and connection is not None)
    cursor = ReceivingCursor.objects.filter(receiving_id=row.id, role=SubjectType.BUYER).first()
    is_open = row.requested > row.answered or row.began_at is not None
    page = problem_page(row.problem)
    return ReceivingStatus(
        is_running=is_open and not row.problem,
        checked_at=format_minute(row.checked_at) if row.checked_at else "",
        found=row.found,
        since=format_date(timezone.localdate(cursor.since)) if cursor and not cursor.gap_from else "",
        problem=problem_text(row.problem) if row.problem else "",
        problem_url=reverse(page, args=[company.slug]) if page else "",
    )


def get_fetch_defaults(company: Company) -> FetchDefaults:
    today = warsaw_date(timezone.now())
    documents = ReceivedDocument.objects.filter(environment=company.environment)
    last = documents.aggregate(last=Max("received_on"))["last"]
    drafts = Invoice.objects.filter(environment=company.environment, state=State.DRAFT, issue_date__lt=today)
    return FetchDefaults(since=last or today.replace(day=1), until=today, forgotten=drafts.count())
