"""Reading strangers' bytes: what is understood, what is passed over, what is refused before it can do harm."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from invoices.fa3_mapping import to_fa3
from ksef.fa3.parsing import LARGEST_DOCUMENT, UnsafeXML
from ksef.fa3.reader import UnreadableInvoice, read
from ksef.fa3.writer import write
from tests.snapshots import invoice_of

pytestmark = pytest.mark.unit

XML = write(to_fa3(invoice_of()))
BODY = XML.partition(b"\n")[2]


def _with(old: str, new: str) -> bytes:
    assert XML.count(old.encode()) == 1
    return XML.replace(old.encode(), new.encode())


def test_unknown_elements_are_passed_over() -> None:
    """Later kinds of invoices hold more than these classes know."""
    strange = '<PodmiotUpowazniony><NIP>1</NIP></PodmiotUpowazniony><x:Fa xmlns:x="urn:other"/><Fa>'
    assert read(_with("<Fa>", strange)) == read(XML)


def test_comments_and_cdata_are_only_another_way_to_write_text() -> None:
    assert read(_with("<P_2>FV/1/11/2026", "<P_2>FV<!-- c -->/1<![CDATA[/11]]>/2026")) == read(XML)


def test_prefix_of_the_namespace_does_not_matter() -> None:
    prefixed = BODY.replace(b"xmlns=", b"xmlns:t=").replace(b"</", b"</t:").replace(b"<", b"<t:")
    assert read(prefixed.replace(b"<t:/t:", b"</t:")) == read(XML)


def test_white_space_around_numbers_is_allowed() -> None:
    assert Decimal(123) == read(_with("<P_15>123", "<P_15>\n\t+123.00 ")).Fa.P_15


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T10:30:15+01:00", datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)),
        ("2026-11-20T09:30:15", datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)),
        ("2026-11-20T09:30:15.1234567Z", datetime(2026, 11, 20, 9, 30, 15, 123456, tzinfo=UTC)),
    ],
)
def test_moments_of_other_programs(text: str, moment: datetime) -> None:
    """The schema allows offsets, fractions and, though the field is UTC, no zone at all."""
    assert read(_with("2026-11-20T09:30:15Z", text)).Naglowek.DataWytworzeniaFa == moment


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<P_15>123", "<P_15>1e2"),
        ("<P_15>123", "<P_15>NaN"),
        ("<P_15>123", "<P_15>1_000"),
        ("<P_15>123", "<P_15>١"),
        ("<P_15>123", "<P_15>"),
        ("<P_15>123</P_15>", ""),
        ("<P_15>123</P_15>", "<P_15>1</P_15><P_15>2</P_15>"),
        ("<P_1>2026-11-20", "<P_1>20261120"),
        ("<P_1>2026-11-20", "<P_1>2026-02-30"),
        ("<NrWierszaFa>1", "<NrWierszaFa>1.0"),
        ("<NrWierszaFa>1", f"<NrWierszaFa>{'1' * 5000}"),
        ("2026-11-20T09:30:15Z", "yesterday"),
        (' wersjaSchemy="1-0E"', ""),
    ],
)
def test_field_that_is_not_of_its_type_is_named(old: str, new: str) -> None:
    with pytest.raises(UnreadableInvoice, match=r"line 2"):
        read(_with(old, new))


@pytest.mark.parametrize("xml", [b"<a/>", BODY.replace(b"2025/06/25/13775", b"2023/06/29/12648")])
def test_other_documents_are_not_invoices(xml: bytes) -> None:
    """FA(2) is another schema."""
    with pytest.raises(UnreadableInvoice, match="not an FA"):
        read(xml)


BOMB = b"<!DOCTYPE a [<!ENTITY a0 'ha'>%s]><Faktura>&a9;</Faktura>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (BOMB, "DTD"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "DTD"),
        (b"<!-- <a> --><!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "DTD"),
        (BOMB.decode().encode("utf-16"), "UTF-8"),
        (b"<?xml version='1.0' encoding='UTF-7'?>+ADw-a/+AD4-", "inne kodowanie"),
        (b'<?xml version="1.0" encoding="ISO-8859-2"?><a>\xb1</a>', "inne kodowanie"),
        (b"<a>\xb1</a>", "UTF-8"),
        (b"<a>" + b" " * LARGEST_DOCUMENT + b"</a>", "3000000"),
        (b"<a>" * 400 + b"</a>" * 400, "poprawnym"),
        (b"<a>", "poprawnym"),
        (b"", "poprawnym"),
        (b"<a>&e;</a>", "poprawnym"),
        (b"<a>\x00</a>", "poprawnym"),
    ],
)
def test_dangerous_bytes_are_refused(xml: bytes, reason: str) -> None:
    """No DTD, so no entity, no expansion, no file; no foreign encoding that could hide one; no size, no depth."""
    with pytest.raises(UnsafeXML, match=reason):
        read(xml)
