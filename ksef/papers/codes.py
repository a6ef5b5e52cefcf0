"""What the codes of the official lists mean, and which elements hold flags, days, moments, amounts and numbers."""

from __future__ import annotations

from typing import Final

from ksef.papers.countries import COUNTRIES
from ksef.papers.labels import Words, read_table
from ksef.papers.tree import Kind


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KINDS_OF_INVOICE: Final = read_table("""
VAT | podstawowa (VAT) | standard (VAT)
KOR | korygująca (KOR) | correcting (KOR)
ZAL | zaliczkowa (ZAL) | advance (ZAL)
ROZ | rozliczeniowa (ROZ) | settlement (ROZ)
UPR | uproszczona (UPR) | simplified (UPR)
KOR_ZAL | korygująca fakturę zaliczkową (KOR_ZAL) | correcting an advance invoice (KOR_ZAL)
KOR_ROZ | korygująca fakturę rozliczeniową (KOR_ROZ) | correcting a settlement invoice (KOR_ROZ)
VAT_RR | VAT RR | VAT RR
KOR_VAT_RR | korygująca VAT RR | correcting VAT RR
""")
_RATES: Final = read_table("""
23 | 23% | 23%
22 | 22% | 22%
8 | 8% | 8%
7 | 7% | 7%
5 | 5% | 5%
4 | 4% | 4%
3 | 3% | 3%
0 | 0% | 0%
0 KR | 0% | 0%
0 WDT | 0% WDT | 0% intra-EU
0 EX | 0% eksport | 0% export
zw | zw | exempt
oo | oo | reverse charge
np | np | outside Poland
np I | np I | outside Poland (np I)
np II | np II | outside Poland (np II)
6.5 | 6,5% | 6,5%
""")
_PAYMENTS: Final = read_table("""
1 | gotówka | cash
2 | karta | card
3 | bon | voucher
4 | czek | cheque
5 | kredyt | credit
6 | przelew | bank transfer
7 | płatność mobilna | mobile payment
""")
_ROLES: Final = read_table("""
1 | Faktor | Factor
2 | Odbiorca | Recipient
3 | Podmiot pierwotny | Original entity
4 | Dodatkowy nabywca | Additional buyer
5 | Wystawca faktury | Issuer of the invoice
6 | Dokonujący płatności | Payer
7 | JST: wystawca | Local government unit: issuer
8 | JST: odbiorca | Local government unit: recipient
9 | Członek grupy VAT: wystawca | VAT group member: issuer
10 | Członek grupy VAT: odbiorca | VAT group member: recipient
11 | Pracownik | Employee
""")
_ROLES_OF_AUTHORISED: Final = read_table("""
1 | Organ egzekucyjny | Enforcement authority
2 | Komornik sądowy | Court bailiff
3 | Przedstawiciel podatkowy | Tax representative
""")
_STATUSES: Final = read_table("""
1 | w likwidacji | in liquidation
2 | w restrukturyzacji | in restructuring
3 | w upadłości | in bankruptcy
4 | przedsiębiorstwo w spadku | inherited enterprise
""")
_CORRECTIONS: Final = read_table("""
1 | w dacie ujęcia faktury pierwotnej | when the original invoice was recorded
2 | w dacie wystawienia faktury korygującej | when the correcting invoice was issued
3 | w innej dacie | on another date
4 | w dacie zwrotu całości lub części należności | when the amount or a part of it was returned
""")
_TRANSPORTS: Final = read_table("""
1 | morski | sea
2 | kolejowy | rail
3 | drogowy | road
4 | lotniczy | air
5 | przesyłka pocztowa | post
7 | stałe instalacje przesyłowe | fixed transport installations
8 | żegluga śródlądowa | inland waterway
""")
_LOADS: Final = read_table("""
1 | bańka | can
2 | beczka | barrel
3 | butla | cylinder
4 | karton | carton
5 | kanister | canister
6 | klatka | cage
7 | kontener | container
8 | kosz | basket
9 | łubianka | punnet
10 | opakowanie zbiorcze | bulk packaging
11 | paczka | parcel
12 | pakiet | bundle
13 | paleta | pallet
14 | pojemnik | bin
15 | pojemnik na ładunki masowe stałe | bulk container, solids
16 | pojemnik na ładunki masowe płynne | bulk container, liquids
17 | pudełko | box
18 | puszka | tin
19 | skrzynia | crate
20 | worek | sack
""")
_OWN_ACCOUNTS: Final = read_table("""
1 | do rozliczeń nabytych wierzytelności pieniężnych | for settling purchased receivables
2 | do pobrania należności i przekazania jej dostawcy | for collecting the amount on the supplier's behalf
3 | do własnej gospodarki banku | for the bank's own operations
""")
_GOODS: Final = read_table("""
GTU_01 | GTU_01 napoje alkoholowe | GTU_01 alcoholic beverages
GTU_02 | GTU_02 paliwa | GTU_02 fuels
GTU_03 | GTU_03 oleje opałowe i smarowe | GTU_03 heating and lubricating oils
GTU_04 | GTU_04 wyroby tytoniowe | GTU_04 tobacco products
GTU_05 | GTU_05 odpady | GTU_05 waste
GTU_06 | GTU_06 urządzenia elektroniczne | GTU_06 electronic devices
GTU_07 | GTU_07 pojazdy i ich części | GTU_07 vehicles and their parts
GTU_08 | GTU_08 metale szlachetne i nieszlachetne | GTU_08 precious and base metals
GTU_09 | GTU_09 leki i wyroby medyczne | GTU_09 medicines and medical devices
GTU_10 | GTU_10 budynki, budowle i grunty | GTU_10 buildings, structures and land
GTU_11 | GTU_11 uprawnienia do emisji gazów | GTU_11 emission allowances
GTU_12 | GTU_12 usługi niematerialne | GTU_12 intangible services
GTU_13 | GTU_13 transport i magazynowanie | GTU_13 transport and storage
""")
_PROCEDURES: Final = read_table("""
WSTO_EE | WSTO_EE sprzedaż na odległość i usługi elektroniczne | WSTO_EE distance sales and electronic services
IED | IED dostawy przez interfejs elektroniczny | IED supplies through an electronic interface
TT_D | TT_D transakcja trójstronna, drugi podatnik | TT_D triangular transaction, second taxpayer
I_42 | I_42 dostawa po imporcie, procedura celna 42 | I_42 supply after import, customs procedure 42
I_63 | I_63 dostawa po imporcie, procedura celna 63 | I_63 supply after import, customs procedure 63
B_SPV | B_SPV transfer bonu jednego przeznaczenia | B_SPV transfer of a single-purpose voucher
B_SPV_DOSTAWA | B_SPV_DOSTAWA dostawa za bon jednego przeznaczenia | B_SPV_DOSTAWA supply for a single-purpose voucher
B_MPV_PROWIZJA | B_MPV_PROWIZJA pośrednictwo w bonach wielu przeznaczeń | B_MPV_PROWIZJA multi-purpose voucher agency
""")
_MODES: Final = read_table("""
Online | online | online
Offline | offline | offline
""")
_PARTIAL_PAYMENTS: Final = read_table("""
1 | zapłacono w części | paid in part
2 | zapłacono w całości, w częściach | paid in full, in parts
""")

