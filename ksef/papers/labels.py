"""What people call each element, in Polish and in English; the tests compare it with the official schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ksef.papers.tree import Kind


@dataclass(frozen=True, slots=True)
class Words:
    """The same thing said in both languages."""

    pl: str
    en: str


def read_table(text: str) -> dict[str, Words]:
    """Read lines of ``key | Polish | English``."""
    rows = (line.split(" | ") for line in text.strip().splitlines())
    return {key.strip(): Words(pl.strip(), en.strip()) for key, pl, en in rows}


# A key "Parent/Name" says how a name is called below that parent only.
_INVOICE: Final = read_table("""
Faktura | Faktura | Invoice
Naglowek | Dane pliku | File data
KodFormularza | Kod formularza | Form code
kodSystemowy | Kod systemowy | System code
wersjaSchemy | Wersja schemy | Schema version
WariantFormularza | Wariant formularza | Form variant
DataWytworzeniaFa | Data wytworzenia pliku | File created
SystemInfo | System | System
Podmiot1 | Sprzedawca | Seller
Podmiot2 | Nabywca | Buyer
Podmiot3 | Podmiot trzeci | Third party
PodmiotUpowazniony | Podmiot upoważniony | Authorised entity
Podmiot1K | Sprzedawca przed korektą | Seller before correction
Podmiot2K | Nabywca przed korektą | Buyer before correction
DaneIdentyfikacyjne | Dane identyfikacyjne | Identification
Adres | Adres | Address
AdresKoresp | Adres do korespondencji | Correspondence address
DaneKontaktowe | Dane kontaktowe | Contact
KodKraju | Kraj | Country
DaneIdentyfikacyjne/KodKraju | Kraj nadania identyfikatora | Country of identifier
AdresL1 | Adres, linia 1 | Address line 1
AdresL2 | Adres, linia 2 | Address line 2
GLN | GLN | GLN
NIP | NIP | Tax ID (NIP)
Nazwa | Nazwa | Name
KodUE | Prefiks VAT UE | EU VAT prefix
NrVatUE | Numer VAT UE | EU VAT number
NrID | Inny identyfikator podatkowy | Other tax identifier
BrakID | Bez identyfikatora podatkowego | No tax identifier
IDWew | Identyfikator wewnętrzny | Internal identifier
PrefiksPodatnika | Prefiks VAT UE | EU VAT prefix
NrEORI | Numer EORI | EORI number
Email | E-mail | E-mail
Telefon | Telefon | Telephone
EmailPU | E-mail | E-mail
TelefonPU | Telefon | Telephone
StatusInfoPodatnika | Status podatnika | Taxpayer status
NrKlienta | Numer klienta | Customer number
NrKontrahenta | Numer kontrahenta | Contractor number
IDNabywcy | Klucz nabywcy | Buyer key
JST | Jednostka podrzędna JST | Local government sub-unit
GV | Członek grupy VAT | VAT group member
Rola | Rola | Role
RolaInna | Inna rola | Other role
OpisRoli | Opis roli | Role description
Udzial | Udział (%) | Share (%)
RolaPU | Rola | Role
Fa | Faktura | Invoice
KodWaluty | Waluta | Currency
P_1 | Data wystawienia | Issue date
P_1M | Miejsce wystawienia | Place of issue
P_2 | Numer faktury | Invoice number
WZ | Dokument WZ | Goods issued note
P_6 | Data sprzedaży | Date of supply
OkresFa | Okres sprzedaży | Period of supply
P_6_Od | Od | From
P_6_Do | Do | To
P_13_1 | Netto, stawka podstawowa | Net, standard rate
P_14_1 | VAT, stawka podstawowa | VAT, standard rate
P_14_1W | VAT w PLN, stawka podstawowa | VAT in PLN, standard rate
P_13_2 | Netto, stawka obniżona pierwsza | Net, first reduced rate
P_14_2 | VAT, stawka obniżona pierwsza | VAT, first reduced rate
P_14_2W | VAT w PLN, stawka obniżona pierwsza | VAT in PLN, first reduced rate
P_13_3 | Netto, stawka obniżona druga | Net, second reduced rate
P_14_3 | VAT, stawka obniżona druga | VAT, second reduced rate
P_14_3W | VAT w PLN, stawka obniżona druga | VAT in PLN, second reduced rate
P_13_4 | Netto, ryczałt dla taksówek | Net, taxi flat rate
P_14_4 | VAT, ryczałt dla taksówek | VAT, taxi flat rate
P_14_4W | VAT w PLN, ryczałt dla taksówek | VAT in PLN, taxi flat rate
P_13_5 | Netto, procedura szczególna (OSS) | Net, special scheme (OSS)
P_14_5 | VAT, procedura szczególna (OSS) | VAT, special scheme (OSS)
P_13_6_1 | Sprzedaż 0% w kraju | Domestic supply at 0%
P_13_6_2 | Sprzedaż 0%, WDT | Intra-Community supply at 0%
P_13_6_3 | Sprzedaż 0%, eksport | Export at 0%
P_13_7 | Sprzedaż zwolniona | Exempt supply
P_13_8 | Sprzedaż poza terytorium kraju | Supply outside Poland
P_13_9 | Usługi z art. 100 ust. 1 pkt 4 | Services under art. 100(1)(4)
P_13_10 | Odwrotne obciążenie | Reverse charge
P_13_11 | Procedura marży | Margin scheme
P_15 | Kwota należności ogółem | Total amount
KursWalutyZ | Kurs waluty | Exchange rate
Adnotacje | Adnotacje | Annotations
P_16 | Metoda kasowa | Cash accounting
P_17 | Samofakturowanie | Self-billing
P_18 | Odwrotne obciążenie | Reverse charge
P_18A | Mechanizm podzielonej płatności | Split payment
Zwolnienie | Zwolnienie z VAT | VAT exemption
P_19 | Sprzedaż zwolniona z VAT | Supply exempt from VAT
P_19A | Podstawa zwolnienia: ustawa | Exemption basis: Polish act
P_19B | Podstawa zwolnienia: dyrektywa | Exemption basis: directive
P_19C | Podstawa zwolnienia: inna | Exemption basis: other
P_19N | Brak sprzedaży zwolnionej z VAT | No supply exempt from VAT
NoweSrodkiTransportu | Nowe środki transportu | New means of transport
P_22 | WDT nowych środków transportu | Intra-Community supply of new means of transport
P_42_5 | Obowiązek z art. 42 ust. 5 | Duty under art. 42(5)
NowySrodekTransportu | Nowy środek transportu | New means of transport
P_22A | Dopuszczony do użytku | First put into use
P_NrWierszaNST | Pozycja faktury | Invoice line
P_22BMK | Marka | Make
P_22BMD | Model | Model
P_22BK | Kolor | Colour
P_22BNR | Numer rejestracyjny | Registration number
P_22BRP | Rok produkcji | Year of manufacture
P_22B | Przebieg pojazdu | Vehicle mileage
P_22B1 | Numer VIN | VIN
P_22B2 | Numer nadwozia | Body number
P_22B3 | Numer podwozia | Chassis number
P_22B4 | Numer ramy | Frame number
P_22BT | Typ | Type
P_22C | Godziny używania jednostki pływającej | Vessel hours of use
P_22C1 | Numer kadłuba | Hull number
P_22D | Godziny używania statku powietrznego | Aircraft hours of use
P_22D1 | Numer fabryczny | Serial number
P_22N | Brak WDT nowych środków transportu | No supply of new means of transport
P_23 | Procedura uproszczona (art. 135–138) | Simplified triangulation (art. 135–138)
PMarzy | Procedura marży | Margin scheme
P_PMarzy | Procedura marży | Margin scheme
P_PMarzy_2 | Marża: usługi turystyki | Margin: travel services
P_PMarzy_3_1 | Marża: towary używane | Margin: second-hand goods
P_PMarzy_3_2 | Marża: dzieła sztuki | Margin: works of art
P_PMarzy_3_3 | Marża: przedmioty kolekcjonerskie i antyki | Margin: collectors' items and antiques
P_PMarzyN | Brak procedury marży | No margin scheme
RodzajFaktury | Rodzaj faktury | Kind of invoice
PrzyczynaKorekty | Przyczyna korekty | Reason for correction
TypKorekty | Skutek korekty | Effect of correction
DaneFaKorygowanej | Faktura korygowana | Corrected invoice
DataWystFaKorygowanej | Data wystawienia | Issue date
NrFaKorygowanej | Numer faktury | Invoice number
NrKSeF | Ma numer KSeF | Has a KSeF number
NrKSeFFaKorygowanej | Numer KSeF | KSeF number
NrKSeFN | Wystawiona poza KSeF | Issued outside KSeF
OkresFaKorygowanej | Okres, którego dotyczy korekta | Period corrected
NrFaKorygowany | Poprawny numer faktury korygowanej | Right number of the corrected invoice
P_15ZK | Kwota przed korektą | Amount before correction
KursWalutyZK | Kurs waluty przed korektą | Exchange rate before correction
ZaliczkaCzesciowa | Zaliczka | Advance payment
P_6Z | Data otrzymania | Received on
P_15Z | Kwota | Amount
KursWalutyZW | Kurs waluty | Exchange rate
FP | Faktura do paragonu (art. 109 ust. 3d) | Invoice to a receipt (art. 109(3d))
TP | Powiązania między stronami | Related parties
DodatkowyOpis | Dodatkowy opis | Additional description
NrWiersza | Pozycja | Line
Klucz | Nazwa | Name
Wartosc | Treść | Content
FakturaZaliczkowa | Faktura zaliczkowa | Advance invoice
NrKSeFZN | Wystawiona poza KSeF | Issued outside KSeF
NrFaZaliczkowej | Numer faktury | Invoice number
NrKSeFFaZaliczkowej | Numer KSeF | KSeF number
ZwrotAkcyzy | Zwrot akcyzy dla rolnika | Excise refund for a farmer
FaWiersz | Pozycja faktury | Invoice line
NrWierszaFa | Lp. | No.
UU_ID | Identyfikator pozycji | Line identifier
P_6A | Data sprzedaży | Date of supply
P_7 | Nazwa towaru lub usługi | Goods or services
Indeks | Indeks | Item code
GTIN | GTIN | GTIN
PKWiU | PKWiU | PKWiU
CN | CN | CN code
PKOB | PKOB | PKOB
P_8A | J.m. | Unit
P_8B | Ilość | Quantity
P_9A | Cena netto | Net price
P_9B | Cena brutto | Gross price
P_10 | Rabat | Discount
P_11 | Wartość netto | Net value
P_11A | Wartość brutto | Gross value
P_11Vat | Kwota VAT | VAT amount
P_12 | Stawka VAT | VAT rate
P_12_XII | Stawka VAT (OSS) w % | VAT rate (OSS) in %
P_12_Zal_15 | Towar lub usługa z załącznika nr 15 | Goods or services of annex 15
KwotaAkcyzy | Kwota akcyzy | Excise amount
GTU | GTU | GTU
Procedura | Procedura | Procedure
KursWaluty | Kurs waluty | Exchange rate
StanPrzed | Stan przed korektą | State before correction
Rozliczenie | Rozliczenie | Settlement
Obciazenia | Obciążenie | Charge
Kwota | Kwota | Amount
Powod | Powód | Reason
SumaObciazen | Suma obciążeń | Total charges
Odliczenia | Odliczenie | Deduction
SumaOdliczen | Suma odliczeń | Total deductions
DoZaplaty | Do zapłaty | Amount due
DoRozliczenia | Do rozliczenia lub zwrotu | To be settled or refunded
Platnosc | Płatność | Payment
Zaplacono | Zapłacono | Paid
DataZaplaty | Data zapłaty | Paid on
ZnacznikZaplatyCzesciowej | Zapłata częściowa | Partial payment
ZaplataCzesciowa | Zapłata częściowa | Partial payment
KwotaZaplatyCzesciowej | Kwota | Amount
DataZaplatyCzesciowej | Data | Date
FormaPlatnosci | Sposób płatności | Payment method
PlatnoscInna | Inny sposób płatności | Other payment method
OpisPlatnosci | Opis płatności | Payment description
TerminPlatnosci | Termin płatności | Payment term
Termin | Termin płatności | Due date
TerminOpis | Opis terminu | Term description
Ilosc | Ilość | Number
Jednostka | Jednostka | Unit
ZdarzeniePoczatkowe | Liczone od | Counted from
RachunekBankowy | Rachunek | Bank account
RachunekBankowyFaktora | Rachunek faktora | Factor's bank account
NrRB | Numer rachunku | Account number
SWIFT | SWIFT | SWIFT
RachunekWlasnyBanku | Rachunek własny banku | Bank's own account
NazwaBanku | Bank | Bank
OpisRachunku | Opis rachunku | Account description
Skonto | Skonto | Cash discount
WarunkiSkonta | Warunki | Conditions
WysokoscSkonta | Wysokość | Amount
LinkDoPlatnosci | Link do płatności | Payment link
IPKSeF | Identyfikator płatności KSeF | KSeF payment identifier
WarunkiTransakcji | Warunki transakcji | Terms of the transaction
Umowy | Umowa | Contract
DataUmowy | Data | Date
NrUmowy | Numer | Number
Zamowienia | Zamówienie | Order
DataZamowienia | Data | Date
NrZamowienia | Numer | Number
NrPartiiTowaru | Numer partii towaru | Batch number
WarunkiDostawy | Warunki dostawy | Delivery terms
KursUmowny | Kurs umowny | Agreed exchange rate
WalutaUmowna | Waluta umowna | Agreed currency
Transport | Transport | Transport
RodzajTransportu | Rodzaj transportu | Mode of transport
TransportInny | Inny rodzaj transportu | Other mode of transport
OpisInnegoTransportu | Opis transportu | Transport description
Przewoznik | Przewoźnik | Carrier
AdresPrzewoznika | Adres przewoźnika | Carrier's address
NrZleceniaTransportu | Numer zlecenia | Order number
OpisLadunku | Ładunek | Load
LadunekInny | Inny ładunek | Other load
OpisInnegoLadunku | Opis ładunku | Load description
JednostkaOpakowania | Jednostka opakowania | Packaging unit
DataGodzRozpTransportu | Początek transportu | Transport begins
DataGodzZakTransportu | Koniec transportu | Transport ends
WysylkaZ | Wysyłka z | Shipped from
WysylkaPrzez | Wysyłka przez | Shipped through
WysylkaDo | Wysyłka do | Shipped to
PodmiotPosredniczacy | Podmiot pośredniczący (art. 22 ust. 2d) | Intermediary (art. 22(2d))
Zamowienie | Zamówienie lub umowa | Order or contract
WartoscZamowienia | Wartość zamówienia brutto | Gross value of the order
ZamowienieWiersz | Pozycja zamówienia | Order line
NrWierszaZam | Lp. | No.
UU_IDZ | Identyfikator pozycji | Line identifier
P_7Z | Nazwa towaru lub usługi | Goods or services
IndeksZ | Indeks | Item code
GTINZ | GTIN | GTIN
PKWiUZ | PKWiU | PKWiU
CNZ | CN | CN code
PKOBZ | PKOB | PKOB
P_8AZ | J.m. | Unit
P_8BZ | Ilość | Quantity
P_9AZ | Cena netto | Net price
P_11NettoZ | Wartość netto | Net value
P_11VatZ | Kwota VAT | VAT amount
P_12Z | Stawka VAT | VAT rate
P_12Z_XII | Stawka VAT (OSS) w % | VAT rate (OSS) in %
P_12Z_Zal_15 | Towar lub usługa z załącznika nr 15 | Goods or services of annex 15
GTUZ | GTU | GTU
ProceduraZ | Procedura | Procedure
KwotaAkcyzyZ | Kwota akcyzy | Excise amount
StanPrzedZ | Stan przed korektą | State before correction
Stopka | Stopka | Footer
Informacje | Informacje | Information
StopkaFaktury | Stopka faktury | Invoice footer
Rejestry | Rejestry | Registers
PelnaNazwa | Pełna nazwa | Full name
KRS | KRS | Court register (KRS)
REGON | REGON | Statistical number (REGON)
BDO | BDO | Waste register (BDO)
Zalacznik | Załącznik | Attachment
BlokDanych | Dane | Data
ZNaglowek | Nagłówek | Heading
MetaDane | Dane opisowe | Descriptive data
ZKlucz | Nazwa | Name
ZWartosc | Treść | Content
Tekst | Tekst | Text
Akapit | Akapit | Paragraph
Tabela | Tabela | Table
TMetaDane | Dane opisowe tabeli | Descriptive data of the table
TKlucz | Nazwa | Name
TWartosc | Treść | Content
Opis | Opis | Description
TNaglowek | Nagłówek tabeli | Table heading
Kol | Kolumna | Column
Typ | Typ | Type
NKom | Nazwa kolumny | Column name
Wiersz | Wiersz | Row
WKom | Komórka | Cell
Suma | Suma | Total
SKom | Komórka | Cell
""")

_SELF_BILLED_FARMER: Final = read_table("""
Faktura | Faktura VAT RR | VAT RR invoice
Podmiot1 | Dostawca (rolnik ryczałtowy) | Supplier (flat-rate farmer)
Podmiot1K | Dostawca przed korektą | Supplier before correction
FakturaRR | Faktura VAT RR | VAT RR invoice
P_4A | Data nabycia | Date of purchase
P_4B | Data wystawienia | Issue date
P_4C | Numer faktury | Invoice number
P_11_1 | Wartość produktów lub usług rolniczych | Value of farm products or services
P_11_1W | Wartość produktów lub usług rolniczych w PLN | Value of farm products or services in PLN
P_11_2 | Zryczałtowany zwrot podatku | Flat-rate tax refund
P_11_2W | Zryczałtowany zwrot podatku w PLN | Flat-rate tax refund in PLN
P_12_1 | Kwota należności ogółem | Total amount
P_12_1W | Kwota należności ogółem w PLN | Total amount in PLN
P_12_2 | Słownie | In words
DokumentZaplaty | Dokument zapłaty | Proof of payment
NrDokumentu | Numer dokumentu | Document number
DataDokumentu | Data dokumentu | Document date
FakturaRRWiersz | Pozycja faktury | Invoice line
P_4AA | Data nabycia | Date of purchase
P_5 | Nazwa produktu lub usługi rolniczej | Farm product or service
P_6A | J.m. | Unit
P_6B | Ilość | Quantity
P_6C | Klasa lub jakość | Class or quality
P_7 | Cena jednostkowa | Unit price
P_8 | Wartość | Value
P_9 | Stawka zwrotu | Refund rate
P_10 | Kwota zwrotu podatku | Tax refund
P_11 | Wartość ze zwrotem podatku | Value with tax refund
RachunekBankowy1 | Rachunek rolnika | Farmer's bank account
RachunekBankowy2 | Rachunek nabywcy | Buyer's bank account
""")

_UPO: Final = read_table("""
Potwierdzenie | Urzędowe poświadczenie odbioru (UPO) | Official confirmation of receipt (UPO)
NazwaPodmiotuPrzyjmujacego | Kto poświadcza | Confirmed by
NumerReferencyjnySesji | Numer referencyjny sesji | Session reference
Uwierzytelnienie | Uwierzytelnienie | Authentication
IdKontekstu | Kontekst | Context
Nip | NIP | Tax ID (NIP)
IdWewnetrzny | Identyfikator wewnętrzny | Internal identifier
IdZlozonyVatUE | NIP i numer VAT UE | NIP and EU VAT number
IdDostawcyUslugPeppol | Identyfikator dostawcy usług Peppol | Peppol provider identifier
NumerReferencyjnyTokenaKSeF | Numer referencyjny tokena KSeF | KSeF token reference
SkrotDokumentuUwierzytelniajacego | Skrót dokumentu uwierzytelniającego | Digest of the authenticating document
OpisPotwierdzenia | Zakres poświadczenia | Scope of the confirmation
Strona | Strona | Page
LiczbaStron | Liczba stron | Number of pages
ZakresDokumentowOd | Dokumenty od | Documents from
ZakresDokumentowDo | Dokumenty do | Documents to
CalkowitaLiczbaDokumentow | Liczba dokumentów | Number of documents
NazwaStrukturyLogicznej | Struktura logiczna | Logical structure
KodFormularza | Kod formularza | Form code
Dokument | Dokument | Document
NipSprzedawcy | NIP sprzedawcy | Seller's NIP
NumerKSeFDokumentu | Numer KSeF | KSeF number
NumerFaktury | Numer faktury | Invoice number
DataWystawieniaFaktury | Data wystawienia | Issue date
DataPrzeslaniaDokumentu | Przesłano | Sent
DataNadaniaNumeruKSeF | Nadano numer KSeF | KSeF number given
SkrotDokumentu | Skrót SHA-256 | SHA-256 digest
TrybWysylki | Tryb wysyłki | Mode of sending
Signature | Podpis elektroniczny | Electronic signature
wersjaSchemy | Wersja schemy | Schema version
""")

_BY_KIND: Final = {
    Kind.FA_3: _INVOICE,
    Kind.FA_2: _INVOICE,
    Kind.FA_RR: _INVOICE | _SELF_BILLED_FARMER,
    Kind.UPO: _UPO,
}


def find_label(kind: Kind, name: str, *, parent: str = "") -> Words | None:
    """What an element or attribute is called; None for one that no schema has."""
    table = _BY_KIND[kind]
    return table.get(f"{parent}/{name}") or table.get(name)


def label(kind: Kind, name: str, *, parent: str = "") -> Words:
    """The same, where an unknown name stands for itself."""
    return find_label(kind, name, parent=parent) or Words(name, name)
