"""From what an invoice says to the FA(3) fields that say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from invoices.domain.snapshot import (
    Address,
    Buyer,
    BuyerKind,
    Exemption,
    ExemptionKind,
    InvoiceSnapshot,
    PaymentForm,
)
from invoices.domain.vat import PriceMethod, VatRate
from invoices.fa3_mapping import to_fa3
from ksef.fa3.check import check
from ksef.fa3.document import DaneKontaktowe, DaneNabywcy, Zwolnienie
from ksef.fa3.reader import read
from ksef.fa3.validate import validate
from ksef.fa3.writer import write
from tests.snapshots import COMPANY, SELLER, invoice_of, invoices, line_of

pytestmark = pytest.mark.unit


def _decimals(*numbers: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, numbers))


@given(invoices())
@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_every_invoice_becomes_a_valid_document(invoice: InvoiceSnapshot) -> None:
    """All rates, buyers, methods and payments pass the official schema and KSeF's other rules."""
    xml = write(to_fa3(invoice))
    assert validate(xml) == ()
    assert check(xml) == ()
    assert read(xml) == to_fa3(invoice)


def test_sums_stand_in_the_bucket_of_their_rate() -> None:
    """ksef-protocol 15.1; only taxed rates have a P_14, and unused buckets are left out."""
    lines = [line_of(rate=rate, price=str(100 * n)) for n, rate in enumerate(VatRate, start=1)]
    fa = to_fa3(invoice_of(lines)).Fa
    assert _decimals(100, 23) == (fa.P_13_1, fa.P_14_1)
    assert _decimals(200, 16) == (fa.P_13_2, fa.P_14_2)
    assert _decimals(300, 15) == (fa.P_13_3, fa.P_14_3)
    assert _decimals(400, 500, 600, 700, 800) == (fa.P_13_6_1, fa.P_13_7, fa.P_13_10, fa.P_13_8, fa.P_13_9)
    assert fa.P_15 == 3600 + 54
    assert [row.P_12 for row in fa.FaWiersz] == ["23", "8", "5", "0 KR", "zw", "oo", "np I", "np II"]
    assert to_fa3(invoice_of()).Fa.P_13_2 is None


def test_row_from_net_prices() -> None:
    row = to_fa3(
        invoice_of([line_of(" Bukiet\n róż ", quantity="2.5", price="40", discount="10")])
    ).Fa.FaWiersz[0]
    assert (row.NrWierszaFa, row.P_7, row.P_8A, row.P_8B) == (1, "Bukiet róż", "szt.", Decimal("2.5"))
    assert _decimals(40, 10, 90) == (row.P_9A, row.P_10, row.P_11)
    assert (row.P_9B, row.P_11A) == (None, None)


def test_row_from_gross_prices() -> None:
    """Art. 106e(7)-(8): P_9B and P_11A instead of P_9A and P_11."""
    gross = PriceMethod.GROSS
    fa = to_fa3(invoice_of([line_of(price="123", method=gross)], method=gross)).Fa
    row = fa.FaWiersz[0]
    assert _decimals(123, 123) == (row.P_9B, row.P_11A)
    assert row.P_10 is None
    assert (row.P_9A, row.P_11) == (None, None)
    assert _decimals(100, 23, 123) == (fa.P_13_1, fa.P_14_1, fa.P_15)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ExemptionKind.ACT, Zwolnienie(P_19=1, P_19A="art. 113 ust. 1")),
        (ExemptionKind.DIRECTIVE, Zwolnienie(P_19=1, P_19B="art. 113 ust. 1")),
        (ExemptionKind.OTHER, Zwolnienie(P_19=1, P_19C="art. 113 ust. 1")),
    ],
)
def test_exemption_names_its_basis(kind: ExemptionKind, expected: Zwolnienie) -> None:
    """Art. 106e(1)(19); a basis typed on an invoice without an exempt line is not printed."""
    basis = Exemption(kind, " art. 113 ust. 1 ")
    exempt = invoice_of([line_of(rate=VatRate.EXEMPT)], exemption=basis)
    assert to_fa3(exempt).Fa.Adnotacje.Zwolnienie == expected
    assert to_fa3(invoice_of(exemption=basis)).Fa.Adnotacje.Zwolnienie == Zwolnienie(P_19N=1)


@pytest.mark.parametrize(
    ("rate", "p_18", "prefix"),
    [
        (VatRate.R23, 2, None),
        (VatRate.REVERSE, 1, None),
        (VatRate.OUTSIDE, 2, None),
        (VatRate.OUTSIDE_EU_SERVICE, 1, "PL"),
    ],
)
def test_reverse_charge_and_the_sellers_prefix(rate: VatRate, p_18: int, prefix: str | None) -> None:
    """Art. 106e(1)(18) for P_18; art. 97(10)(3) for the prefix on EU services."""
    faktura = to_fa3(invoice_of([line_of(), line_of(rate=rate)]))
    assert p_18 == faktura.Fa.Adnotacje.P_18
    assert faktura.Podmiot1.PrefiksPodatnika == prefix


