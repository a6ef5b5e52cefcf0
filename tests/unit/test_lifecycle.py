"""The life of an invoice: the table of the house style, pair by pair, and histories of any length."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.lifecycle import MOVING, TRANSITIONS, Event, IllegalTransition, State, fold, next_state

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.unit

# As the law and KSeF have it, written down a second time: (from, event) -> to.
LEGAL = {
    ("draft", "approved"): "approved",
    ("draft", "exempted"): "exempt",
    ("approved", "queued"): "queued",
    ("approved", "issued_offline"): "offline",
    ("approved", "cancelled"): "cancelled",
    ("queued", "withdrawn"): "approved",
    ("offline", "withdrawn"): "approved",
    ("queued", "issued_offline"): "offline",
    ("queued", "claimed"): "sending",
    ("offline", "claimed"): "sending",
    ("sending", "submitted"): "sending",
    ("sending", "deferred"): "queued",
    ("sending", "deferred_offline"): "offline",
    ("sending", "accepted"): "accepted",
    ("sending", "rejected"): "rejected",
    ("rejected", "reopened"): "draft",
    ("accepted", "cancelled"): "cancelled",
    ("approved", "recalled"): "draft",
    ("queued", "recalled"): "draft",
    ("rejected", "corrected"): "offline",
    ("approved", "deadline_moved"): "approved",
    ("offline", "queued"): "offline",
    ("offline", "deadline_moved"): "offline",
    ("sending", "deadline_moved"): "sending",
    ("rejected", "deadline_moved"): "rejected",
    ("approved", "released"): "exempt",
    ("queued", "released"): "exempt",
    ("offline", "released"): "exempt",
}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_pair_of_state_and_event(state: State, event: Event) -> None:
    """I1: what the table lists happens, and nothing else can."""
    expected = LEGAL.get((state.value, event.value))
    if expected is None:
        with pytest.raises(IllegalTransition) as caught:
            next_state(state, event)
        assert (caught.value.state, caught.value.event) == (state, event)
    else:
        assert next_state(state, event) == State(expected)


def legal_events(state: State) -> list[Event]:
    return [event for event in Event if (state, event) in TRANSITIONS]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A run of events, each of which may follow the one before."""
    state, events = State.DRAFT, list[Event]()
    for _step in range(draw(st.integers(0, 30))):
        choices = legal_events(state)
        if not choices:
            break
        events.append(draw(st.sampled_from(choices)))
        state = TRANSITIONS[state, events[-1]]
    return events


@given(histories())
def test_the_fold_of_a_history_is_its_last_state(events: list[Event]) -> None:
    """I1: going step by step and folding the whole log end in the same state."""
    state = State.DRAFT
    for event in events:
        state = next_state(state, event)
    assert fold(events) == state


@given(histories(), st.data())
def test_an_illegal_step_spoils_the_history(events: list[Event], data: st.DataObject) -> None:
    """I1: a log with one wrong line is refused, wherever the line stands."""
    place = data.draw(st.integers(0, len(events)))
    state = fold(events[:place])
    wrong = data.draw(st.sampled_from([event for event in Event if (state, event) not in TRANSITIONS]))
    with pytest.raises(IllegalTransition):
        fold([*events[:place], wrong, *events[place:]])


@given(histories())
def test_nothing_is_accepted_that_was_not_approved_and_sent(events: list[Event]) -> None:
    """I1, S10: the KSeF number comes after approval, and a final state stays final."""
    if fold(events) is State.ACCEPTED:
        assert _positions(events, Event.APPROVED)
        assert _positions(events, Event.CLAIMED)[-1] < _positions(events, Event.ACCEPTED)[-1]
    if fold(events) in {State.EXEMPT, State.CANCELLED}:
        assert legal_events(fold(events)) == []


def _positions(events: Sequence[Event], wanted: Event) -> list[int]:
    return [place for place, event in enumerate(events) if event is wanted]


def test_every_state_can_be_reached_and_left() -> None:
    """No state is a dead letter, and only the final ones are a dead end."""
    reached = {State.DRAFT, *TRANSITIONS.values()}
    assert reached == set(State)
    assert {state for state in State if not legal_events(state)} == {State.EXEMPT, State.CANCELLED}
    assert {event for _state, event in TRANSITIONS} == set(Event)


def test_what_moves_by_itself_may_be_claimed() -> None:
    """S81: the page refreshes itself exactly while a worker may still change the state."""
    worker = {Event.CLAIMED, Event.SUBMITTED, Event.ACCEPTED, Event.REJECTED}
    assert {state for state in State if worker & set(legal_events(state))} == MOVING
