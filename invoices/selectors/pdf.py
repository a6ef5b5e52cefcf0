"""The invoice as a PDF, made from the frozen XML by WeasyPrint, which is imported only when a PDF is wanted."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from invoices.selectors.document import StoredFile

if TYPE_CHECKING:
    from invoices.selectors.document import InvoicePage

_STYLES: Final = "css/pdf.css"
# Twice as many take 20 s and half a gigabyte: more than one click may cost the others (V43).
MOST_LINES_PRINTED: Final = 1_500


class PDFUnavailable(Exception):
    """WeasyPrint or a system library it needs is not on this machine; everything else works (F53)."""


class TooLongToPrint(Exception):
    """The invoice has more lines than MOST_LINES_PRINTED; its XML holds them all."""


def render_pdf(page: InvoicePage) -> StoredFile:
    """Print the invoice on A4; raises TooLongToPrint, or PDFUnavailable on a machine that cannot."""
    if len(page.paper.lines) > MOST_LINES_PRINTED:
        raise TooLongToPrint
    weasyprint = _weasyprint()
    html = render_to_string("invoices/pdf.html", {"page": page})
    document = weasyprint.HTML(string=html, url_fetcher=data_only_fetcher())
    content: bytes = document.write_pdf(stylesheets=[_stylesheet()])
    return StoredFile(name=f"{page.file_stem}.pdf", content=content)


def data_only_fetcher() -> Any:
    """Whatever a name or a note smuggles in, nothing but data: addresses is ever opened (V43)."""
    return _weasyprint().urls.URLFetcher(allowed_protocols=("data",), allow_redirects=False)


@lru_cache(maxsize=1)
def _stylesheet() -> Any:
    text = Path(str(finders.find(_STYLES))).read_text()
    return _weasyprint().CSS(string=text, url_fetcher=data_only_fetcher())


def _weasyprint() -> Any:
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        # OSError is what the missing pango says of itself.
        raise PDFUnavailable(str(error)) from error
    return weasyprint
