"""What KSeF refuses although the schema allows it (ksef-protocol 13.1 and 13.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.fa3_mapping import to_fa3
from ksef.fa3.check import LARGEST_INVOICE, check
from ksef.fa3.writer import write
from tests.snapshots import invoice_of

pytestmark = pytest.mark.unit

XML = write(to_fa3(invoice_of(note="Dziękujemy")))
BODY = XML.partition(b"\n")[2]


def _messages(xml: bytes) -> list[str]:
    return [violation.message for violation in check(xml)]


@pytest.mark.parametrize(
    "xml",
    [
        XML,
        BODY,
        BODY.replace(b"FV/1", b"FV&#47;1"),
        b'<?xml version="1.0"?>' + BODY,
        b"<?xml version='1.0' encoding='utf-8'?>" + BODY,
    ],
)
def test_prolog_is_optional_and_may_say_utf8(xml: bytes) -> None:
    assert check(xml) == ()


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (b"\xef\xbb\xbf" + XML, "Dokument zaczyna się znacznikiem BOM."),
        (XML.decode().encode("utf-16"), "Dokument nie jest zapisany w UTF-8."),
        (XML.replace(b"UTF-8", b"UTF-16"), "Dokument deklaruje inne kodowanie niż UTF-8."),
        (XML.replace("Dziękujemy".encode(), "Dziękujemy".encode("cp1250")), "Dokument nie jest zapisany w UTF-8."),
        (XML.replace(b"<Fa>", b"<?x y?><Fa>"), "Dokument zawiera instrukcję przetwarzania."),
        (BODY + b"<?x y?>", "Dokument zawiera instrukcję przetwarzania."),
        (b"<?xml-stylesheet href='a.xsl'?>" + BODY, "Dokument zawiera instrukcję przetwarzania."),
        (XML.replace(b"FV/1", "FV\u009f1".encode()), "Dokument zawiera niedozwolony znak U+009F."),
        (XML.replace(b"FV/1", b"FV&#x7f;1"), "Dokument zawiera niedozwolony znak U+007F."),
        (XML.replace(b"FA (3)", b"FA&#xFDD0;"), "Dokument zawiera niedozwolony znak U+FDD0."),
        (XML.replace(b"FV/1", b"FV&#xFFFE;1"), "Dokument nie jest poprawnym plikiem XML."),
        (b"<!DOCTYPE Faktura>" + BODY, "Dokument zawiera deklarację typu dokumentu (DTD)."),
        (BODY + b" " * LARGEST_INVOICE, "Dokument ma więcej niż 1000000 bajtów."),
    ],
)  # fmt: skip
def test_each_rule_is_checked(xml: bytes, message: str) -> None:
    assert _messages(xml) == [message]


def test_size_may_reach_the_limit_exactly() -> None:
    """ksef-protocol 13.5: 1 000 000 bytes, 3 000 000 with an attachment."""
    full = BODY + b" " * (LARGEST_INVOICE - len(BODY))
    assert check(full) == ()
    assert _messages(full + b" ") == ["Dokument ma więcej niż 1000000 bajtów."]
    assert check(full + b" ", largest=3_000_000) == ()


def test_several_faults_are_all_named() -> None:
    both = b"\xef\xbb\xbf" + XML.replace(b"<Fa>", b"<?x y?><Fa>").replace(b"FV/1", "FV\u0080".encode())
    assert len(check(both)) == 3


def test_forbidden_character_is_found_in_its_line() -> None:
    spread = XML.replace(b"<Fa>", b"\n\n<Fa>").replace(b"FV/1", "FV\u0080".encode())
    assert [violation.line for violation in check(spread)] == [4]


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(xml: bytes) -> None:
    check(xml)
