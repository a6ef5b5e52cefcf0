"""One pure function from what an invoice says to the FA(3) document that says it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from accounts.domain.text import collapse_spaces
from invoices.domain.corrections import pair_lines
from invoices.domain.snapshot import (
    Address,
    Buyer,
    BuyerKind,
    Correction,
    ExemptionKind,
    InvoiceKind,
    InvoiceSnapshot,
    Line,
)
from invoices.domain.vat import NOTHING, PriceMethod, VatRate
from ksef.fa3 import document as fa3

SYSTEM_INFO: Final = "Kwit"


def to_fa3(invoice: InvoiceSnapshot) -> fa3.Faktura:
    """Map a basic invoice; whether the result fits FA(3) in every length and list, the schema says."""
    return fa3.Faktura(
        Naglowek=fa3.Naglowek(DataWytworzeniaFa=_whole_seconds(invoice.created_at), SystemInfo=SYSTEM_INFO),
        Podmiot1=_seller(invoice),
        Podmiot2=_buyer(invoice.buyer),
        Fa=_body(invoice),
        Stopka=_footer(invoice.note),
    )


def _whole_seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _text(text: str) -> str | None:
    return collapse_spaces(text) or None


def _address(address: Address) -> fa3.Adres:
    return fa3.Adres(
        KodKraju=address.country, AdresL1=collapse_spaces(address.line1), AdresL2=_text(address.line2)
    )


def _contact(*, email: str, phone: str) -> tuple[fa3.DaneKontaktowe, ...]:
    contact = fa3.DaneKontaktowe(Email=_text(email), Telefon=_text(phone))
    return () if contact == fa3.DaneKontaktowe() else (contact,)


def _seller(invoice: InvoiceSnapshot) -> fa3.Podmiot1:
    seller = invoice.seller
    return fa3.Podmiot1(
        PrefiksPodatnika="PL" if any(line.rate.needs_eu_prefix for line in invoice.all_lines) else None,
        DaneIdentyfikacyjne=fa3.DaneSprzedawcy(NIP=seller.nip, Nazwa=collapse_spaces(seller.name)),
        Adres=_address(seller.address),
        DaneKontaktowe=_contact(email=seller.email, phone=seller.phone),
    )


def identity(buyer: Buyer) -> fa3.DaneNabywcy:
    """Choose one of the four identifications (ksef-protocol 15.2); no number at all means BrakID."""
    name = _text(buyer.name)
    if buyer.kind is BuyerKind.DOMESTIC:
        return fa3.DaneNabywcy(NIP=buyer.tax_id, Nazwa=name)
    if buyer.kind is BuyerKind.EU:
        return fa3.DaneNabywcy(KodUE=buyer.tax_country, NrVatUE=buyer.tax_id, Nazwa=name)
    if buyer.kind is BuyerKind.FOREIGN and buyer.tax_id:
        return fa3.DaneNabywcy(KodKraju=buyer.tax_country or None, NrID=_text(buyer.tax_id), Nazwa=name)
    return fa3.DaneNabywcy(BrakID=fa3.YES, Nazwa=name)


def _buyer(buyer: Buyer) -> fa3.Podmiot2:
    return fa3.Podmiot2(
        DaneIdentyfikacyjne=identity(buyer),
        Adres=None if buyer.address is None else _address(buyer.address),
        DaneKontaktowe=_contact(email=buyer.email, phone=buyer.phone),
    )


def _exemption(invoice: InvoiceSnapshot) -> fa3.Zwolnienie:
    """Name the legal basis when a line is exempt (art. 106e(1)(19)); without such a line it is left out."""
    exemption = invoice.exemption
    if exemption is None or not any(line.rate.needs_exemption_basis for line in invoice.all_lines):
        return fa3.BEZ_ZWOLNIENIA
    text = collapse_spaces(exemption.text)
    match exemption.kind:
        case ExemptionKind.ACT:
            return fa3.Zwolnienie(P_19=fa3.YES, P_19A=text)
        case ExemptionKind.DIRECTIVE:
            return fa3.Zwolnienie(P_19=fa3.YES, P_19B=text)
        case ExemptionKind.OTHER:
            return fa3.Zwolnienie(P_19=fa3.YES, P_19C=text)


def _annotations(invoice: InvoiceSnapshot) -> fa3.Adnotacje:
    reverse = any(line.rate.is_reverse_charge for line in invoice.all_lines)
    return fa3.Adnotacje(P_18=fa3.YES if reverse else fa3.NO, Zwolnienie=_exemption(invoice))


def _lines(invoice: InvoiceSnapshot) -> Iterator[fa3.FaWiersz]:
    """All lines; of a correction those that change, each as it was and as it is from now on (StanPrzed)."""
    if invoice.correction is None:
        for number, line in enumerate(invoice.lines, start=1):
            yield _line(line, number=number, method=invoice.method)
        return
    pairs = pair_lines(invoice.correction.lines_before, invoice.lines)
    for number, (before, after) in enumerate(pairs, start=1):
        if before == after:
            continue
        if before is not None:
            yield replace(_line(before, number=number, method=invoice.method), StanPrzed=fa3.YES)
        now = after or _none_of(before)
        yield _line(now, number=number, method=invoice.method)


def _none_of(before: Line | None) -> Line:
    """A line that goes is said to be none of it."""
    assert before is not None  # noqa: S101 -- a pair has one side at least
    return replace(before, quantity=Decimal(0), discount_percent=Decimal(0), amounts=NOTHING)


def _line(line: Line, *, number: int, method: PriceMethod) -> fa3.FaWiersz:
    is_net = method is PriceMethod.NET
    return fa3.FaWiersz(
        NrWierszaFa=number,
        P_7=_text(line.name),
        P_8A=_text(line.unit),
        P_8B=line.quantity,
        P_9A=line.unit_price if is_net else None,
        P_9B=None if is_net else line.unit_price,
        P_10=line.amounts.discount or None,
        P_11=line.amounts.net if is_net else None,
        P_11A=None if is_net else line.amounts.gross,
        P_12=line.rate.value,
    )


def _payment(invoice: InvoiceSnapshot) -> fa3.Platnosc | None:
    payment = fa3.Platnosc(
        TerminPlatnosci=(fa3.TerminPlatnosci(Termin=invoice.due_date),) if invoice.due_date else (),
        FormaPlatnosci=None if invoice.payment_form is None else invoice.payment_form.value,
        RachunekBankowy=(fa3.RachunekBankowy(NrRB=invoice.bank_account),) if invoice.bank_account else (),
    )
    return None if payment == fa3.Platnosc() else payment


def _body(invoice: InvoiceSnapshot) -> fa3.Fa:
    # P_6 is only for a date that differs from P_1 (art. 106e(1)(6)).
    supplied_on = invoice.supply_date if invoice.supply_date != invoice.issue_date else None
    net = {total.rate: total.net for total in invoice.totals.rates}
    tax = {total.rate: total.vat for total in invoice.totals.rates}
    correction = invoice.correction
    return fa3.Fa(
        KodWaluty=invoice.currency,
        P_1=invoice.issue_date,
        P_1M=_text(invoice.place),
        P_2=invoice.number,
        P_6=supplied_on,
        P_13_1=net.get(VatRate.R23),
        P_14_1=tax.get(VatRate.R23),
        P_13_2=net.get(VatRate.R8),
        P_14_2=tax.get(VatRate.R8),
        P_13_3=net.get(VatRate.R5),
        P_14_3=tax.get(VatRate.R5),
        P_13_6_1=net.get(VatRate.ZERO),
        P_13_7=net.get(VatRate.EXEMPT),
        P_13_8=net.get(VatRate.OUTSIDE),
        P_13_9=net.get(VatRate.OUTSIDE_EU_SERVICE),
        P_13_10=net.get(VatRate.REVERSE),
        P_15=invoice.totals.gross,
        Adnotacje=_annotations(invoice),
        RodzajFaktury=InvoiceKind.VAT if correction is None else InvoiceKind.CORRECTION,
        PrzyczynaKorekty=_text(correction.reason) if correction else None,
        TypKorekty=correction.effect.value if correction else None,
        DaneFaKorygowanej=(_corrected(correction),) if correction else (),
        FaWiersz=tuple(_lines(invoice)),
        Platnosc=_payment(invoice),
    )


def _corrected(correction: Correction) -> fa3.DaneFaKorygowanej:
    is_in_ksef = bool(correction.ksef_number)
    return fa3.DaneFaKorygowanej(
        DataWystFaKorygowanej=correction.issue_date,
        NrFaKorygowanej=correction.number,
        NrKSeF=fa3.YES if is_in_ksef else None,
        NrKSeFFaKorygowanej=correction.ksef_number or None,
        NrKSeFN=None if is_in_ksef else fa3.YES,
    )


def _footer(note: str) -> fa3.Stopka | None:
    """Keep the note's own line breaks: the schema counts them as spaces, and a person reads them as lines."""
    text = "\n".join(filter(None, map(collapse_spaces, note.splitlines())))
    return fa3.Stopka(Informacje=(fa3.Informacje(StopkaFaktury=text),)) if text else None
