"""Every text and amount of the official samples stands on the page and in the PDF; labels know every element."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from pypdf import PdfReader

from invoices.selectors.pdf import PrintOut, print_pdf, render_html
from invoices.selectors.rendering import Language, read_paper
from ksef.papers.codes import FLAGS, MOMENTS, find_code, is_amount, is_day, is_number
from ksef.papers.countries import COUNTRIES
from ksef.papers.labels import find_label
from ksef.papers.tree import Kind
from tests.papers import OFFICIAL, SAMPLES, missing_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.contract

_XSD = "{http://www.w3.org/2001/XMLSchema}"
SCHEMAS = {
    Kind.FA_3: OFFICIAL / "xsd" / "fa3" / "schemat_FA(3)_v1-0E.xsd",
    Kind.FA_2: OFFICIAL / "xsd" / "fa2" / "schemat_FA(2)_v1-0E.xsd",
    Kind.FA_RR: OFFICIAL / "xsd" / "rr" / "schemat_FA_RR(1)_v1-1E.xsd",
    Kind.UPO: OFFICIAL / "xsd" / "upo" / "upo-v4-3.xsd",
}
_MISSING = pytest.mark.skip(reason=f"no official files in {OFFICIAL} (KSEF_OFFICIAL)")

each_sample = pytest.mark.parametrize(
    "path", SAMPLES or [pytest.param(OFFICIAL, marks=_MISSING)], ids=lambda path: path.stem
)
each_schema = pytest.mark.parametrize(
    "kind",
    [kind if path.exists() else pytest.param(kind, marks=_MISSING) for kind, path in SCHEMAS.items()],
)


def print_of(xml: bytes, language: Language = Language.POLISH) -> PrintOut:
    return PrintOut(paper=read_paper(xml, language=language), file_stem="dokument", xml=xml)


def text_of_page(xml: bytes, language: Language = Language.POLISH) -> str:
    html = render_html(print_of(xml, language)).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html.partition("<body")[2])).split())


@each_sample
def test_the_page_loses_nothing(path: Path) -> None:
    """Issue 7: whatever the XML says is said on the page, in words, days and amounts as people write them."""
    xml = path.read_bytes()
    assert missing_from(xml, text_of_page(xml)) == []


@each_sample
def test_both_languages_lose_nothing(path: Path) -> None:
    xml = path.read_bytes()
    assert missing_from(xml, text_of_page(xml, Language.BOTH)) == []


@each_sample
def test_the_text_of_the_pdf_loses_nothing(path: Path) -> None:
    """Selectable text: what a reader copies or a screen reader says."""
    xml = path.read_bytes()
    pages = PdfReader(io.BytesIO(print_pdf(print_of(xml)).content)).pages
    assert missing_from(xml, " ".join(page.extract_text() for page in pages)) == []


def _declared(kind: Kind) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Names of elements and attributes with their types and, where it is a list, the codes."""
    root = etree.parse(SCHEMAS[kind]).getroot()
    types = {node.get("name", ""): node for node in root.iter(f"{_XSD}simpleType") if node.get("name")}
    for node in root.iter(f"{_XSD}element", f"{_XSD}attribute"):
        name = node.get("name")
        if name:
            type_name = (node.get("type") or "").partition(":")[2]
            declared = types.get(type_name)
            yield (
                name,
                type_name,
                _codes(declared if declared is not None else node.find(f"{_XSD}simpleType")),
            )


def _codes(declared: etree._Element | None) -> frozenset[str]:
    found = () if declared is None else declared.iter(f"{_XSD}enumeration")
    return frozenset(node.get("value", "") for node in found)


@each_schema
def test_every_element_has_a_label(kind: Kind) -> None:
    assert {name for name, _type, _codes in _declared(kind) if find_label(kind, name) is None} == set()


@each_schema
def test_every_code_is_spelled_out(kind: Kind) -> None:
    """Currencies, prefixes, and the codes of the form itself are known by their letters."""
    by_letters = {
        "KodWaluty",
        "WalutaUmowna",
        "KodUE",
        "PrefiksPodatnika",
        "KodFormularza",
        "WariantFormularza",
        "Typ",
    }
    unknown = {
        (name, code)
        for name, _type, codes in _declared(kind)
        for code in codes
        if name not in by_letters and find_code(kind, name, code) is None
    }
    assert unknown == set()


@each_schema
def test_every_type_is_written_its_own_way(kind: Kind) -> None:
    """Days, moments, amounts, numbers and flags are known by the types of the schema."""
    for name, type_name, _codes in _declared(kind):
        if type_name in {"TData", "TDataT", "TDataU"}:
            assert is_day(kind, name), name
        elif type_name in {"TKwotowy", "TKwotowy2"}:
            assert is_amount(kind, name), name
        elif type_name in {"TIlosci", "TProcentowy"}:
            assert is_number(kind, name), name
        elif type_name == "TDataCzas":
            assert name in MOMENTS, name
        elif type_name in {"TWybor1", "TWybor1_2"}:
            assert name in FLAGS or name == "ZnacznikZaplatyCzesciowej", name


def test_every_country_has_its_name() -> None:
    path = OFFICIAL / "xsd" / "fa3" / "bazowe" / "KodyKrajow_v10-0E.xsd"
    if not path.exists():
        pytest.skip(f"no official files in {OFFICIAL} (KSEF_OFFICIAL)")
    assert _codes(etree.parse(path).getroot()) <= COUNTRIES.keys()
