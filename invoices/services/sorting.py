"""Working with what was received: each act moves a document to one place, with what that place needs (S103-S109).

Every act may come twice: a document that is where it should be is left as it is, and no second entry is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from accounts.domain.errors import RuleBroken
from accounts.models import Company
from invoices.domain.inbox import MOVES_OF_PLAN, POSTINGS, IllegalMove, Move, Place, is_cost, is_done
from invoices.models import (
    PurchaseInvoice,
    PurchaseLine,
    ReceivedDocument,
    ReceivedFile,
    VatEntry,
    VatEntryRate,
)
from invoices.selectors.purchase_reading import RateSum, read_purchase
from invoices.services._placing import apply_move, lock_document
from roles.access import Right

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import date

    from roles.access import Actor

_DEDUCTED: Final = {VatEntry.Deduction.FULL: 100, VatEntry.Deduction.PART: 50, VatEntry.Deduction.NONE: 0}
_HUNDRED: Final = Decimal(100)
_GROSZ: Final = Decimal("0.01")
MOST_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """How a document is entered in the register; the month is that of its receipt unless a later one is chosen."""

    deduction: str = VatEntry.Deduction.FULL.value
    period: date | None = None


@dataclass(frozen=True, slots=True)
class MoveResult:
    """What came of one of many; `problem` is the code of the rule that stood against it, or empty."""

    document_id: uuid.UUID
    name: str
    problem: str


def move_document(
    *, actor: Actor, document_id: uuid.UUID, move: Move, posting: Posting | None = None
) -> ReceivedDocument:
    """Do it to one document, once (S109). Raises RuleBroken: not_in_plan, not_a_cost, wrong_place, wrong_period."""
    actor.require(Right.REGISTER)
    company = Company.objects.get(id=actor.company_id)
    if move not in MOVES_OF_PLAN[company.plan]:
        raise RuleBroken("not_in_plan")
    document = lock_document(document_id)
    if is_done(Place(document.place), move):
        return document
    if not is_cost(document.role) and move in POSTINGS:
        raise RuleBroken("not_a_cost")
    posting = posting or Posting()
    if move is Move.REGISTERED:
        _require_period(document, posting)
    try:
        apply_move(document, move, actor_id=actor.user_id)
    except IllegalMove as illegal:
        raise RuleBroken("wrong_place") from illegal
    if move is Move.REGISTERED:
        _enter(document, posting, actor=actor)
    elif move is Move.PURCHASED:
        _make_purchase(document, actor=actor)
    elif move is Move.RESTORED:
        VatEntry.objects.filter(document_id=document.id).delete()
        PurchaseInvoice.objects.filter(document_id=document.id).delete()
    return document


def move_documents(*, actor: Actor, document_ids: Sequence[uuid.UUID], move: Move) -> list[MoveResult]:
    """Do it to many, each for itself, and say of each what came of it; what cannot be done stops nothing else.

    Documents of nobody here are passed over. Raises RuleBroken: too_many.
    """
    actor.require(Right.REGISTER)
    if len(document_ids) > MOST_AT_ONCE:
        raise RuleBroken("too_many", most=MOST_AT_ONCE)
    # In one order, so that two who do the same at once cannot stand in each other's way for ever.
    documents = ReceivedDocument.objects.filter(id__in=document_ids).order_by("id")
    results = []
    for document in documents:
        name = document.number or document.ksef_number
        try:
            move_document(actor=actor, document_id=document.id, move=move)
        except RuleBroken as broken:
            results.append(MoveResult(document.id, name, broken.code))
        else:
            results.append(MoveResult(document.id, name, ""))
    return results


def change_purchase(*, actor: Actor, purchase_id: uuid.UUID, category: str, paid_on: date | None) -> None:
    """Choose the category of cost and say when it was paid, or that it was not."""
    actor.require(Right.REGISTER)
    PurchaseInvoice.objects.filter(id=purchase_id).update(category=category, paid_on=paid_on)


def _period(document: ReceivedDocument, posting: Posting) -> date:
    return (posting.period or document.received_on).replace(day=1)


def _require_period(document: ReceivedDocument, posting: Posting) -> None:
    """Tax is deducted no sooner than in the month of the receipt (art. 86(10b))."""
    if _period(document, posting) < document.received_on.replace(day=1):
        raise RuleBroken("wrong_period", field="period")


def _enter(document: ReceivedDocument, posting: Posting, *, actor: Actor) -> None:
    """One entry in the purchase register."""
    deduction = VatEntry.Deduction(posting.deduction)
    percent = _DEDUCTED[deduction]
    rates = read_purchase(_xml(document)).rates or (RateSum("razem", document.net, document.vat),)
    tax = sum((rate.vat for rate in rates), Decimal(0))
    entry = VatEntry.objects.create(
        company_id=document.company_id,
        document=document,
        environment=document.environment,
        period=_period(document, posting),
        deduction=deduction,
        deducted_percent=percent,
        deducted_vat=(tax * percent / _HUNDRED).quantize(_GROSZ, rounding=ROUND_HALF_UP),
        entered_at=timezone.now(),
        entered_by_id=actor.user_id,
    )
    VatEntryRate.objects.bulk_create(
        VatEntryRate(
            company_id=document.company_id,
            entry=entry,
            position=position,
            rate=rate.rate,
            net=rate.net,
            vat=rate.vat,
        )
        for position, rate in enumerate(rates, start=1)
    )


def _make_purchase(document: ReceivedDocument, *, actor: Actor) -> None:
    facts = read_purchase(_xml(document))
    purchase = PurchaseInvoice.objects.create(
        company_id=document.company_id,
        document=document,
        environment=document.environment,
        due_date=facts.due_date,
        bank_account=facts.bank_account,
        paid_on=facts.paid_on,
        created_at=timezone.now(),
        created_by_id=actor.user_id,
    )
    PurchaseLine.objects.bulk_create(
        PurchaseLine(
            company_id=document.company_id,
            purchase=purchase,
            position=position,
            name=line.name,
            unit=line.unit,
            quantity=line.quantity,
            price=line.price,
            value=line.value,
            rate=line.rate,
        )
        for position, line in enumerate(facts.lines, start=1)
    )


def _xml(document: ReceivedDocument) -> bytes:
    return bytes(ReceivedFile.objects.get(document_id=document.id).xml)
