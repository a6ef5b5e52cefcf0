"""Invoices of every form and kind, put together as text: none of it comes from the code that is judged."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tests.contract.ministry import BUYER, SELLER, TODAY

if TYPE_CHECKING:
    from datetime import date

NAMESPACES = {
    "FA (2)": "http://crd.gov.pl/wzor/2023/06/29/12648/",
    "FA (3)": "http://crd.gov.pl/wzor/2025/06/25/13775/",
    "FA_RR (1)": "http://crd.gov.pl/wzor/2026/03/06/14189/",
}
VERSIONS = {"FA (2)": "1-0E", "FA (3)": "1-0E", "FA_RR (1)": "1-1E"}
_ADDRESS = "<Adres><KodKraju>PL</KodKraju><AdresL1>ul. Prosta 1</AdresL1></Adres>"
_NOTES = (
    "<Adnotacje><P_16>2</P_16><P_17>{p_17}</P_17><P_18>2</P_18><P_18A>2</P_18A>"
    "<Zwolnienie><P_19N>1</P_19N></Zwolnienie><NoweSrodkiTransportu><P_22N>1</P_22N></NoweSrodkiTransportu>"
    "<P_23>2</P_23><PMarzy><P_PMarzyN>1</P_PMarzyN></PMarzy></Adnotacje>"
)
_ATTACHMENT = (
    "<Zalacznik><BlokDanych><MetaDane><ZKlucz>Licznik</ZKlucz><ZWartosc>1</ZWartosc></MetaDane></BlokDanych>"
    "</Zalacznik>"
)


def nip(value: str) -> str:
    return f"<NIP>{value}</NIP>"


def internal_id(value: str) -> str:
    return f"<IDWew>{value}</IDWew>"


def vat_ue(country: str, number: str) -> str:
    return f"<KodUE>{country}</KodUE><NrVatUE>{number}</NrVatUE>"


def other_id(number: str, country: str = "US") -> str:
    return f"<KodKraju>{country}</KodKraju><NrID>{number}</NrID>"


NO_ID = "<BrakID>1</BrakID>"


@dataclass(frozen=True, slots=True)
class Third:
    """One Podmiot3; a role of 0 is one described in words."""

    identifier: str
    role: int
    name: str | None = "Trzeci"

    def as_xml(self) -> str:
        role = (
            f"<Rola>{self.role}</Rola>" if self.role else "<RolaInna>1</RolaInna><OpisRoli>Opiekun</OpisRoli>"
        )
        return f"<Podmiot3>{_identity(self.identifier, self.name)}{_ADDRESS}{role}</Podmiot3>"


def write_fa(
    *,
    form: str = "FA (3)",
    number: str = "FV/1",
    issue_date: date = TODAY,
    seller: str = SELLER,
    buyer: str = nip(BUYER),
    buyer_name: str | None = "Nabywca",
    third: tuple[Third, ...] = (),
    authorized: tuple[str, int] | None = None,
    kind: str = "VAT",
    currency: str = "PLN",
    amounts: tuple[tuple[str, str], ...] = (("P_13_1", "100.00"), ("P_14_1", "23.00")),
    gross: str = "123.00",
    self_invoicing: bool = False,
    attachment: bool = False,
) -> bytes:
    """Return an FA(2) or FA(3) document with one line and whatever else is asked for."""
    sums = "".join(f"<{name}>{value}</{name}>" for name, value in amounts)
    flags = "<JST>2</JST><GV>2</GV>" if form == "FA (3)" else ""
    officer = ""
    if authorized is not None:
        officer = (
            f"<PodmiotUpowazniony>{_identity(nip(authorized[0]), 'Upoważniony')}{_ADDRESS}"
            f"<RolaPU>{authorized[1]}</RolaPU></PodmiotUpowazniony>"
        )
    body = (
        f"<Fa><KodWaluty>{currency}</KodWaluty><P_1>{issue_date}</P_1><P_2>{escape(number)}</P_2>{sums}"
        f"<P_15>{gross}</P_15>{_NOTES.format(p_17=1 if self_invoicing else 2)}<RodzajFaktury>{kind}</RodzajFaktury>"
        f"{_corrected(kind, issue_date)}"
        "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Usługa</P_7><P_8A>szt.</P_8A><P_8B>1</P_8B>"
        "<P_9A>100.00</P_9A><P_11>100.00</P_11><P_12>23</P_12></FaWiersz></Fa>"
    )
    parties = (
        f"<Podmiot1>{_identity(nip(seller), 'Próba & Syn')}{_ADDRESS}</Podmiot1>"
        f"<Podmiot2>{_identity(buyer, buyer_name)}{_ADDRESS}{flags}</Podmiot2>"
        f"{''.join(each.as_xml() for each in third)}{officer}"
    )
    return _document(form, "FA", f"{parties}{body}{_ATTACHMENT if attachment else ''}")


def write_rr(
    *,
    number: str = "RR/1",
    issue_date: date = TODAY,
    seller: str = BUYER,
    buyer: str = SELLER,
    third: tuple[Third, ...] = (),
    kind: str = "VAT_RR",
    currency: str = "PLN",
    refund_in_pln: str | None = None,
) -> bytes:
    """Return an FA_RR(1) document: the farmer supplies, the buyer issues."""
    in_pln = "" if refund_in_pln is None else f"<P_11_2W>{refund_in_pln}</P_11_2W>"
    body = (
        f"<FakturaRR><KodWaluty>{currency}</KodWaluty><P_4A>{issue_date}</P_4A><P_4B>{issue_date}</P_4B>"
        f"<P_4C>{escape(number)}</P_4C><P_11_1>200.00</P_11_1><P_11_2>14.00</P_11_2>{in_pln}"
        "<P_12_1>214.00</P_12_1><P_12_2>dwieście czternaście złotych</P_12_2>"
        f"<RodzajFaktury>{kind}</RodzajFaktury>{_corrected(kind, issue_date)}"
        "<FakturaRRWiersz><NrWierszaFa>1</NrWierszaFa><P_5>Jabłka</P_5><P_6A>kg</P_6A><P_6B>100</P_6B>"
        "<P_6C>I</P_6C><P_7>2.00</P_7><P_8>200.00</P_8><P_9>7</P_9><P_10>14.00</P_10><P_11>214.00</P_11>"
        "</FakturaRRWiersz></FakturaRR>"
    )
    parties = (
        f"<Podmiot1>{_identity(nip(seller), 'Jan Rolnik')}{_ADDRESS}</Podmiot1>"
        f"<Podmiot2>{_identity(nip(buyer), 'Skup')}{_ADDRESS}</Podmiot2>"
        f"{''.join(each.as_xml() for each in third)}"
    )
    return _document("FA_RR (1)", "FA_RR", f"{parties}{body}")


def _document(form: str, value: str, content: str) -> bytes:
    variant = form.partition("(")[2].rstrip(")")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Faktura xmlns="{NAMESPACES[form]}"><Naglowek>'
        f'<KodFormularza kodSystemowy="{form}" wersjaSchemy="{VERSIONS[form]}">{value}</KodFormularza>'
        f"<WariantFormularza>{variant}</WariantFormularza>"
        f"<DataWytworzeniaFa>{TODAY}T09:00:00Z</DataWytworzeniaFa></Naglowek>{content}</Faktura>"
    ).encode()


def _identity(identifier: str, name: str | None) -> str:
    named = "" if name is None else f"<Nazwa>{escape(name)}</Nazwa>"
    return f"<DaneIdentyfikacyjne>{identifier}{named}</DaneIdentyfikacyjne>"


def _corrected(kind: str, issue_date: date) -> str:
    if not kind.startswith("KOR"):
        return ""
    return (
        f"<DaneFaKorygowanej><DataWystFaKorygowanej>{issue_date}</DataWystFaKorygowanej>"
        "<NrFaKorygowanej>FV/0</NrFaKorygowanej><NrKSeFN>1</NrKSeFN></DaneFaKorygowanej>"
    )
