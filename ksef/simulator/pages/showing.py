"""How the pages say moments, amounts and fates in Polish."""

from decimal import Decimal, InvalidOperation
from typing import Final

from ksef.simulator.pages.html import Html, element, facts, fragment
from ksef.simulator.sending.records import SUCCESS, Invoice
from ksef.simulator.world import WARSAW, to_datetime

CONTEXTS: Final = {
    "Nip": "NIP",
    "Pesel": "PESEL",
    "Fingerprint": "odcisk palca",
    "InternalId": "identyfikator wewnętrzny",
    "NipVatUe": "NIP-VAT UE",
    "PeppolId": "Peppol",
    "VatUe": "VAT UE",
}
PERMISSIONS: Final = {
    "InvoiceRead": "przeglądanie faktur",
    "InvoiceWrite": "wystawianie faktur",
    "CredentialsRead": "przeglądanie uprawnień",
    "CredentialsManage": "zarządzanie uprawnieniami",
    "SubunitManage": "zarządzanie jednostkami podrzędnymi",
    "VatUeManage": "zarządzanie podmiotem unijnym",
    "EnforcementOperations": "czynności egzekucyjne",
    "Introspection": "przeglądanie historii sesji",
    "CollectiveIdentifierManage": "identyfikatory zbiorcze",
    "SelfInvoicing": "samofakturowanie",
    "RRInvoicing": "wystawianie faktur RR",
    "TaxRepresentative": "przedstawicielstwo podatkowe",
    "PefInvoicing": "wystawianie faktur PEF",
}
_SHORTENED: Final = 20


def moment(milliseconds: int) -> str:
    return f"{to_datetime(milliseconds).astimezone(WARSAW):%d.%m.%Y %H:%M:%S}"


def identifier(kind: str, value: str) -> Html:
    """A type and a value; a fingerprint is too long to be read."""
    shown = value if len(value) <= 2 * _SHORTENED else f"{value[:_SHORTENED]}…"
    return fragment(f"{CONTEXTS.get(kind, kind)} ", element("code", shown))


def amount(invoice: Invoice) -> str:
    if not invoice.gross:
        return ""
    try:
        whole = f"{Decimal(invoice.gross):,.2f}".replace(",", " ").replace(".", ",")
    except InvalidOperation:
        whole = invoice.gross
    return f"{whole} {invoice.currency or ''}".strip()


def verdict(text: str, *, good: bool | None) -> Html:
    """A word that colour supports and does not replace."""
    return element("span", text, class_="dim" if good is None else "yes" if good else "no")


def invoice_facts(invoice: Invoice) -> Html:
    """What KSeF tells whoever scanned a code of an accepted invoice."""
    return facts(
        (
            ("Numer faktury", invoice.number),
            ("Data wystawienia", invoice.issue_date),
            ("Sprzedawca", f"{invoice.seller_name} (NIP {invoice.seller})"),
            ("Kwota należności", amount(invoice)),
            ("Numer KSeF", invoice.ksef_number),
            ("Data nadania numeru KSeF", moment(invoice.acquired_at or invoice.received_at)),
            ("Tryb", invoice.mode),
        )
    )


def fate(invoice: Invoice) -> Html:
    """The number of an accepted invoice, or the code of a rejected one and the first thing KSeF said about it."""
    if invoice.code is None:
        return verdict("w przetwarzaniu", good=None)
    if invoice.code == SUCCESS:
        return fragment(verdict("przyjęta", good=True), " ", element("code", invoice.ksef_number))
    said = invoice.messages[0] if invoice.messages else ""
    return fragment(verdict(f"odrzucona ({invoice.code})", good=False), f" {said}" if said else None)