YES_AND_NO: Final = read_table("""
1 | tak | yes
2 | nie | no
""")

_CODES: Final = {
    "RodzajFaktury": _KINDS_OF_INVOICE,
    "P_12": _RATES,
    "P_12Z": _RATES,
    "FormaPlatnosci": _PAYMENTS,
    "Rola": _ROLES,
    "RolaPU": _ROLES_OF_AUTHORISED,
    "StatusInfoPodatnika": _STATUSES,
    "TypKorekty": _CORRECTIONS,
    "RodzajTransportu": _TRANSPORTS,
    "OpisLadunku": _LOADS,
    "RachunekWlasnyBanku": _OWN_ACCOUNTS,
    "GTU": _GOODS,
    "GTUZ": _GOODS,
    "Procedura": _PROCEDURES,
    "ProceduraZ": _PROCEDURES,
    "TrybWysylki": _MODES,
    "ZnacznikZaplatyCzesciowej": _PARTIAL_PAYMENTS,
    "KodKraju": COUNTRIES,
}
_FARMERS_CODES: Final = {"P_9": _RATES}

FLAGS: Final = _names("""
BrakID RolaInna JST GV P_16 P_17 P_18 P_18A P_19 P_19N P_22 P_42_5 P_22N P_23 P_PMarzy P_PMarzy_2 P_PMarzy_3_1
P_PMarzy_3_2 P_PMarzy_3_3 P_PMarzyN NrKSeF NrKSeFN NrKSeFZN FP TP ZwrotAkcyzy P_12_Zal_15 P_12Z_Zal_15 StanPrzed
StanPrzedZ Zaplacono PlatnoscInna TransportInny LadunekInny PodmiotPosredniczacy
""")
# Of the flags: the ones that say that there is nothing to say.
NEGATIONS: Final = frozenset({"P_19N", "P_22N", "P_PMarzyN"})

