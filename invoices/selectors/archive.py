"""Many documents in one ZIP, bounded in memory, with a list of what is not in it and why."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from invoices.domain.lifecycle import State
from invoices.models import UPO, Invoice, InvoiceDocument
from invoices.selectors.document import StoredFile, file_stem, get_invoice_page, needs_issuer
from invoices.selectors.pdf import PDFUnavailable, TooLongToPrint, render_pdf
from invoices.selectors.upo import upo_stem

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence

    from django.db.models import QuerySet

    from roles.access import Actor

# What one click may cost the others (V43, V54): a PDF takes a tenth of a second and more, an XML next to nothing.
MOST_PDFS: Final = 50
MOST_INVOICES: Final = 10_000
# A month of ten thousand ordinary invoices packs into a third of it.
_LARGEST_ARCHIVE: Final = 30_000_000
_MISSING_LIST: Final = "pominiete.txt"


class Content(StrEnum):
    """What is wanted of each invoice; the values are those of the form."""

    UPO = "upo"
    XML = "xml"
    PDF = "pdf"


class TooMuchAtOnce(Exception):
    """More than one click may ask for."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """Why a file is not in the archive."""

    why: str


def find_invoices(
    *, environment: str, ids: Sequence[uuid.UUID] = (), month: date | None = None
) -> QuerySet[Invoice]:
    """The invoices chosen by id, or all of a month; those of other companies do not exist here."""
    found = Invoice.objects.exclude(state=State.DRAFT).order_by("issue_date", "number")
    if month is None:
        return found.filter(id__in=ids)
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return found.filter(environment=environment, issue_date__gte=month, issue_date__lt=following)


def build_archive(
    *, actor: Actor, slug: str, invoices: QuerySet[Invoice], contents: Sequence[Content], name: str
) -> StoredFile:
    """The ZIP; raises TooMuchAtOnce."""
    if invoices.count() > (MOST_PDFS if Content.PDF in contents else MOST_INVOICES):
        raise TooMuchAtOnce
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for file in _Source(actor, slug, contents).list_files(invoices):
            archive.writestr(file.name, file.content)
            if packed.tell() > _LARGEST_ARCHIVE:
                raise TooMuchAtOnce
    return StoredFile(name=f"{name}.zip", content=packed.getvalue())


@dataclass(frozen=True, slots=True)
class _Source:
    actor: Actor
    slug: str
    contents: Sequence[Content]

    def list_files(self, invoices: QuerySet[Invoice]) -> Iterator[StoredFile]:
        """One after the other, each under a name of its own; at the end the list of what is missing."""
        missing, names = [], set[str]()
        for invoice in invoices.iterator(chunk_size=200):
            for name, content in self._files(invoice):
                if isinstance(content, _Missing):
                    missing.append(f"{name}: {content.why}\r\n")
                else:
                    yield StoredFile(name=_unused(name, names), content=content)
        if missing:
            yield StoredFile(name=_MISSING_LIST, content="".join(missing).encode())

    def _files(self, invoice: Invoice) -> Iterator[tuple[str, bytes | _Missing]]:
        """Each wanted file by its name."""
        stem = file_stem(invoice)
        for content in self.contents:
            match content:
                case Content.UPO:
                    yield f"{upo_stem(invoice)}.xml", _upo(invoice)
                case Content.XML:
                    yield f"{stem}.xml", _xml(invoice)
                case Content.PDF:
                    yield f"{stem}.pdf", self._pdf(invoice)

    def _pdf(self, invoice: Invoice) -> bytes | _Missing:
        if needs_issuer(invoice):
            return _Missing(_("bez numeru KSeF drukuje się tylko z hasłem do certyfikatu"))
        try:
            return render_pdf(
                get_invoice_page(actor=self.actor, slug=self.slug, invoice_id=invoice.id)
            ).content
        except TooLongToPrint:
            return _Missing(_("za dużo pozycji na PDF"))
        except PDFUnavailable:
            return _Missing(_("na serwerze brakuje biblioteki, która składa PDF"))


def _unused(name: str, names: set[str]) -> str:
    """Numbers that differ only in their punctuation make the same file name."""
    stem, _dot, ending = name.rpartition(".")
    candidate, turn = name, 1
    while candidate.lower() in names:
        turn += 1
        candidate = f"{stem}-{turn}.{ending}"
    names.add(candidate.lower())
    return candidate


def _upo(invoice: Invoice) -> bytes | _Missing:
    upo = UPO.objects.filter(invoice_id=invoice.id).first()
    return bytes(upo.xml) if upo else _Missing(_("nie ma jeszcze UPO"))


def _xml(invoice: Invoice) -> bytes | _Missing:
    document = InvoiceDocument.objects.filter(invoice_id=invoice.id, revision=invoice.revision).first()
    return bytes(document.xml) if document else _Missing(_("nie ma zapisanego dokumentu"))
