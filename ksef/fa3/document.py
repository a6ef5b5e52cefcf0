"""The FA(3) document: frozen dataclasses whose fields are the schema's elements, in the schema's order.

A field's name is the element's name, its place is the element's place, and its type says how often it occurs:
``X`` once, ``X | None`` at most once, ``tuple[X, ...]`` any number of times. ``layout`` reads this, so writer
and reader need no code per element, and a new element is one new line here. Choices of the schema are
optional fields; the XSD, not these classes, decides which combinations are allowed. Flags keep 1 and 2.
"""

# Fields carry the names of their types, so annotations must not be evaluated inside the class body.
from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime  # noqa: TC003 - layout evaluates the annotations.
from decimal import Decimal  # noqa: TC003 - layout evaluates the annotations.

from ksef.fa3.layout import attribute, content

YES = 1
NO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KodFormularza:
    kod_systemowy: str = attribute("kodSystemowy", default="FA (3)")
    wersja_schemy: str = attribute("wersjaSchemy", default="1-0E")
    wartosc: str = content(default="FA")


_FA_3 = KodFormularza()


@dataclass(frozen=True, slots=True, kw_only=True)
class Naglowek:
    KodFormularza: KodFormularza = _FA_3
    WariantFormularza: int = 3
    DataWytworzeniaFa: datetime
    SystemInfo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adres:
    KodKraju: str
    AdresL1: str
    AdresL2: str | None = None
    GLN: str | None = None


# For fields declared after one that is itself called Adres.
_Adres = Adres


@dataclass(frozen=True, slots=True, kw_only=True)
class DaneKontaktowe:
    Email: str | None = None
    Telefon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaneSprzedawcy:
    """DaneIdentyfikacyjne of Podmiot1."""

    NIP: str
    Nazwa: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Podmiot1:
    PrefiksPodatnika: str | None = None
    NrEORI: str | None = None
    DaneIdentyfikacyjne: DaneSprzedawcy
    Adres: Adres
    AdresKoresp: _Adres | None = None
    DaneKontaktowe: tuple[DaneKontaktowe, ...] = ()
    StatusInfoPodatnika: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaneNabywcy:
    """DaneIdentyfikacyjne of Podmiot2: one of the four identifications of ksef-protocol 15.2."""

    NIP: str | None = None
    KodUE: str | None = None
    NrVatUE: str | None = None
    KodKraju: str | None = None
    NrID: str | None = None
    BrakID: int | None = None
    Nazwa: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Podmiot2:
    NrEORI: str | None = None
    DaneIdentyfikacyjne: DaneNabywcy
    Adres: Adres | None = None
    AdresKoresp: _Adres | None = None
    DaneKontaktowe: tuple[DaneKontaktowe, ...] = ()
    NrKlienta: str | None = None
    IDNabywcy: str | None = None
    JST: int = NO
    GV: int = NO


@dataclass(frozen=True, slots=True, kw_only=True)
class OkresFa:
    P_6_Od: date
    P_6_Do: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Zwolnienie:
    P_19: int | None = None
    P_19A: str | None = None
    P_19B: str | None = None
    P_19C: str | None = None
    P_19N: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoweSrodkiTransportu:
    P_22N: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PMarzy:
    P_PMarzy: int | None = None
    P_PMarzy_2: int | None = None
    P_PMarzy_3_1: int | None = None
    P_PMarzy_3_2: int | None = None
    P_PMarzy_3_3: int | None = None
    P_PMarzyN: int | None = None