_DAYS: Final = _names("""
P_1 P_6 P_6_Od P_6_Do P_22A DataWystFaKorygowanej P_6Z P_6A DataZaplaty DataZaplatyCzesciowej Termin DataUmowy
DataZamowienia DataWystawieniaFaktury P_4A P_4B P_4AA DataDokumentu
""")
MOMENTS: Final = _names(
    "DataWytworzeniaFa DataGodzRozpTransportu DataGodzZakTransportu DataPrzeslaniaDokumentu DataNadaniaNumeruKSeF"
)
ACCOUNTS: Final = frozenset({"NrRB"})

_AMOUNTS: Final = _names("""
P_13_1 P_14_1 P_14_1W P_13_2 P_14_2 P_14_2W P_13_3 P_14_3 P_14_3W P_13_4 P_14_4 P_14_4W P_13_5 P_14_5 P_13_6_1
P_13_6_2 P_13_6_3 P_13_7 P_13_8 P_13_9 P_13_10 P_13_11 P_15 P_15ZK P_15Z P_9A P_9B P_10 P_11 P_11A P_11Vat
KwotaAkcyzy Kwota SumaObciazen SumaOdliczen DoZaplaty DoRozliczenia KwotaZaplatyCzesciowej WartoscZamowienia
P_9AZ P_11NettoZ P_11VatZ KwotaAkcyzyZ
""")
_FARMERS_AMOUNTS: Final = _AMOUNTS | _names("P_11_1 P_11_1W P_11_2 P_11_2W P_12_1 P_12_1W P_7 P_8")
_NUMBERS: Final = _names(
    "Udzial KursWalutyZ KursWalutyZK KursWalutyZW P_8B P_12_XII KursWaluty KursUmowny P_8BZ P_12Z_XII P_6B"
)


def find_code(kind: Kind, name: str, value: str) -> Words | None:
    """What a code stands for; None where the element holds no code or the code is on no list."""
    codes = _FARMERS_CODES.get(name) if kind is Kind.FA_RR else None
    if name in FLAGS:
        codes = YES_AND_NO
    return (codes or _CODES.get(name, {})).get(value)


def is_day(kind: Kind, name: str) -> bool:
    # In FA_RR(1) this name holds the unit of measure.
    return name in _DAYS and not (kind is Kind.FA_RR and name == "P_6A")


def is_amount(kind: Kind, name: str) -> bool:
    return name in (_FARMERS_AMOUNTS if kind is Kind.FA_RR else _AMOUNTS)


def is_number(kind: Kind, name: str) -> bool:
    return is_amount(kind, name) or name in _NUMBERS
