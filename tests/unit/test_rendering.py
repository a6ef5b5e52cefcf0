"""Documents of every structure laid out from their bytes: known things in their places, the rest listed."""

from __future__ import annotations

import re
from html import unescape

import pytest

from invoices.selectors.pdf import PrintOut, render_html
from invoices.selectors.rendering import Language, read_paper
from invoices.selectors.rendering.wording import LAYOUT
from ksef.fa3.parsing import UnsafeXML
from ksef.papers.tree import UnknownDocument
from tests.architecture.source import ROOT
from tests.papers import missing_from

pytestmark = pytest.mark.unit

_FA_3 = "http://crd.gov.pl/wzor/2025/06/25/13775/"
_FA_2 = "http://crd.gov.pl/wzor/2023/06/29/12648/"
_FA_RR = "http://crd.gov.pl/wzor/2026/03/06/14189/"
_PARTIES = (
    "<Podmiot1><PrefiksPodatnika>PL</PrefiksPodatnika><DaneIdentyfikacyjne><NIP>5260250274</NIP><Nazwa>Huta</Nazwa>"
    "</DaneIdentyfikacyjne><Adres><KodKraju>PL</KodKraju><AdresL1>ul. Hutnicza 1</AdresL1></Adres>"
    "<AdresKoresp><KodKraju>DE</KodKraju><AdresL1>Hauptstr. 7</AdresL1></AdresKoresp>"
    "<StatusInfoPodatnika>2</StatusInfoPodatnika></Podmiot1>"
    "<Podmiot2><DaneIdentyfikacyjne><KodUE>DE</KodUE><NrVatUE>999000017</NrVatUE><Nazwa>Käufer</Nazwa>"
    "</DaneIdentyfikacyjne><JST>2</JST><GV>1</GV></Podmiot2>"
)


def document(namespace: str, content: str) -> bytes:
    return f'<Faktura xmlns="{namespace}">{content}</Faktura>'.encode()


def fa(content: str, *, namespace: str = _FA_3, after: str = "") -> bytes:
    return document(namespace, f"{_PARTIES}<Fa><KodWaluty>EUR</KodWaluty>{content}</Fa>{after}")


def page_of(xml: bytes) -> str:
    html = render_html(PrintOut(paper=read_paper(xml), file_stem="x", xml=xml)).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html.partition("<body")[2])).split())


def test_tax_in_pln_stands_beside_the_tax_in_euro() -> None:
    """Art. 106e(11): the tax of a foreign-currency invoice is shown in PLN too."""
    xml = fa(
        "<P_1>2026-03-04</P_1><P_2>FV/1</P_2><P_13_1>100.00</P_13_1><P_14_1>23.00</P_14_1><P_14_1W>98.10</P_14_1W>"
        "<P_15>123.00</P_15><RodzajFaktury>VAT</RodzajFaktury><FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Blacha</P_7>"
        "<P_11>100.00</P_11><P_12>23</P_12><KursWaluty>4.2652</KursWaluty></FaWiersz>"
    )
    paper = read_paper(xml)
    assert (paper.rates[0].vat, paper.rates[0].vat_pln, paper.vat_pln) == ("23,00", "98,10", "98,10")
    assert paper.lines[0].details[0].text == "4,2652"
    assert paper.buyer is not None
    assert paper.buyer.identifier == "VAT UE DE999000017"
    assert missing_from(xml, page_of(xml)) == []


def test_old_rates_keep_their_names() -> None:
    xml = fa(
        "<P_2>1</P_2><P_13_1>10.00</P_13_1><P_14_1>2.20</P_14_1><P_15>12.20</P_15>"
        "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_12>22</P_12></FaWiersz>"
    )
    assert read_paper(xml).rates[0].label == "22%"


