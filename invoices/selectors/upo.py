"""The receipt of an invoice: what it says, and whether it speaks of our document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from invoices.models import UPO, InvoiceDocument
from invoices.selectors.document import StoredFile, file_stem, get_invoice
from invoices.selectors.environment_wording import environment_notice
from invoices.selectors.pdf import PrintOut, print_pdf
from invoices.selectors.rendering import read_paper
from ksef.papers.tree import SIGNATURES, read_document
from ksef.upo import UPOMismatch, check_upo, read_upo

if TYPE_CHECKING:
    import uuid

    from invoices.models import Invoice
    from invoices.selectors.environment_wording import EnvironmentNotice
    from invoices.selectors.rendering import Paper


@dataclass(frozen=True, slots=True)
class Agreement:
    """One plain sentence about the receipt and our document."""

    holds: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UPOPage:
    invoice_id: uuid.UUID
    number: str
    file_stem: str
    environment: EnvironmentNotice
    agreement: Agreement
    paper: Paper
    xml: bytes


def find_upo(invoice: Invoice) -> StoredFile | None:
    """The receipt as KSeF signed it; None while it has not come."""
    upo = UPO.objects.filter(invoice_id=invoice.id).first()
    return StoredFile(name=f"{upo_stem(invoice)}.xml", content=bytes(upo.xml)) if upo else None


def find_upo_page(invoice_id: uuid.UUID) -> UPOPage | None:
    """The receipt laid out; None while it has not come, 404 for a stranger's invoice."""
    invoice = get_invoice(invoice_id)
    file = find_upo(invoice)
    if file is None:
        return None
    document = InvoiceDocument.objects.get(invoice_id=invoice.id, revision=invoice.revision)
    return UPOPage(
        invoice_id=invoice.id,
        number=invoice.number,
        file_stem=upo_stem(invoice),
        environment=environment_notice(invoice.environment),
        agreement=judge(file.content, ksef_number=invoice.ksef_number, sha256=bytes(document.sha256)),
        paper=read_paper(file.content),
        xml=file.content,
    )


def judge(upo: bytes, *, ksef_number: str, sha256: bytes) -> Agreement:
    """Whether hash, number and signature agree with the document we keep (F27)."""
    try:
        check_upo(upo, ksef_number=ksef_number, sha256=sha256)
    except UPOMismatch:
        return Agreement(holds=False, text=_why_not(upo, ksef_number=ksef_number, sha256=sha256))
    if any(node.namespace == SIGNATURES for node in read_document(upo).root.children):
        text = _(
            "Numer KSeF i skrót SHA-256 zgadzają się z naszym dokumentem, a podpis UPO jest nienaruszony."
        )
    else:
        text = _(
            "Numer KSeF i skrót SHA-256 zgadzają się z naszym dokumentem. To UPO nie ma podpisu elektronicznego."
        )
    return Agreement(holds=True, text=text)


def _why_not(upo: bytes, *, ksef_number: str, sha256: bytes) -> str:
    documents = {document.ksef_number: document for document in read_upo(upo).documents}
    if ksef_number not in documents:
        return _("To UPO nie wymienia numeru KSeF naszej faktury.")
    if documents[ksef_number].sha256 != sha256:
        return _("To UPO potwierdza inny dokument: skrót SHA-256 nie zgadza się z naszym plikiem XML.")
    return _("Numer KSeF i skrót zgadzają się, ale podpisu UPO nie udało się potwierdzić.")


def print_upo(page: UPOPage) -> StoredFile:
    """The receipt as a PDF with its XML inside; raises what print_pdf raises."""
    return print_pdf(
        PrintOut(
            paper=page.paper,
            file_stem=page.file_stem,
            xml=page.xml,
            environment=page.environment,
            standing="" if page.agreement.holds else page.agreement.text,
        )
    )


def upo_stem(invoice: Invoice) -> str:
    return f"UPO-{file_stem(invoice)}"