def test_ordinary_annotations() -> None:
    notes = to_fa3(invoice_of()).Fa.Adnotacje
    assert (notes.P_16, notes.P_17, notes.P_18, notes.P_18A, notes.P_23) == (2, 2, 2, 2, 2)
    assert (notes.Zwolnienie.P_19N, notes.NoweSrodkiTransportu.P_22N, notes.PMarzy.P_PMarzyN) == (1, 1, 1)


def _buyer(kind: BuyerKind, *, tax_id: str = "", tax_country: str = "") -> DaneNabywcy:
    buyer = Buyer(kind=kind, name="Ktoś", address=None, tax_id=tax_id, tax_country=tax_country)
    return to_fa3(invoice_of(buyer=buyer)).Podmiot2.DaneIdentyfikacyjne


def test_buyer_is_identified_in_one_of_four_ways() -> None:
    """ksef-protocol 15.2."""
    assert _buyer(BuyerKind.DOMESTIC, tax_id="1234563218") == DaneNabywcy(NIP="1234563218", Nazwa="Ktoś")
    assert _buyer(BuyerKind.EU, tax_id="136695976", tax_country="DE") == DaneNabywcy(
        KodUE="DE", NrVatUE="136695976", Nazwa="Ktoś"
    )
    assert _buyer(BuyerKind.FOREIGN, tax_id="12-3456789", tax_country="US") == DaneNabywcy(
        KodKraju="US", NrID="12-3456789", Nazwa="Ktoś"
    )
    assert _buyer(BuyerKind.FOREIGN, tax_country="US") == DaneNabywcy(BrakID=1, Nazwa="Ktoś")
    assert _buyer(BuyerKind.CONSUMER) == DaneNabywcy(BrakID=1, Nazwa="Ktoś")


def test_parties() -> None:
    seller = replace(SELLER, email="biuro@example.pl", phone="22 123 45 67")
    buyer = replace(COMPANY, address=Address(country="PL", line1="Rynek 1", line2="  "))
    faktura = to_fa3(invoice_of(seller=seller, buyer=buyer))
    assert faktura.Podmiot1.DaneIdentyfikacyjne.NIP == "5265877635"
    assert faktura.Podmiot1.DaneKontaktowe == (
        DaneKontaktowe(Email="biuro@example.pl", Telefon="22 123 45 67"),
    )
    assert faktura.Podmiot2.Adres is not None
    assert faktura.Podmiot2.Adres.AdresL2 is None
    assert faktura.Podmiot2.DaneKontaktowe == ()
    assert (faktura.Podmiot2.JST, faktura.Podmiot2.GV) == (2, 2)


def test_supply_date_is_given_only_when_it_differs() -> None:
    """Art. 106e(1)(6): P_6 is for a date other than P_1."""
    day = date(2026, 11, 20)
    assert to_fa3(invoice_of(issue_date=day, supply_date=day)).Fa.P_6 is None
    assert date(2026, 11, 2) == to_fa3(invoice_of(issue_date=day, supply_date=date(2026, 11, 2))).Fa.P_6
    assert to_fa3(invoice_of(issue_date=day)).Fa.P_6 is None


def test_payment() -> None:
    invoice = invoice_of(
        payment_form=PaymentForm.TRANSFER,
        due_date=date(2026, 12, 4),
        bank_account="61109010140000071219812874",
    )
    payment = to_fa3(invoice).Fa.Platnosc
    assert payment is not None
    assert payment.FormaPlatnosci == 6
    assert [term.Termin for term in payment.TerminPlatnosci] == [date(2026, 12, 4)]
    assert [account.NrRB for account in payment.RachunekBankowy] == ["61109010140000071219812874"]
    assert to_fa3(invoice_of()).Fa.Platnosc is None


def test_note_becomes_the_footer_line_by_line() -> None:
    footer = to_fa3(invoice_of(note=" Dziękujemy. \r\n\r\n Zapraszamy   ponownie.")).Stopka
    assert footer is not None
    assert [part.StopkaFaktury for part in footer.Informacje] == ["Dziękujemy.\nZapraszamy ponownie."]
    assert to_fa3(invoice_of(note=" \n")).Stopka is None


def test_header() -> None:
    """The moment is UTC and whole seconds; KSeF bounds nothing else here."""
    header = to_fa3(invoice_of()).Naglowek
    assert header.DataWytworzeniaFa == datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)
    assert header.SystemInfo == "Kwit"
    assert b"<DataWytworzeniaFa>2026-11-20T09:30:15Z</DataWytworzeniaFa>" in write(to_fa3(invoice_of()))


def test_longest_texts_still_fit() -> None:
    """FA(3): 512 characters for names and address lines, 256 for number and unit, 3500 for the footer."""
    long = "Ż" * 512
    address = Address(country="PL", line1=long, line2=long)
    invoice = invoice_of(
        [replace(line_of(long), unit="ź" * 256)],
        number="9" * 256,
        seller=replace(SELLER, name=long, address=address),
        buyer=replace(COMPANY, name=long, address=address),
        note="n" * 3500,
        place="p" * 256,
    )
    assert validate(write(to_fa3(invoice))) == ()


def test_text_too_long_for_the_schema_is_found_at_its_place() -> None:
    [violation] = validate(write(to_fa3(invoice_of([line_of(), line_of("x" * 513)]))))
    assert violation.path == "Fa/FaWiersz[2]/P_7"
