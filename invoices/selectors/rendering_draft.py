"""A draft as a paper: for colleagues who may look but not edit; it has no frozen document yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.domain.identifiers import format_account
from invoices.domain.money import format_money, format_quantity
from invoices.domain.snapshot import PaymentForm
from invoices.domain.vat import LineAmounts, PriceMethod, VatRate, compute_totals
from invoices.selectors.rendering import (
    Fact,
    Paper,
    PaperLine,
    PaperRate,
    Party,
    format_date,
    format_price,
    format_tax,
)
from invoices.selectors.rendering.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoices.models import Invoice, InvoiceLine


def draft_paper(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Paper:
    """Lay out the rows of a draft; what is not filled in yet stays away."""
    method = PriceMethod(invoice.method)
    priced = [
        (VatRate(line.rate), LineAmounts(line.discount, line.net, line.vat, line.gross)) for line in lines
    ]
    rates = compute_totals(priced, method).rates
    words = Wording()
    return Paper(
        words=words,
        title=words.title("VAT"),
        number=invoice.number,
        dates=_dates(invoice),
        seller=None,
        buyer=_buyer(invoice, words),
        is_gross=method is PriceMethod.GROSS,
        has_discounts=any(line.discount for line in lines),
        lines=tuple(_line(line, method) for line in lines),
        rates=tuple(
            PaperRate(
                label=total.rate.label,
                net=format_money(total.net),
                vat=format_tax(None if total.rate.percent is None else total.vat),
                gross=format_money(total.gross),
            )
            for total in rates
        ),
        net=format_money(invoice.net),
        vat=format_money(invoice.vat),
        gross=format_money(invoice.gross),
        due_label=words["due"],
        currency="PLN",
        payment=_payment(invoice),
        annotations=(),
        notes=(invoice.note,) if invoice.note else (),
    )


def _buyer(invoice: Invoice, words: Wording) -> Party | None:
    if not invoice.buyer_name:
        return None
    return Party(heading=words.label("Podmiot2"), name=invoice.buyer_name, identifier="")


def _dates(invoice: Invoice) -> tuple[Fact, ...]:
    facts = [Fact(_("Data wystawienia"), format_date(invoice.issue_date))]
    if invoice.supply_date:
        facts.append(Fact(_("Data sprzedaży"), format_date(invoice.supply_date)))
    return tuple(facts)


def _line(line: InvoiceLine, method: PriceMethod) -> PaperLine:
    return PaperLine(
        position=str(line.position),
        name=line.name,
        quantity=format_quantity(line.quantity),
        unit=line.unit,
        price=format_price(line.unit_price),
        discount=format_money(line.discount) if line.discount else "",
        value=format_money(line.net if method is PriceMethod.NET else line.gross),
        rate=VatRate(line.rate).label,
    )


def _payment(invoice: Invoice) -> tuple[Fact, ...]:
    facts = []
    if invoice.payment_form:
        facts.append(Fact(_("Sposób płatności"), PaymentForm(invoice.payment_form).label))
    if invoice.due_date:
        facts.append(Fact(_("Termin płatności"), format_date(invoice.due_date)))
    if invoice.bank_account:
        facts.append(Fact(_("Rachunek"), format_account(invoice.bank_account)))
    return tuple(facts)
