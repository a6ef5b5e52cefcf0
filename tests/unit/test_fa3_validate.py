"""Faults of a document, said in Polish and with their place."""

from __future__ import annotations

import pytest

from invoices.fa3_mapping import to_fa3
from ksef.fa3.validate import Violation, validate
from ksef.fa3.writer import write
from tests.snapshots import invoice_of, line_of

pytestmark = pytest.mark.unit

XML = write(to_fa3(invoice_of([line_of("Róża"), line_of("Lilia", price="0.01"), line_of("Mak")])))
ONE_LINE = write(to_fa3(invoice_of()))


def _with(old: str, new: str, *, xml: bytes = XML) -> tuple[Violation, ...]:
    assert old.encode() in xml
    return validate(xml.replace(old.encode(), new.encode(), 1))


def test_valid_document_has_no_faults() -> None:
    assert validate(XML) == ()


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("Lilia", "x" * 513, "Fa/FaWiersz[2]/P_7", "Tekst jest za długi: dozwolona długość: 512."),
        ("FV/1/11/2026", "", "Fa/P_2", "Pole jest puste lub tekst za krótki: wymagana długość: 1."),
        ("<NIP>5265877635", "<NIP>0265877635", "Podmiot1/DaneIdentyfikacyjne/NIP", "Wartość ma niedozwoloną postać."),
        ("<P_12>23", "<P_12>24", "Fa/FaWiersz[1]/P_12", "Wartość spoza listy dozwolonych."),
        ("<P_9A>0.01", "<P_9A>0.123456789", "Fa/FaWiersz[2]/P_9A", "Za dużo cyfr po przecinku: dozwolone 8."),
        ("<P_1>2026", "<P_1>2056", "Fa/P_1", "Wartość jest za duża: najwyżej 2050-01-01."),
        ("<P_1>2026", "<P_1>2005", "Fa/P_1", "Wartość jest za mała: co najmniej 2006-01-01."),
        ("<NrWierszaFa>3", "<NrWierszaFa>0", "Fa/FaWiersz[3]/NrWierszaFa", "Wartość musi być większa niż 0."),
        ("<P_1>2026-11-20", "<P_1>jutro", "Fa/P_1", "To nie jest poprawna wartość tego pola (data lub liczba)."),
        ("<P_2>", "<P_2><b/>", "Fa/P_2", "Pole nie może zawierać innych elementów."),
        ("<Adnotacje>", "<Adnotacje>x", "Fa/Adnotacje", "Między elementami stoi tekst, którego nie może tu być."),
        ("<P_19N>1</P_19N>", "", "Fa/Adnotacje/Zwolnienie", "Brakuje elementu: P_19, P_19N."),
        ("<P_2>", "<P_3/><P_2>", "Fa/P_3", "Elementu P_3 nie może być w tym miejscu. Oczekiwano: P_1M, P_2."),
        ("</Fa>", "</Fa><Fa/>", "Fa[2]", "Elementu Fa nie może być w tym miejscu. Oczekiwano: Stopka, Zalacznik."),
        ("1-0E", "1-0", "Naglowek/KodFormularza/@wersjaSchemy", "Wartość atrybutu musi być równa 1-0E."),
        (' wersjaSchemy="1-0E"', "", "Naglowek/KodFormularza/@wersjaSchemy", "Brakuje wymaganego atrybutu."),
        ("<Fa>", '<Fa a="1">', "Fa/@a", "Tego atrybutu nie może tu być."),
        ("2025/06/25/13775", "2023/06/29/12648", "", "Dokument nie jest fakturą FA(3)."),
    ],
)  # fmt: skip
def test_fault_is_said_in_polish_with_its_place(old: str, new: str, path: str, message: str) -> None:
    """One fault, one place, one sentence."""
    assert _with(old, new) == (Violation(path=path, message=message, line=2),)


def test_missing_element_is_among_the_expected_ones() -> None:
    """The schema notices a gap at the next element; long lists are cut."""
    [gap] = _with("<JST>2</JST>", "")
    assert gap.path == "Podmiot2/GV"
    assert gap.message.endswith("Oczekiwano: AdresKoresp, DaneKontaktowe, NrKlienta, IDNabywcy, JST.")
    [long] = _with("<P_15>", "<P_16/><P_15>")
    assert long.message.endswith("Oczekiwano: P_14_1W, P_13_2, P_13_3, P_13_4, P_13_5, P_13_6_1 ….")


def test_single_line_has_no_number_in_its_path() -> None:
    assert [v.path for v in _with("<P_12>23", "<P_12>24", xml=ONE_LINE)] == ["Fa/FaWiersz/P_12"]


def test_places_with_several_faults_are_named_once() -> None:
    """Too many decimals also break the pattern; the clearer sentence is kept."""
    twice = XML.replace(b"<P_15>", b"<P_15>1.234567").replace(b"<P_12>23", b"<P_12>24")
    paths = [violation.path for violation in validate(twice)]
    assert paths == ["Fa/P_15", "Fa/FaWiersz[1]/P_12", "Fa/FaWiersz[2]/P_12", "Fa/FaWiersz[3]/P_12"]


def test_thousands_of_faults_stay_readable() -> None:
    many = [line_of() for _ in range(1000)]
    found = validate(write(to_fa3(invoice_of(many))).replace(b"<P_12>23", b"<P_12>24"))
    assert len(found) == 200
    assert found[-1].path == "Fa/FaWiersz[200]/P_12"


def test_prefixed_document_gets_the_same_paths() -> None:
    tagged = XML.partition(b"\n")[2].replace(b"</", b"\x01").replace(b"<", b"<t:").replace(b"\x01", b"</t:")
    wrong = tagged.replace(b"xmlns=", b"xmlns:t=").replace(b"<t:P_12>23", b"<t:P_12>24", 1)
    assert [v.path for v in validate(wrong)] == ["Fa/FaWiersz[1]/P_12"]


def test_element_of_another_namespace_is_found_by_its_own_prefix() -> None:
    assert [v.path for v in _with("<P_2>", '<q:X xmlns:q="urn:other"/><P_2>')] == ["Fa/X"]


def test_one_prefix_for_two_namespaces_costs_only_the_place() -> None:
    """The element is named by prefix; which one is meant cannot be told, but the fault is still reported."""
    twice = '<q:X xmlns:q="urn:one"/><P_2>'
    found = validate(
        XML.replace(b"<P_2>", twice.encode()).replace(b"</Fa>", b'</Fa><q:Y xmlns:q="urn:two"/>')
    )
    assert [v.path for v in found] == ["", "Y"]


@pytest.mark.parametrize(
    "xml", [b"", b"<a>", b"\x00\xff", b"<!DOCTYPE a><a/>", b"<a/>", b"\xef\xbb\xbf", b"<q:a/>"]
)
def test_no_bytes_make_it_raise(xml: bytes) -> None:
    [violation] = validate(xml)
    assert violation.path == ""
    assert violation.message.startswith("Dokument")


def test_line_of_the_fault_is_given() -> None:
    pretty = XML.replace(b"><", b">\n<")
    [violation] = validate(pretty.replace(b"Mak", b"x" * 513))
    assert violation.line == pretty[: pretty.index(b"Mak")].count(b"\n") + 1