BEZ_ZWOLNIENIA = Zwolnienie(P_19N=YES)
BEZ_NOWYCH_SRODKOW_TRANSPORTU = NoweSrodkiTransportu(P_22N=YES)
BEZ_MARZY = PMarzy(P_PMarzyN=YES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adnotacje:
    """The defaults are those of an ordinary domestic invoice (ksef-protocol 15.1)."""

    P_16: int = NO
    P_17: int = NO
    P_18: int = NO
    P_18A: int = NO
    Zwolnienie: Zwolnienie = BEZ_ZWOLNIENIA
    NoweSrodkiTransportu: NoweSrodkiTransportu = BEZ_NOWYCH_SRODKOW_TRANSPORTU
    P_23: int = NO
    PMarzy: PMarzy = BEZ_MARZY


ZWYKLE_ADNOTACJE = Adnotacje()


@dataclass(frozen=True, slots=True, kw_only=True)
class DodatkowyOpis:
    NrWiersza: int | None = None
    Klucz: str
    Wartosc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaneFaKorygowanej:
    """The document that a correction is about: with its KSeF number, or marked as one outside KSeF."""

    DataWystFaKorygowanej: date
    NrFaKorygowanej: str
    NrKSeF: int | None = None
    NrKSeFFaKorygowanej: str | None = None
    NrKSeFN: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaWiersz:
    NrWierszaFa: int
    UU_ID: str | None = None
    P_6A: date | None = None
    P_7: str | None = None
    Indeks: str | None = None
    GTIN: str | None = None
    PKWiU: str | None = None
    CN: str | None = None
    PKOB: str | None = None
    P_8A: str | None = None
    P_8B: Decimal | None = None
    P_9A: Decimal | None = None
    P_9B: Decimal | None = None
    P_10: Decimal | None = None
    P_11: Decimal | None = None
    P_11A: Decimal | None = None
    P_11Vat: Decimal | None = None
    P_12: str | None = None
    P_12_XII: Decimal | None = None
    P_12_Zal_15: int | None = None
    KwotaAkcyzy: Decimal | None = None
    GTU: str | None = None
    Procedura: str | None = None
    KursWaluty: Decimal | None = None
    StanPrzed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminPlatnosci:
    Termin: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RachunekBankowy:
    NrRB: str
    SWIFT: str | None = None
    RachunekWlasnyBanku: int | None = None
    NazwaBanku: str | None = None
    OpisRachunku: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Platnosc:
    Zaplacono: int | None = None
    DataZaplaty: date | None = None
    TerminPlatnosci: tuple[TerminPlatnosci, ...] = ()
    FormaPlatnosci: int | None = None
    PlatnoscInna: int | None = None
    OpisPlatnosci: str | None = None
    RachunekBankowy: tuple[RachunekBankowy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fa:
    KodWaluty: str
    P_1: date
    P_1M: str | None = None
    P_2: str
    WZ: tuple[str, ...] = ()
    P_6: date | None = None
    OkresFa: OkresFa | None = None
    P_13_1: Decimal | None = None
    P_14_1: Decimal | None = None
    P_14_1W: Decimal | None = None
    P_13_2: Decimal | None = None
    P_14_2: Decimal | None = None
    P_14_2W: Decimal | None = None
    P_13_3: Decimal | None = None
    P_14_3: Decimal | None = None
    P_14_3W: Decimal | None = None
    P_13_4: Decimal | None = None
    P_14_4: Decimal | None = None
    P_14_4W: Decimal | None = None
    P_13_5: Decimal | None = None
    P_14_5: Decimal | None = None
    P_13_6_1: Decimal | None = None
    P_13_6_2: Decimal | None = None
    P_13_6_3: Decimal | None = None
    P_13_7: Decimal | None = None
    P_13_8: Decimal | None = None
    P_13_9: Decimal | None = None
    P_13_10: Decimal | None = None
    P_13_11: Decimal | None = None
    P_15: Decimal
    Adnotacje: Adnotacje = ZWYKLE_ADNOTACJE
    RodzajFaktury: str = "VAT"
    PrzyczynaKorekty: str | None = None
    TypKorekty: int | None = None
    DaneFaKorygowanej: tuple[DaneFaKorygowanej, ...] = ()
    FP: int | None = None
    TP: int | None = None
    DodatkowyOpis: tuple[DodatkowyOpis, ...] = ()
    FaWiersz: tuple[FaWiersz, ...] = ()
    Platnosc: Platnosc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Informacje:
    StopkaFaktury: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopka:
    Informacje: tuple[Informacje, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Faktura:
    Naglowek: Naglowek
    Podmiot1: Podmiot1
    Podmiot2: Podmiot2
    Fa: Fa
    Stopka: Stopka | None = None
