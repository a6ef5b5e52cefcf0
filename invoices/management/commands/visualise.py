"""`manage.py visualise FILE.xml -o out.pdf`: an invoice or a UPO from a file, readable by anyone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, override

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from invoices.selectors.foreign_document import UnusableDocument, lay_out_file
from invoices.selectors.pdf import MOST_LINES_PRINTED, PDFUnavailable, TooLongToPrint, print_pdf, render_html
from invoices.selectors.rendering import Language
from ksef.fa3.parsing import LARGEST_DOCUMENT

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from invoices.selectors.pdf import PrintOut


class Command(BaseCommand):
    help = (
        "Zapisz fakturę FA(3), FA(2), FA_RR(1) albo UPO jako PDF/A-3 z plikiem XML w środku, albo jako HTML."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="PLIK.xml", type=Path)
        parser.add_argument("-o", "--output", type=Path, required=True, help="plik wynikowy")
        parser.add_argument("--html", action="store_true", help="jeden plik HTML zamiast PDF")
        parser.add_argument(
            "--lang", choices=[language.value for language in Language], default=Language.POLISH.value
        )
        parser.add_argument("--ksef-number", default="", metavar="N", help="numer KSeF faktury: pod KOD I")
        parser.add_argument(
            "--environment",
            choices=sorted(settings.KSEF_ADDRESSES),
            default="production",
            help="środowisko KOD I",
        )

    @override
    def handle(self, *_arguments: Any, **options: Any) -> None:
        source: Path = options["file"]
        target: Path = options["output"]
        try:
            print_out = lay_out_file(
                _read(source),
                name=source.stem,
                language=Language(options["lang"]),
                ksef_number=options["ksef_number"],
                environment=options["environment"],
            )
            content = _make(print_out, is_html=options["html"])
            target.write_bytes(content)
        except UnusableDocument as refused:
            raise CommandError(f"{source}: {refused}") from refused
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error


def _read(source: Path) -> bytes:
    """No more than one byte over the limit, however large the file."""
    with source.open("rb") as file:
        return file.read(LARGEST_DOCUMENT + 1)


def _make(print_out: PrintOut, *, is_html: bool) -> bytes:
    if is_html:
        return render_html(print_out).content
    try:
        return print_pdf(print_out).content
    except TooLongToPrint as error:
        raise UnusableDocument(
            f"PDF składamy dla dokumentów do {MOST_LINES_PRINTED} pozycji. Użyj --html."
        ) from error
    except PDFUnavailable as error:
        raise UnusableDocument(f"Brakuje biblioteki, która składa PDF: {error}") from error
