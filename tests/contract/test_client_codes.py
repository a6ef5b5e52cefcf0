"""Every code that the official contract lists is known to ksef.status and ksef.remedies."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from ksef.remedies import Area, Remedy, is_known, remedy_for
from ksef.status import (
    InvoiceFate,
    LoginFate,
    OperationFate,
    invoice_fate,
    is_known_export_code,
    is_known_invoice_code,
    is_known_login_code,
    is_known_session_code,
    is_own_trouble,
    login_fate,
    needs_new_session,
    operation_fate,
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


_STATUSES = {
    "AuthenticationOperationStatusResponse": Area.LOGIN,
    "AuthenticationListItem": Area.LOGIN,
    "SessionStatusResponse": Area.SESSION,
    "SessionInvoiceStatusResponse": Area.INVOICE,
    "InvoiceExportStatusResponse": Area.EXPORT,
    "CertificateEnrollmentStatusResponse": Area.ENROLLMENT,
    "PermissionsOperationStatusResponse": Area.PERMISSION,
}
_REFUSAL = re.compile(r"^\| *(\d{4,5}) *\|", re.MULTILINE)


def _refusals() -> set[int]:
    """The codes of every HTTP 400 that any operation describes."""
    contract = find_contract()
    assert contract is not None
    return {
        int(code)
        for methods in contract.document["paths"].values()
        for operation in methods.values()
        for code in _REFUSAL.findall(operation["responses"]["400"]["description"])
    }


def test_every_table_of_codes_in_the_contract_is_one_of_ours() -> None:
    """A status that KSeF describes somewhere new would be missed otherwise."""
    contract = find_contract()
    assert contract is not None
    described = {
        name
        for name, schema in contract.document["components"]["schemas"].items()
        for member in schema.get("properties", {}).values()
        if _ROW.search(member.get("description", ""))
    }
    assert described == set(_STATUSES)


@pytest.mark.parametrize(("schema", "area"), _STATUSES.items())
def test_every_status_code_has_its_remedy(schema: str, area: Area) -> None:
    """F26, and nothing in our tables that KSeF never says."""
    assert _listed(schema) <= {code for code in range(1000) if is_known(code, area=area)}
    assert {code for code in range(1000) if is_known(code, area=area)} - _listed(schema) <= {150, 170}


def test_every_refusal_has_its_remedy() -> None:
    """All of HTTP 400; beside them the statuses that stand for a code where KSeF gives none."""
    listed = _refusals()
    assert len(listed) > 50
    known = {code for code in range(100_000) if is_known(code, area=Area.REFUSAL)}
    assert known == listed | {403, 410}


@pytest.mark.parametrize("area", Area)
def test_unknown_code_calls_a_human(area: Area) -> None:
    assert remedy_for(99_999, area=area) is Remedy.TELL_HUMAN
    assert not is_known(99_999, area=area)


def test_remedies_and_fates_do_not_contradict_each_other() -> None:
    """What is over needs no waiting, what may be sent again unchanged needs no mending."""
    for code in range(1000):
        if is_known(code, area=Area.INVOICE):
            remedy = remedy_for(code, area=Area.INVOICE)
            assert (invoice_fate(code) is InvoiceFate.PENDING) is (remedy is Remedy.WAIT)
            assert (invoice_fate(code) is InvoiceFate.ACCEPTED) is (remedy is Remedy.DONE)
            if invoice_fate(code) is InvoiceFate.DEFERRED:
                assert remedy in {Remedy.RETRY, Remedy.BEGIN_ANEW}
        if is_known(code, area=Area.LOGIN):
            remedy = remedy_for(code, area=Area.LOGIN)
            assert (login_fate(code) is LoginFate.FAILED) is (remedy is Remedy.RETRY)
        for area in (Area.PERMISSION, Area.ENROLLMENT):
            if is_known(code, area=area):
                assert (operation_fate(code) is OperationFate.FAILED) is (
                    remedy_for(code, area=area) is Remedy.RETRY
                )
    for code in range(21_000, 22_000):
        if needs_new_session(code):
            assert remedy_for(code, area=Area.REFUSAL) in {Remedy.BEGIN_ANEW, Remedy.RETRY}
        if is_own_trouble(code):
            assert remedy_for(code, area=Area.REFUSAL) is Remedy.RETRY
