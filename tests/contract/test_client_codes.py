"""Every status code that the official contract lists is known to ksef.status."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from ksef.status import (
    is_known_export_code,
    is_known_invoice_code,
    is_known_login_code,
    is_known_session_code,
)
from tests.contract.openapi import find_contract

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]

_ROW = re.compile(r"^\| (\d{3}) \|", re.MULTILINE)


def _listed(schema: str) -> set[int]:
    """The codes in the table that describes the status of such an answer."""
    contract = find_contract()
    assert contract is not None
    described: dict[str, Any] = contract.document["components"]["schemas"][schema]
    return {int(code) for code in _ROW.findall(described["properties"]["status"]["description"])}


@pytest.mark.parametrize(
    ("schema", "is_known", "expected"),
    [
        ("SessionStatusResponse", is_known_session_code, {100, 150, 170, 200, 445}),
        ("SessionInvoiceStatusResponse", is_known_invoice_code, {100, 200, 405, 440, 550}),
        ("InvoiceExportStatusResponse", is_known_export_code, {100, 200, 210, 550}),
        ("AuthenticationOperationStatusResponse", is_known_login_code, {100, 200, 415, 480}),
    ],
)
def test_no_code_of_the_contract_is_unknown(
    schema: str, is_known: Callable[[int], bool], expected: set[int]
) -> None:
    """F26: unknown codes are for the future, not for what is written down today."""
    listed = _listed(schema)
    assert listed >= expected, "the table was found"
    assert {code for code in listed if not is_known(code)} == set()
