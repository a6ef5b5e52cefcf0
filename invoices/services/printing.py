"""Printing a document that has no KSeF number: the issuer vouches for it with KOD II (S44-S49)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accounts.services.ksef_access import endpoint_for
from accounts.services.ksef_certificates import open_offline_certificate
from invoices.models import InvoiceDocument
from invoices.selectors.document import get_invoice, get_invoice_page, picture_of
from invoices.selectors.pdf import render_pdf
from ksef.exchange.identifiers import Identifier, IdentifierKind
from ksef.fa3.reader import read
from ksef.qr import OfflineSigner, kod_ii_url
from roles.access import Right
from roles.audit import record

if TYPE_CHECKING:
    import uuid

    from invoices.selectors.document import StoredFile
    from roles.access import Actor


def print_with_issuer(*, actor: Actor, slug: str, invoice_id: uuid.UUID, password: str) -> StoredFile:
    """The PDF with KOD I and, signed by the actor's offline certificate, KOD II.

    The password opens the key for this one signature and is kept nowhere (S48). Raises RuleBroken
    no_offline_certificate (S49), UnusableFile for a wrong password, and whatever render_pdf raises; then there is
    no file at all.
    """
    actor.require(Right.VIEW)
    invoice = get_invoice(invoice_id)
    certificate, key = open_offline_certificate(
        actor=actor, environment=invoice.environment, password=password
    )
    document = InvoiceDocument.objects.get(invoice_id=invoice.id, revision=invoice.revision)
    seller = read(bytes(document.xml)).Podmiot1.DaneIdentyfikacyjne.NIP
    url = kod_ii_url(
        qr_url=endpoint_for(invoice.environment).qr_url,
        context=Identifier(IdentifierKind.NIP, seller),
        seller_nip=seller,
        sha256=bytes(document.sha256),
        signer=OfflineSigner(certificate.serial, key),
    )
    page = get_invoice_page(actor=actor, slug=slug, invoice_id=invoice_id)
    file = render_pdf(replace(page, issuer_code=picture_of(url)))
    record(actor=actor, action="issuer_code_signed", detail={"invoice": invoice.number})
    return file
