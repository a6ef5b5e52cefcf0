"""The meaning of status codes (ksef-protocol sections 2.4 and 4.5)."""

import pytest

from ksef.status import (
    BatchRemedy,
    ExportFate,
    InvoiceFate,
    LoginFate,
    OperationFate,
    SessionFate,
    batch_remedy,
    export_fate,
    invoice_fate,
    is_known_export_code,
    is_known_invoice_code,
    is_known_session_code,
    is_own_trouble,
    login_fate,
    needs_missing_part,
    needs_new_session,
    operation_fate,
    session_fate,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, InvoiceFate.PENDING),
        (150, InvoiceFate.PENDING),
        (200, InvoiceFate.ACCEPTED),
        (405, InvoiceFate.DEFERRED),
        (410, InvoiceFate.REJECTED),
        (415, InvoiceFate.REJECTED),
        (430, InvoiceFate.REJECTED),
        (435, InvoiceFate.REJECTED),
        (440, InvoiceFate.DUPLICATE),
        (450, InvoiceFate.REJECTED),
        (500, InvoiceFate.DEFERRED),
        (550, InvoiceFate.DEFERRED),
    ],
)
def test_every_invoice_code_has_its_fate(code: int, fate: InvoiceFate) -> None:
    assert invoice_fate(code) is fate
    assert is_known_invoice_code(code)


@pytest.mark.parametrize("code", [0, 201, 299, 420, 445, 999])
def test_unknown_invoice_code_is_processing_and_worth_an_alarm(code: int) -> None:
    """F26, F52."""
    assert invoice_fate(code) is InvoiceFate.PENDING
    assert not is_known_invoice_code(code)


@pytest.mark.parametrize("code", [415, 425, 450, 460, 470, 480, 499])
def test_login_is_refused_by_any_4xx(code: int) -> None:
    """F13, F15."""
    assert login_fate(code) is LoginFate.REFUSED


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, LoginFate.PENDING),
        (200, LoginFate.SUCCEEDED),
        (500, LoginFate.FAILED),
        (550, LoginFate.FAILED),
        (299, LoginFate.PENDING),
    ],
)
def test_other_login_codes(code: int, fate: LoginFate) -> None:
    assert login_fate(code) is fate


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, SessionFate.OPEN),
        (150, SessionFate.CLOSING),
        (170, SessionFate.CLOSING),
        (200, SessionFate.DONE),
        (405, SessionFate.FAILED),
        (415, SessionFate.FAILED),
        (420, SessionFate.FAILED),
        (430, SessionFate.FAILED),
        (435, SessionFate.FAILED),
        (440, SessionFate.FAILED),
        (445, SessionFate.FAILED),
        (500, SessionFate.FAILED),
    ],
)
def test_session_codes(code: int, fate: SessionFate) -> None:
    """Every failed one has its remedy, no other one has any (F25)."""
    assert session_fate(code) is fate
    assert is_known_session_code(code)
    assert (batch_remedy(code) is not None) is (fate is SessionFate.FAILED)


def test_unknown_session_code_is_neither_open_nor_decided() -> None:
    """F26."""
    assert session_fate(777) is SessionFate.CLOSING
    assert not is_known_session_code(777)
    assert batch_remedy(777) is None


def test_refused_package_is_sent_again_unless_its_content_is_at_fault() -> None:
    """F25."""
    assert {code for code in range(400, 600) if batch_remedy(code) is BatchRemedy.SEND_AGAIN} == {
        405,
        415,
        430,
        435,
        440,
        500,
    }
    assert batch_remedy(420) is BatchRemedy.SPLIT
    assert batch_remedy(445) is BatchRemedy.READ_INVOICES


def test_close_of_a_batch_may_ask_for_a_part() -> None:
    assert all(map(needs_missing_part, (21157, 21205)))
    assert not any(map(needs_missing_part, (21173, 21180, 21208)))


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, ExportFate.PENDING),
        (200, ExportFate.READY),
        (210, ExportFate.AGAIN),
        (415, ExportFate.AGAIN),
        (420, ExportFate.TOO_EARLY),
        (500, ExportFate.AGAIN),
        (550, ExportFate.AGAIN),
    ],
)
def test_export_codes(code: int, fate: ExportFate) -> None:
    """F29, F31."""
    assert export_fate(code) is fate
    assert is_known_export_code(code)


def test_unknown_export_code_is_still_running() -> None:
    """F26."""
    assert export_fate(299) is ExportFate.PENDING
    assert not is_known_export_code(299)


def test_refusals_that_time_heals() -> None:
    """Maintenance, and log-ins that KSeF could not decide."""
    assert all(map(is_own_trouble, (21184, 500, 550)))
    assert not any(map(is_own_trouble, (21405, 21155, 403, 450)))


def test_refusals_that_ask_for_another_session() -> None:
    """F16, F17."""
    assert all(map(needs_new_session, (21155, 21173, 21180, 21184)))
    assert not any(map(needs_new_session, (21402, 21403, 21405, 403)))


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (100, OperationFate.PENDING),
        (200, OperationFate.DONE),
        *((code, OperationFate.REFUSED) for code in (400, 410, 420, 430, 440, 450, 499)),
        (500, OperationFate.FAILED),
        (550, OperationFate.FAILED),
        (299, OperationFate.PENDING),
    ],
)
def test_operation_codes(code: int, fate: OperationFate) -> None:
    """Sections 3 and 11; an unknown one is still running (F26)."""
    assert operation_fate(code) is fate
