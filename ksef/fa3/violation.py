"""What is wrong with a document, said so that a person finds the place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault: a path as ``Fa/FaWiersz[3]/P_7`` (empty for the whole document) and a Polish message."""

    path: str
    message: str
    line: int | None
