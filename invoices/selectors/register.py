"""Reading "Rejestr VAT zakupów" and the purchase invoices (S106, S107)."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Final

from django.db.models import Max, Min, Prefetch
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.domain.identifiers import format_account
from invoices.domain.money import ZERO, format_money, format_quantity
from invoices.models import PurchaseInvoice, PurchaseLine, VatEntry, VatEntryRate
from invoices.selectors.document import StoredFile
from invoices.selectors.months import name_months
from invoices.selectors.rendering import format_date

if TYPE_CHECKING:
    import uuid
    from decimal import Decimal

    from django.db.models import QuerySet

    from accounts.models import Company

# Whatever came through KSeF has its number before any JPK is filed (polish-vat-facts 7).
MARKER: Final = "NrKSeF"
_MOST: Final = 100
# What a spreadsheet would take for a formula (CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class RateRow:
    rate: str
    net: str
    vat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    number: str
    seller: str
    seller_nip: str
    issue_date: str
    received_on: str
    ksef_number: str
    rates: tuple[RateRow, ...]
    vat: str
    deducted: str
    deduction: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPage:
    month: str
    months: tuple[tuple[str, str], ...]
    entries: tuple[EntryRow, ...]
    sums: tuple[RateRow, ...]
    net: str
    vat: str
    deducted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRow:
    number: str
    seller: str
    due_date: str
    gross: str
    category: str
    is_paid: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasePage:
    id: uuid.UUID
    document_id: uuid.UUID
    number: str
    seller: str
    seller_nip: str
    ksef_number: str
    issue_date: str
    received_on: str
    due_date: str
    account: str
    net: str
    vat: str
    gross: str
    currency: str
    category: str
    paid_on: date | None
    lines: tuple[tuple[str, ...], ...]


def get_register(*, company: Company, month: str) -> RegisterPage:
    """The entries of one month with the sums of each rate; the newest month when none is asked for."""
    entries = VatEntry.objects.filter(environment=company.environment)
    span = entries.aggregate(first=Min("period"), last=Max("period"))
    months = name_months(span["first"], span["last"])
    known = [value for value, _name in months]
    chosen = month if month in known else next(iter(known), "")
    found = _of_month(entries, chosen)
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for entry in found:
        for rate in entry.rates.all():
            sums[rate.rate][0] += rate.net
            sums[rate.rate][1] += rate.vat
    return RegisterPage(
        month=chosen,
        months=tuple(months),
        entries=tuple(_entry(entry, company.slug) for entry in found),
        sums=tuple(RateRow(rate, format_money(net), format_money(vat)) for rate, (net, vat) in sums.items()),
        net=format_money(sum((net for net, _vat in sums.values()), ZERO)),
        vat=format_money(sum((vat for _net, vat in sums.values()), ZERO)),
        deducted=format_money(sum((entry.deducted_vat for entry in found), ZERO)),
    )


def get_register_csv(*, company: Company, month: str) -> StoredFile:
    """The same month for a spreadsheet: one row for each rate of each document, Polish numbers, UTF-8 with a mark."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    head = [_("Okres"), _("Numer"), _("Sprzedawca"), _("NIP sprzedawcy"), _("Data wystawienia")]
    head += [_("Data otrzymania"), _("Numer KSeF"), _("Znacznik"), _("Stawka"), _("Netto"), _("VAT")]
    writer.writerow([*head, _("Odliczenie %")])
    entries = VatEntry.objects.filter(environment=company.environment)
    for entry in _of_month(entries, month):
        document = entry.document
        facts = [month, document.number, document.seller_name, document.seller_nip]
        facts += [document.issue_date.isoformat(), document.received_on.isoformat()]
        facts += [document.ksef_number, MARKER]
        for rate in entry.rates.all():
            amounts = [_plain(rate.net), _plain(rate.vat), str(entry.deducted_percent)]
            writer.writerow([*map(_harmless, [*facts, rate.rate]), *amounts])
    return StoredFile(name=f"rejestr-vat-zakupow-{month}.csv", content=out.getvalue().encode("utf-8-sig"))


def list_purchases(company: Company) -> tuple[PurchaseRow, ...]:
    """The newest hundred purchase invoices of the environment."""
    rows = PurchaseInvoice.objects.filter(environment=company.environment).select_related("document")
    return tuple(_purchase(row, company.slug) for row in rows.order_by("-created_at", "-id")[:_MOST])


def get_purchase_page(purchase_id: uuid.UUID) -> PurchasePage:
    """404 for everybody else's."""
    row = PurchaseInvoice.objects.select_related("document").filter(id=purchase_id).first()
    if row is None:
        raise Http404
    document = row.document
    return PurchasePage(
        id=row.id,
        document_id=document.id,
        number=document.number or document.ksef_number,
        seller=document.seller_name,
        seller_nip=document.seller_nip,
        ksef_number=document.ksef_number,
        issue_date=format_date(document.issue_date),
        received_on=format_date(document.received_on),
        due_date=format_date(row.due_date) if row.due_date else "",
        account=format_account(row.bank_account) if row.bank_account else "",
        net=format_money(document.net),
        vat=format_money(document.vat),
        gross=format_money(document.gross),
        currency=_currency(document.currency),
        category=row.category,
        paid_on=row.paid_on,
        lines=tuple(map(_line, PurchaseLine.objects.filter(purchase_id=row.id).order_by("position"))),
    )


def _of_month(entries: QuerySet[VatEntry], month: str) -> list[VatEntry]:
    try:
        period = date.fromisoformat(f"{month}-01")
    except ValueError:
        return []
    rates = Prefetch("rates", queryset=VatEntryRate.objects.order_by("position"))
    rows = entries.filter(period=period).select_related("document").prefetch_related(rates)
    return list(rows.order_by("document__received_on", "entered_at", "id"))


def _entry(entry: VatEntry, slug: str) -> EntryRow:
    document = entry.document
    rates = list(entry.rates.all())
    return EntryRow(
        number=document.number or document.ksef_number,
        seller=document.seller_name,
        seller_nip=document.seller_nip,
        issue_date=format_date(document.issue_date),
        received_on=format_date(document.received_on),
        ksef_number=document.ksef_number,
        rates=tuple(RateRow(rate.rate, format_money(rate.net), format_money(rate.vat)) for rate in rates),
        vat=format_money(sum((rate.vat for rate in rates), ZERO)),
        deducted=format_money(entry.deducted_vat),
        deduction=str(entry.get_deduction_display()),
        url=reverse("inbox:show", args=[slug, document.id]),
    )


def _purchase(row: PurchaseInvoice, slug: str) -> PurchaseRow:
    document = row.document
    return PurchaseRow(
        number=document.number or document.ksef_number,
        seller=document.seller_name,
        due_date=format_date(row.due_date) if row.due_date else "",
        gross=f"{format_money(document.gross)} {_currency(document.currency)}",
        category=str(row.get_category_display()),
        is_paid=row.paid_on is not None,
        url=reverse("purchases:show", args=[slug, row.id]),
    )


def _line(line: PurchaseLine) -> tuple[str, ...]:
    quantity = "" if line.quantity is None else f"{format_quantity(line.quantity)} {line.unit}"
    price = "" if line.price is None else format_quantity(line.price)
    return (line.name, quantity, price, line.rate, "" if line.value is None else format_money(line.value))


def _currency(code: str) -> str:
    return "zł" if code == "PLN" else code


def _plain(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
