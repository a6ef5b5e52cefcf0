"""Which line of a correction follows from which line before it."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from invoices.domain.snapshot import Line

type Pair = tuple[Line | None, Line | None]


def pair_lines(before: Sequence[Line], after: Sequence[Line]) -> tuple[Pair, ...]:
    """Pairs of a line as it was and as it shall be, in the order of the document.

    Lines of the same name belong together; between such, lines are paired in their order. A line that goes has
    nothing after it, a new one nothing before it.
    """
    pairs: list[Pair] = []
    names = [line.name for line in before], [line.name for line in after]
    for _kind, first, last, start, stop in SequenceMatcher(None, *names, autojunk=False).get_opcodes():
        pairs.extend(zip_longest(before[first:last], after[start:stop]))
    return tuple(pairs)
