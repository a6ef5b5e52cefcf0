"""What KSeF says of an operation it has not finished at once (section 0)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """`code` is what ksef.status judges; the texts are for people."""

    code: int
    description: str
    details: tuple[str, ...] = ()