def test_a_mixed_invoice_shows_each_price_under_its_own_name() -> None:
    """Margin lines count from gross prices, the others from net ones."""
    net = "<P_9A>10.00</P_9A><P_11>20.00</P_11><P_12>23</P_12>"
    gross = "<P_9B>30.00</P_9B><P_11A>60.00</P_11A>"
    lines = "".join(
        f"<FaWiersz><NrWierszaFa>1</NrWierszaFa>{prices}</FaWiersz>" for prices in (net, net, gross)
    )
    paper = read_paper(fa(f"<P_2>1</P_2>{lines}<P_15>1.00</P_15>"))
    assert not paper.is_gross
    assert paper.lines[0].price == "10,00"
    assert [(fact.label, fact.text) for fact in paper.lines[2].details] == [
        ("Cena brutto", "30,00"),
        ("Wartość brutto", "60,00"),
    ]


def test_annotations_are_said_as_the_law_wants() -> None:
    """Art. 106e(1)(16)-(19): the words, and for what is denied only the fine print."""
    paper = read_paper(
        fa(
            "<P_2>1</P_2><Adnotacje><P_16>1</P_16><P_17>2</P_17><P_18A>1</P_18A><Zwolnienie><P_19>1</P_19>"
            "<P_19A>art. 113</P_19A></Zwolnienie><PMarzy><P_PMarzy>1</P_PMarzy><P_PMarzy_3_1>1</P_PMarzy_3_1></PMarzy>"
            "</Adnotacje>"
        )
    )
    assert paper.annotations == (
        "metoda kasowa",
        "mechanizm podzielonej płatności",
        "procedura marży: towary używane",
        "podstawa zwolnienia z VAT: art. 113",
    )
    assert ("Samofakturowanie", "nie") in [(fact.label, fact.text) for fact in paper.fine_print]


def test_a_correction_says_what_it_corrects_before_its_lines() -> None:
    one = (
        "<DaneFaKorygowanej><DataWystFaKorygowanej>2026-01-0{0}</DataWystFaKorygowanej><NrFaKorygowanej>FV/{0}"
        "</NrFaKorygowanej><NrKSeFN>1</NrKSeFN></DaneFaKorygowanej>"
    )
    xml = fa(
        "<P_1>2026-03-04</P_1><P_2>KOR/1</P_2><P_15>-10.50</P_15><RodzajFaktury>KOR</RodzajFaktury><PrzyczynaKorekty>"
        f"rabat</PrzyczynaKorekty><TypKorekty>2</TypKorekty>{one.format(1)}{one.format(2)}"
        "<Podmiot2K><DaneIdentyfikacyjne><BrakID>1</BrakID><Nazwa>Dawny</Nazwa></DaneIdentyfikacyjne></Podmiot2K>"
        "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Blacha</P_7><StanPrzed>1</StanPrzed></FaWiersz>"
    )
    paper = read_paper(xml)
    assert paper.title == "Faktura korygująca"
    assert (paper.due_label, paper.gross) == ("Zmiana kwoty należności", "\u221210,50")
    (reason,) = paper.reasons
    (grid,) = reason.grids
    assert [row.cells[1].text for row in grid.rows] == ["FV/1", "FV/2"]
    assert [party.heading for party in paper.others] == ["Nabywca przed korektą"]
    assert missing_from(xml, page_of(xml)) == []


def test_an_attachment_becomes_tables() -> None:
    """Cells by the type of their column; a lone cell heads the rows below it."""
    xml = fa(
        "<P_2>1</P_2>",
        after=(
            "<Zalacznik><BlokDanych><ZNaglowek>Odczyt</ZNaglowek><MetaDane><ZKlucz>PPE</ZKlucz><ZWartosc>007</ZWartosc>"
            '</MetaDane><Tekst><Akapit>Opis</Akapit></Tekst><Tabela><TNaglowek><Kol Typ="date"><NKom>Dzień</NKom></Kol>'
            '<Kol Typ="dec"><NKom>Cena</NKom></Kol></TNaglowek><Wiersz><WKom>Strefa</WKom></Wiersz><Wiersz><WKom>'
            "2026-02-28</WKom><WKom>0.9000</WKom></Wiersz><Suma><SKom>-</SKom><SKom>-1.50</SKom></Suma></Tabela>"
            "</BlokDanych></Zalacznik>"
        ),
    )
    (block,) = (section for section in read_paper(xml).sections if section.heading == "Załącznik: Odczyt")
    (table,) = block.grids
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Strefa"],
        ["28.02.2026", "0,9000"],
        ["-", "\u22121,50"],
    ]
    assert (table.rows[0].is_heading, table.rows[2].is_total) == (True, True)
    assert missing_from(xml, page_of(xml)) == []


