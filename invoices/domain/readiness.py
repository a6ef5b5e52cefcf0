"""What stands between a draft and its approval, each obstacle with the form field it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.domain.identifiers import is_valid_nip
from invoices.domain.ksef_duty import is_natural_person
from invoices.domain.snapshot import BuyerKind
from invoices.domain.vat import VatRate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from invoices.domain.snapshot import Buyer

MOST_LINES = 10_000  # FA(3): FaWiersz 0..10000


@dataclass(frozen=True, slots=True)
class Obstacle:
    code: str
    field: str = ""
    params: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class IssueDay:
    """The date on the invoice and today's, both Polish; a document that KSeF never sees may bear an earlier one."""

    issue_date: date
    today: date
    goes_to_ksef: bool


class NotReady(Exception):
    """The draft cannot be approved; it stays as it was, without a number."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(", ".join(obstacle.code for obstacle in obstacles))
        self.obstacles = tuple(obstacles)


@dataclass(frozen=True, slots=True)
class CorrectionCheck:
    """What a correction must besides: name its reason, change something, and leave the buyer who they are."""

    has_reason: bool
    changes_something: bool
    has_same_buyer: bool


def find_obstacles(
    *,
    day: IssueDay,
    buyer: Buyer | None,
    rates: Sequence[VatRate],
    has_exemption: bool,
    correction: CorrectionCheck | None = None,
) -> Iterator[Obstacle]:
    """All that is missing or wrong before an invoice may be issued today."""
    if day.issue_date > day.today:
        yield Obstacle("future_date", "issue_date")  # KSeF: P_1 not after the day of acceptance
    if day.issue_date < day.today and day.goes_to_ksef:
        # KSeF would turn it offline by itself, which asks for marks and a deadline (art. 106nda).
        yield Obstacle("past_date", "issue_date")
    yield from _buyer_obstacles(buyer)
    if is_natural_person(buyer) and any(rate.is_reverse_charge for rate in rates):
        yield Obstacle("reverse_to_consumer", "lines")  # art. 17(1): only a taxable buyer settles the tax
    if correction:
        yield from _correction_obstacles(correction)
    elif not rates:
        yield Obstacle("no_lines", "lines")
    if len(rates) > MOST_LINES:
        yield Obstacle("too_many_lines", "lines", {"most": MOST_LINES})
    if VatRate.EXEMPT in rates and not has_exemption:
        yield Obstacle("exemption_missing", "exemption_text")  # art. 106e(1)(19)


def _correction_obstacles(correction: CorrectionCheck) -> Iterator[Obstacle]:
    if not correction.has_reason:
        yield Obstacle("reason_missing", "correction_reason")  # art. 106j(2)(6)
    if not correction.changes_something:
        yield Obstacle("nothing_corrected", "lines")
    if not correction.has_same_buyer:
        yield Obstacle("other_buyer", "contractor")  # FA(3): the identifier of the buyer cannot be corrected


def _buyer_obstacles(buyer: Buyer | None) -> Iterator[Obstacle]:
    if buyer is None:
        yield Obstacle("no_buyer", "contractor")
        return
    if buyer.kind is BuyerKind.DOMESTIC and not is_valid_nip(buyer.tax_id):
        yield Obstacle("buyer_nip", "contractor")
    if buyer.address is None and not is_natural_person(buyer):
        yield Obstacle("buyer_address", "contractor")  # art. 106e(1)(3)
