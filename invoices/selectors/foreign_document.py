"""A document from a file, of anybody: laid out for print without a row in our tables."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.services.ksef_access import endpoint_for
from invoices.selectors.document import picture_of, safe_stem
from invoices.selectors.environment_wording import environment_notice
from invoices.selectors.pdf import PrintOut
from invoices.selectors.rendering import Language, lay_out
from ksef.fa3.parsing import UnsafeXML
from ksef.number import KSeFNumber, NotKSeFNumber
from ksef.papers.tree import Document, Kind, UnknownDocument, read_document
from ksef.qr import kod_i_url

if TYPE_CHECKING:
    from invoices.selectors.document import KSeFCode


class UnusableDocument(Exception):
    """The file is refused; the message is meant for whoever gave it (F43)."""


def lay_out_file(
    xml: bytes, *, name: str, language: Language, ksef_number: str = "", environment: str = "production"
) -> PrintOut:
    """Lay a document out; with its KSeF number an FA(3) invoice also gets KOD I. Raises UnusableDocument."""
    try:
        document = read_document(xml)
    except UnsafeXML as refused:
        place = _(" (wiersz %(line)s)") % {"line": refused.line} if refused.line else ""
        raise UnusableDocument(f"{refused.message}{place}") from refused
    except UnknownDocument as unknown:
        raise UnusableDocument(_("To nie jest faktura FA(3), FA(2), FA_RR(1) ani UPO.")) from unknown
    number = _checked(ksef_number, document=document) if ksef_number else ""
    return PrintOut(
        paper=lay_out(document, language=language),
        file_stem=safe_stem(name) or "dokument",
        xml=xml,
        environment=environment_notice(environment) if number else None,
        ksef_number=number,
        code=_code(document, xml=xml, environment=environment) if number else None,
        code_caption=number,
    )


def _checked(text: str, *, document: Document) -> str:
    if document.kind is Kind.UPO:
        raise UnusableDocument(_("UPO podaje numery KSeF samo: pomiń --ksef-number."))
    try:
        return KSeFNumber.parse(text)
    except NotKSeFNumber as wrong:
        raise UnusableDocument(
            _("To nie jest numer KSeF: nie zgadza się jego postać albo suma kontrolna.")
        ) from wrong


def _code(document: Document, *, xml: bytes, environment: str) -> KSeFCode | None:
    """KOD I, as far as the document says what it needs; other structures than FA(3) have none here."""
    nip = document.root.value("Podmiot1/DaneIdentyfikacyjne/NIP")
    try:
        issued = date.fromisoformat(document.root.value("Fa/P_1"))
    except ValueError:
        return None
    if document.kind is not Kind.FA_3 or not (nip.isascii() and nip.isdigit()):
        return None
    url = kod_i_url(
        qr_url=endpoint_for(environment).qr_url,
        seller_nip=nip,
        issue_date=issued,
        sha256=hashlib.sha256(xml).digest(),
    )
    return picture_of(url)
