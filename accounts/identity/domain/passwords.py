"""Passwords that are long enough and still the first ones tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Container

# How many characters beside a common word are no obstacle: a year, an exclamation mark, both.
_MOST_TRIMMINGS: Final = 6
_FEWEST_DIFFERENT: Final = 5
_ROWS: Final = (
    "01234567890",
    "09876543210",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
)
_RUN: Final = 5


def is_guessable(password: str, *, common: Container[str]) -> bool:
    """Whether it is a common word with trimmings, a run along the keyboard, or a few characters over and over."""
    text = password.casefold()
    stem = text.strip("0123456789 !@#$%^&*()_-+=.,?")
    if stem in common and len(text) - len(stem) <= _MOST_TRIMMINGS:
        return True
    return len(set(text)) < _FEWEST_DIFFERENT or _is_runs(text)


def _is_runs(text: str) -> bool:
    """Whether it is nothing but pieces of keyboard rows, each at least five keys long."""
    position = 0
    while position < len(text):
        length = _run_at(text, position)
        if length < _RUN:
            return False
        position += length
    return True


def _run_at(text: str, start: int) -> int:
    longest = 0
    for row in _ROWS:
        length = 0
        while start + length < len(text) and text[start : start + length + 1] in row:
            length += 1
        longest = max(longest, length)
    return longest
