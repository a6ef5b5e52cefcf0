"""Where a received document may be, as pure rules (S103-S109)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.inbox import (
    IllegalMove,
    Move,
    Place,
    can_move,
    fold_moves,
    is_done,
    next_place,
    pause_between_checks,
)
from ksef.exchange.invoices import SubjectType

pytestmark = pytest.mark.unit

ACTS = [move for move in Move if move is not Move.RECEIVED]


def test_an_unverified_document_never_reaches_the_office() -> None:
    """S103."""
    assert [place for place in Place if can_move(place, Move.PASSED, role=SubjectType.BUYER)] == [
        Place.VERIFIED
    ]
    with pytest.raises(IllegalMove):
        next_place(Place.CURRENT, Move.PASSED)


@pytest.mark.parametrize(
    "place", [Place.OFFICE, Place.REGISTER, Place.PURCHASE, Place.ARCHIVED, Place.DELETED]
)
def test_a_document_that_has_its_place_is_posted_nowhere_else(place: Place) -> None:
    """S109: only what is current moves on."""
    for move in (Move.PASSED, Move.REGISTERED, Move.PURCHASED, Move.ARCHIVED, Move.DELETED):
        with pytest.raises(IllegalMove):
            next_place(place, move)


@given(st.lists(st.sampled_from(ACTS), max_size=12))
def test_every_history_leads_to_exactly_one_place(tries: list[Move]) -> None:
    """S109: whatever is clicked in whatever order, the fold of what was allowed is where it is."""
    place, done = Place.CURRENT, [Move.RECEIVED]
    for move in tries:
        if is_done(place, move):
            continue
        try:
            place = next_place(place, move)
        except IllegalMove:
            continue
        done.append(move)
    assert fold_moves(done) == place


def test_only_costs_are_posted() -> None:
    """A sale of the company's own is shown and can be put away, but is no cost (S105)."""
    for role in (SubjectType.SELLER, SubjectType.AUTHORIZED):
        assert not can_move(Place.CURRENT, Move.REGISTERED, role=role)
        assert not can_move(Place.CURRENT, Move.PURCHASED, role=role)
        assert can_move(Place.CURRENT, Move.ARCHIVED, role=role)
    assert can_move(Place.CURRENT, Move.REGISTERED, role=SubjectType.THIRD)


@pytest.mark.parametrize(
    ("hour", "lately", "minutes"), [(6, 0, 15), (19, 5, 15), (20, 5, 120), (3, 199, 120), (3, 200, 15)]
)
def test_checks_are_rarer_at_night_for_small_companies(hour: int, lately: int, minutes: int) -> None:
    """C6: never more often than each quarter of an hour (ksef-protocol 7.2)."""
    now = datetime(2026, 11, 25, hour, 0)  # noqa: DTZ001 -- the hour in Warsaw is all that counts
    assert pause_between_checks(now, received_lately=lately) == timedelta(minutes=minutes)
