"""Documents as PDF/A-3 with their XML inside, made by WeasyPrint, which is imported only when a PDF is wanted."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone

from invoices.selectors.document import StoredFile

if TYPE_CHECKING:
    from invoices.selectors.document import InvoicePage, KSeFCode
    from invoices.selectors.environment_wording import EnvironmentNotice
    from invoices.selectors.rendering import Paper

_STYLES: Final = "css/pdf.css"
# Level A asks for tags, which readers for the blind follow, beside the text and the fonts.
_VARIANT: Final = "pdf/a-3a"
# Twice as many take 20 s and half a gigabyte: more than one click may cost the others (V43).
MOST_LINES_PRINTED: Final = 1_500


class PDFUnavailable(Exception):
    """WeasyPrint or a system library it needs is not on this machine; everything else works (F53)."""


class TooLongToPrint(Exception):
    """The document has more lines than MOST_LINES_PRINTED; its XML holds them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintOut:
    """A document and what stands beside it on paper; `xml` are its exact bytes."""

    paper: Paper
    file_stem: str
    xml: bytes
    environment: EnvironmentNotice | None = None
    # What a print-out must admit about a document that KSeF does not have.
    standing: str = ""
    ksef_number: str = ""
    code: KSeFCode | None = None
    code_caption: str = ""
    issuer_code: KSeFCode | None = None


def render_pdf(page: InvoicePage) -> StoredFile:
    """Print the invoice on A4; raises TooLongToPrint, or PDFUnavailable on a machine that cannot."""
    return print_pdf(
        PrintOut(
            paper=replace(page.paper, title=page.print_title),
            file_stem=page.file_stem,
            xml=page.xml,
            environment=page.environment,
            standing=page.standing,
            ksef_number=page.progress.ksef_number,
            code=page.code,
            code_caption=page.progress.code_caption,
            issuer_code=page.issuer_code,
        )
    )


def print_pdf(print_out: PrintOut) -> StoredFile:
    """The same for any document."""
    if print_out.paper.row_count > MOST_LINES_PRINTED:
        raise TooLongToPrint
    weasyprint = _weasyprint()
    html = render_to_string("invoices/pdf.html", {"page": print_out})
    document = weasyprint.HTML(string=html, url_fetcher=data_only_fetcher())
    now = timezone.now()
    source = weasyprint.Attachment(
        file_obj=BytesIO(print_out.xml),
        name=f"{print_out.file_stem}.xml",
        relationship="Source",
        created=now,
        modified=now,
    )
    content: bytes = document.write_pdf(
        stylesheets=[_stylesheet()], pdf_variant=_VARIANT, attachments=[source]
    )
    return StoredFile(name=f"{print_out.file_stem}.pdf", content=content)


def render_html(print_out: PrintOut) -> StoredFile:
    """The document as one HTML file that needs nothing else."""
    styles = b64encode(_styles().encode()).decode("ascii")
    html = render_to_string("invoices/pdf.html", {"page": print_out, "styles": styles})
    return StoredFile(name=f"{print_out.file_stem}.html", content=html.encode())


def data_only_fetcher() -> Any:
    """Whatever a name or a note smuggles in, nothing but data: addresses is ever opened (V43)."""
    return _weasyprint().urls.URLFetcher(allowed_protocols=("data",), allow_redirects=False)


def _styles() -> str:
    return Path(str(finders.find(_STYLES))).read_text()


@lru_cache(maxsize=1)
def _stylesheet() -> Any:
    return _weasyprint().CSS(string=_styles(), url_fetcher=data_only_fetcher())


def _weasyprint() -> Any:
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        # OSError is what the missing pango says of itself.
        raise PDFUnavailable(str(error)) from error
    return weasyprint
