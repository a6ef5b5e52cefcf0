"""Where a received document is: one table of what may follow what; a document is always in exactly one place (S109).

Events are the truth, the place is their fold. Doing again what was done is no event and makes no second entry.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ksef.exchange.invoices import SubjectType

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class Place(StrEnum):
    CURRENT = "current"
    VERIFIED = "verified"
    OFFICE = "office"
    REGISTER = "register"
    PURCHASE = "purchase"
    ARCHIVED = "archived"
    DELETED = "deleted"


class Move(StrEnum):
    """What a person does with a document, or, first of all, that it came."""

    RECEIVED = "received"
    VERIFIED = "verified"
    # A second look: it is to be verified again.
    DOUBTED = "doubted"
    PASSED = "passed"
    REGISTERED = "registered"
    PURCHASED = "purchased"
    ARCHIVED = "archived"
    DELETED = "deleted"
    RESTORED = "restored"


_MOVES: dict[Move, tuple[frozenset[Place], Place]] = {
    Move.VERIFIED: (frozenset({Place.CURRENT}), Place.VERIFIED),
    Move.DOUBTED: (frozenset({Place.VERIFIED}), Place.CURRENT),
    # S103: an unverified document never reaches the office.
    Move.PASSED: (frozenset({Place.VERIFIED}), Place.OFFICE),
    Move.REGISTERED: (frozenset({Place.CURRENT, Place.VERIFIED}), Place.REGISTER),
    Move.PURCHASED: (frozenset({Place.CURRENT, Place.VERIFIED}), Place.PURCHASE),
    Move.ARCHIVED: (frozenset({Place.CURRENT, Place.VERIFIED}), Place.ARCHIVED),
    Move.DELETED: (frozenset({Place.CURRENT, Place.VERIFIED}), Place.DELETED),
    # What was posted goes back together with its entry; what the office has stays there.
    Move.RESTORED: (
        frozenset({Place.REGISTER, Place.PURCHASE, Place.ARCHIVED, Place.DELETED}),
        Place.CURRENT,
    ),
}

# What each plan offers, by its code (S102-S104 and S105-S108).
MOVES_OF_PLAN: Final = {
    "efaktury": (Move.VERIFIED, Move.DOUBTED, Move.PASSED, Move.DELETED, Move.RESTORED),
    "plus": (Move.REGISTERED, Move.PURCHASED, Move.ARCHIVED, Move.RESTORED),
}
# As what the company stands on an invoice that is its cost; the others are shown and can only be put away.
_COSTS: Final = frozenset({SubjectType.BUYER, SubjectType.THIRD})
POSTINGS: Final = frozenset({Move.PASSED, Move.REGISTERED, Move.PURCHASED})

_BY_DAY: Final = timedelta(minutes=15)  # The shortest that KSeF asks for (ksef-protocol 7.2).
_BY_NIGHT: Final = timedelta(hours=2)
_MORNING, _EVENING = 6, 20
# Whoever gets this many in a day is not left alone at night.
_MANY: Final = 200


class IllegalMove(Exception):
    """The document is in a place from which this cannot be done."""

    def __init__(self, place: Place, move: Move) -> None:
        super().__init__(f"{move} cannot follow {place}")
        self.place = place
        self.move = move


def next_place(place: Place, move: Move) -> Place:
    """The place after the move; raises IllegalMove for whatever the table does not list."""
    allowed, target = _MOVES.get(move, (frozenset(), place))
    if place not in allowed:
        raise IllegalMove(place, move)
    return target


def is_done(place: Place, move: Move) -> bool:
    """Whether the document is where the move would bring it: a click that came twice (S109)."""
    return move in _MOVES and _MOVES[move][1] == place


def is_cost(role: str) -> bool:
    return role in _COSTS


def can_move(place: Place, move: Move, *, role: str) -> bool:
    """Whether to offer it: from this place, for a document on which the company stands in this role."""
    allowed, _target = _MOVES[move]
    return place in allowed and (move not in POSTINGS or is_cost(role))


def fold_moves(moves: Iterable[Move]) -> Place:
    """The place that a whole history leads to, beginning with the arrival."""
    place = Place.CURRENT
    for move in moves:
        if move is not Move.RECEIVED:
            place = next_place(place, move)
    return place


def pause_between_checks(local_now: datetime, *, received_lately: int) -> timedelta:
    """How long to leave KSeF alone after a check: a quarter of an hour, at night longer for small companies."""
    is_night = not _MORNING <= local_now.hour < _EVENING
    return _BY_NIGHT if is_night and received_lately < _MANY else _BY_DAY
