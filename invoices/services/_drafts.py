"""How a draft is written to its rows, and read from them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from accounts.domain.errors import RuleBroken
from invoices.domain.snapshot import Line
from invoices.domain.vat import LineAmounts, PriceMethod, VatRate, compute_totals
from invoices.models import Invoice, InvoiceLine

if TYPE_CHECKING:
    from invoices.domain.vat import Totals
    from invoices.services.drafting import LineDraft


def store(invoice: Invoice) -> None:
    """Write the invoice itself. Of two clicks at once the second waits for the first: RuleBroken already_saved."""
    try:
        with transaction.atomic():
            invoice.save(force_insert=invoice._state.adding)  # noqa: SLF001 -- Django's documented mark of a new row
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise RuleBroken("already_saved") from None
        raise


def replace_lines(invoice: Invoice, lines: tuple[LineDraft, ...], amounts: tuple[LineAmounts, ...]) -> None:
    invoice.lines.all().delete()
    InvoiceLine.objects.bulk_create(
        [
            InvoiceLine(
                company_id=invoice.company_id,
                invoice=invoice,
                position=position,
                name=line.name,
                unit=line.unit,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount_percent=line.discount_percent,
                rate=line.rate,
                discount=amount.discount,
                net=amount.net,
                vat=amount.vat,
                gross=amount.gross,
            )
            for position, (line, amount) in enumerate(zip(lines, amounts, strict=True), start=1)
        ],
        batch_size=1000,
    )


def stored_lines(invoice: Invoice) -> tuple[Line, ...]:
    """The lines as they were priced when the draft was last saved, in their order."""
    return tuple(
        Line(
            name=line.name,
            unit=line.unit,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount_percent=line.discount_percent,
            rate=VatRate(line.rate),
            amounts=LineAmounts(discount=line.discount, net=line.net, vat=line.vat, gross=line.gross),
        )
        for line in invoice.lines.order_by("position")
    )


def stored_totals(invoice: Invoice) -> Totals:
    """The sums of the lines as they stand, which for a correction are not its own sums."""
    priced = [(line.rate, line.amounts) for line in stored_lines(invoice)]
    return compute_totals(priced, PriceMethod(invoice.method))