def test_the_structure_before_this_one_is_read_too() -> None:
    xml = fa(
        "<P_1>2025-12-30</P_1><P_2>FV/9</P_2><P_15>1.00</P_15><Platnosc><TerminPlatnosci><TerminOpis>14 dni"
        "</TerminOpis></TerminPlatnosci></Platnosc>",
        namespace=_FA_2,
    )
    assert read_paper(xml).number == "FV/9"
    assert missing_from(xml, page_of(xml)) == []


def test_a_farmers_invoice_uses_its_own_meanings() -> None:
    """FA_RR(1) gives the same names other meanings: P_7 is a price there, P_6A a unit."""
    xml = document(
        _FA_RR,
        f"{_PARTIES}<FakturaRR><KodWaluty>PLN</KodWaluty><P_4A>2026-05-01</P_4A><P_4B>2026-05-02</P_4B><P_4C>RR/1</P_4C>"
        "<P_11_1>1000.00</P_11_1><P_11_2>70.00</P_11_2><P_12_1>1070.00</P_12_1><P_12_2>tysiąc siedemdziesiąt</P_12_2>"
        "<RodzajFaktury>VAT_RR</RodzajFaktury><FakturaRRWiersz><NrWierszaFa>1</NrWierszaFa><P_5>Jabłka</P_5><P_6A>kg"
        "</P_6A><P_6B>500</P_6B><P_6C>klasa I</P_6C><P_7>2.00</P_7><P_8>1000.00</P_8><P_9>7</P_9><P_10>70.00</P_10>"
        "<P_11>1070.00</P_11></FakturaRRWiersz></FakturaRR>",
    )
    paper = read_paper(xml)
    assert (paper.title, paper.number, paper.gross) == ("Faktura VAT RR", "RR/1", "1\u00a0070,00")
    assert paper.seller is not None
    assert paper.seller.heading == "Dostawca (rolnik ryczałtowy)"
    (line,) = paper.lines
    assert (line.name, line.unit, line.price, line.value, line.rate) == (
        "Jabłka",
        "kg",
        "2,00",
        "1\u00a0000,00",
        "7%",
    )
    assert missing_from(xml, page_of(xml)) == []


def test_what_repeats_against_the_schema_is_not_lost() -> None:
    """An element that should stand once and stands twice, and a number that is none."""
    xml = fa("<P_2>1</P_2><P_2>drugi numer</P_2><P_13_1>sto</P_13_1><P_15>12345678901234567890.00</P_15>")
    page = page_of(xml)
    for text in ("drugi numer", "sto", "12345678901234567890.00"):
        assert text in page


def test_labels_in_english() -> None:
    paper = read_paper(fa("<P_2>1</P_2><RodzajFaktury>KOR</RodzajFaktury>"), language=Language.ENGLISH)
    assert paper.title == "Correcting invoice"
    assert paper.words["due"] == "Amount due"


def test_templates_ask_for_words_that_exist() -> None:
    """A template is silent about a missing word."""
    asked = {
        word
        for path in (ROOT / "templates" / "invoices").glob("*.html")
        for word in re.findall(r"\bwords\.([a-z_]+)", path.read_text())
    }
    assert asked - {"language", "html_language"} <= LAYOUT.keys()
    assert asked


@pytest.mark.parametrize("xml", [b"<Faktura/>", b"<a xmlns='http://crd.gov.pl/wzor/2025/06/25/13775/'/>"])
def test_other_xml_is_no_document(xml: bytes) -> None:
    with pytest.raises(UnknownDocument):
        read_paper(xml)


def test_a_doctype_is_refused() -> None:
    """F43."""
    with pytest.raises(UnsafeXML):
        read_paper(b"<!DOCTYPE a><a/>")
