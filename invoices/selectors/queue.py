"""The queue to KSeF as a person sees it: what waits and why, which packages travel, how much KSeF still allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from invoices.domain.lifecycle import State
from invoices.models import Batch, Submission, UPOPage
from invoices.selectors.document import StoredFile
from invoices.selectors.ksef_wording import explain_problem
from invoices.selectors.plural import plural
from invoices.selectors.rates import database_time, find_allowance, find_lane, limits_of
from invoices.selectors.rendering import format_date
from ksef.pacing import RateGroup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.models import QuerySet

    from accounts.models import Company

PAGE: Final = 50
_HOUR: Final = 3600
# A document that goes by itself keeps a worker about so long.
_SECONDS_EACH: Final = 2
_FINISHED_SHOWN: Final = 5
_FINISHED_FOR: Final = timedelta(days=7)

_STEPS: Final = {
    Batch.Step.GATHERED: gettext_noop("Przygotowywana"),
    Batch.Step.OPENED: gettext_noop("Przesyłana do KSeF"),
    Batch.Step.CLOSING: gettext_noop("Przesyłana do KSeF"),
    Batch.Step.CLOSED: gettext_noop("KSeF sprawdza faktury"),
    Batch.Step.JUDGED: gettext_noop("Czeka na UPO"),
    Batch.Step.DONE: gettext_noop("Zakończona"),
    Batch.Step.GIVEN_UP: gettext_noop("Nieprzyjęta: faktury wróciły do kolejki"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    position: int
    number: str
    buyer: str
    url: str
    # Until when the law wants it in KSeF; empty for one that has no deadline of its own.
    deadline: str
    why: str
    todo: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    title: str
    step: str
    is_finished: bool
    counts: str
    why: str
    reference: str
    receipts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    label: str
    left: str
    note: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    count: int
    counted: str
    rows: tuple[WaitingRow, ...]
    packages: tuple[PackageRow, ...]
    allowances: tuple[Allowance, ...]
    first_url: str
    next_url: str
    poll_url: str


@dataclass(frozen=True, slots=True)
class _Key:
    """The place of a document in the order of the queue."""

    due: date
    created_at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> _Key | None:
        """None for whatever no page of ours has written: it then starts from the top."""
        try:
            day, moment, key = text.split("_")
            place = cls(date.fromisoformat(day), datetime.fromisoformat(moment), UUID(key))
        except ValueError:
            return None
        return place if place.created_at.utcoffset() is not None else None

    def write(self) -> str:
        return f"{self.due.isoformat()}_{self.created_at.isoformat()}_{self.id}"


def get_queue(*, company: Company, after: str, now: datetime) -> QueuePage:
    """One page of what waits in the company's environment, the nearest legal deadline first.

    The number of queries does not depend on how much waits.
    """
    waiting = (
        Submission.objects.filter(environment=company.environment, closed_at=None)
        .annotate(due=Coalesce("invoice__send_by", "invoice__issue_date"))
        .order_by("due", "created_at", "id")
    )
    place = _Key.read(after)
    before = _up_to(place) if place else Q(pk__in=())
    counted = waiting.aggregate(
        all=Count("id"), before=Count("id", filter=before), single=Count("id", filter=Q(batch=None))
    )
    shown = waiting.exclude(before) if place else waiting
    found = list(shown.select_related("invoice", "batch")[: PAGE + 1])
    estimate = _Estimate.make(company, now=now, is_crowd=counted["single"] > settings.BATCH_FROM)
    return QueuePage(
        count=counted["all"],
        counted=_documents(counted["all"]),
        rows=tuple(
            _row(submission, position, company, estimate)
            for position, submission in enumerate(found[:PAGE], start=counted["before"] + 1)
        ),
        packages=tuple(_packages(company, now=now)),
        allowances=tuple(_allowances(company)),
        first_url=_url(company, "queue", "") if place else "",
        next_url=_url(company, "queue", _key(found[PAGE - 1]).write()) if len(found) > PAGE else "",
        poll_url=_url(company, "queue_state", after if place else ""),
    )


def find_session_upo(page_id: UUID) -> StoredFile | None:
    """A page of a package's UPO with KSeF's own signature."""
    page = UPOPage.objects.filter(id=page_id).first()
    return StoredFile(name=f"UPO-{page.reference}.xml", content=bytes(page.xml)) if page else None


def _up_to(place: _Key) -> Q:
    same_day = Q(due=place.due) & (
        Q(created_at__lt=place.created_at) | Q(created_at=place.created_at, id__lte=place.id)
    )
    return Q(due__lt=place.due) | same_day


def _key(submission: Submission) -> _Key:
    return _Key(
        submission.invoice.send_by or submission.invoice.issue_date, submission.created_at, submission.id
    )


def _url(company: Company, name: str, after: str) -> str:
    return reverse(f"invoices:{name}", args=[company.slug], query={"po": after} if after else {})


@dataclass(frozen=True, slots=True)
class _Estimate:
    """When something goes, as far as anybody can know."""

    now: datetime
    # Until KSeF lets the next single document in.
    wait: float
    is_crowd: bool

    @classmethod
    def make(cls, company: Company, *, now: datetime, is_crowd: bool) -> _Estimate:
        lane = find_lane(RateGroup.INVOICE_SEND, environment=company.environment, nip=company.nip)
        limits = limits_of(find_allowance(environment=company.environment, nip=company.nip))
        wait = lane.wait(limits.of(RateGroup.INVOICE_SEND), now=database_time())
        return cls(now, wait, is_crowd)

    def of(self, submission: Submission, position: int) -> str:
        until = submission.waits_until
        if submission.reference or (submission.invoice.state == State.SENDING and not submission.batch):
            return _("KSeF właśnie ją sprawdza")
        if until is not None and until > self.now:
            return _("o %(time)s") % {"time": f"{timezone.localtime(until):%H:%M:%S}"}
        if submission.batch is not None:
            return _("w paczce: %(step)s") % {"step": _(_STEPS[Batch.Step(submission.batch.step)]).lower()}
        if self.is_crowd:
            return _("z najbliższą paczką, zwykle w ciągu minuty")
        moment = self.now + timedelta(seconds=self.wait + position * _SECONDS_EACH)
        if moment - self.now < timedelta(minutes=1):
            return _("za chwilę")
        return _("około %(time)s") % {"time": f"{timezone.localtime(moment):%H:%M}"}


def _row(submission: Submission, position: int, company: Company, estimate: _Estimate) -> WaitingRow:
    problem = explain_problem(submission.reason_to_wait)
    invoice = submission.invoice
    return WaitingRow(
        position=position,
        number=invoice.number,
        buyer=invoice.buyer_name,
        url=reverse("invoices:show", args=[company.slug, invoice.id]),
        deadline=format_date(invoice.send_by) if invoice.send_by else "",
        why=problem.what if problem else "",
        todo=problem.todo if problem else "",
        when=estimate.of(submission, position),
    )


def _packages(company: Company, *, now: datetime) -> Iterator[PackageRow]:
    """Those on their way, then the last ones that came to an end."""
    batches = Batch.objects.filter(environment=company.environment).order_by("-created_at")
    over = Q(step__in=(Batch.Step.DONE, Batch.Step.GIVEN_UP))
    moving = list(batches.exclude(over)[:PAGE])
    finished = list(batches.filter(over, finished_at__gt=now - _FINISHED_FOR)[:_FINISHED_SHOWN])
    pages: dict[UUID, list[str]] = {}
    for page_id, batch_id in _pages(finished).values_list("id", "batch_id"):
        url = reverse("invoices:session_upo", args=[company.slug, page_id])
        pages.setdefault(batch_id, []).append(url)
    for batch in (*moving, *finished):
        problem = explain_problem(batch.problem)
        yield PackageRow(
            title=_("Paczka z %(moment)s")
            % {"moment": f"{timezone.localtime(batch.created_at):%d.%m.%Y, %H:%M}"},
            step=_(_STEPS[Batch.Step(batch.step)]),
            is_finished=batch.finished_at is not None,
            counts=_counts(batch),
            why=f"{problem.what} {problem.todo}" if problem else "",
            reference=batch.reference,
            receipts=tuple(pages.get(batch.id, ())),
        )


def _pages(batches: Sequence[Batch]) -> QuerySet[UPOPage]:
    return UPOPage.objects.filter(batch__in=batches).order_by("fetched_at", "reference")


def _counts(batch: Batch) -> str:
    parts = [_documents(batch.invoice_count)]
    if batch.accepted_count:
        parts.append(_("przyjęte: %(count)s") % {"count": batch.accepted_count})
    if batch.rejected_count:
        parts.append(_("odrzucone: %(count)s") % {"count": batch.rejected_count})
    left = batch.invoice_count - batch.accepted_count - batch.rejected_count
    if left > 0 and batch.finished_at is None:
        parts.append(_("jeszcze w drodze: %(count)s") % {"count": left})
    return ", ".join(parts)


def _documents(count: int) -> str:
    words = plural(count, one=_("faktura"), few=_("faktury"), many=_("faktur"))
    return f"{count} {words}"


def _allowances(company: Company) -> Iterator[Allowance]:
    """What is left of the hour, for the calls that sending needs."""
    limits = limits_of(find_allowance(environment=company.environment, nip=company.nip))
    now = database_time()
    for group, label in (
        (RateGroup.INVOICE_SEND, _("Pojedyncze faktury")),
        (RateGroup.BATCH_SESSION, _("Paczki")),
        (RateGroup.INVOICE_STATUS, _("Pytania o stan faktury")),
    ):
        most = limits.of(group).per_hour
        if most is None:
            continue
        lane = find_lane(group, environment=company.environment, nip=company.nip)
        used = sum(count for moment, count in lane.calls if moment > (now - _HOUR) * 1000)
        wait = lane.wait(limits.of(group), now=now)
        moment = timezone.localtime(timezone.now() + timedelta(seconds=wait))
        is_far = wait > 1
        yield Allowance(
            label=label,
            left=_("%(left)s z %(most)s") % {"left": max(0, most - used), "most": most},
            note=_("następna możliwa o %(time)s") % {"time": f"{moment:%H:%M:%S}"}
            if is_far
            else _("w ciągu godziny"),
            tone="warn" if is_far else "",
        )
