"""What needs a person first: each task with its count and the place where it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Min, Q, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.access import CERTIFICATE_NOTICES, TOKEN_NOTICES, Stage, look_ahead
from invoices.domain.calendar import next_business_day, warsaw_date
from invoices.domain.lifecycle import State
from invoices.models import Invoice, Submission
from invoices.selectors.ksef_wording import explain_problem
from invoices.selectors.offline_wording import days_left
from invoices.selectors.plural import plural
from invoices.selectors.rendering import format_date
from roles.access import Right

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accounts.models import Company
    from accounts.selectors import Connection
    from roles.access import Actor

_EXPIRES_SOON: Final = timedelta(days=2)
_NAMED_ONE_BY_ONE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    icon: str
    text: str
    url: str
    tone: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Facts:
    rejected: int
    approved: int
    late: int
    offline: int
    send_by: date | None
    drafts: int
    due: int


def list_tasks(
    *, actor: Actor, company: Company, connection: Connection | None, now: datetime
) -> tuple[Task, ...]:
    """The most urgent first; what the actor's role cannot mend is not asked of them (S87, S89)."""
    facts = _facts(company, today=warsaw_date(now))
    is_urgent = facts.send_by is not None and facts.send_by <= next_business_day(warsaw_date(now))
    offline = tuple(_offline(facts, company, now=now, is_urgent=is_urgent))
    return (
        *_rejected(facts, company),
        *(offline if is_urgent else ()),
        *_connection(actor, company, connection, now),
        *_stuck(company),
        *(() if is_urgent else offline),
        *_to_send(actor, facts, company),
        *_due(facts, company),
        *_drafts(actor, facts, company),
    )


def _facts(company: Company, *, today: date) -> _Facts:
    approved = Q(state=State.APPROVED)
    offline = Q(state=State.OFFLINE)
    counted = Invoice.objects.filter(environment=company.environment).aggregate(
        rejected=Count("id", filter=Q(state=State.REJECTED)),
        approved=Count("id", filter=approved),
        late=Count("id", filter=approved & Q(issue_date__lt=today)),
        offline=Count("id", filter=offline),
        send_by=Min("send_by", filter=offline),
        drafts=Count("id", filter=Q(state=State.DRAFT)),
        due=Count("id", filter=Q(state=State.ACCEPTED, due_date=today)),
    )
    return _Facts(**counted)


def _rejected(facts: _Facts, company: Company) -> Iterator[Task]:
    """A rejected document was never issued: the buyer has nothing, so this comes first."""
    rows = Invoice.objects.filter(environment=company.environment, state=State.REJECTED).order_by(
        "-issue_date"
    )
    for invoice in rows[:_NAMED_ONE_BY_ONE]:
        yield Task(
            icon="rejected",
            tone="danger",
            text=_("KSeF odrzucił fakturę %(number)s (%(buyer)s)")
            % {"number": invoice.number, "buyer": invoice.buyer_name},
            url=reverse("invoices:show", args=[company.slug, invoice.id]),
        )
    more = facts.rejected - _NAMED_ONE_BY_ONE
    if more > 0:
        text = plural(
            more,
            one=_("kolejna faktura odrzucona przez KSeF"),
            few=_("kolejne faktury odrzucone przez KSeF"),
            many=_("kolejnych faktur odrzuconych przez KSeF"),
        )
        yield Task(icon="rejected", tone="danger", count=more, text=text, url=_list(company, State.REJECTED))


def _connection(
    actor: Actor, company: Company, connection: Connection | None, now: datetime
) -> Iterator[Task]:
    if not actor.may(Right.SEND):
        return
    url = reverse("accounts:ksef", args=[company.slug])
    renewal = reverse("accounts:ksef_renew", args=[company.slug])
    if connection is None:
        text = _("Nie masz połączenia z KSeF: faktury nie zostaną wysłane")
        yield Task(icon="key", tone="warn", text=text, url=url)
    elif connection.is_refused:
        text = _("KSeF odmawia Ci dostępu: połącz się ponownie, a czekające faktury pójdą same")
        yield Task(icon="key", tone="danger", text=text, url=url)
    elif connection.has_lapsed(now):
        # S33, S34: the notice leads to the form that asks for the password only.
        text = _("Twój dostęp do KSeF wygasł: podaj hasło do certyfikatu, a czekające faktury pójdą same")
        yield Task(icon="key", tone="danger", text=text, url=renewal)
    elif connection.access_until and connection.access_until < now + _EXPIRES_SOON:
        moment = f"{timezone.localtime(connection.access_until):%d.%m.%Y, %H:%M}"
        text = _("Twój dostęp do KSeF wygasa %(moment)s: podaj hasło do certyfikatu, aby go odnowić")
        yield Task(icon="key", tone="warn", text=text % {"moment": moment}, url=renewal)
    if connection is not None:
        yield from _certificates(connection, company, now)


