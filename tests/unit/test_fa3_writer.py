"""Canonical bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from invoices.fa3_mapping import to_fa3
from ksef.fa3 import document as fa3
from ksef.fa3.layout import layout
from ksef.fa3.reader import read
from ksef.fa3.writer import UnwritableDocument, write
from tests.snapshots import invoice_of, invoices

if TYPE_CHECKING:
    from invoices.domain.snapshot import InvoiceSnapshot

pytestmark = pytest.mark.unit

SMALL = fa3.Faktura(
    Naglowek=fa3.Naglowek(DataWytworzeniaFa=datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
    Podmiot1=fa3.Podmiot1(
        DaneIdentyfikacyjne=fa3.DaneSprzedawcy(NIP="5265877635", Nazwa="Żółw & Syn <spółka>"),
        Adres=fa3.Adres(KodKraju="PL", AdresL1="ul. Lipowa 3"),
    ),
    Podmiot2=fa3.Podmiot2(DaneIdentyfikacyjne=fa3.DaneNabywcy(BrakID=1)),
    Fa=fa3.Fa(
        KodWaluty="PLN",
        P_1=date(2026, 11, 20),
        P_2="FV/1",
        P_13_1=Decimal("100.00"),
        P_14_1=Decimal("23.00"),
        P_15=Decimal("123.00"),
        FaWiersz=(
            fa3.FaWiersz(NrWierszaFa=1, P_7="Róża", P_8B=Decimal("1E+1"), P_9A=Decimal("10.00000000")),
        ),
    ),
)


def test_bytes_are_exactly_these() -> None:
    """The form that is hashed and sent: any change here changes every KOD I."""
    expected = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/">'
        '<Naglowek><KodFormularza kodSystemowy="FA (3)" wersjaSchemy="1-0E">FA</KodFormularza>'
        "<WariantFormularza>3</WariantFormularza><DataWytworzeniaFa>2026-11-20T09:30:00Z</DataWytworzeniaFa>"
        "</Naglowek>"
        "<Podmiot1><DaneIdentyfikacyjne><NIP>5265877635</NIP><Nazwa>Żółw &amp; Syn &lt;spółka&gt;</Nazwa>"
        "</DaneIdentyfikacyjne><Adres><KodKraju>PL</KodKraju><AdresL1>ul. Lipowa 3</AdresL1></Adres></Podmiot1>"
        "<Podmiot2><DaneIdentyfikacyjne><BrakID>1</BrakID></DaneIdentyfikacyjne><JST>2</JST><GV>2</GV></Podmiot2>"
        "<Fa><KodWaluty>PLN</KodWaluty><P_1>2026-11-20</P_1><P_2>FV/1</P_2>"
        "<P_13_1>100</P_13_1><P_14_1>23</P_14_1><P_15>123</P_15>"
        "<Adnotacje><P_16>2</P_16><P_17>2</P_17><P_18>2</P_18><P_18A>2</P_18A>"
        "<Zwolnienie><P_19N>1</P_19N></Zwolnienie>"
        "<NoweSrodkiTransportu><P_22N>1</P_22N></NoweSrodkiTransportu><P_23>2</P_23>"
        "<PMarzy><P_PMarzyN>1</P_PMarzyN></PMarzy></Adnotacje><RodzajFaktury>VAT</RodzajFaktury>"
        "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Róża</P_7><P_8B>10</P_8B><P_9A>10</P_9A></FaWiersz>"
        "</Fa></Faktura>"
    )
    assert write(SMALL) == expected.encode()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.00", "0"),
        ("-0.00", "0"),
        ("100", "100"),
        ("0.10", "0.1"),
        ("-12.50", "-12.5"),
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("9999999999999999.99", "9999999999999999.99"),
    ],
)
def test_number_takes_its_shortest_plain_form(number: str, text: str) -> None:
    """TKwotowy, TKwotowy2 and TIlosci know no exponent and no leading zero."""
    changed = replace(SMALL, Fa=replace(SMALL.Fa, P_15=Decimal(number)))
    assert f"<P_15>{text}</P_15>".encode() in write(changed)


def test_moment_is_written_in_utc() -> None:
    warsaw_winter = timezone(timedelta(hours=1))
    header = fa3.Naglowek(DataWytworzeniaFa=datetime(2026, 11, 21, 0, 15, tzinfo=warsaw_winter))
    assert b"<DataWytworzeniaFa>2026-11-20T23:15:00Z</DataWytworzeniaFa>" in write(
        replace(SMALL, Naglowek=header)
    )


@pytest.mark.parametrize("text", ["a\ufffeb", "\x07", "\ud800", "\x80"])
def test_text_no_xml_may_carry_is_refused(text: str) -> None:
    """ksef-protocol 13.1: better no document than one KSeF refuses."""
    with pytest.raises(UnwritableDocument, match=r"U\+"):
        write(replace(SMALL, Fa=replace(SMALL.Fa, P_2=text)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(UnwritableDocument, match="finite"):
        write(replace(SMALL, Fa=replace(SMALL.Fa, P_15=Decimal(number))))


def test_moment_without_a_zone_is_refused() -> None:
    header = fa3.Naglowek(DataWytworzeniaFa=datetime(2026, 11, 21))  # noqa: DTZ001 - the fault under test.
    with pytest.raises(UnwritableDocument, match="time zone"):
        write(replace(SMALL, Naglowek=header))


@pytest.mark.parametrize("text", ["a\rb\r\nc", "\t tab ", "]]>", "&amp;", "<!-- -->", "'\"", ""])
def test_every_text_comes_back_as_it_was(text: str) -> None:
    """White space included: a bare CR would turn into LF if it were not escaped."""
    changed = replace(SMALL, Stopka=fa3.Stopka(Informacje=(fa3.Informacje(StopkaFaktury=text),)))
    assert read(write(changed)) == changed


def test_attribute_text_comes_back_as_it_was() -> None:
    odd = fa3.KodFormularza(kod_systemowy='a"b<c>&\n\r\td')
    changed = replace(SMALL, Naglowek=replace(SMALL.Naglowek, KodFormularza=odd))
    assert read(write(changed)) == changed


@given(invoices())
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_writing_and_reading_are_inverse(invoice: InvoiceSnapshot) -> None:
    """Nothing is lost on the way, and the second writing gives the first bytes."""
    document = to_fa3(invoice)
    xml = write(document)
    assert read(xml) == document
    assert write(read(xml)) == xml


def test_same_document_gives_same_bytes() -> None:
    assert write(to_fa3(invoice_of())) == write(to_fa3(invoice_of()))


@dataclass(frozen=True, slots=True)
class _Careless:
    amount: float


@dataclass(frozen=True, slots=True)
class _Vague:
    notes: list[str]


@pytest.mark.parametrize(("kind", "reason"), [(_Careless, "amount"), (_Vague, "list")])
def test_layout_knows_only_types_with_one_text_form(kind: type, reason: str) -> None:
    """A float field would let binary fractions into an invoice; a list could change after hashing."""
    with pytest.raises(TypeError, match=reason):
        layout(kind)
