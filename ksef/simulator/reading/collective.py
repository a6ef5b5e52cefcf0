"""Collective identifiers: one number for a payment of many invoices of one seller (section 7.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.limits.effective import collective_limit
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.numbers import new_collective_number
from ksef.simulator.reading.currencies import CURRENCIES
from ksef.simulator.reading.filters import KSEF_NUMBER
from ksef.simulator.routing import Call
from ksef.simulator.state import Store
from ksef.simulator.world import warsaw_date

_FEWEST: Final = 2
_MOST_PER_INVOICE: Final = 132


@dataclass(frozen=True, slots=True)
class _Item:
    """One invoice to be paid, with what the payer says about it."""

    ksef_number: str
    amount: float | None
    currency: str | None
    description: str | None


def create_identifier(call: Call) -> Response:
    """POST /collective-identifiers: for invoices that KSeF holds, whether they name the caller or not."""
    items = _read_items(call, Fields.of(call.request))
    _refuse_repeated(items)
    sellers = _find_sellers(call.world.store, items)
    _refuse_other_sellers(sellers)
    _refuse_overused(call, items)
    seller = next(iter(sellers.values()))
    number = new_collective_number(seller=seller, on=warsaw_date(call.now))
    context_type, context = call.caller.context
    call.world.store.insert(
        "collective_identifiers",
        number=number,
        context_type=context_type,
        context=context,
        seller=seller,
        created_at=call.now,
        invoice_count=len(items),
    )
    for item in items:
        call.world.store.insert(
            "collective_invoices",
            number=number,
            ksef_number=item.ksef_number,
            amount=item.amount,
            currency=item.currency,
            description=item.description,
        )
    return json_response({"collectiveIdentifierNumber": number}, status=201)


def _read_items(call: Call, fields: Fields) -> list[_Item]:
    children = fields.children("invoices")
    most = collective_limit(call.world, context=call.caller.context)
    if not _FEWEST <= len(children) <= most:
        raise Refusal(21405, f"invoices: wymagane jest od {_FEWEST} do {most} faktur.")
    return [_read_item(child) for child in children]


def _read_item(fields: Fields) -> _Item:
    number = fields.text("ksefNumber")
    if KSEF_NUMBER.fullmatch(number) is None:
        raise Refusal(21405, "ksefNumber: nieprawidłowy format.")
    payment = fields.child("payment") if fields.has("payment") else None
    return _Item(
        ksef_number=number,
        amount=payment.number("amount") if payment else None,
        currency=payment.choice("currency", CURRENCIES) if payment else None,
        description=fields.text("description", length=(0, 512)) if fields.has("description") else None,
    )


def _refuse_repeated(items: list[_Item]) -> None:
    seen: set[str] = set()
    for item in items:
        if item.ksef_number in seen:
            raise Refusal(71005, f"Powtórzony numer KSeF {item.ksef_number}.")
        seen.add(item.ksef_number)


def _find_sellers(store: Store, items: list[_Item]) -> dict[str, str]:
    """Return the sellers by KSeF number; Refusal 71001 names every invoice that is not there."""
    found = dict(_sellers(store, items))
    missing = [item.ksef_number for item in items if item.ksef_number not in found]
    if missing:
        raise Refusal(
            71001, *(f"Faktura o numerze KSeF {number} nie została znaleziona." for number in missing)
        )
    return found


def _sellers(store: Store, items: list[_Item]) -> Iterator[tuple[str, str]]:
    for item in items:
        row = store.row("SELECT seller FROM invoices WHERE ksef_number = ?", item.ksef_number)
        if row is not None:
            yield item.ksef_number, row["seller"]


def _refuse_other_sellers(sellers: dict[str, str]) -> None:
    """The first invoice says who the seller is; Refusal 71004 names those of others."""
    first, *_ = sellers.values()
    others = [number for number, seller in sellers.items() if seller != first]
    if others:
        raise Refusal(71004, *(f"Faktura o numerze KSeF {number} ma innego sprzedawcę." for number in others))


def _refuse_overused(call: Call, items: list[_Item]) -> None:
    for item in items:
        row = call.world.store.row(
            "SELECT count(*) AS uses FROM collective_invoices JOIN collective_identifiers USING (number)"
            " WHERE ksef_number = ? AND context_type = ? AND context = ?",
            item.ksef_number,
            *call.caller.context,
        )
        if row is not None and row["uses"] >= _MOST_PER_INVOICE:
            raise Refusal(
                71002,
                f"Faktura o numerze KSeF {item.ksef_number} jest już przypisana do maksymalnej liczby"
                " Identyfikatorów Zbiorczych.",
            )
