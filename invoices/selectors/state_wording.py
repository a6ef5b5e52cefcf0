"""How the states of an invoice are called on every page; templates style them by their code."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from invoices.domain.lifecycle import State

_LABELS: dict[State, str] = {
    State.DRAFT: gettext_noop("Szkic"),
    State.APPROVED: gettext_noop("Zatwierdzona"),
    State.EXEMPT: gettext_noop("KSeF: nie podlega"),
    State.QUEUED: gettext_noop("W kolejce"),
    State.SENDING: gettext_noop("Wysyłanie"),
    State.OFFLINE: gettext_noop("Offline"),
    State.ACCEPTED: gettext_noop("Przyjęta"),
    State.REJECTED: gettext_noop("Odrzucona"),
    State.CANCELLED: gettext_noop("Anulowana"),
}


@dataclass(frozen=True, slots=True)
class StateLabel:
    code: str
    label: str


def state_label(state: str) -> StateLabel:
    return StateLabel(code=state, label=_(_LABELS[State(state)]))
