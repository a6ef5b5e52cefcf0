"""Outages, offline modes and days set by law, in the words of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from invoices.domain.calendar import warsaw_date
from invoices.domain.deadlines import Basis, percent_used
from invoices.domain.lifecycle import Event, Mode, State
from invoices.selectors.outages import list_outages
from invoices.selectors.plural import plural
from invoices.selectors.rendering import format_date, format_minute
from ksef.exchange.outages import OutageCategory, gravest_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from invoices.models import Invoice, InvoiceEvent
    from ksef.exchange.outages import Outage

# How long before it begins a maintenance is told on every page.
_SOON: Final = timedelta(days=3)
_URGENT_PERCENT: Final = 80
_PRESSING_PERCENT: Final = 50

_MODES: Final = {
    Mode.OFFLINE24: gettext_noop("offline24"),
    Mode.UNAVAILABILITY: gettext_noop("niedostępności KSeF"),
    Mode.FAILURE: gettext_noop("awarii KSeF"),
}
_BASES: Final = {
    Basis.OFFLINE24: gettext_noop("art. 106nda ustawy o VAT: następny dzień roboczy po dniu wystawienia"),
    Basis.UNAVAILABILITY: gettext_noop(
        "art. 106nh ustawy o VAT: następny dzień roboczy po zakończeniu niedostępności KSeF"
    ),
    Basis.FAILURE: gettext_noop("art. 106nf ustawy o VAT: siódmy dzień roboczy po zakończeniu awarii KSeF"),
    Basis.TOTAL_FAILURE: gettext_noop(
        "art. 106ng ustawy o VAT: podczas awarii całkowitej faktur nie przesyła się do KSeF, także później"
    ),
}
_TITLES: Final = {
    OutageCategory.MAINTENANCE: gettext_noop("Trwa niedostępność KSeF"),
    OutageCategory.FAILURE: gettext_noop("Trwa awaria KSeF"),
    OutageCategory.TOTAL_FAILURE: gettext_noop("Trwa awaria całkowita KSeF"),
}
_CONSEQUENCES: Final = {
    OutageCategory.MAINTENANCE: gettext_noop(
        "Faktury możesz zatwierdzać jak zwykle: będą wystawione w trybie niedostępności, a do KSeF pójdą, gdy wróci."
    ),
    OutageCategory.FAILURE: gettext_noop(
        "Faktury możesz zatwierdzać jak zwykle: będą wystawione w trybie awarii, a do KSeF pójdą, gdy wróci."
    ),
    OutageCategory.TOTAL_FAILURE: gettext_noop(
        "Faktury możesz zatwierdzać jak zwykle. Wystawionych teraz nie przesyła się do KSeF "
        "także później (art. 106ng)."
    ),
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """An outage as every page of the company tells it."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalClock:
    """The day until which KSeF must have the document, and how it came to be this one."""

    day: str
    left: str
    tone: str
    # How much of the time is over; None when there is no day to run towards, or it does not matter any more.
    percent: int | None
    basis: str
    moves: tuple[str, ...]


def find_announcement(environment: str, now: datetime) -> Announcement | None:
    """The outage that lasts, or else a maintenance that begins soon; only what was published (F49)."""
    outages = list_outages(environment)
    lasting = gravest_at(outages, now)
    if lasting is not None:
        tone = "warning" if lasting.category is OutageCategory.MAINTENANCE else "danger"
        text = f"{_span(lasting)} {_(_CONSEQUENCES[lasting.category])}"
        return Announcement(tone, _(_TITLES[lasting.category]), text)
    coming = next((outage for outage in outages if now < outage.starts_at <= now + _SOON), None)
    if coming is None:
        return None
    return Announcement("info", _("Zapowiedziano niedostępność KSeF"), _span(coming))


def mode_label(mode: str) -> str:
    """After "w trybie"; empty for a document that is no offline one."""
    label = _MODES.get(Mode(mode))
    return _(label) if label else ""


def tell_deadline(send_by: date | None, basis: str) -> str:
    """One sentence; empty when nothing is due."""
    if send_by is not None:
        return _("Trzeba ją przesłać do KSeF do %(day)s.") % {"day": format_date(send_by)}
    if basis in {Basis.FAILURE, Basis.UNAVAILABILITY}:
        return _("Termin będzie znany, gdy KSeF ogłosi koniec przerwy.")
    return ""


def tell_clock(invoice: Invoice, events: Iterable[InvoiceEvent], *, now: datetime) -> LegalClock | None:
    """None for a document that no day was ever set for."""
    if not invoice.deadline_basis and invoice.send_by is None:
        return None
    basis = Basis(invoice.deadline_basis or Basis.OFFLINE24)
    is_running = State(invoice.state) in {State.APPROVED, State.OFFLINE, State.SENDING, State.REJECTED}
    percent = None
    if is_running and invoice.send_by and invoice.issued_at:
        percent = min(100, percent_used(invoice.issued_at, invoice.send_by, now=now))
    return LegalClock(
        day=_weekday(invoice.send_by) if invoice.send_by else "",
        left=_left(invoice, basis, now=now) if is_running or invoice.send_by is None else "",
        tone=_tone(percent),
        percent=percent,
        basis=_(_BASES[basis]),
        moves=tuple(_moves(events)),
    )


def days_left(send_by: date, *, now: datetime) -> str:
    days = (send_by - warsaw_date(now)).days
    if days < 0:
        return _("termin minął")
    if days == 0:
        return _("dziś jest ostatni dzień")
    text = plural(
        days,
        one=_("pozostał %(count)s dzień"),
        few=_("pozostały %(count)s dni"),
        many=_("pozostało %(count)s dni"),
    )
    return text % {"count": days}


def tell_move(data: dict[str, Any]) -> str:
    """From which day to which, or that the day is open."""
    former, day = data.get("former", ""), data.get("send_by", "")
    if former and day:
        return _("Z %(former)s na %(day)s.") % {"former": _day(former), "day": _day(day)}
    if former:
        return _("Był %(former)s; nowy będzie znany, gdy KSeF ogłosi koniec przerwy.") % {
            "former": _day(former)
        }
    return tell_deadline(date.fromisoformat(day) if day else None, data.get("basis", ""))


def _moves(events: Iterable[InvoiceEvent]) -> Iterator[str]:
    for event in events:
        if event.type == Event.DEADLINE_MOVED:
            basis = _(_BASES[Basis(event.data["basis"])])
            yield _("%(when)s: %(move)s Podstawa: %(basis)s.") % {
                "when": format_date(timezone.localdate(event.at)),
                "move": tell_move(event.data),
                "basis": basis,
            }


def _left(invoice: Invoice, basis: Basis, *, now: datetime) -> str:
    if basis is Basis.TOTAL_FAILURE:
        return _("tej faktury nie przesyła się do KSeF")
    if invoice.send_by is None:
        return _("termin będzie znany, gdy KSeF ogłosi koniec przerwy")
    return days_left(invoice.send_by, now=now)


def _tone(percent: int | None) -> str:
    if percent is None or percent < _PRESSING_PERCENT:
        return "info"
    return "danger" if percent >= _URGENT_PERCENT else "warning"


def _span(outage: Outage) -> str:
    start = format_minute(outage.starts_at)
    if outage.ends_at is None:
        return _("Od %(start)s, końca jeszcze nie ogłoszono.") % {"start": start}
    return _("Od %(start)s do %(end)s.") % {"start": start, "end": format_minute(outage.ends_at)}


def _weekday(day: date) -> str:
    return f"{date_format(day, 'l').lower()}, {format_date(day)}"


def _day(text: str) -> str:
    return format_date(date.fromisoformat(text))
