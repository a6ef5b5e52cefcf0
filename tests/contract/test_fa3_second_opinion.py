"""Another schema engine, written by others, must agree with lxml about our documents."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings

from invoices.domain.vat import PriceMethod, VatRate
from invoices.fa3_mapping import to_fa3
from ksef.fa3.schema import IMPORTED_FILES, TYPES_NAMESPACE, schema_path
from ksef.fa3.validate import validate
from ksef.fa3.writer import write
from tests.snapshots import invoice_of, invoices, line_of

if TYPE_CHECKING:
    from invoices.domain.snapshot import InvoiceSnapshot

pytestmark = pytest.mark.contract


@cache
def _second() -> xmlschema.XMLSchema:
    local = {f"{TYPES_NAMESPACE}{name}": schema_path(name).as_uri() for name in IMPORTED_FILES}
    return xmlschema.XMLSchema(schema_path().as_uri(), uri_mapper=local, allow="local")


@given(invoices())
@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_both_engines_accept_our_invoices(invoice: InvoiceSnapshot) -> None:
    xml = write(to_fa3(invoice))
    assert validate(xml) == ()
    assert _second().is_valid(xml)


@pytest.mark.parametrize("method", PriceMethod)
def test_both_engines_accept_every_rate(method: PriceMethod) -> None:
    lines = [line_of(rate=rate, price="12.34", quantity="3", discount="5", method=method) for rate in VatRate]
    assert _second().is_valid(write(to_fa3(invoice_of(lines, method=method))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<P_15>123", "<P_15>123.001"),
        ("<P_15>123", "<P_15>0123"),
        ("<P_15>123", "<P_15>1e2"),
        ("<P_12>23", "<P_12>24"),
        ("<JST>2</JST>", ""),
        ("<P_2>FV", "<P_2>" + "x" * 300),
        ("<NIP>5265877635", "<NIP>0265877635"),
        ("<P_14_1>23</P_14_1>", ""),
        ("<P_19N>1</P_19N>", "<P_19>1</P_19>"),
        ("<P_1>2026-11-20", "<P_1>2026-11-20Z"),
        ("T09:30:15Z", "T25:30:15Z"),
    ],
)
def test_both_engines_refuse_the_same_mistakes(old: str, new: str) -> None:
    xml = write(to_fa3(invoice_of()))
    assert old.encode() in xml
    wrong = xml.replace(old.encode(), new.encode())
    assert validate(wrong)
    assert not _second().is_valid(wrong)
