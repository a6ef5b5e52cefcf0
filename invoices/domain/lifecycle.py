"""The life of an invoice: one table of what may follow what. Events are the truth, the state is their fold."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ksef.status import InvoiceFate, invoice_fate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class State(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    EXEMPT = "exempt"
    QUEUED = "queued"
    SENDING = "sending"
    OFFLINE = "offline"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Event(StrEnum):
    APPROVED = "approved"
    EXEMPTED = "exempted"
    QUEUED = "queued"
    WITHDRAWN = "withdrawn"
    CLAIMED = "claimed"
    SUBMITTED = "submitted"
    DEFERRED = "deferred"
    DEFERRED_OFFLINE = "deferred_offline"
    ISSUED_OFFLINE = "issued_offline"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REOPENED = "reopened"
    # Taken back by its author before KSeF could see it.
    RECALLED = "recalled"
    # A rejected offline document goes again with the same content (hashOfCorrectedInvoice).
    CORRECTED = "corrected"
    # An announced outage gave the document another legal deadline.
    DEADLINE_MOVED = "deadline_moved"
    # A total failure was announced: the duty to send is gone (art. 106ng).
    RELEASED = "released"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """How the document reaches its buyer before KSeF has it (art. 106na, 106nda, 106nh, 106nf)."""

    ONLINE = "online"
    OFFLINE24 = "offline24"
    UNAVAILABILITY = "unavailability"
    FAILURE = "failure"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DRAFT, Event.APPROVED): State.APPROVED,
    (State.DRAFT, Event.EXEMPTED): State.EXEMPT,
    (State.APPROVED, Event.QUEUED): State.QUEUED,
    (State.APPROVED, Event.ISSUED_OFFLINE): State.OFFLINE,
    (State.APPROVED, Event.CANCELLED): State.CANCELLED,
    (State.APPROVED, Event.RECALLED): State.DRAFT,
    (State.APPROVED, Event.DEADLINE_MOVED): State.APPROVED,
    (State.APPROVED, Event.RELEASED): State.EXEMPT,
    (State.QUEUED, Event.WITHDRAWN): State.APPROVED,
    # Its mode and deadline stay: a colleague who may send can still send it in time.
    (State.OFFLINE, Event.WITHDRAWN): State.APPROVED,
    (State.QUEUED, Event.ISSUED_OFFLINE): State.OFFLINE,
    (State.QUEUED, Event.RECALLED): State.DRAFT,
    (State.QUEUED, Event.RELEASED): State.EXEMPT,
    # Whoever issued it offline may be somebody who cannot send it.
    (State.OFFLINE, Event.QUEUED): State.OFFLINE,
    (State.OFFLINE, Event.DEADLINE_MOVED): State.OFFLINE,
    (State.OFFLINE, Event.RELEASED): State.EXEMPT,
    (State.QUEUED, Event.CLAIMED): State.SENDING,
    (State.OFFLINE, Event.CLAIMED): State.SENDING,
    (State.SENDING, Event.SUBMITTED): State.SENDING,
    (State.SENDING, Event.DEFERRED): State.QUEUED,
    (State.SENDING, Event.DEFERRED_OFFLINE): State.OFFLINE,
    (State.SENDING, Event.DEADLINE_MOVED): State.SENDING,
    (State.SENDING, Event.ACCEPTED): State.ACCEPTED,
    (State.SENDING, Event.REJECTED): State.REJECTED,
    (State.REJECTED, Event.REOPENED): State.DRAFT,
    (State.REJECTED, Event.CORRECTED): State.OFFLINE,
    (State.REJECTED, Event.DEADLINE_MOVED): State.REJECTED,
    (State.ACCEPTED, Event.CANCELLED): State.CANCELLED,
}

# What may still become an issued invoice or a refused one.
UNSETTLED = (
    State.DRAFT,
    State.APPROVED,
    State.QUEUED,
    State.SENDING,
    State.OFFLINE,
    State.REJECTED,
)

# KSeF's code for a sender without the right to issue: no fault of the document's form.
_NO_RIGHT = 410

# The person need do nothing while the invoice is in one of these; the page refreshes itself (S81).
MOVING = frozenset({State.QUEUED, State.SENDING, State.OFFLINE})


def is_duplicate(rejection: Mapping[str, Any]) -> bool:
    """Whether KSeF refused the document because its seller, kind and number are there already."""
    return invoice_fate(rejection.get("code", 0)) is InvoiceFate.DUPLICATE


def may_be_corrected(rejection: Mapping[str, Any]) -> bool:
    """Whether the same content may go again (ksef-protocol 10): not without the right, nor under a taken number."""
    return rejection.get("code") != _NO_RIGHT and not is_duplicate(rejection)


class IllegalTransition(Exception):
    """The event cannot happen to an invoice in this state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event} cannot follow {state}")
        self.state = state
        self.event = event


def next_state(state: State, event: Event) -> State:
    """The state after the event; raises IllegalTransition for whatever the table does not list."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None


def fold(events: Iterable[Event]) -> State:
    """The state that a whole history leads to, beginning with a draft."""
    state = State.DRAFT
    for event in events:
        state = next_state(state, event)
    return state