def _certificates(connection: Connection, company: Company, now: datetime) -> Iterator[Task]:
    """Certificates and tokens that come to their end: 30 and 60 days ahead."""
    url = reverse("accounts:ksef", args=[company.slug])
    ends = (
        (connection.certificate_until, _("Twój certyfikat KSeF traci ważność %(day)s: odnów go wcześniej")),
        (connection.offline_until, _("Twój certyfikat offline traci ważność %(day)s: odnów go wcześniej")),
    )
    for until, text in ends:
        if until and look_ahead(until, notices=CERTIFICATE_NOTICES, now=now).stage is not Stage.LASTING:
            day = format_date(timezone.localdate(until))
            yield Task(icon="key", tone="warn", text=text % {"day": day}, url=url)
    if connection.tokens_until and (connection.tokens_until - warsaw_date(now)).days <= max(TOKEN_NOTICES):
        text = _("Token KSeF działa tylko do %(day)s: dodaj wcześniej certyfikat")
        day = format_date(connection.tokens_until)
        yield Task(icon="key", tone="warn", text=text % {"day": day}, url=url)


def _stuck(company: Company) -> Iterator[Task]:
    """Documents that wait for another reason than their turn, by reason."""
    waiting = (
        Submission.objects.filter(environment=company.environment, closed_at=None)
        .annotate(reason=Coalesce(NullIf("problem", Value("")), "batch__problem", Value("")))
        .exclude(reason="")
        .values("reason")
        .annotate(count=Count("id"))
        .order_by("reason")
    )
    for row in waiting:
        explanation = explain_problem(row["reason"])
        yield Task(
            icon="clock",
            tone="warn",
            count=row["count"],
            text=_("W kolejce. %(why)s") % {"why": explanation.what if explanation else ""},
            url=_list(company, State.QUEUED),
        )


def _offline(facts: _Facts, company: Company, *, now: datetime, is_urgent: bool) -> Iterator[Task]:
    """The nearest of the days set by law; one that comes soon stands among the first tasks."""
    if facts.offline and facts.send_by:
        text = plural(
            facts.offline,
            one=_("faktura offline: KSeF musi ją dostać do %(day)s (%(left)s)"),
            few=_("faktury offline: KSeF musi dostać pierwszą do %(day)s (%(left)s)"),
            many=_("faktur offline: KSeF musi dostać pierwszą do %(day)s (%(left)s)"),
        ) % {"day": format_date(facts.send_by), "left": days_left(facts.send_by, now=now)}
        tone = "danger" if is_urgent else "warn"
        yield Task(
            icon="offline", tone=tone, count=facts.offline, text=text, url=_list(company, State.OFFLINE)
        )


def _to_send(actor: Actor, facts: _Facts, company: Company) -> Iterator[Task]:
    """S89: those who may send find what colleagues approved; the others see that it waits."""
    if not facts.approved:
        return
    if actor.may(Right.SEND):
        text = plural(
            facts.approved,
            one=_("faktura do wysłania do KSeF"),
            few=_("faktury do wysłania do KSeF"),
            many=_("faktur do wysłania do KSeF"),
        )
    else:
        text = plural(
            facts.approved,
            one=_("faktura czeka, aż wyśle ją osoba z uprawnieniem"),
            few=_("faktury czekają, aż wyśle je osoba z uprawnieniem"),
            many=_("faktur czeka, aż wyśle je osoba z uprawnieniem"),
        )
    tone = "warn" if facts.late else ""
    yield Task(icon="send", tone=tone, count=facts.approved, text=text, url=_list(company, State.APPROVED))


def _due(facts: _Facts, company: Company) -> Iterator[Task]:
    if facts.due:
        text = plural(
            facts.due,
            one=_("faktura z terminem płatności dziś"),
            few=_("faktury z terminem płatności dziś"),
            many=_("faktur z terminem płatności dziś"),
        )
        yield Task(icon="calendar", count=facts.due, text=text, url=_list(company, State.ACCEPTED))


def _drafts(actor: Actor, facts: _Facts, company: Company) -> Iterator[Task]:
    if facts.drafts and actor.may(Right.ISSUE):
        text = plural(
            facts.drafts,
            one=_("szkic do dokończenia"),
            few=_("szkice do dokończenia"),
            many=_("szkiców do dokończenia"),
        )
        yield Task(icon="draft", count=facts.drafts, text=text, url=_list(company, State.DRAFT))


def _list(company: Company, state: State) -> str:
    return reverse("invoices:index", args=[company.slug], query={"stan": state.value})
