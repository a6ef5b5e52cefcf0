"""`manage.py visualise`: any document from a file, and hostile files refused in plain words."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from pypdf import PdfReader

from invoices.fa3_mapping import to_fa3
from invoices.selectors.pdf import MOST_LINES_PRINTED
from ksef.fa3.writer import write
from tests.snapshots import invoice_of, line_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

NUMBER = "5265877635-20250826-0100001AF629-AF"
FA_3 = "http://crd.gov.pl/wzor/2025/06/25/13775/"


def invoice(lines: int = 2) -> bytes:
    return write(to_fa3(invoice_of([line_of(f"Bukiet {number}") for number in range(lines)])))


def save(folder: Path, content: bytes) -> Path:
    path = folder / "faktura.xml"
    path.write_bytes(content)
    return path


def test_a_file_becomes_an_archive_copy(tmp_path: Path) -> None:
    """Issue 7: PDF/A-3 of level A, tagged, with the exact XML inside as its source."""
    xml = invoice()
    target = tmp_path / "out.pdf"
    call_command("visualise", save(tmp_path, xml), "-o", target, "--ksef-number", NUMBER)
    reader = PdfReader(io.BytesIO(target.read_bytes()))
    root: Any = reader.root_object
    assert reader.attachments["faktura.xml"] == [xml]
    assert {entry.get_object()["/AFRelationship"] for entry in root["/AF"]} == {"/Source"}
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "pl"
    assert root["/StructTreeRoot"]
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    metadata = root["/Metadata"].get_object().get_data()
    assert b'pdfaid:part="3"' in metadata
    assert b'pdfaid:conformance="A"' in metadata
    resources: Any = reader.pages[0]["/Resources"]
    assert all(_is_embedded(font) for font in resources["/Font"].values())
    text = " ".join(reader.pages[0].extract_text().split())
    assert NUMBER in text
    assert "/invoice/5265877635/20-11-2026/" in text.replace(" ", "")


def _is_embedded(font: object) -> bool:
    descendants = font.get_object()["/DescendantFonts"]  # type: ignore[attr-defined]  # a pypdf reference
    descriptor = descendants[0].get_object()["/FontDescriptor"].get_object()
    return any(name in descriptor for name in ("/FontFile2", "/FontFile3"))


def test_html_in_both_languages(tmp_path: Path) -> None:
    target = tmp_path / "out.html"
    call_command("visualise", save(tmp_path, invoice()), "-o", target, "--html", "--lang", "pl-en")
    page = target.read_text()
    assert '<html lang="pl">' in page
    assert "Sprzedawca / Seller" in page
    assert "podstawowa (VAT) / standard (VAT)" in page
    assert "Bukiet 1" in page


def test_english_alone(tmp_path: Path) -> None:
    target = tmp_path / "out.html"
    call_command("visualise", save(tmp_path, invoice()), "-o", target, "--html", "--lang", "en")
    page = target.read_text()
    assert '<html lang="en">' in page
    assert "Buyer" in page
    assert "Sprzedawca" not in page


def test_what_no_schema_knows_is_still_shown(tmp_path: Path) -> None:
    """Unknown elements stand as a labelled tree, their attributes too."""
    strange = b'<Przyszlosc wersja="7"><Pole>warto\xc5\x9b\xc4\x87 z jutra</Pole></Przyszlosc>'
    xml = invoice().replace(b"</Fa>", strange + b"</Fa>")
    target = tmp_path / "out.html"
    call_command("visualise", save(tmp_path, xml), "-o", target, "--html")
    page = target.read_text()
    for expected in ("Przyszlosc", "wersja", "Pole", "wartość z jutra"):
        assert expected in page


def test_markup_in_a_file_stays_text(tmp_path: Path) -> None:
    """V26: what a stranger wrote into an invoice never becomes part of the page."""
    xml = invoice().replace(b"Bukiet 1", b"&lt;script&gt;alert(1)&lt;/script&gt;")
    target = tmp_path / "out.html"
    call_command("visualise", save(tmp_path, xml), "-o", target, "--html")
    assert "<script" not in target.read_text()
    assert "&lt;script&gt;alert(1)" in target.read_text()


@pytest.mark.security
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "DTD"),
        (b'<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>', "DTD"),
        (b"<a>" + b" " * 3_000_000 + b"</a>", "3000000"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "XML"),
        (
            f'<Faktura xmlns="{FA_3}">'.encode() + b"<a>" * 200 + b"</a>" * 200 + b"</Faktura>",
            "zagnieżdżone",
        ),
        (b"<Faktura/>", "To nie jest faktura"),
        (b"%PDF-1.7", "XML"),
        (b"", "XML"),
        ("<?xml version='1.0' encoding='ISO-8859-2'?><a>ą</a>".encode("iso-8859-2"), "UTF-8"),
    ],
    ids=["xxe", "bomb", "large", "deep", "deep-invoice", "stranger", "pdf", "empty", "encoding"],
)
def test_hostile_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """F43: a plain message, exit code 1 (what CommandError means), and no output."""
    target = tmp_path / "out.pdf"
    with pytest.raises(CommandError, match=message) as refused:
        call_command("visualise", save(tmp_path, content), "-o", target)
    assert refused.value.returncode == 1
    assert not target.exists()


@pytest.mark.parametrize("number", ["5265877635-20250826-0100001AF629-AE", "FV/1"])
def test_a_damaged_number_makes_no_print(tmp_path: Path, number: str) -> None:
    with pytest.raises(CommandError, match="numer KSeF"):
        call_command(
            "visualise", save(tmp_path, invoice()), "-o", tmp_path / "a.pdf", "--ksef-number", number
        )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nie-ma"):
        call_command("visualise", tmp_path / "nie-ma.xml", "-o", tmp_path / "a.pdf")


def test_too_many_lines_for_a_pdf_go_to_html(tmp_path: Path) -> None:
    """V43: no half a gigabyte for one file; the page holds them all."""
    source = save(tmp_path, invoice(MOST_LINES_PRINTED + 1))
    with pytest.raises(CommandError, match="--html"):
        call_command("visualise", source, "-o", tmp_path / "a.pdf")
    call_command("visualise", source, "-o", tmp_path / "a.html", "--html")
    assert f"Bukiet {MOST_LINES_PRINTED}" in (tmp_path / "a.html").read_text()
