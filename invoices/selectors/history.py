"""The history of an invoice in plain words: every event with its person and time, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from invoices.domain.lifecycle import Event, Mode
from invoices.models import InvoiceEvent
from invoices.selectors.ksef_wording import explain_problem, explain_rejection
from invoices.selectors.offline_wording import mode_label, tell_move
from invoices.selectors.rendering import format_minute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from invoices.models import Invoice

_ICONS = {
    Event.APPROVED: "approved",
    Event.EXEMPTED: "exempt",
    Event.QUEUED: "queued",
    Event.ISSUED_OFFLINE: "offline",
    Event.ACCEPTED: "accepted",
    Event.REJECTED: "rejected",
    Event.REOPENED: "edit",
    Event.RECALLED: "edit",
    Event.CORRECTED: "edit",
    Event.DEADLINE_MOVED: "clock",
    Event.RELEASED: "exempt",
    Event.CANCELLED: "cancelled",
    Event.WITHDRAWN: "left",
    Event.DEFERRED: "clock",
    Event.DEFERRED_OFFLINE: "clock",
}
_TONES = {Event.ACCEPTED: "ok", Event.REJECTED: "danger"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    what: str
    note: str
    who: str
    when: str
    machine_when: str
    icon: str
    tone: str = ""


def list_events(invoice: Invoice) -> list[InvoiceEvent]:
    """All events in their order, with their persons: one query."""
    return list(InvoiceEvent.objects.filter(invoice_id=invoice.id).select_related("actor").order_by("seq"))


def tell_history(invoice: Invoice, events: Iterable[InvoiceEvent]) -> tuple[HistoryEntry, ...]:
    """The events and the making of the draft, the newest first."""
    entries = [_begin(invoice), *(_entry(event, count) for event, count in _without_repetition(events))]
    return tuple(reversed(entries))


def _begin(invoice: Invoice) -> HistoryEntry:
    return HistoryEntry(
        what=_("Szkic utworzony"),
        note="",
        who=str(invoice.created_by),
        when=format_minute(invoice.created_at),
        machine_when=invoice.created_at.isoformat(),
        icon="draft",
    )


def _without_repetition(events: Iterable[InvoiceEvent]) -> Iterator[tuple[InvoiceEvent, int]]:
    """Leave out each new start of a try, and count tries that were put off for the same reason as one.

    A night without KSeF makes dozens of claimed and deferred in turn; the database keeps them all.
    """
    kept: list[tuple[InvoiceEvent, int]] = []
    for event in events:
        if event.type == Event.CLAIMED:
            continue
        if kept and (event.type, event.data) == (kept[-1][0].type, kept[-1][0].data):
            kept[-1] = (event, kept[-1][1] + 1)
        else:
            kept.append((event, 1))
    yield from kept


def _entry(event: InvoiceEvent, count: int) -> HistoryEntry:
    kind = Event(event.type)
    what, note = _TEXTS[kind](event.data)
    return HistoryEntry(
        what=_("%(what)s (%(count)s razy)") % {"what": what, "count": count} if count > 1 else what,
        note=note,
        who=_who(event, kind),
        when=format_minute(event.at),
        machine_when=event.at.isoformat(),
        icon=_ICONS.get(kind, "send"),
        tone=_TONES.get(kind, ""),
    )


def _who(event: InvoiceEvent, kind: Event) -> str:
    if event.actor:
        return str(event.actor)
    return "KSeF" if kind in {Event.ACCEPTED, Event.REJECTED} else "Kwit"


def _approved(data: dict[str, Any]) -> tuple[str, str]:
    again = data.get("revision", 1) > 1
    return _("Zatwierdzona ponownie") if again else _("Zatwierdzona"), data.get("number", "")


def _withdrawn(data: dict[str, Any]) -> tuple[str, str]:
    reason = explain_problem(data.get("reason", ""))
    return _("Wycofana z kolejki"), reason.what if reason else ""


def _deferred(data: dict[str, Any]) -> tuple[str, str]:
    problem = explain_problem(data.get("problem", ""))
    return _("Wysłanie odłożone"), problem.what if problem else ""


def _issued_offline(data: dict[str, Any]) -> tuple[str, str]:
    mode = mode_label(data.get("mode", Mode.OFFLINE24))
    return _("Wystawiona w trybie %(mode)s") % {"mode": mode}, tell_move(data)


def _deadline_moved(data: dict[str, Any]) -> tuple[str, str]:
    return _("Nowy termin przesłania do KSeF"), tell_move(data)


def _reopened(data: dict[str, Any]) -> tuple[str, str]:
    former = data.get("former_number")
    if not former:
        return _("Otwarta do poprawy"), ""
    return _("Otwarta do poprawy pod nowym numerem"), _("Numer %(number)s nosi w KSeF inna faktura.") % {
        "number": former
    }


def _accepted(data: dict[str, Any]) -> tuple[str, str]:
    return _("Przyjęta przez KSeF"), _("Nr KSeF %(number)s") % {"number": data.get("ksef_number", "")}


def _rejected(data: dict[str, Any]) -> tuple[str, str]:
    explanation = explain_rejection(code=data.get("code", 0), description=data.get("description", ""))
    return _("Odrzucona przez KSeF"), explanation.what


_TEXTS: dict[Event, Callable[[dict[str, Any]], tuple[str, str]]] = {
    Event.APPROVED: _approved,
    Event.EXEMPTED: lambda _data: (_("Oznaczona: KSeF nie podlega"), ""),
    Event.QUEUED: lambda _data: (_("Przekazana do wysłania"), ""),
    Event.WITHDRAWN: _withdrawn,
    Event.CLAIMED: lambda _data: (_("Wysyłanie rozpoczęte"), ""),
    Event.SUBMITTED: lambda _data: (_("Przesłana do KSeF"), ""),
    Event.DEFERRED: _deferred,
    Event.DEFERRED_OFFLINE: _deferred,
    Event.ISSUED_OFFLINE: _issued_offline,
    Event.ACCEPTED: _accepted,
    Event.REJECTED: _rejected,
    Event.REOPENED: _reopened,
    Event.RECALLED: lambda _data: (_("Cofnięta do szkicu"), ""),
    Event.CORRECTED: lambda _data: (_("Poprawiona technicznie, treść bez zmian"), ""),
    Event.DEADLINE_MOVED: _deadline_moved,
    Event.RELEASED: lambda _data: (
        _("Zwolniona z przesłania"),
        _("Ogłoszono awarię całkowitą KSeF (art. 106ng)."),
    ),
    Event.CANCELLED: lambda _data: (_("Anulowana"), ""),
}
