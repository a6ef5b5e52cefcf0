"""The first page of a company: what needs attention, the month in figures, a year at a glance, the last invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.selectors import find_connection
from invoices.domain.calendar import warsaw_date
from invoices.domain.lifecycle import State
from invoices.domain.money import ZERO, format_money
from invoices.models import Invoice
from invoices.selectors.attention import list_tasks
from invoices.selectors.plural import plural
from invoices.selectors.rendering import format_date
from invoices.selectors.state_wording import state_label
from roles.access import Right

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from accounts.models import Company
    from invoices.selectors.attention import Task
    from invoices.selectors.state_wording import StateLabel
    from roles.access import Actor

# What counts as sold: drafts are not issued yet, rejected and cancelled documents are no invoices.
_ISSUED: Final = (
    State.APPROVED,
    State.EXEMPT,
    State.QUEUED,
    State.SENDING,
    State.OFFLINE,
    State.ACCEPTED,
)
_MONTHS: Final = 12
_LAST: Final = 8
_CHART_HEIGHT: Final = 400
_CHART_STEP: Final = 100
_BAR_WIDTH: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    name: str
    count: int
    counted: str
    net: str
    vat: str
    gross: str
    previous_name: str
    previous_net: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One month of the chart; coordinates are whole numbers in a box of 1200 x 400."""

    x: int
    y: int
    width: int
    height: int
    short: str
    name: str
    net: str
    gross: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    url: str
    number: str
    buyer: str
    issued: str
    gross: str
    state: StateLabel


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    title: str
    text: str
    url: str
    link: str
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    tasks: tuple[Task, ...]
    month: MonthFigures
    bars: tuple[Bar, ...]
    year_net: str
    largest_net: str
    last: tuple[Row, ...]
    # Shown instead of all the rest while the company has no invoice.
    first_steps: tuple[FirstStep, ...]


@dataclass(frozen=True, slots=True)
class _Sums:
    count: int = 0
    net: Decimal = ZERO
    vat: Decimal = ZERO
    gross: Decimal = ZERO


def get_dashboard(*, actor: Actor, company: Company, now: datetime) -> Dashboard:
    """Everything on the page by a fixed number of queries; of the company's current environment only (S13)."""
    today = warsaw_date(now)
    connection = find_connection(actor=actor, environment=company.environment)
    rows = _last_rows(company)
    months = _twelve_months(today)
    sums = _sums_by_month(company, since=months[0])
    tasks = list_tasks(actor=actor, company=company, connection=connection, now=now)
    return Dashboard(
        tasks=tasks,
        month=_month_figures(months, sums),
        bars=_bars(months, sums),
        largest_net=format_money(max((month.net for month in sums.values()), default=ZERO)),
        year_net=format_money(sum((month.net for month in sums.values()), ZERO)),
        last=rows,
        first_steps=() if rows else _first_steps(actor, company, is_connected=connection is not None),
    )


def _last_rows(company: Company) -> tuple[Row, ...]:
    invoices = Invoice.objects.filter(environment=company.environment).order_by("-issue_date", "-created_at")
    return tuple(
        Row(
            url=reverse("invoices:show", args=[company.slug, invoice.id]),
            number=invoice.number or _("Szkic"),
            buyer=invoice.buyer_name,
            issued=format_date(invoice.issue_date),
            gross=format_money(invoice.gross),
            state=state_label(invoice.state),
        )
        for invoice in invoices[:_LAST]
    )


def _twelve_months(today: date) -> list[date]:
    """The first days of this month and of the eleven before it."""
    ordinal = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(ordinal - _MONTHS + 1, ordinal + 1)]


def _sums_by_month(company: Company, *, since: date) -> dict[date, _Sums]:
    sold = Q(state__in=_ISSUED, environment=company.environment, issue_date__gte=since)
    grouped = (
        Invoice.objects.filter(sold)
        .annotate(month=TruncMonth("issue_date"))
        .values("month")
        .annotate(count=Count("id"), net_sum=Sum("net"), vat_sum=Sum("vat"), gross_sum=Sum("gross"))
        .order_by("month")
    )
    return {
        row["month"]: _Sums(row["count"], row["net_sum"], row["vat_sum"], row["gross_sum"]) for row in grouped
    }


def _month_figures(months: list[date], sums: dict[date, _Sums]) -> MonthFigures:
    this, previous = sums.get(months[-1], _Sums()), sums.get(months[-2], _Sums())
    return MonthFigures(
        name=date_format(months[-1], "F"),
        count=this.count,
        counted=plural(this.count, one=_("faktura"), few=_("faktury"), many=_("faktur")),
        net=format_money(this.net),
        vat=format_money(this.vat),
        gross=format_money(this.gross),
        previous_name=date_format(months[-2], "F"),
        previous_net=format_money(previous.net),
    )


def _bars(months: list[date], sums: dict[date, _Sums]) -> tuple[Bar, ...]:
    """Bars in proportion to net sales; a month with any sales at all shows at least a line."""
    largest = max((month.net for month in sums.values()), default=ZERO)
    bars = []
    for position, month in enumerate(months):
        of_month = sums.get(month, _Sums())
        height = int(_CHART_HEIGHT * max(of_month.net, ZERO) / largest) if largest > 0 else 0
        height = max(height, 4) if of_month.net > 0 else height
        bars.append(
            Bar(
                x=position * _CHART_STEP + (_CHART_STEP - _BAR_WIDTH) // 2,
                y=_CHART_HEIGHT - height,
                width=_BAR_WIDTH,
                height=height,
                short=date_format(month, "b"),
                name=date_format(month, "F Y"),
                net=format_money(of_month.net),
                gross=format_money(of_month.gross),
                is_current=month == months[-1],
            )
        )
    return tuple(bars)


def _first_steps(actor: Actor, company: Company, *, is_connected: bool) -> tuple[FirstStep, ...]:
    steps = [
        FirstStep(
            title=_("Dane firmy"),
            text=_("Nazwa, adres i rachunek trafią na każdą fakturę."),
            url=reverse("accounts:settings", args=[company.slug]),
            link=_("Sprawdź dane firmy"),
            is_done=bool(company.address_line1 and company.bank_account),
        )
    ]
    if actor.may(Right.SEND):
        steps.append(
            FirstStep(
                title=_("Połączenie z KSeF"),
                text=_(
                    "Token albo certyfikat, w Twoim imieniu. Bez niego fakturę można wystawić, ale nie wysłać."
                ),
                url=reverse("accounts:ksef", args=[company.slug]),
                link=_("Zobacz połączenie") if is_connected else _("Połącz z KSeF"),
                is_done=is_connected,
            )
        )
    if actor.may(Right.ISSUE):
        steps.append(
            FirstStep(
                title=_("Pierwsza faktura"),
                text=_(
                    "Wpisz nabywcę i pozycje. Sumy policzą się same, a po zatwierdzeniu faktura pójdzie do KSeF."
                ),
                url=reverse("invoices:new", args=[company.slug]),
                link=_("Wystaw fakturę"),
                is_done=False,
            )
        )
    return tuple(steps)
