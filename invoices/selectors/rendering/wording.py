"""The languages a document can be read in, and the words of the layout itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ksef.papers.labels import Words, label, read_table
from ksef.papers.tree import Kind


class Language(StrEnum):
    """The language of labels and codes; what the parties wrote stays in theirs."""

    POLISH = "pl"
    ENGLISH = "en"
    BOTH = "pl-en"


LAYOUT: Final = read_table("""
number_ksef | Numer KSeF | KSeF number
lines | Pozycje faktury | Invoice lines
order_lines | Pozycje zamówienia | Order lines
name | Nazwa towaru lub usługi | Goods or services
quantity | Ilość | Quantity
price | Cena | Price
net_price | Cena netto | Net price
gross_price | Cena brutto | Gross price
discount | Rabat | Discount
value | Wartość | Value
net_value | Wartość netto | Net value
gross_value | Wartość brutto | Gross value
vat | VAT | VAT
vat_pln | VAT w PLN | VAT in PLN
rates | Sumy według stawek VAT | Totals by VAT rate
rate | Stawka | Rate
net | Netto | Net
gross | Brutto | Gross
total | Razem | Total
due | Do zapłaty | Amount due
due_before | Należność ogółem | Total amount
due_advance | Zapłata, której dotyczy faktura | Payment received
due_correction | Zmiana kwoty należności | Change of the total
correction | Korekta | Correction
more | Pozostałe dane faktury | Further invoice data
parties | Strony | Parties
fine_print | Dane pliku i pozostałe oznaczenia | File data and other marks
attachment | Załącznik | Attachment
foreign_id | Nr identyfikacyjny | Identifier
vat_eu | VAT UE | EU VAT
exemption | podstawa zwolnienia z VAT | VAT exemption basis
line | poz. | line
code_one | Sprawdź fakturę w KSeF | Check the invoice in KSeF
code_one_alt | Kod QR prowadzący do faktury w KSeF | QR code leading to the invoice in KSeF
code_two | Sprawdź wystawcę w KSeF | Check the issuer in KSeF
code_two_alt | Kod QR potwierdzający wystawcę | QR code confirming the issuer
signature | Podpis elektroniczny | Electronic signature
signer | Podpisał | Signed by
certifier | Wystawca certyfikatu | Certificate issued by
serial | Numer certyfikatu | Certificate number
valid | Ważność certyfikatu | Certificate valid
signed_at | Czas podpisu | Signed at
signature_note | Cały podpis jest w pliku XML. | The whole signature is in the XML file.
documents | Dokumenty | Documents
document | Dokument | Document
""")

_TITLES: Final = read_table("""
VAT | Faktura | Invoice
KOR | Faktura korygująca | Correcting invoice
ZAL | Faktura zaliczkowa | Advance invoice
ROZ | Faktura rozliczeniowa | Settlement invoice
UPR | Faktura uproszczona | Simplified invoice
KOR_ZAL | Faktura korygująca fakturę zaliczkową | Invoice correcting an advance invoice
KOR_ROZ | Faktura korygująca fakturę rozliczeniową | Invoice correcting a settlement invoice
VAT_RR | Faktura VAT RR | VAT RR invoice
KOR_VAT_RR | Faktura korygująca VAT RR | Correcting VAT RR invoice
""")

# What the law wants printed in words (art. 106e(1)(16)-(19) and (2)-(3)), by the flag that says so.
ANNOTATIONS: Final = read_table("""
P_16 | metoda kasowa | cash accounting
P_17 | samofakturowanie | self-billing
P_18 | odwrotne obciążenie | reverse charge
P_18A | mechanizm podzielonej płatności | split payment
P_23 | VAT: faktura WE uproszczona na mocy art. 135–138 ustawy o VAT | VAT: EC simplified invoice under art. 135–138
P_PMarzy_2 | procedura marży dla biur podróży | margin scheme: travel agencies
P_PMarzy_3_1 | procedura marży: towary używane | margin scheme: second-hand goods
P_PMarzy_3_2 | procedura marży: dzieła sztuki | margin scheme: works of art
P_PMarzy_3_3 | procedura marży: przedmioty kolekcjonerskie i antyki | margin scheme: collectors' items and antiques
""")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one kind of document in one language; templates ask for those of the layout by their key."""

    kind: Kind = Kind.FA_3
    language: Language = Language.POLISH

    def __getitem__(self, key: str) -> str:
        return self.say(LAYOUT[key])

    @property
    def html_language(self) -> str:
        """For readers that speak: two languages side by side are read as Polish."""
        return Language.ENGLISH if self.language is Language.ENGLISH else Language.POLISH

    def say(self, words: Words) -> str:
        if self.language is Language.POLISH or words.pl == words.en:
            return words.pl
        return words.en if self.language is Language.ENGLISH else f"{words.pl} / {words.en}"

    def label(self, name: str, *, parent: str = "") -> str:
        return self.say(label(self.kind, name, parent=parent))

    def title(self, kind_of_invoice: str) -> str:
        return self.say(_TITLES.get(kind_of_invoice, _TITLES["VAT"]))
